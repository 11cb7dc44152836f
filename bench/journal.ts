/**
 * Durable journal appends and proof verifications per second, on a scratch file below the system's folder for
 * temporary files. Run alone: `node bench/journal.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { invariant, isRefusal, systemClock } from '#core'
import { memoryKeyStore, systemRandom } from '#crypto'
import {
  leafHash,
  openJournal,
  openSqliteStore,
  openSqliteStoreUnsafeNoSync,
  verifyConsistency,
  verifyInclusion,
  type EntryDraft,
  type Journal,
  type Store,
} from '#journal'

export type BenchRow = {
  readonly name: string
  readonly perSecond: number
  /** The goal it is held against, if there is one. */
  readonly goalPerSecond?: number
  readonly note: string
}

type Load = { readonly entries: number; readonly batch: number; readonly inFlight: number }

const warmUp: Load = { entries: 2_000, batch: 64, inFlight: 4 }

type Case = {
  readonly name: string
  readonly load: Load
  readonly note: string
  readonly draft?: typeof plain
}

const durableCases: readonly Case[] = [
  {
    name: 'durable appends, batch 1',
    load: { entries: 3_000, batch: 1, inFlight: 1 },
    note: 'one writer, one fsync for each entry',
  },
  {
    name: 'durable appends, batch 64',
    load: { entries: 60_000, batch: 64, inFlight: 1 },
    note: 'one writer, 64 entries for each append',
  },
  {
    name: 'durable appends, 64 writers',
    load: { entries: 60_000, batch: 1, inFlight: 64 },
    note: 'group commit of single entries',
  },
  {
    name: 'durable appends, 2,048 writers',
    load: { entries: 100_000, batch: 1, inFlight: 2_048 },
    note: 'group commit of single entries',
  },
  {
    name: 'durable appends with a 1 KiB part',
    load: { entries: 40_000, batch: 64, inFlight: 4 },
    note: 'batch 64, four writers, one salted part each',
    draft: withPart,
  },
]
const unsyncedCase: Case = {
  name: 'appends without fsync, batch 64',
  load: { entries: 60_000, batch: 64, inFlight: 1 },
  note: 'not durable; to compare with stores that never sync',
}

/** What durable entries in batches should reach. */
const batchedGoalPerSecond = 20_000

/** Takes some ten seconds. */
export async function benchJournal(): Promise<readonly BenchRow[]> {
  const durable = await inScratch(openSqliteStore, async (journal) => {
    const rows = await driveAll(journal, durableCases)
    return [...rows, ...proofRows(journal)]
  })
  const unsynced = await inScratch(openSqliteStoreUnsafeNoSync, (journal) =>
    driveAll(journal, [unsyncedCase]),
  )
  return [...durable, ...unsynced]
}

async function driveAll(journal: Journal, cases: readonly Case[]): Promise<BenchRow[]> {
  await drive(journal, warmUp)
  const rows: BenchRow[] = []
  for (const { name, load, note, draft } of cases) {
    const rate = await drive(journal, load, draft)
    const batched = load.batch * load.inFlight > 1 && name.startsWith('durable')
    rows.push(batched ? row(name, rate, note, batchedGoalPerSecond) : row(name, rate, note))
  }
  return rows
}

async function inScratch(
  open: (path: string) => Store | { readonly refusal: string },
  run: (journal: Journal) => Promise<readonly BenchRow[]>,
): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'poundlock-bench-'))
  const store = open(join(folder, 'journal.db'))
  invariant(!isRefusal(store) && 'apply' in store, 'the scratch store opens')
  const signer = memoryKeyStore({ journal: 'Ed25519' }).signer('journal')
  const clock = systemClock
  try {
    return await run(
      openJournal({ store, origin: 'bench.example/journal', signer, clock, random: systemRandom }),
    )
  } finally {
    store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Entries a second. */
async function drive(journal: Journal, load: Load, draft = plain): Promise<number> {
  const appends = Math.ceil(load.entries / load.batch)
  const started = performance.now()
  let next = 0
  const writer = async (): Promise<void> => {
    while (next < appends) {
      next += 1
      await journal.append(Array.from({ length: load.batch }, (_, i) => draft(next * load.batch + i)))
    }
  }
  await Promise.all(Array.from({ length: load.inFlight }, writer))
  return (appends * load.batch * 1_000) / (performance.now() - started)
}

/** A leaf of some 330 bytes: an executed trade without its terms. */
function plain(n: number): EntryDraft {
  const tradeId = n.toString(16).padStart(64, '0')
  const policy = { decision: 'allow', rules: ['tier-1', 'notional-limit'], set: tradeId.slice(0, 32) }
  return { type: 'trade.executed', corr: `trade-${n}`, body: { tradeId, orderId: `order-${n}`, policy } }
}

const partContent = 'x'.repeat(1_024)

function withPart(n: number): EntryDraft {
  return { ...plain(n), parts: { terms: { content: partContent } } }
}

function proofRows(journal: Journal): BenchRow[] {
  const size = journal.size()
  const root = journal.rootAt(size)
  const indices = Array.from({ length: 1_000 }, (_, i) => (i * 7_919) % size)
  const leaves = new Map(indices.map((index) => [index, leafOf(journal, index)]))
  const made = perSecond(indices, (index) => void journal.inclusionProof(index, size))
  const proofs = new Map(indices.map((index) => [index, journal.inclusionProof(index, size)]))
  const verified = perSecond(indices, (index) => {
    const leaf = leaves.get(index)
    const proof = proofs.get(index)
    invariant(leaf && proof && verifyInclusion(index, size, leaf, proof, root), 'the proof verifies')
  })
  const steps = indices.map((old) => ({
    old,
    proof: journal.consistencyProof(old + 1, size),
    oldRoot: journal.rootAt(old + 1),
  }))
  const consistent = perSecond(steps, ({ old, proof, oldRoot }) => {
    invariant(verifyConsistency(old + 1, size, proof, oldRoot, root), 'the proof verifies')
  })
  const leavesText = `${size.toLocaleString('en')} leaves`
  return [
    row('inclusion proofs made', made, leavesText),
    row('inclusion proofs verified', verified, leavesText),
    row('consistency proofs verified', consistent, leavesText),
  ]
}

function leafOf(journal: Journal, index: number): Uint8Array {
  const [entry] = journal.read(index, index + 1)
  invariant(entry !== undefined, 'the entry is there')
  return leafHash(entry.bytes)
}

function perSecond<T>(items: readonly T[], work: (item: T) => void): number {
  for (const item of items) work(item)
  const started = performance.now()
  const rounds = 5
  for (let round = 0; round < rounds; round += 1) for (const item of items) work(item)
  return (items.length * rounds * 1_000) / (performance.now() - started)
}

function row(name: string, rate: number, note: string, goalPerSecond?: number): BenchRow {
  const perSecondRounded = Math.round(rate)
  return goalPerSecond === undefined
    ? { name, perSecond: perSecondRounded, note }
    : { name, perSecond: perSecondRounded, goalPerSecond, note }
}

if (import.meta.main) console.table(await benchJournal())
