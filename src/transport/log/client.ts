/**
 * Client of witnesses (C2SP tlog-witness): one request, one bounded answer, one deadline.
 *
 * It carries bytes; journal/cosign.ts knows what they mean. It does not retry, follow redirects or decompress.
 */
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http'
import { refuse, type Refusal } from '#core'

export type WitnessAddress = { readonly name: string; readonly url?: string }

export type WitnessAnswer = {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
}

export type WitnessClientLimits = {
  /** From the start of the request to the last byte of the answer. */
  readonly deadlineMs: number
  readonly answerBytesMax: number
}

export const witnessClientLimits: WitnessClientLimits = { deadlineMs: 5_000, answerBytesMax: 1_000_000 }

export type WitnessClient = {
  addCheckpoint(witness: WitnessAddress, body: Uint8Array): Promise<WitnessAnswer | Refusal>
  latest(witness: WitnessAddress, originHash: string): Promise<WitnessAnswer | Refusal>
  close(): void
}

/** Answers of any status come back as they are; everything else is the refusal `witness-unreachable`. */
export function witnessClient(limits: Partial<WitnessClientLimits> = {}): WitnessClient {
  const bounds = { ...witnessClientLimits, ...limits }
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const send = (witness: WitnessAddress, path: string, body?: Uint8Array) => {
    const url = addressOf(witness, path)
    if (url === undefined) return Promise.resolve(unreachable(witness, 'it has no http address'))
    return exchange({ witness, url, agent, bounds, body })
  }
  return {
    addCheckpoint: (witness, body) => send(witness, 'add-checkpoint', body),
    latest: (witness, originHash) => send(witness, `${originHash}/checkpoint`),
    close: () => agent.destroy(),
  }
}

function addressOf({ url }: WitnessAddress, path: string): URL | undefined {
  const base = url === undefined ? null : URL.parse(url.endsWith('/') ? url : `${url}/`)
  const address = base === null ? null : URL.parse(path, base.href)
  return address?.protocol === 'http:' ? address : undefined
}

type Exchange = {
  readonly witness: WitnessAddress
  readonly url: URL
  readonly agent: Agent
  readonly bounds: WitnessClientLimits
  readonly body: Uint8Array | undefined
}

function exchange({ witness, url, agent, bounds, body }: Exchange): Promise<WitnessAnswer | Refusal> {
  return new Promise((resolve) => {
    const method = body === undefined ? 'GET' : 'POST'
    const headers = body === undefined ? {} : { 'content-length': String(body.length) }
    const outgoing = request(url, { method, agent, headers, signal: AbortSignal.timeout(bounds.deadlineMs) })
    outgoing.on('error', (error) => resolve(unreachable(witness, error.message)))
    outgoing.on('response', (incoming) => {
      void collect(incoming, outgoing, bounds.answerBytesMax).then((bytes) =>
        resolve(
          bytes === undefined
            ? unreachable(witness, 'its answer is too long or broken')
            : answer(incoming, bytes),
        ),
      )
    })
    outgoing.end(body)
  })
}

async function collect(
  incoming: IncomingMessage,
  outgoing: ClientRequest,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of incoming) {
      if (!Buffer.isBuffer(chunk)) return undefined
      length += chunk.length
      if (length > bytesMax) {
        outgoing.destroy()
        return undefined
      }
      chunks.push(chunk)
    }
    return new Uint8Array(Buffer.concat(chunks))
  } catch {
    return undefined
  }
}

function answer(incoming: IncomingMessage, body: Uint8Array): WitnessAnswer {
  return { status: incoming.statusCode ?? 0, contentType: incoming.headers['content-type'] ?? '', body }
}

function unreachable(witness: WitnessAddress, reason: string): Refusal {
  return refuse('witness-unreachable', `The witness ${witness.name} did not answer: ${reason}`, {
    witness: witness.name,
  })
}
