// The orchestrator asks the gateways what anybody on this machine may ask: over their HTTP doors.
import { canonicalJson, isRefusal, parseJson, refuse, type Json, type JsonObject, type Refusal } from '#core'

export async function getJson(base: string, path: string): Promise<JsonObject | Refusal> {
  return answerOf(() => fetch(`${base}${path}`, { signal: AbortSignal.timeout(10_000) }))
}

export async function postJson(
  base: string,
  path: string,
  body: Json,
  key: string,
): Promise<JsonObject | Refusal> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  return answerOf(() =>
    fetch(`${base}${path}`, {
      method: 'POST',
      headers,
      body: canonicalJson(body),
      signal: AbortSignal.timeout(10_000),
    }),
  )
}

export async function getText(base: string, path: string): Promise<string | Refusal> {
  try {
    const response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(10_000) })
    const text = await response.text()
    return response.ok ? text : refuse('peer-refused', text)
  } catch (error) {
    return refuse('peer-unreachable', error instanceof Error ? error.message : String(error))
  }
}

async function answerOf(request: () => Promise<Response>): Promise<JsonObject | Refusal> {
  try {
    const response = await request()
    const body = parseJson(new Uint8Array(await response.arrayBuffer()))
    if (isRefusal(body)) return body
    const object =
      typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as JsonObject) : {}
    return response.ok ? object : refuse('peer-refused', String(object['detail'] ?? response.status))
  } catch (error) {
    return refuse('peer-unreachable', error instanceof Error ? error.message : String(error))
  }
}
