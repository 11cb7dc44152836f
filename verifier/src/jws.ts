import { fromBase64Url, fromUtf8, utf8 } from './bytes.ts'
import { verifyEd25519 } from './ed25519.ts'
import { hasExactly, isArray, isObject, member, parseCanonical } from './json.ts'
import type { Json, JsonObject } from './json.ts'

/**
 * JWS General JSON Serialization (RFC 7515 §7.2.1) as trade records use it: `alg` is `Ed25519` (RFC 9864),
 * the protected header is canonical JSON of exactly {alg, kid, typ}, there is no unprotected header.
 */
export type Jws = {
  readonly payload: Uint8Array
  readonly signatures: readonly JwsSignature[]
}

/** `signed` are the ASCII bytes `protected.payload`, exactly as they stand in the text. */
export type JwsSignature = {
  readonly kid: string
  readonly typ: string
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

export const jwsSignaturesMax = 8

export const parseJws = (text: string): Jws | undefined => {
  const value = parseCanonical(text)
  if (!isObject(value) || !hasExactly(value, ['payload', 'signatures'])) return undefined
  const encoded = member(value, 'payload')
  const lines = member(value, 'signatures')
  const payload = typeof encoded === 'string' ? fromBase64Url(encoded) : undefined
  if (typeof encoded !== 'string' || payload === undefined || !isArray(lines)) return undefined
  if (lines.length < 1 || lines.length > jwsSignaturesMax) return undefined
  const signatures = lines.map((line) => parseSignature(line, encoded)).filter((one) => one !== undefined)
  return signatures.length === lines.length ? { payload, signatures } : undefined
}

export const verifyJwsSignature = (signature: JwsSignature, publicKey: Uint8Array): boolean =>
  verifyEd25519(publicKey, signature.signed, signature.signature)

const parseSignature = (line: Json, payload: string): JwsSignature | undefined => {
  if (!isObject(line) || !hasExactly(line, ['protected', 'signature'])) return undefined
  const encoded = member(line, 'protected')
  const text = member(line, 'signature')
  if (typeof encoded !== 'string' || typeof text !== 'string') return undefined
  const header = parseHeader(encoded)
  const signature = fromBase64Url(text)
  if (header === undefined || signature === undefined) return undefined
  return { ...header, signed: utf8(`${encoded}.${payload}`), signature }
}

const parseHeader = (encoded: string): { readonly kid: string; readonly typ: string } | undefined => {
  const bytes = fromBase64Url(encoded)
  const text = bytes && fromUtf8(bytes)
  const header = text === undefined ? undefined : parseCanonical(text)
  if (!isObject(header) || !hasExactly(header, ['alg', 'kid', 'typ'])) return undefined
  const { kid, typ } = header as Readonly<Record<string, JsonObject[string]>>
  const ours = member(header, 'alg') === 'Ed25519' && typeof kid === 'string' && typeof typ === 'string'
  return ours ? { kid, typ } : undefined
}
