import {
  fromBase64,
  merklePath,
  parseCheckpoint,
  parseNote,
  toBase64,
  utf8,
  type MerkleStep,
} from '@poundlock/verify'
import type { Entry, Proof } from './types.ts'

/** One node of the path as this browser's WebCrypto hashed it. */
export type WalkedStep = {
  readonly side: MerkleStep['side']
  readonly sibling: string
  readonly result: string
}
export type Walk = {
  readonly leafHash: string
  readonly leafAgrees: boolean
  readonly steps: readonly WalkedStep[]
  readonly root: string
  readonly checkpointRoot: string
  readonly checkpointSize: number
  readonly agrees: boolean
  /** The checkpoint is over another size: the journal grew between the two, nothing is proved yet. */
  readonly movedOn: boolean
}

/**
 * Hashes a leaf and its path with the browser's own SHA-256 (RFC 6962 §2.1). The shape of the path comes
 * from the verifier; no hash of the gateway is taken over, except the siblings, which the root checks.
 */
export async function walkPath(entry: Entry, proof: Proof): Promise<Walk | string> {
  const siblings = proof.proof.map((text) => fromBase64(text))
  const note = parseNote(proof.checkpoint)
  const checkpoint = note === undefined ? undefined : parseCheckpoint(note.text)
  if (checkpoint === undefined) return 'The checkpoint is not a signed note of the known form'
  if (siblings.some((sibling) => sibling === undefined)) return 'The proof holds something that is not base64'
  const leaf = await sha256(Uint8Array.of(0), utf8(entry.leaf))
  const shape = merklePath(
    leaf,
    proof.index,
    proof.size,
    siblings.filter((sibling) => sibling !== undefined),
  )
  if (shape === undefined) return 'The proof is too long or too short for this leaf and this size'
  const steps = await walk(leaf, shape)
  const root = steps.at(-1)?.result ?? toBase64(leaf)
  const checkpointRoot = toBase64(checkpoint.root)
  return {
    leafHash: toBase64(leaf),
    leafAgrees: toBase64(leaf) === entry.leafHash,
    steps,
    root,
    checkpointRoot,
    checkpointSize: checkpoint.size,
    movedOn: checkpoint.size !== proof.size,
    agrees: root === checkpointRoot && checkpoint.size === proof.size && proof.index === entry.index,
  }
}

async function walk(leaf: Uint8Array, shape: readonly MerkleStep[]): Promise<WalkedStep[]> {
  const steps: WalkedStep[] = []
  let hash = leaf
  for (const { side, sibling } of shape) {
    hash = await sha256(Uint8Array.of(1), ...(side === 'left' ? [sibling, hash] : [hash, sibling]))
    steps.push({ side, sibling: toBase64(sibling), result: toBase64(hash) })
  }
  return steps
}

async function sha256(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole))
}
