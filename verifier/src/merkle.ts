import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes } from './bytes.ts'

/** RFC 6962 §2.1 hashing and RFC 9162 §2.1.3.2 inclusion proofs. */

export const hashBytes = 32

/** SHA-256(0x00 ‖ leaf) */
export const leafHash = (leaf: Uint8Array): Uint8Array => sha256(concatBytes(Uint8Array.of(0), leaf))

/** SHA-256(0x01 ‖ left ‖ right) */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concatBytes(Uint8Array.of(1), left, right))

/** One hash of the way from a leaf to the root: `result = nodeHash(left, right)`; `sibling` came from the proof. */
export type MerkleStep = {
  readonly side: 'left' | 'right'
  readonly sibling: Uint8Array
  readonly left: Uint8Array
  readonly right: Uint8Array
  readonly result: Uint8Array
}

/**
 * The steps from a leaf hash to the root of a tree of `size` leaves, for showing and for checking.
 * Undefined when index ≥ size, when the proof is too long or too short, or when a hash has not 32 bytes.
 * The last step's result (or the leaf hash itself, when size is 1) is the root that the proof claims.
 */
export const merklePath = (
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): readonly MerkleStep[] | undefined => {
  if (!isTreeIndex(index, size) || [leaf, ...proof].some((hash) => hash.length !== hashBytes))
    return undefined
  const steps: MerkleStep[] = []
  let at = BigInt(index)
  let last = BigInt(size) - 1n
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0n) return undefined
    const isRight = at % 2n === 1n || at === last
    const [left, right] = isRight ? [sibling, hash] : [hash, sibling]
    // A right edge without a sibling on these levels: go up to the next level that has one.
    if (isRight) while (at % 2n === 0n && at !== 0n) [at, last] = [at >> 1n, last >> 1n]
    ;[at, last] = [at >> 1n, last >> 1n]
    hash = nodeHash(left, right)
    steps.push({ side: isRight ? 'left' : 'right', sibling, left, right, result: hash })
  }
  return last === 0n ? steps : undefined
}

/** True when the proof leads from this leaf hash at this index to this root. */
export const verifyInclusion = (
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean => {
  const steps = merklePath(leaf, index, size, proof)
  return steps !== undefined && equalBytes(steps.at(-1)?.result ?? leaf, root)
}

const isTreeIndex = (index: number, size: number): boolean =>
  Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size
