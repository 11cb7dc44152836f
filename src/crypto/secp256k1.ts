import { fromHex, invariant, isRefusal, refuse, toHex, utf8, type Refusal } from '#core'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak256 } from './hash.ts'

/** Twenty bytes in EIP-55 mixed case. */
export type Address = `0x${string}`

/** A secp256k1 key that signs 32-byte digests and cannot be read. */
export type DigestSigner = {
  readonly keyId: string
  readonly algorithm: 'secp256k1'
  readonly address: Address
  /** 33 bytes, compressed point. */
  readonly publicKey: Uint8Array
  /** 65 bytes r‖s‖v, low s (EIP-2), v 27 or 28. */
  readonly signDigest: (digest: Uint8Array) => Uint8Array
}

export const recoverableSignatureBytes = 65

const addressPattern = /^0x[0-9a-fA-F]{40}$/
const rawDigest = { prehash: false, lowS: true } as const

/** The account of a public key: the last 20 bytes of Keccak-256 over the uncompressed point. */
export function addressOf(publicKey: Uint8Array): Address {
  const point = secp256k1.Point.fromBytes(publicKey).toBytes(false)
  return checksumAddress(toHex(keccak256(point.subarray(1)).subarray(12)))
}

/** EIP-55 form of 40 hexadecimal digits. */
export function checksumAddress(digits: string): Address {
  const lower = digits.toLowerCase()
  const hash = toHex(keccak256(utf8(lower)))
  const mixed = Array.from(lower, (digit, at) => (hash.charCodeAt(at) >= 0x38 ? digit.toUpperCase() : digit))
  return `0x${mixed.join('')}`
}

/**
 * An address with its EIP-55 checksum. Refuses `id-address`: also all lower case or all upper case, which
 * carry no checksum, unless that is what the checksum gives.
 */
export const parseAddress = (text: string): Address | Refusal =>
  isAddress(text) ? text : refuse('id-address', `Not an EIP-55 address: ${text.slice(0, 60)}`)

export const isAddress = (text: string): text is Address =>
  addressPattern.test(text) && checksumAddress(text.slice(2)) === text

/**
 * The account that signed a 32-byte digest. Refuses `signature-invalid`: a high s (malleable), v other than
 * 27 or 28, r or s out of range, a wrong length.
 */
export function recoverAddress(digest: Uint8Array, signature: Uint8Array): Address | Refusal {
  const v = signature[64]
  if (digest.length !== 32 || signature.length !== recoverableSignatureBytes || (v !== 27 && v !== 28))
    return refuse('signature-invalid', 'Not a 65-byte signature with v 27 or 28 over 32 bytes')
  try {
    const parsed = secp256k1.Signature.fromBytes(signature.subarray(0, 64), 'compact')
    if (parsed.hasHighS()) return refuse('signature-invalid', 'The s of the signature is high')
    return addressOf(
      parsed
        .addRecoveryBit(v - 27)
        .recoverPublicKey(digest)
        .toBytes(true),
    )
  } catch {
    return refuse('signature-invalid', 'The signature recovers no key')
  }
}

/** Low-s verification of r‖s against a compressed key. */
export function verifyDigest(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  if (digest.length !== 32 || signature.length !== 64) return false
  try {
    return secp256k1.verify(signature, digest, publicKey, rawDigest)
  } catch {
    return false
  }
}

/** Wraps a private scalar; the bytes stay in this closure. For the key store and its tests only. */
export function digestSignerOf(keyId: (publicKey: Uint8Array) => string, secret: Uint8Array): DigestSigner {
  const publicKey = secp256k1.getPublicKey(secret, true)
  return {
    keyId: keyId(publicKey),
    algorithm: 'secp256k1',
    address: addressOf(publicKey),
    publicKey,
    signDigest: (digest) => {
      invariant(digest.length === 32, 'a digest has 32 bytes')
      const signature = secp256k1.sign(digest, secret, { ...rawDigest, format: 'recovered' })
      const whole = new Uint8Array(recoverableSignatureBytes)
      whole.set(signature.subarray(1))
      whole[64] = 27 + (signature[0] ?? 0)
      return whole
    },
  }
}

/** The 20 bytes of an address in any case. Refuses `id-address`. */
export function addressBytes(address: string): Uint8Array | Refusal {
  const bytes = addressPattern.test(address) ? fromHex(address.slice(2)) : undefined
  return bytes === undefined || isRefusal(bytes)
    ? refuse('id-address', `Not an address: ${address.slice(0, 60)}`)
    : bytes
}
