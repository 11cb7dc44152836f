// The orchestrator asks the gateways what anybody on this machine may ask: over their HTTP doors.
import { canonicalJson, isJsonObject, isRefusal, parseJson, refuse, type Json, type Refusal } from '#core'

const answerMsMax = 10_000

/** A page of the API. */
export type Items<T> = { readonly items: readonly T[] }

/** The answer as the API describes it (`src/gateway/api.ts`): these are gateways that this process has started. */
export async function getJson<T>(base: string, path: string): Promise<T | Refusal> {
  return answerOf<T>(() => fetch(`${base}${path}`, { signal: AbortSignal.timeout(answerMsMax) }))
}

export async function postJson<T>(base: string, path: string, body: Json, key: string): Promise<T | Refusal> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  const request = { method: 'POST', headers, body: canonicalJson(body) }
  return answerOf<T>(() => fetch(`${base}${path}`, { ...request, signal: AbortSignal.timeout(answerMsMax) }))
}

export async function getText(base: string, path: string): Promise<string | Refusal> {
  try {
    const response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(answerMsMax) })
    const text = await response.text()
    return response.ok ? text : refuse('peer-refused', text)
  } catch (error) {
    return unreachable(error)
  }
}

async function answerOf<T>(request: () => Promise<Response>): Promise<T | Refusal> {
  try {
    const response = await request()
    const body = parseJson(new Uint8Array(await response.arrayBuffer()))
    if (isRefusal(body)) return body
    // oxlint-disable-next-line no-unsafe-type-assertion -- an answer of our own API, read for display
    if (response.ok) return body as T
    const detail = isJsonObject(body) ? body['detail'] : undefined
    return refuse('peer-refused', typeof detail === 'string' ? detail : `HTTP ${response.status}`)
  } catch (error) {
    return unreachable(error)
  }
}

const unreachable = (error: unknown): Refusal =>
  refuse('peer-unreachable', error instanceof Error ? error.message : String(error))
