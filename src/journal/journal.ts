/**
 * The journal: durable entries in one Merkle tree, with group commit.
 *
 * Appends that arrive while a commit is being made form the next one; each commit is one `Store.apply`, one
 * sync of the disk. Entries get their number and time when their commit is made; times never step back. A
 * promise resolves, and listeners run, only after the entries are on disk. A storage failure stops the
 * journal for good: the owner must end the process and recover.
 *
 * What this does not do: it decides nothing, reads no meaning into bodies, and never signs a checkpoint over
 * entries that are not durable.
 */
import {
  canonicalJson,
  equalBytes,
  formatInstant,
  fromUtf8,
  invariant,
  isRefusal,
  parseInstant,
  parseJson,
  refuse,
  utf8,
  type Clock,
  type Instant,
  type Random,
  type Refusal,
} from '#core'
import type { Signer } from '#crypto'
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts'
import { CommitQueue, type CommitLimits } from './commit.ts'
import {
  decodePart,
  encodeTombstone,
  parseEntry,
  sealDraft,
  verifyPart,
  type EntryDraft,
  type EntryFields,
  type JournalEntry,
  type OpenedPart,
  type SealedDraft,
} from './entry.ts'
import {
  ed25519NoteSigner,
  ed25519NoteVerifier,
  formatVkey,
  noteEd25519,
  openNote,
  parseVkey,
  signNote,
  type NoteVerifier,
} from './note.ts'
import {
  corrupt,
  cosignedTable,
  JournalCorrupt,
  journalTablePrefix,
  leafOf,
  partKey,
  partTable,
  restoreTree,
} from './records.ts'
import type { Store, StoreOp } from './store/store.ts'
import { formatEntryBundle, tileWidth, widthAt } from './tiles.ts'
import type { Tree } from './tree.ts'

export type JournalLimits = CommitLimits & {
  /** Newest entries that are hashed again when the journal opens. */
  readonly recheckEntriesMax: number
}

export const journalLimits: JournalLimits = {
  batchEntriesMax: 8_192,
  queueEntriesMax: 131_072,
  recheckEntriesMax: 131_072,
}

export type JournalOptions = {
  readonly store: Store
  /** Name of the log, and of its key: a schema-less URL. */
  readonly origin: string
  /** Ed25519. */
  readonly signer: Signer
  readonly clock: Clock
  readonly random: Random
  readonly limits?: Partial<JournalLimits>
  /** Told once when the store failed. Without it the error is thrown where nobody catches it. */
  readonly onFailure?: (error: unknown) => void
}

export type CosignedCheckpoint = { readonly size: number; readonly note: string; readonly at: Instant }

export type AppendListener = (entries: readonly JournalEntry[]) => void

export type Journal = {
  readonly origin: string
  /** The log's verifier key (signed-note type 0x01). */
  readonly vkey: string
  /** Durable entries. */
  size(): number
  /**
   * Resolves when the entries are durable, together with `ops`, all or nothing. Rejects with a `Refusal` value:
   * `conflict` (a guard of `ops` failed; `meta.op` is its index), `entry-too-large`, `limit-queue`, `disk-full`,
   * `shutting-down`; or with the error that stopped the journal. `ops` may not touch the journal's own records.
   */
  append(drafts: readonly EntryDraft[], ops?: readonly StoreOp[]): Promise<JournalEntry[]>
  /** Entries `from` to `to` (exclusive). Throws `JournalCorrupt` at a damaged one. */
  read(from: number, to: number): JournalEntry[]
  /** Signed note over the current size, with the cosignatures that are known for it. */
  checkpoint(): string
  rootAt(size: number): Uint8Array
  latestCosigned(): CosignedCheckpoint | undefined
  /**
   * Keeps a checkpoint of ours that others cosigned. Whether they are enough is the caller's business
   * (policy.ts). Refuses notes that are not ours, `log-fork` for a root that our tree never had, `disk-full`.
   */
  addCosignatures(note: string): CosignedCheckpoint | Refusal
  inclusionProof(index: number, size: number): Uint8Array[]
  consistencyProof(oldSize: number, size: number): Uint8Array[]
  /** Tile bytes; without `width` as much as there is. */
  tile(level: number, n: number, width?: number): Uint8Array
  entryBundle(n: number, width?: number): Uint8Array
  /**
   * Erases an erasable part; digest and a tombstone stay. Rejects with `not-found`, `part-kept`, `part-erased`.
   * SQLite overwrites the content; copies in backups are the operator's to erase.
   */
  erase(index: number, part: string): Promise<void>
  /** Called after each commit with its entries, in order. Returns how to stop. */
  onAppend(listener: AppendListener): () => void
  /** Waits for what was appended, then refuses more. The store stays open. */
  close(): Promise<void>
}

/** Opens or starts the log `origin` in a store. Throws `JournalCorrupt` when what is stored is damaged. */
export function openJournal(options: JournalOptions): Journal {
  const journal = checkedOpen(options)
  if (isRefusal(journal)) throw new JournalCorrupt(journal)
  return journal
}

/** As `openJournal`, with damage as the refusal `journal-corrupt` (`meta.index` names the entry). */
export function checkedOpen(options: JournalOptions): Journal | Refusal {
  invariant(options.signer.algorithm === 'Ed25519', 'a log signs with Ed25519')
  const limits = { ...journalLimits, ...options.limits }
  const tree = restoreTree(options.store, options.origin, limits.recheckEntriesMax)
  if (isRefusal(tree)) return tree
  const cosigned = readCosigned(options.store, options.origin, tree)
  if (isRefusal(cosigned)) return cosigned
  return new StoredJournal(options, limits, tree, cosigned)
}

class StoredJournal implements Journal {
  readonly origin: string
  readonly vkey: string
  readonly #options: JournalOptions
  readonly #tree: Tree
  readonly #ownKey: NoteVerifier
  readonly #commits: CommitQueue
  readonly #listeners = new Set<AppendListener>()
  #cosigned: CosignedCheckpoint | undefined
  #signed: { size: number; note: string } | undefined

  constructor(
    options: JournalOptions,
    limits: JournalLimits,
    tree: Tree,
    cosigned: CosignedCheckpoint | undefined,
  ) {
    const { store, origin, clock, signer } = options
    this.origin = origin
    this.vkey = formatVkey(origin, noteEd25519, signer.publicKey)
    this.#options = options
    this.#tree = tree
    this.#cosigned = cosigned
    this.#ownKey = ownVerifier(this.vkey)
    const size = tree.size()
    const lastAt = this.read(Math.max(0, size - 1), size)[0]?.at
    const onDurable = (entries: readonly JournalEntry[]) => this.#tell(entries)
    const onFailure = options.onFailure ?? throwUncaught
    this.#commits = new CommitQueue({ store, origin, tree, clock, limits, lastAt, onDurable, onFailure })
  }

  size(): number {
    return this.#commits.size()
  }

  append(drafts: readonly EntryDraft[], ops: readonly StoreOp[] = []): Promise<JournalEntry[]> {
    invariant(!ops.some((op) => touchesJournal(op, this.origin)), 'only the journal writes its own records')
    const sealed: SealedDraft[] = []
    for (const draft of drafts) {
      const one = sealDraft(draft, this.#options.random)
      // oxlint-disable-next-line prefer-promise-reject-errors -- an expected failure is a Refusal value
      if (isRefusal(one)) return Promise.reject(one)
      sealed.push(one)
    }
    return this.#commits.submit(sealed, ops)
  }

  read(from: number, to: number): JournalEntry[] {
    const stored = this.#options.store.logRead(this.origin, from, to)
    return stored.map((bytes, i) => this.#entry(bytes, from + i))
  }

  checkpoint(): string {
    const size = this.size()
    if (this.#cosigned?.size === size) return this.#cosigned.note
    if (this.#signed?.size !== size) {
      const text = formatCheckpoint({ origin: this.origin, size, root: this.rootAt(size) })
      const signer = ed25519NoteSigner(this.origin, this.#options.signer)
      this.#signed = { size, note: signNote(text, [signer]) }
    }
    return this.#signed.note
  }

  rootAt(size: number): Uint8Array {
    return this.#durable(size).root(size)
  }

  latestCosigned(): CosignedCheckpoint | undefined {
    return this.#cosigned
  }

  addCosignatures(note: string): CosignedCheckpoint | Refusal {
    const text = this.#ownNote(note)
    if (isRefusal(text)) return text
    const { size, text: checkpoint } = text
    const known = this.#cosigned
    if (known !== undefined && known.size > size) return known
    const merged = known?.size === size ? mergeNotes(checkpoint, [known.note, note]) : note
    if (known?.note === merged) return known
    const cosigned = { size, note: merged, at: this.#options.clock.now() }
    const [result] = this.#options.store.apply([[cosignedOp(this.origin, cosigned)]])
    if (isRefusal(result)) return result
    this.#cosigned = cosigned
    return cosigned
  }

  inclusionProof(index: number, size: number): Uint8Array[] {
    return this.#durable(size).inclusionProof(index, size)
  }

  consistencyProof(oldSize: number, size: number): Uint8Array[] {
    return this.#durable(size).consistencyProof(oldSize, size)
  }

  tile(level: number, n: number, width = widthAt(level, n, this.size())): Uint8Array {
    invariant(width <= widthAt(level, n, this.size()), 'a tile is asked that is durable')
    return this.#tree.tile(level, n, width)
  }

  entryBundle(n: number, width = widthAt(0, n, this.size())): Uint8Array {
    const from = n * tileWidth
    const stored = this.#options.store.logRead(this.origin, from, from + width)
    return formatEntryBundle(stored.map((bytes, i) => this.#leaf(bytes, from + i)))
  }

  async erase(index: number, part: string): Promise<void> {
    const { store, clock } = this.#options
    const key = partKey(this.origin, index, part)
    const stored = index < this.size() ? store.get(partTable, key) : undefined
    if (stored === undefined) throw refuse('not-found', `Entry ${index} has no part ${part}`)
    const decoded = decodePart(stored)
    if (decoded === 'erased') throw refuse('part-erased', `Part ${part} of entry ${index} was erased`)
    if (decoded?.erasable !== true) throw refuse('part-kept', `Part ${part} of entry ${index} must stay`)
    const value = encodeTombstone(clock.now())
    await this.#commits.submit([], [{ op: 'row.cas', table: partTable, key, expect: stored, value }])
  }

  onAppend(listener: AppendListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    await this.#commits.stop(refuse('shutting-down', 'The journal is closed'))
  }

  #tell(entries: readonly JournalEntry[]): void {
    for (const listener of this.#listeners) listener(entries)
  }

  #durable(size: number): Tree {
    invariant(size <= this.size(), 'only what is durable is proved')
    return this.#tree
  }

  #leaf(stored: Uint8Array, index: number): Uint8Array {
    const checked = leafOf(stored, index)
    if (isRefusal(checked)) throw new JournalCorrupt(checked)
    return checked.leaf
  }

  #entry(stored: Uint8Array, index: number): JournalEntry {
    const bytes = this.#leaf(stored, index)
    const fields = parseEntry(bytes)
    if (isRefusal(fields) || fields.seq !== index || fields.log !== this.origin)
      throw new JournalCorrupt(corrupt(`Entry ${index} is not an entry of this log`, index))
    const { seq, at, type, corr, body, parts } = fields
    return { seq, at, type, corr, body, parts, bytes, opened: this.#openParts(fields) }
  }

  #openParts({ seq, parts }: EntryFields): JournalEntry['opened'] {
    const opened: Record<string, OpenedPart | 'erased'> = {}
    for (const [name, digest] of Object.entries(parts)) {
      const stored = this.#options.store.get(partTable, partKey(this.origin, seq, name))
      const part = stored === undefined ? undefined : decodePart(stored)
      if (part === undefined || (part !== 'erased' && !verifyPart(digest, name, part)))
        throw new JournalCorrupt(corrupt(`Part ${name} of entry ${seq} is damaged`, seq))
      opened[name] = part === 'erased' ? part : { salt: part.salt, content: part.content }
    }
    return opened
  }

  /** Text and size of a note that our key signed over a tree that we had. */
  #ownNote(note: string): { text: string; size: number } | Refusal {
    const opened = openNote(note, [this.#ownKey])
    if (isRefusal(opened)) return opened
    const checkpoint = parseCheckpoint(opened.text)
    if (isRefusal(checkpoint)) return checkpoint
    const { origin, size, root } = checkpoint
    if (origin !== this.origin) return refuse('log-unknown', `The checkpoint is of ${origin}`)
    if (size > this.size() || !equalBytes(root, this.rootAt(size)))
      return refuse('log-fork', `Our key signed a root at size ${size} that this journal never had`)
    return { text: opened.text, size }
  }
}

function touchesJournal(op: StoreOp, origin: string): boolean {
  return op.op === 'log.append' ? op.log === origin : op.table.startsWith(journalTablePrefix)
}

/** Nobody catches it: the process ends, and recovery starts from what is on disk. */
function throwUncaught(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}

function ownVerifier(vkey: string): NoteVerifier {
  const key = parseVkey(vkey)
  const verifier = isRefusal(key) ? key : ed25519NoteVerifier(key)
  invariant(!isRefusal(verifier), 'the origin is a key name, and the key is Ed25519')
  return verifier
}

/** One note with every signature line of several over the same text, each once. */
function mergeNotes(text: string, notes: readonly string[]): string {
  const lines = notes.flatMap((note) => note.slice(text.length + 1).match(/[^\n]+\n/g) ?? [])
  return `${text}\n${[...new Set(lines)].join('')}`
}

function cosignedOp(origin: string, { size, note, at }: CosignedCheckpoint): StoreOp {
  const value = utf8(canonicalJson({ at: formatInstant(at), note, size }))
  return { op: 'row.put', table: cosignedTable, key: origin, value }
}

/** What others cosigned must still be in the tree: a store that was rolled back to an older copy is refused. */
function readCosigned(store: Store, origin: string, tree: Tree): CosignedCheckpoint | Refusal | undefined {
  const stored = store.get(cosignedTable, origin)
  if (stored === undefined) return undefined
  const text = fromUtf8(stored)
  const value = isRefusal(text) ? text : parseJson(text)
  if (isRefusal(value) || typeof value !== 'object' || value === null || !('note' in value))
    return corrupt('Its cosigned checkpoint is unreadable', 0)
  const { at, note } = value
  const instant = typeof at === 'string' ? parseInstant(at) : undefined
  if (typeof note !== 'string' || instant === undefined || isRefusal(instant))
    return corrupt('Its cosigned checkpoint is unreadable', 0)
  const body = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1))
  if (isRefusal(body)) return corrupt('Its cosigned checkpoint is unreadable', 0)
  const size = body.size
  if (size > tree.size() || !equalBytes(tree.root(size), body.root))
    return corrupt(
      `Its cosigned checkpoint of ${size} entries is not of this log`,
      Math.min(size, tree.size()),
    )
  return { at: instant, note, size }
}
