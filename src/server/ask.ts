// Asking a gateway's HTTP door, for the command line and the sandbox: bounded in time, answers as values.
import {
  canonicalJson,
  isJsonObject,
  isRefusal,
  isRefusalCode,
  parseJson,
  refuse,
  type Json,
  type Refusal,
} from '#core'

const answerMsMax = 10_000

/** A page of the API. */
export type Items<T> = { readonly items: readonly T[] }

/** What the API answers (`src/gateway/api.ts` says which T), or the refusal that it gives, with its own code. */
export const askDoor = <T>(base: string, path: string): Promise<T | Refusal> => exchange<T>(base, path, {})

/** A command; the same key gets the same answer. */
export function orderDoor<T>(base: string, path: string, body: Json, key: string): Promise<T | Refusal> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  return exchange<T>(base, path, { method: 'POST', headers, body: canonicalJson(body) })
}

/** For what is not JSON: evidence packs, notes. */
export async function readDoor(base: string, path: string): Promise<string | Refusal> {
  try {
    const response = await fetch(new URL(path, base), { signal: AbortSignal.timeout(answerMsMax) })
    const text = await response.text()
    return response.ok ? text : refusalFrom(parseJson(text), response.status)
  } catch (error) {
    return unreachable(base, error)
  }
}

async function exchange<T>(base: string, path: string, request: RequestInit): Promise<T | Refusal> {
  try {
    const signal = AbortSignal.timeout(answerMsMax)
    const response = await fetch(new URL(path, base), { ...request, signal })
    const body = parseJson(new Uint8Array(await response.arrayBuffer()))
    if (isRefusal(body)) return body
    // oxlint-disable-next-line no-unsafe-type-assertion -- an answer of our own API, read for display
    return isProblem(response) ? refusalFrom(body, response.status) : (body as T)
  } catch (error) {
    return unreachable(base, error)
  }
}

/** RFC 9457. Health answers 503 with a body of its own. */
const isProblem = (response: Response): boolean =>
  response.headers.get('content-type')?.startsWith('application/problem+json') === true

function refusalFrom(body: Json | Refusal, http: number): Refusal {
  if (isRefusal(body) || !isJsonObject(body)) return refuse('peer-refused', `HTTP ${http}`)
  const { refusal, detail } = body
  const said = typeof detail === 'string' ? detail : `HTTP ${http}`
  return typeof refusal === 'string' && isRefusalCode(refusal)
    ? refuse(refusal, said)
    : refuse('peer-refused', said)
}

function unreachable(base: string, error: unknown): Refusal {
  const why = error instanceof Error ? error.message : String(error)
  return refuse('peer-unreachable', `no gateway answers at ${base} (${why})`)
}
