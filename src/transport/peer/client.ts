// The way to another gateway: a pool of pinned mutual-TLS connections, a deadline on every message, bounded answers.
import { buildConnector, Pool } from 'undici'
import type { ConnectionOptions } from 'node:tls'
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
import { peerLimits, type PeerLimits } from './limits.ts'

export type PeerClient = {
  /**
   * POSTs one message. The peer's own refusal comes back with its code, or as `peer-refused` when this gateway does
   * not know the code. `peer-unreachable`: it was silent, or what answered is no gateway. `tls-…`: the handshake failed.
   */
  readonly post: (path: string, message: Json) => Promise<Json | Refusal>
  readonly close: () => Promise<void>
}

/** Which check of a handshake failed: `tlsRefusal` of the cryptographic layer. */
export type ReadTlsError = (error: Error) => Refusal

/** What decides who is at the other end; where that is, the URL says. */
export type PeerTls = Pick<
  ConnectionOptions,
  'secureContext' | 'rejectUnauthorized' | 'minVersion' | 'checkServerIdentity'
>

const connectionsMax = 4

export function createPeerClient(
  url: string,
  tls: PeerTls,
  readTlsError: ReadTlsError,
  limits: Partial<PeerLimits> = {},
): PeerClient {
  const { answerMsMax, bodyBytesMax } = { ...peerLimits, ...limits }
  const pool = new Pool(url, {
    connections: connectionsMax,
    connect: buildConnector({ ...tls }),
    headersTimeout: answerMsMax,
    bodyTimeout: answerMsMax,
    maxResponseSize: bodyBytesMax,
  })
  return { post: (path, message) => post(pool, path, message, readTlsError), close: () => pool.destroy() }
}

async function post(
  pool: Pool,
  path: string,
  message: Json,
  readTlsError: ReadTlsError,
): Promise<Json | Refusal> {
  try {
    const { statusCode, body } = await pool.request({
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: canonicalJson(message),
    })
    const answer = parseJson(new Uint8Array(await body.arrayBuffer()))
    if (statusCode === 200 && !isRefusal(answer)) return answer
    return refusalFrom(statusCode, answer)
  } catch (error) {
    return unreachable(error, readTlsError)
  }
}

/** A peer that does not answer can come back; one that failed a check of the handshake is named for it. */
function unreachable(error: unknown, readTlsError: ReadTlsError): Refusal {
  if (!(error instanceof Error)) return refuse('peer-unreachable', 'the peer does not answer')
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  if (code.startsWith('UND_ERR') || silent.has(code))
    return refuse('peer-unreachable', `the peer does not answer (${code})`)
  return readTlsError(error)
}

const silent = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND'])

/** Only a problem document with a code is a word of the peer; anything else stands between us and it. */
function refusalFrom(status: number, answer: Json | Refusal): Refusal {
  const code = !isRefusal(answer) && isJsonObject(answer) ? answer['refusal'] : undefined
  if (isRefusal(answer) || !isJsonObject(answer) || typeof code !== 'string')
    return refuse('peer-unreachable', `what answers is no gateway (HTTP ${status})`)
  const detail = typeof answer['detail'] === 'string' ? answer['detail'] : `HTTP ${status}`
  return isRefusalCode(code) ? refuse(code, detail) : refuse('peer-refused', `${code}: ${detail}`)
}
