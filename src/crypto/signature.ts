import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { concatBytes, fromHex, isRefusal, invariant } from '#core'

/** JOSE names: RFC 9864 for Ed25519, RFC 7518 §3.4 for ES256 (P-256 with SHA-256). */
export type SignatureAlgorithm = 'Ed25519' | 'ES256'

/** A key that signs and cannot be read. */
export type Signer = {
  readonly keyId: string
  readonly algorithm: SignatureAlgorithm
  /** Ed25519: 32 bytes. ES256: 33 bytes, compressed point. */
  readonly publicKey: Uint8Array
  /** 64 bytes over the message itself: ES256 does its own hashing. */
  readonly sign: (message: Uint8Array) => Uint8Array
}

/** Ed25519 R‖S, and ES256 r‖s (IEEE P1363, as JWS has it; never DER). */
export const signatureBytes = 64

/** What stands before the raw public key in a SubjectPublicKeyInfo (RFC 8410 §4, RFC 5480 §2). */
const spkiPrefix: Readonly<Record<SignatureAlgorithm, Uint8Array>> = {
  Ed25519: bytesOf('302a300506032b6570032100'),
  ES256: bytesOf('3039301306072a8648ce3d020106082a8648ce3d030107032200'),
}
const publicKeyBytes: Readonly<Record<SignatureAlgorithm, number>> = { Ed25519: 32, ES256: 33 }

/** The algorithm that a public key is for: its length tells. The key decides, never a message header. */
export function algorithmOf(publicKey: Uint8Array): SignatureAlgorithm | undefined {
  if (publicKey.length === publicKeyBytes.Ed25519) return 'Ed25519'
  const compressed = publicKey[0] === 2 || publicKey[0] === 3
  return publicKey.length === publicKeyBytes.ES256 && compressed ? 'ES256' : undefined
}

/**
 * The one verifier of Ed25519 (RFC 8032, cofactorless) and ES256 for protocol decisions: OpenSSL through
 * node:crypto. Two verifiers may disagree about edge cases, and then two gateways disagree about a trade.
 * False for keys and signatures of the wrong length or form.
 */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== signatureBytes || algorithmOf(publicKey) !== algorithm) return false
  const key = publicKeyObject(algorithm, publicKey)
  if (key === undefined) return false
  return algorithm === 'Ed25519'
    ? verify(null, message, key, signature)
    : verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

/** undefined when the bytes are no point of the curve. Decoding costs as much as verifying: the last are kept. */
export function publicKeyObject(algorithm: SignatureAlgorithm, publicKey: Uint8Array): KeyObject | undefined {
  const spki = Buffer.from(concatBytes(spkiPrefix[algorithm], publicKey))
  const name = spki.toString('latin1')
  const known = decodedKeys.get(name)
  if (known !== undefined) return known
  const key = decodeKey(spki)
  if (key === undefined) return undefined
  if (decodedKeys.size >= decodedKeysMax) decodedKeys.delete(decodedKeys.keys().next().value ?? '')
  decodedKeys.set(name, key)
  return key
}

const decodedKeysMax = 256
const decodedKeys = new Map<string, KeyObject>()

function decodeKey(spki: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

/** The raw public key of a private or public key object, in the forms that `Signer` states. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const jwk = key.export({ format: 'jwk' })
  const x = Buffer.from(jwk.x ?? '', 'base64url')
  if (jwk.kty === 'OKP') return new Uint8Array(x)
  const y = Buffer.from(jwk.y ?? '', 'base64url')
  return concatBytes(Uint8Array.of((y.at(-1) ?? 0) % 2 === 0 ? 2 : 3), x)
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  invariant(!isRefusal(bytes), 'a constant is hexadecimal')
  return bytes
}
