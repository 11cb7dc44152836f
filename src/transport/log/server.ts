/**
 * HTTP server of a witness (C2SP tlog-witness), on loopback.
 *
 * ```
 * POST /add-checkpoint                       200 cosignatures · 400 · 403 · 404 · 409 size · 413 · 422
 * GET  /<hex sha256(origin)>/checkpoint      200 the note it cosigned last · 404
 * ```
 * There is no authentication of requests beyond the log's signature, as the standard says. What answers a request
 * is an argument (journal: `openWitness`); it has persisted before it returns.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { refuse, utf8, type Refusal } from '#core'

export type WitnessHandler = {
  addCheckpoint(body: Uint8Array): WitnessResponse
  latest(originHash: string): WitnessResponse
}

export type WitnessResponse = {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
}

export type WitnessServerLimits = {
  /** A note of 1 MB, 63 proof lines and the size line. */
  readonly requestBytesMax: number
  /** From the first byte of a request to its last. */
  readonly requestMs: number
  readonly connectionsMax: number
}

export const witnessServerLimits: WitnessServerLimits = {
  requestBytesMax: 1_004_096,
  requestMs: 5_000,
  connectionsMax: 256,
}

export type WitnessServerOptions = {
  readonly witness: WitnessHandler
  /** 0: any free port. */
  readonly port: number
  readonly limits?: Partial<WitnessServerLimits>
  /** Told when the witness's store failed. Without it the error is thrown where nobody catches it. */
  readonly onFailure?: (error: unknown) => void
}

export type WitnessServer = { readonly url: string; readonly port: number; close(): Promise<void> }

const host = '127.0.0.1'
const headerBytesMax = 8_192
const monitorPath = /^\/(?<hash>[0-9a-f]{64})\/checkpoint$/
const plain = 'text/plain; charset=utf-8'

/** Refuses `port-in-use`. */
export function serveWitness(options: WitnessServerOptions): Promise<WitnessServer | Refusal> {
  const limits = { ...witnessServerLimits, ...options.limits }
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    requestTimeout: limits.requestMs,
    headersTimeout: limits.requestMs,
    connectionsCheckingInterval: Math.min(1_000, limits.requestMs),
  })
  server.maxConnections = limits.connectionsMax
  server.on('request', (incoming, outgoing) => {
    handle(options.witness, limits, incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy()
      fail(options, error)
    })
  })
  return listen(server, options.port)
}

function listen(server: Server, port: number): Promise<WitnessServer | Refusal> {
  return new Promise((resolve) => {
    server.once('error', (error) => {
      resolve(refuse('port-in-use', `The witness cannot listen on ${host}:${port}: ${error.message}`))
    })
    server.listen(port, host, () => {
      const address = server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : port
      resolve({ url: `http://${host}:${bound}`, port: bound, close: () => close(server) })
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done())
    server.closeAllConnections()
  })
}

async function handle(
  witness: WitnessHandler,
  limits: WitnessServerLimits,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const path = incoming.url ?? ''
  if (path !== '/add-checkpoint') {
    const hash = monitorPath.exec(path)?.groups?.['hash']
    if (hash === undefined) return send(outgoing, status(404, 'There is no such resource'))
    if (incoming.method !== 'GET') return send(outgoing, status(405, 'Use GET'))
    return send(outgoing, witness.latest(hash))
  }
  if (incoming.method !== 'POST') return send(outgoing, status(405, 'Use POST'))
  const body = await readBody(incoming, limits.requestBytesMax)
  if (body === 'too-long')
    return send(outgoing, status(413, 'The request is too long'), { connection: 'close' })
  if (body !== 'broken') send(outgoing, witness.addCheckpoint(body))
}

async function readBody(
  incoming: IncomingMessage,
  bytesMax: number,
): Promise<Uint8Array | 'too-long' | 'broken'> {
  if (Number(incoming.headers['content-length'] ?? 0) > bytesMax) return 'too-long'
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) return 'broken'
      length += chunk.length
      if (length > bytesMax) return 'too-long'
      chunks.push(chunk)
    }
  } catch {
    // The client went away or was too slow: there is nobody to answer.
    return 'broken'
  }
  return new Uint8Array(Buffer.concat(chunks))
}

function send(
  outgoing: ServerResponse,
  { status: code, contentType, body }: WitnessResponse,
  headers: Readonly<Record<string, string>> = {},
): void {
  outgoing.writeHead(code, { 'content-type': contentType, 'content-length': body.length, ...headers })
  outgoing.end(body)
}

function status(code: number, detail: string): WitnessResponse {
  return { status: code, contentType: plain, body: utf8(`${detail}\n`) }
}

function fail({ onFailure }: WitnessServerOptions, error: unknown): void {
  if (onFailure !== undefined) return onFailure(error)
  process.nextTick(() => {
    throw error
  })
}
