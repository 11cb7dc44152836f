import { canonicalJson, isJsonObject, isRefusal, parseJson, refuse, type Json, type Refusal } from '#core'

/** What an endpoint answered: a result, or the error of an execution that reverted, with its data. */
export type RpcAnswer = { readonly result: Json } | { readonly reverted: string; readonly message: string }

export type RpcSource = {
  /** Host of the endpoint. The full URL may hold a key and is never shown. */
  readonly name: string
  readonly request: (method: string, params: readonly Json[]) => Promise<RpcAnswer | Refusal>
}

/** Longest answer that is read, in bytes. */
export const rpcBytesMax = 4_194_304
/** Longest a request may take. */
export const rpcTimeoutMs = 10_000

/**
 * One JSON-RPC 2.0 endpoint over HTTP. Refuses `ledger-unreachable`: no connection, a timeout, an HTTP error,
 * an answer that is too long or not JSON-RPC, or an error other than a revert.
 */
export function rpcSource(url: string, timeoutMs: number = rpcTimeoutMs): RpcSource {
  const name = new URL(url).host
  let last = 0
  const request = async (method: string, params: readonly Json[]): Promise<RpcAnswer | Refusal> => {
    // Its own: others may be sent before this one is answered.
    const id = (last += 1)
    const body = canonicalJson({ jsonrpc: '2.0', id, method, params })
    const text = await post(url, body, timeoutMs)
    if (text instanceof Error) return unreachable(name, method, reasonOf(text))
    return answerOf(name, method, id, parseJson(text, { bytesMax: rpcBytesMax }))
  }
  return { name, request }
}

async function post(url: string, body: string, timeoutMs: number): Promise<Uint8Array | Error> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (!response.ok) return new Error(`HTTP ${response.status}`)
    return await boundedBytes(response)
  } catch (error) {
    return error instanceof Error ? error : new Error('the request failed')
  }
}

async function boundedBytes(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > rpcBytesMax) throw new Error(`the answer is longer than ${rpcBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function answerOf(name: string, method: string, id: number, body: Json | Refusal): RpcAnswer | Refusal {
  if (isRefusal(body)) return unreachable(name, method, body.detail)
  if (!isJsonObject(body) || body['id'] !== id) return unreachable(name, method, 'the answer is not JSON-RPC')
  const { result, error } = body
  if (isJsonObject(error)) return errorOf(name, method, error)
  return result === undefined ? unreachable(name, method, 'the answer has no result') : { result }
}

// JSON-RPC has no standard code for a revert: clients agree on revert data as hexadecimal, or on the message.
function errorOf(
  name: string,
  method: string,
  error: { readonly [member: string]: Json },
): RpcAnswer | Refusal {
  const message = typeof error['message'] === 'string' ? error['message'] : 'an error without a message'
  const { data } = error
  const revertData = isJsonObject(data) ? data['data'] : data
  if (typeof revertData === 'string' && /^0x[0-9a-f]*$/i.test(revertData))
    return { reverted: revertData.toLowerCase(), message }
  if (/revert/i.test(message)) return { reverted: '0x', message }
  return unreachable(name, method, message)
}

function reasonOf(error: Error): string {
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}

const unreachable = (name: string, method: string, why: string): Refusal =>
  refuse('ledger-unreachable', `${name} does not answer ${method}: ${why}`, { source: name, why })
