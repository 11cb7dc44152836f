import {
  canonicalBytes,
  canonicalJson,
  fromBase64Url,
  fromUtf8,
  isJsonObject,
  isRefusal,
  parseCanonicalJson,
  refuse,
  toBase64Url,
  utf8,
  type Json,
  type JsonObject,
  type Refusal,
} from '#core'
import { algorithmOf, verifySignature, type Signer } from './signature.ts'

/**
 * JWS General JSON serialisation (RFC 7515 §7.2.1), no unprotected header:
 * `{"payload":"eyJ2Ijox…","signatures":[{"protected":"eyJhbGci…","signature":"…"}]}`.
 * The protected header is canonical JSON of exactly `alg`, `kid` and `typ`.
 */
export type Jws = { readonly payload: string; readonly signatures: readonly JwsSignature[] }
export type JwsSignature = { readonly protected: string; readonly signature: string }

/** The public key behind a `kid`, as of the time that the caller knows; undefined if there is none. */
export type KeyLookup = (kid: string) => Uint8Array | undefined
export type VerifiedJws = { readonly payload: Uint8Array; readonly kids: readonly string[] }

export const jwsSignaturesMax = 16
export const jwsHeaderBytesMax = 1_024

/** One signature over the payload bytes. */
export const signJws = (payload: Uint8Array, typ: string, signer: Signer): Jws =>
  addSignature({ payload: toBase64Url(payload), signatures: [] }, typ, signer)

/** The same payload with one more signature. */
export function addSignature(jws: Jws, typ: string, signer: Signer): Jws {
  const header = canonicalBytes({ alg: signer.algorithm, kid: signer.keyId, typ })
  const protectedHeader = toBase64Url(header)
  const signature = toBase64Url(signer.sign(signingInput(protectedHeader, jws.payload)))
  return { payload: jws.payload, signatures: [...jws.signatures, { protected: protectedHeader, signature }] }
}

/** Text for a wire or a journal part: canonical JSON. */
export const formatJws = (jws: Jws): string => canonicalJson(jws)

/** The canonical text of a JWS and nothing else. Refuses `jws-malformed`. */
export function parseJws(text: string): Jws | Refusal {
  const value = parseCanonicalJson(text)
  if (isRefusal(value)) return malformed(value.detail)
  return isJws(value) ? value : malformed('Not exactly payload and signatures of protected and signature')
}

/**
 * Checks every signature over the bytes as received; all must hold. The key decides the algorithm.
 * Refuses `jws-malformed` (encodings, duplicate kid, none or too many signatures), `jws-header` (other
 * members such as `crit`, another `typ`, an `alg` that is not the key's), `key-unknown`, `signature-invalid`.
 */
export function verifyJws(jws: Jws, typ: string, keys: KeyLookup): VerifiedJws | Refusal {
  const payload = fromBase64Url(jws.payload)
  if (isRefusal(payload)) return malformed('The payload is not canonical base64url')
  if (jws.signatures.length === 0 || jws.signatures.length > jwsSignaturesMax)
    return malformed(`Not one to ${jwsSignaturesMax} signatures`)
  const kids: string[] = []
  for (const signature of jws.signatures) {
    const kid = verifyOne(jws.payload, signature, typ, keys)
    if (isRefusal(kid)) return kid
    if (kids.includes(kid)) return malformed(`Two signatures of ${kid}`)
    kids.push(kid)
  }
  return { payload, kids }
}

function verifyOne(payload: string, one: JwsSignature, typ: string, keys: KeyLookup): string | Refusal {
  const header = readHeader(one.protected)
  if (isRefusal(header)) return header
  if (header.typ !== typ) return refuse('jws-header', `typ is not ${typ}`)
  const publicKey = keys(header.kid)
  if (publicKey === undefined) return refuse('key-unknown', `No key ${header.kid}`, { kid: header.kid })
  const algorithm = algorithmOf(publicKey)
  if (algorithm === undefined || algorithm !== header.alg)
    return refuse('jws-header', `alg is not the algorithm of key ${header.kid}`)
  const signature = fromBase64Url(one.signature)
  if (isRefusal(signature)) return malformed('A signature is not canonical base64url')
  return verifySignature(algorithm, publicKey, signingInput(one.protected, payload), signature)
    ? header.kid
    : refuse('signature-invalid', `The signature of ${header.kid} is not valid`, { kid: header.kid })
}

type Header = { readonly alg: string; readonly kid: string; readonly typ: string }

function readHeader(encoded: string): Header | Refusal {
  if (encoded.length > jwsHeaderBytesMax * 2) return malformed('A protected header is too long')
  const bytes = fromBase64Url(encoded)
  const text = isRefusal(bytes) ? bytes : fromUtf8(bytes)
  const value = isRefusal(text)
    ? text
    : parseCanonicalJson(text, { bytesMax: jwsHeaderBytesMax, depthMax: 2 })
  if (isRefusal(value)) return malformed(`A protected header is not canonical: ${value.detail}`)
  if (!hasExactly(value, ['alg', 'kid', 'typ']))
    return refuse('jws-header', 'A protected header has other members than alg, kid and typ')
  const { alg = '', kid = '', typ = '' } = value
  return { alg, kid, typ }
}

const signingInput = (protectedHeader: string, payload: string): Uint8Array =>
  utf8(`${protectedHeader}.${payload}`)

function isJws(value: Json): value is JsonObject & Jws {
  if (!isJsonObject(value) || Object.keys(value).toSorted().join() !== 'payload,signatures') return false
  const signatures = value['signatures']
  return (
    typeof value['payload'] === 'string' &&
    Array.isArray(signatures) &&
    signatures.every((one: Json) => hasExactly(one, ['protected', 'signature']))
  )
}

/** An object of exactly these members, all strings. */
function hasExactly(value: Json, names: readonly string[]): value is Readonly<Record<string, string>> {
  if (!isJsonObject(value) || Object.keys(value).length !== names.length) return false
  return names.every((name) => Object.hasOwn(value, name) && typeof value[name] === 'string')
}

const malformed = (detail: string): Refusal => refuse('jws-malformed', detail)
