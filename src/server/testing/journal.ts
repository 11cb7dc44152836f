import { canonicalJson, formatInstant, refuse, type Clock, type JsonObject } from '#core'
import type { EntryView, JournalView, ProofView } from '#gateway'
import { randomBytes } from 'node:crypto'
import { leafHash, pathOf, rootOf, sha256 } from './merkle.ts'
import { checkpointBody, cosignNote, signNote, type NoteKey } from './note.ts'

export type Draft = {
  readonly type: string
  readonly corr: string
  readonly body: JsonObject
  readonly parts?: Readonly<Record<string, string>>
}
export type MemoryJournal = JournalView & { append(draft: Draft): EntryView; cosign(): void }
type Keys = { readonly log: NoteKey; readonly witnesses: readonly NoteKey[] }

/** A journal in memory with real leaves, proofs and signed notes, for tests of what stands before a gateway. */
export function memoryJournal(origin: string, clock: Clock, keys: Keys): MemoryJournal {
  const entries: EntryView[] = []
  const hashes: Buffer[] = []
  const listeners = new Set<(entry: EntryView) => void>()
  let cosigned: { size: number; note: string; at: string } | undefined
  const noteAt = (size: number): string => {
    const body = checkpointBody(origin, size, rootOf(hashes.slice(0, size)))
    return `${body}\n${signNote(body, keys.log)}`
  }
  return {
    origin,
    size: () => entries.length,
    entries: (from, to) => entries.slice(from, to),
    proof: (index, size = entries.length) =>
      index < size && size <= entries.length
        ? proofAt(entries, hashes, index, size, cosigned?.size === size ? cosigned.note : noteAt(size))
        : refuse('range-invalid', `The journal has ${entries.length} leaves`),
    checkpoint: () => (cosigned?.size === entries.length ? cosigned.note : noteAt(entries.length)),
    cosigned: () => cosigned,
    resource: (path) => resourceAt(path, entries, hashes, noteAt),
    follow: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    append: (draft) => {
      const entry = entryOf(origin, entries.length, formatInstant(clock.now()), draft)
      entries.push(entry)
      hashes.push(Buffer.from(entry.leafHash, 'base64'))
      for (const listener of listeners) listener(entry)
      return entry
    },
    cosign: () => {
      const note = noteAt(entries.length)
      const seconds = Math.floor(clock.now() / 1000)
      const body = note.slice(0, note.indexOf('\n\n') + 1)
      const lines = keys.witnesses.map((witness) => cosignNote(body, witness, seconds))
      cosigned = { size: entries.length, note: note + lines.join(''), at: formatInstant(clock.now()) }
    },
  }
}

function entryOf(origin: string, seq: number, at: string, draft: Draft): EntryView {
  const parts = Object.entries(draft.parts ?? {}).map(([name, content]) => {
    const salt = randomBytes(16)
    return [
      name,
      { digest: partDigest(salt, name, content), salt: salt.toString('base64url'), content },
    ] as const
  })
  const digests = Object.fromEntries(parts.map(([name, { digest }]) => [name, digest]))
  const { type, corr, body } = draft
  const leaf = canonicalJson({
    at,
    body,
    corr,
    log: origin,
    ...(parts.length === 0 ? {} : { parts: digests }),
    seq,
    type,
    v: 1,
  })
  const hash = leafHash(Buffer.from(leaf)).toString('base64')
  return { index: seq, at, type, corr, body, leaf, leafHash: hash, parts: Object.fromEntries(parts) }
}

function proofAt(
  entries: readonly EntryView[],
  hashes: readonly Buffer[],
  index: number,
  size: number,
  checkpoint: string,
): ProofView {
  const leaves = hashes.slice(0, size)
  return {
    index,
    size,
    leafHash: entries[index]?.leafHash ?? '',
    proof: pathOf(index, leaves).map((hash) => hash.toString('base64')),
    root: rootOf(leaves).toString('base64'),
    checkpoint,
  }
}

// One partial tile is enough for a journal of fewer than 256 leaves.
function resourceAt(
  path: string,
  entries: readonly EntryView[],
  hashes: readonly Buffer[],
  noteAt: (size: number) => string,
): { contentType: string; body: Uint8Array } | undefined {
  if (path === 'checkpoint')
    return { contentType: 'text/plain; charset=utf-8', body: Buffer.from(noteAt(entries.length)) }
  const width = parseInt(/^tile\/(?:0|entries)\/000\.p\/([1-9]\d{0,2})$/.exec(path)?.[1] ?? '0', 10)
  if (width === 0 || width > entries.length) return undefined
  const body = path.startsWith('tile/entries/')
    ? Buffer.concat(entries.slice(0, width).map(({ leaf }) => lengthPrefixed(leaf)))
    : Buffer.concat(hashes.slice(0, width))
  return { contentType: 'application/octet-stream', body }
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function partDigest(salt: Buffer, name: string, content: string): string {
  const pieces = [Buffer.from('poundlock/part/v1'), salt, Buffer.from(name), Buffer.from(content)]
  return sha256(...pieces.flatMap((piece) => [u32(piece.length), piece])).toString('base64url')
}
