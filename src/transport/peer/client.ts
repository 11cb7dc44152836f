// The way to another gateway: a pool of pinned mutual-TLS connections, a deadline on every message, bounded answers.
import { Pool } from 'undici'
import type { ConnectionOptions } from 'node:tls'
import {
  canonicalJson,
  isRefusal,
  parseJson,
  refuse,
  REFUSALS,
  type Json,
  type JsonObject,
  type Refusal,
  type RefusalCode,
} from '#core'
import { peerAnswerMsMax, peerBodyBytesMax } from './limits.ts'

export type PeerClient = {
  /** POSTs one message. The peer's own refusal comes back with its code; a silent peer is `peer-unreachable`. */
  post(path: string, message: Json): Promise<Json | Refusal>
  close(): Promise<void>
}

/** `tlsRefusal` of the cryptographic layer tells which check of the handshake failed. */
export function createPeerClient(
  url: string,
  tls: ConnectionOptions,
  tlsRefusal: (error: Error) => Refusal,
): PeerClient {
  const pool = new Pool(url, {
    connections: 4,
    connect: tls as Pool.Options['connect'] & object,
    headersTimeout: peerAnswerMsMax,
    bodyTimeout: peerAnswerMsMax,
    maxResponseSize: peerBodyBytesMax,
  })
  return { post: (path, message) => post(pool, path, message, tlsRefusal), close: () => pool.destroy() }
}

async function post(
  pool: Pool,
  path: string,
  message: Json,
  tlsRefusal: (error: Error) => Refusal,
): Promise<Json | Refusal> {
  try {
    const { statusCode, body } = await pool.request({
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: canonicalJson(message),
    })
    const answer = parseJson(new Uint8Array(await body.arrayBuffer()))
    if (isRefusal(answer)) return refuse('peer-refused', `the peer's answer is not JSON: ${answer.detail}`)
    return statusCode === 200 ? answer : refusalFrom(statusCode, answer)
  } catch (error) {
    return unreachable(error as NodeJS.ErrnoException, tlsRefusal)
  }
}

/** A peer that does not answer can come back; one that failed a check of the handshake is named for it. */
function unreachable(error: NodeJS.ErrnoException, tlsRefusal: (error: Error) => Refusal): Refusal {
  const code = error.code ?? error.name
  if (code.startsWith('UND_ERR') || silent.has(code))
    return refuse('peer-unreachable', `the peer does not answer (${code})`)
  return tlsRefusal(error)
}

const silent = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND'])

function refusalFrom(status: number, answer: Json): Refusal {
  const problem: JsonObject =
    typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? (answer as JsonObject) : {}
  const code = problem['refusal']
  const detail = typeof problem['detail'] === 'string' ? problem['detail'] : `HTTP ${status}`
  return typeof code === 'string' && isCode(code) ? refuse(code, detail) : refuse('peer-refused', detail)
}

const isCode = (text: string): text is RefusalCode => Object.hasOwn(REFUSALS, text)
