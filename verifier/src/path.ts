import { equalBytes, fromBase64, utf8 } from './bytes.ts'
import { leafHash, merklePath } from './merkle.ts'
import type { MerkleStep } from './merkle.ts'
import { parseCheckpoint, parseNote } from './note.ts'
import type { EntryLine, PackLines } from './pack.ts'

/** The way of one entry of a pack to the root that its log signed, for showing. Checks no signature. */
export type EntryPath = {
  readonly leafHash: Uint8Array
  readonly size: number
  readonly steps: readonly MerkleStep[]
  readonly computedRoot: Uint8Array
  readonly signedRoot: Uint8Array
  /** Whether the two roots are equal. */
  readonly holds: boolean
}

/** Undefined when the checkpoint cannot be read, or the proof does not fit the index and size. */
export const entryPath = (pack: PackLines, line: EntryLine): EntryPath | undefined => {
  const note = parseNote(pack.checkpoint.find(({ log }) => log === line.log)?.note ?? '')
  const checkpoint = note && parseCheckpoint(note.text)
  if (checkpoint === undefined) return undefined
  const leaf = leafHash(utf8(line.entry))
  const proof = line.proof.map((text) => fromBase64(text) ?? new Uint8Array())
  const steps = merklePath(leaf, line.index, checkpoint.size, proof)
  if (steps === undefined) return undefined
  const computedRoot = steps.at(-1)?.result ?? leaf
  const holds = equalBytes(computedRoot, checkpoint.root)
  return { leafHash: leaf, size: checkpoint.size, steps, computedRoot, signedRoot: checkpoint.root, holds }
}
