import { createHash, hash as hashOnce } from 'node:crypto'
import { concatBytes, utf8 } from '#core'
import { keccak_256 } from '@noble/hashes/sha3.js'

/** SHA-256 (FIPS 180-4), 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(hashOnce('sha256', bytes, 'buffer'))

/** Keccak-256 with the padding that Ethereum uses (not SHA3-256), 32 bytes. */
export const keccak256 = (bytes: Uint8Array): Uint8Array => keccak_256(bytes)

/**
 * The one rule for every hash of ours: `SHA-256(u32be(len label) ‖ label ‖ for each part: u32be(len) ‖ part)`.
 * Lengths before content make the parts unambiguous; the label keeps one purpose apart from another.
 */
export function digest(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of [utf8(label), ...parts]) hash.update(u32be(part.length)).update(part)
  return new Uint8Array(hash.digest())
}

/** The bytes that `digest` hashes, for transcripts that are signed instead of hashed. */
export const transcript = (label: string, ...parts: readonly Uint8Array[]): Uint8Array =>
  concatBytes(...[utf8(label), ...parts].flatMap((part) => [u32be(part.length), part]))

function u32be(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}
