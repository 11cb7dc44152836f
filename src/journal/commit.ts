/**
 * Group commit: requests that wait become one `Store.apply`, are numbered and timed when it is made, and are
 * answered when it is durable.
 */
import { invariant, isRefusal, refuse, type Clock, type Instant, type Refusal } from '#core'
import { encodePart, entryOf, formatEntry, type JournalEntry, type SealedDraft } from './entry.ts'
import { leafHash } from './merkle.ts'
import { entryOp, headOp, partKey, partTable, tileOp } from './records.ts'
import type { ApplyResult, Store, StoreOp, Transition } from './store/store.ts'
import { tileWidth } from './tiles.ts'
import { tilesCachedMax, type FullTile, type Tree } from './tree.ts'

export type CommitLimits = {
  /** Entries made durable by one commit. */
  readonly batchEntriesMax: number
  /** Entries that wait for a commit; beyond it appends are refused. */
  readonly queueEntriesMax: number
}

export type CommitOptions = {
  readonly store: Store
  readonly origin: string
  readonly tree: Tree
  readonly clock: Clock
  readonly limits: CommitLimits
  /** Time of the last durable entry: no later one is earlier. */
  readonly lastAt: Instant | undefined
  /** Called with the entries of each commit, when they are durable. */
  readonly onDurable: (entries: readonly JournalEntry[]) => void
  readonly onFailure: (error: unknown) => void
}

type Request = {
  readonly sealed: readonly SealedDraft[]
  readonly ops: readonly StoreOp[]
  readonly resolve: (entries: JournalEntry[]) => void
  readonly reject: (reason: unknown) => void
}

type Staged = { readonly request: Request; readonly entries: JournalEntry[]; readonly transition: Transition }

export class CommitQueue {
  readonly #options: CommitOptions
  #waiting: Request[] = []
  #waitingEntries = 0
  #inCommit: readonly Request[] = []
  #scheduled = false
  #size: number
  #lastAt: Instant | undefined
  #stopped: { reason: unknown } | undefined

  constructor(options: CommitOptions) {
    // What a refused commit completed must still be in the cache when the tree is truncated.
    invariant(
      options.limits.batchEntriesMax < (tilesCachedMax * tileWidth) / 4,
      'a commit fits the tile cache',
    )
    this.#options = options
    this.#size = options.tree.size()
    this.#lastAt = options.lastAt
  }

  /** Durable entries. The tree is ahead of it only while a commit is being made. */
  size(): number {
    return this.#size
  }

  /** Resolves when the drafts are durable entries and the operations happened; rejects with a refusal value. */
  submit(sealed: readonly SealedDraft[], ops: readonly StoreOp[]): Promise<JournalEntry[]> {
    return new Promise((resolve, reject) => {
      const weight = weightOf({ sealed })
      const refusal = this.#stopped?.reason ?? this.#overload(weight)
      // oxlint-disable-next-line prefer-promise-reject-errors -- an expected failure is a Refusal value
      if (refusal !== undefined) return reject(refusal)
      this.#waiting.push({ sealed, ops, resolve, reject })
      this.#waitingEntries += weight
      this.#schedule()
    })
  }

  /** Waits for what was submitted, then refuses everything with `reason`. */
  async stop(reason: Refusal): Promise<void> {
    while (this.#scheduled) await new Promise((done) => setImmediate(done))
    this.#stopped ??= { reason }
  }

  #overload(entries: number): Refusal | undefined {
    const { batchEntriesMax, queueEntriesMax } = this.#options.limits
    if (entries <= batchEntriesMax && this.#waitingEntries + entries <= queueEntriesMax) return undefined
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
    if (this.#waiting.length > 0) this.#schedule()
  }

  #takeBatch(): Request[] {
    let entries = 0
    const end = this.#waiting.findIndex((request) => {
      entries += weightOf(request)
      return entries > this.#options.limits.batchEntriesMax
    })
    const batch = this.#waiting.splice(0, end < 0 ? this.#waiting.length : end)
    this.#waitingEntries -= batch.reduce((sum, request) => sum + weightOf(request), 0)
    this.#inCommit = batch
    return batch
  }

  /** Makes one commit; returns the requests that must be numbered again because one before them was refused. */
  #commit(batch: readonly Request[]): Request[] {
    const at = this.#now()
    const staged = batch.flatMap((request) => this.#stage(request, at) ?? [])
    const results = this.#options.store.apply(staged.map(({ transition }) => transition))
    const { done, refused, again } = sortResults(staged, results)
    const size = this.#size + done.reduce((sum, { entries }) => sum + entries.length, 0)
    this.#options.tree.truncate(size)
    this.#size = size
    for (const { request, entries } of done) request.resolve(entries)
    for (const { request, refusal } of refused) request.reject(refusal)
    this.#inCommit = again
    const entries = done.flatMap((one) => one.entries)
    if (entries.length > 0) this.#options.onDurable(entries)
    return again
  }

  /** Undefined when the request was refused already. */
  #stage(request: Request, at: Instant): Staged | undefined {
    const first = this.#options.tree.size()
    const entries: JournalEntry[] = []
    for (const [i, sealed] of request.sealed.entries()) {
      const bytes = formatEntry(sealed, { log: this.#options.origin, seq: first + i, at })
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
    const { origin, tree } = this.#options
    const last = entries.at(-1)
    if (last === undefined) return request.ops
    const tiles: FullTile[] = []
    const hashes = entries.map(({ bytes }) => leafHash(bytes))
    for (const hash of hashes) tiles.push(...tree.append(hash))
    const appends = entries.map(({ seq, bytes }, i) => entryOp(origin, seq, hashAt(hashes, i), bytes))
    const parts = request.sealed.flatMap((sealed, i) => partOps(origin, entries[i], sealed))
    const head = headOp(origin, last.seq + 1, hashAt(hashes, hashes.length - 1))
    return [...appends, ...request.ops, ...parts, ...tiles.map((tile) => tileOp(origin, tile)), head]
  }

  #now(): Instant {
    const now = this.#options.clock.now()
    this.#lastAt = this.#lastAt === undefined || now > this.#lastAt ? now : this.#lastAt
    return this.#lastAt
  }

  #fail(error: unknown): void {
    this.#stopped = { reason: error }
    for (const { reject } of [...this.#inCommit, ...this.#waiting]) reject(error)
    this.#waiting = []
    this.#options.onFailure(error)
  }
}

/** An append of operations alone counts as one entry. */
function weightOf({ sealed }: Pick<Request, 'sealed'>): number {
  return Math.max(1, sealed.length)
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
