/**
 * The Merkle tree of RFC 6962 §2.1 and the proof verification of RFC 9162 §2.1.3.2 and §2.1.4.2.
 *
 * ```
 * leaf  = SHA-256(0x00 ‖ entry)      node = SHA-256(0x01 ‖ left ‖ right)      empty tree = SHA-256("")
 * ```
 * Pure. It does not say what a leaf means: whoever checks a proof must compute the leaf hash from the very
 * content that the proof is about, never take it from the proof's sender.
 */
import { concatBytes, equalBytes, invariant } from '#core'
import { sha256 } from '#crypto'

export const hashBytes = 32

/** Longest inclusion or consistency proof over 2^64 leaves, with a margin of one. */
export const proofHashesMax = 65

/** A leaf index or tree size. Beyond 2^53 − 1 only a bigint is exact. */
export type TreeNumber = number | bigint

const leafPrefix = Uint8Array.of(0)

/** Root of the tree without leaves: SHA-256 of the empty string. */
export const emptyRoot: Uint8Array = sha256(new Uint8Array(0))

export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(concatBytes(leafPrefix, entry))
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + 2 * hashBytes)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 1 + hashBytes)
  return sha256(input)
}

/** MTH of RFC 6962 §2.1 over leaf hashes: the definition itself, linear time; the journal's tree is faster. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return emptyRoot
  const first = leaves[0]
  invariant(first !== undefined, 'a non-empty list has a first element')
  if (leaves.length === 1) return first
  const split = splitPoint(leaves.length)
  return nodeHash(merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)))
}

/** The largest power of two smaller than `width` (k of RFC 6962 §2.1); `width` ≥ 2. */
export function splitPoint(width: number): number {
  let split = 1
  while (split * 2 < width) split *= 2
  return split
}

/** RFC 9162 §2.1.3.2. An index outside the tree is refused before anything else is looked at. */
export function verifyInclusion(
  index: TreeNumber,
  size: TreeNumber,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isTreeNumber(index) || !isTreeNumber(size) || BigInt(index) >= BigInt(size)) return false
  if (!allHashes([leaf, root, ...proof]) || proof.length > proofHashesMax) return false
  let fn = BigInt(index)
  let sn = BigInt(size) - 1n
  let hash = leaf
  for (const step of proof) {
    if (sn === 0n) return false
    if ((fn & 1n) === 1n || fn === sn) {
      hash = nodeHash(step, hash)
      const shift = (fn & 1n) === 1n ? 0n : trailingZeros(fn)
      fn >>= shift
      sn >>= shift
    } else hash = nodeHash(hash, step)
    fn >>= 1n
    sn >>= 1n
  }
  return sn === 0n && equalBytes(hash, root)
}

/**
 * RFC 9162 §2.1.4.2. Equal sizes need an empty proof and equal roots. From an old size of zero nothing can be
 * proved, so any larger tree fails here; callers treat a first sight as its own case (tlog-witness).
 */
export function verifyConsistency(
  oldSize: TreeNumber,
  newSize: TreeNumber,
  proof: readonly Uint8Array[],
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
): boolean {
  if (!isTreeNumber(oldSize) || !isTreeNumber(newSize)) return false
  if (!allHashes([oldRoot, newRoot, ...proof]) || proof.length > proofHashesMax) return false
  const [older, newer] = [BigInt(oldSize), BigInt(newSize)]
  if (older > newer) return false
  if (older === newer) return proof.length === 0 && equalBytes(oldRoot, newRoot)
  if (older === 0n || proof.length === 0) return false
  const path = isPowerOfTwo(older) ? [oldRoot, ...proof] : proof
  return foldConsistency(older, newer, path, oldRoot, newRoot)
}

function foldConsistency(
  older: bigint,
  newer: bigint,
  path: readonly Uint8Array[],
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
): boolean {
  const start = trailingZeros(older)
  let fn = (older - 1n) >> start
  let sn = (newer - 1n) >> start
  let [oldHash, newHash] = [path[0], path[0]]
  for (const step of path.slice(1)) {
    if (sn === 0n || oldHash === undefined || newHash === undefined) return false
    if ((fn & 1n) === 1n || fn === sn) {
      oldHash = nodeHash(step, oldHash)
      newHash = nodeHash(step, newHash)
      const shift = (fn & 1n) === 1n ? 0n : trailingZeros(fn)
      fn >>= shift
      sn >>= shift
    } else newHash = nodeHash(newHash, step)
    fn >>= 1n
    sn >>= 1n
  }
  if (oldHash === undefined || newHash === undefined) return false
  return sn === 0n && equalBytes(oldHash, oldRoot) && equalBytes(newHash, newRoot)
}

function isTreeNumber(value: TreeNumber): boolean {
  return typeof value === 'bigint' ? value >= 0n : Number.isSafeInteger(value) && value >= 0
}

function allHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === hashBytes)
}

function isPowerOfTwo(value: bigint): boolean {
  return (value & (value - 1n)) === 0n
}

/** Number of trailing zero bits; 0 for 0. */
function trailingZeros(value: bigint): bigint {
  if (value === 0n) return 0n
  let count = 0n
  while (((value >> count) & 1n) === 0n) count += 1n
  return count
}
