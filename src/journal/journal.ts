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
import {
  decodePart,
  encodePart,
  encodeTombstone,
  entryOf,
  formatEntry,
  parseEntry,
  sealDraft,
  verifyPart,
  type EntryDraft,
  type EntryFields,
  type JournalEntry,
  type OpenedPart,
  type SealedDraft,
} from './entry.ts'
import { leafHash } from './merkle.ts'
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
  entryOp,
  headOp,
  JournalCorrupt,
  journalTablePrefix,
  leafOf,
  partKey,
  partTable,
  restoreTree,
  tileOp,
} from './records.ts'
import type { ApplyResult, Store, StoreOp, Transition } from './store/store.ts'
import { formatEntryBundle, tileWidth, widthAt } from './tiles.ts'
import type { FullTile, Tree } from './tree.ts'

export type JournalLimits = {
  /** Entries made durable by one commit. */
  readonly batchEntriesMax: number
  /** Entries that wait for a commit; beyond it appends are refused. */
  readonly queueEntriesMax: number
  /** Newest entries that are hashed again when the journal opens. */
  readonly recheckEntriesMax: number
}

export const journalLimits: JournalLimits = {
  batchEntriesMax: 8_192,
  queueEntriesMax: 131_072,
  recheckEntriesMax: 1_048_576,
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

type Request = {
  readonly sealed: readonly SealedDraft[]
  readonly ops: readonly StoreOp[]
  readonly resolve: (entries: JournalEntry[]) => void
  readonly reject: (reason: unknown) => void
}

type Staged = { readonly request: Request; readonly entries: JournalEntry[]; readonly transition: Transition }

class StoredJournal implements Journal {
  readonly origin: string
  readonly vkey: string
  readonly #options: JournalOptions
  readonly #limits: JournalLimits
  readonly #tree: Tree
  readonly #ownKey: NoteVerifier
  readonly #listeners = new Set<AppendListener>()
  #queue: Request[] = []
  #queuedEntries = 0
  #scheduled = false
  #size: number
  #lastAt: Instant | undefined
  #cosigned: CosignedCheckpoint | undefined
  #signed: { size: number; note: string } | undefined
  #stopped: { reason: unknown } | undefined

  constructor(
    options: JournalOptions,
    limits: JournalLimits,
    tree: Tree,
    cosigned: CosignedCheckpoint | undefined,
  ) {
    this.origin = options.origin
    this.vkey = formatVkey(options.origin, noteEd25519, options.signer.publicKey)
    this.#options = options
    this.#limits = limits
    this.#tree = tree
    this.#size = tree.size()
    this.#cosigned = cosigned
    this.#ownKey = ownVerifier(this.vkey)
    this.#lastAt = this.read(Math.max(0, this.#size - 1), this.#size)[0]?.at
  }

  size(): number {
    return this.#size
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
    return this.#enqueue(sealed, ops)
  }

  read(from: number, to: number): JournalEntry[] {
    const stored = this.#options.store.logRead(this.origin, from, to)
    return stored.map((bytes, i) => this.#entry(bytes, from + i))
  }

  checkpoint(): string {
    if (this.#cosigned?.size === this.#size) return this.#cosigned.note
    if (this.#signed?.size !== this.#size) {
      const text = formatCheckpoint({ origin: this.origin, size: this.#size, root: this.rootAt(this.#size) })
      const signer = ed25519NoteSigner(this.origin, this.#options.signer)
      this.#signed = { size: this.#size, note: signNote(text, [signer]) }
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

  tile(level: number, n: number, width = widthAt(level, n, this.#size)): Uint8Array {
    invariant(width <= widthAt(level, n, this.#size), 'a tile is asked that is durable')
    return this.#tree.tile(level, n, width)
  }

  entryBundle(n: number, width = widthAt(0, n, this.#size)): Uint8Array {
    const from = n * tileWidth
    const stored = this.#options.store.logRead(this.origin, from, from + width)
    return formatEntryBundle(stored.map((bytes, i) => this.#leaf(bytes, from + i)))
  }

  async erase(index: number, part: string): Promise<void> {
    const { store, clock } = this.#options
    const key = partKey(this.origin, index, part)
    const stored = index < this.#size ? store.get(partTable, key) : undefined
    if (stored === undefined) throw refuse('not-found', `Entry ${index} has no part ${part}`)
    const decoded = decodePart(stored)
    if (decoded === 'erased') throw refuse('part-erased', `Part ${part} of entry ${index} was erased`)
    if (decoded?.erasable !== true) throw refuse('part-kept', `Part ${part} of entry ${index} must stay`)
    const value = encodeTombstone(clock.now())
    await this.#enqueue([], [{ op: 'row.cas', table: partTable, key, expect: stored, value }])
  }

  onAppend(listener: AppendListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    while (this.#scheduled) await new Promise((done) => setImmediate(done))
    this.#stopped ??= { reason: refuse('shutting-down', 'The journal is closed') }
  }

  #enqueue(sealed: readonly SealedDraft[], ops: readonly StoreOp[]): Promise<JournalEntry[]> {
    return new Promise((resolve, reject) => {
      const refusal = this.#stopped?.reason ?? this.#overload(sealed.length)
      // oxlint-disable-next-line prefer-promise-reject-errors -- an expected failure is a Refusal value
      if (refusal !== undefined) return reject(refusal)
      this.#queue.push({ sealed, ops, resolve, reject })
      this.#queuedEntries += sealed.length
      this.#schedule()
    })
  }

  #overload(entries: number): Refusal | undefined {
    if (
      entries <= this.#limits.batchEntriesMax &&
      this.#queuedEntries + entries <= this.#limits.queueEntriesMax
    )
      return undefined
    return refuse('limit-queue', 'Too many entries wait to become durable')
  }

  /** One turn of the event loop lets everything that arrived together share a commit. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#drain())
  }

  #drain(): void {
    try {
      let batch = this.#takeBatch()
      while (batch.length > 0) batch = this.#commit(batch)
    } catch (error) {
      this.#fail(error)
    }
    this.#scheduled = false
    if (this.#queue.length > 0) this.#schedule()
  }

  #takeBatch(): Request[] {
    let entries = 0
    const end = this.#queue.findIndex(({ sealed }) => {
      entries += sealed.length
      return entries > this.#limits.batchEntriesMax
    })
    const batch = this.#queue.splice(0, end < 0 ? this.#queue.length : end)
    this.#queuedEntries -= batch.reduce((sum, { sealed }) => sum + sealed.length, 0)
    this.#inCommit = batch
    return batch
  }

  #inCommit: readonly Request[] = []

  /** Makes one commit; returns the requests that must be numbered again because one before them was refused. */
  #commit(batch: readonly Request[]): Request[] {
    const at = this.#now()
    const staged = batch.flatMap((request) => this.#stage(request, at) ?? [])
    const results = this.#options.store.apply(staged.map(({ transition }) => transition))
    const { done, refused, again } = sortResults(staged, results)
    const size = this.#size + done.reduce((sum, { entries }) => sum + entries.length, 0)
    this.#tree.truncate(size)
    this.#size = size
    for (const { request, entries } of done) request.resolve(entries)
    for (const { request, refusal } of refused) request.reject(refusal)
    this.#inCommit = again
    const entries = done.flatMap((one) => one.entries)
    if (entries.length > 0) for (const listener of this.#listeners) listener(entries)
    return again
  }

  /** Undefined when the request was refused already. */
  #stage(request: Request, at: Instant): Staged | undefined {
    const first = this.#tree.size()
    const entries: JournalEntry[] = []
    for (const [i, sealed] of request.sealed.entries()) {
      const bytes = formatEntry(sealed, { log: this.origin, seq: first + i, at })
      if (isRefusal(bytes)) {
        request.reject(bytes)
        return undefined
      }
      entries.push(entryOf(sealed, first + i, at, bytes))
    }
    return { request, entries, transition: this.#transition(request, entries) }
  }

  /** Appends come first: when an earlier request is refused, the gap shows before anything else is tried. */
  #transition(request: Request, entries: readonly JournalEntry[]): Transition {
    const last = entries.at(-1)
    if (last === undefined) return request.ops
    const tiles: FullTile[] = []
    const hashes = entries.map(({ bytes }) => leafHash(bytes))
    for (const hash of hashes) tiles.push(...this.#tree.append(hash))
    const appends = entries.map(({ seq, bytes }, i) => entryOp(this.origin, seq, hashAt(hashes, i), bytes))
    const parts = request.sealed.flatMap((sealed, i) => partOps(this.origin, entries[i], sealed))
    const head = headOp(this.origin, last.seq + 1, hashAt(hashes, hashes.length - 1))
    return [...appends, ...request.ops, ...parts, ...tiles.map((tile) => tileOp(this.origin, tile)), head]
  }

  #now(): Instant {
    const now = this.#options.clock.now()
    this.#lastAt = this.#lastAt === undefined || now > this.#lastAt ? now : this.#lastAt
    return this.#lastAt
  }

  #fail(error: unknown): void {
    this.#stopped = { reason: error }
    for (const { reject } of [...this.#inCommit, ...this.#queue]) reject(error)
    this.#queue = []
    const stop = this.#options.onFailure
    if (stop !== undefined) return stop(error)
    process.nextTick(() => {
      throw error
    })
  }

  #durable(size: number): Tree {
    invariant(size <= this.#size, 'only what is durable is proved')
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
    if (size > this.#size || !equalBytes(root, this.rootAt(size)))
      return refuse('log-fork', `Our key signed a root at size ${size} that this journal never had`)
    return { text: opened.text, size }
  }
}

type Sorted = {
  done: Staged[]
  refused: { request: Request; refusal: Refusal }[]
  again: Request[]
}

/** A refused request leaves a gap in the numbers: later ones that conflict at their first append go again. */
function sortResults(staged: readonly Staged[], results: readonly ApplyResult[]): Sorted {
  const sorted: Sorted = { done: [], refused: [], again: [] }
  let gap = false
  for (const [i, one] of staged.entries()) {
    const result = results[i]
    const { request, entries } = one
    if (result === 'applied') sorted.done.push(one)
    else if (gap && entries.length > 0 && !isRefusal(result)) sorted.again.push(request)
    else {
      invariant(result !== undefined, 'a store answers for every transition')
      const refusal = isRefusal(result) ? result : conflict(result.conflict - entries.length)
      sorted.refused.push({ request, refusal })
      gap ||= entries.length > 0
    }
  }
  return sorted
}

function conflict(op: number): Refusal {
  invariant(op >= 0, 'nobody else appends to the log')
  return refuse('conflict', `Operation ${op} found another state`, { op: String(op) })
}

function hashAt(hashes: readonly Uint8Array[], i: number): Uint8Array {
  const hash = hashes[i]
  invariant(hash !== undefined, 'every entry has its hash')
  return hash
}

function partOps(origin: string, entry: JournalEntry | undefined, { parts }: SealedDraft): StoreOp[] {
  invariant(entry !== undefined, 'every draft has its entry')
  return parts.map((part) => ({
    op: 'row.put',
    table: partTable,
    key: partKey(origin, entry.seq, part.name),
    value: encodePart(part),
  }))
}

function touchesJournal(op: StoreOp, origin: string): boolean {
  return op.op === 'log.append' ? op.log === origin : op.table.startsWith(journalTablePrefix)
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
