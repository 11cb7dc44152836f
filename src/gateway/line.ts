// Decisions in the order in which they were taken, on their way to the journal. Replay evolves in journal order, so
// that order must be the decision order, whoever commits: a FIX batch (with its sequence numbers) or the gateway itself.
import { invariant } from '#core'
import type { EntryDraft, StoreOp } from '#journal'

/** What one decision made and must become durable. */
export type Bundle = { readonly ticket: number; readonly drafts: readonly EntryDraft[] }

type Waiting = { readonly bundle: Bundle; own: boolean; done: () => void; failed: (error: unknown) => void }

export type Line = {
  readonly record: (drafts: readonly EntryDraft[]) => Bundle
  readonly commit: (bundle: Bundle) => Promise<void>
  readonly commitBatch: (bundles: readonly Bundle[], ops: readonly StoreOp[]) => Promise<void>
  /** Resolves when everything recorded until now is durable. */
  readonly settled: () => Promise<void>
}

/**
 * `append` must take its drafts synchronously, so that two calls reach the journal in the order of the calls. A
 * decision is given to `commit` or attached in the turn of the event loop that took it. One that was not would hold up
 * all that follow: `onLost` hears of it at the next FIX batch, which there is at every heartbeat.
 */
export function createLine(append: Append, onLost: (error: LostDecisionError) => void): Line {
  const waiting: Waiting[] = []
  const durable = createMark()
  let tickets = 0
  const flush = (count: number, ops: readonly StoreOp[]): Promise<void> =>
    flushTaken(append, durable, waiting.splice(0, count), ops)
  /** Own decisions at the head go now; one behind a FIX decision waits for that batch, which is on its way. */
  const flushOwn = (): void => {
    const other = waiting.findIndex(({ own }) => !own)
    const count = other < 0 ? waiting.length : other
    if (count > 0) flush(count, []).catch(() => undefined)
  }
  return {
    record: (drafts) => {
      const bundle: Bundle = { ticket: ++tickets, drafts }
      waiting.push({ bundle, own: false, done: nothing, failed: nothing })
      return bundle
    },
    commit: (bundle) =>
      new Promise((resolve, reject) => {
        const entry = waiting.find((one) => one.bundle.ticket === bundle.ticket)
        invariant(entry, 'a decision is committed once')
        Object.assign(entry, { own: true, done: resolve, failed: reject })
        flushOwn()
      }),
    commitBatch: async (bundles, ops) => {
      const lost = waiting.find(({ own, bundle }) => !own && !bundles.includes(bundle))
      if (lost) onLost(new LostDecisionError(lost.bundle))
      const last = Math.max(0, ...bundles.map(({ ticket }) => ticket))
      const written = flush(waiting.filter(({ bundle }) => bundle.ticket <= last).length, ops)
      flushOwn()
      await written
    },
    settled: () => durable.upTo(tickets),
  }
}

type Append = (drafts: readonly EntryDraft[], ops: readonly StoreOp[]) => Promise<void>

async function flushTaken(
  append: Append,
  durable: Mark,
  taken: readonly Waiting[],
  ops: readonly StoreOp[],
): Promise<void> {
  try {
    await append(
      taken.flatMap(({ bundle }) => bundle.drafts),
      ops,
    )
    for (const { done } of taken) done()
    durable.reach(taken.at(-1)?.bundle.ticket ?? 0)
  } catch (error) {
    for (const { failed } of taken) failed(error)
    durable.fail(error)
    throw error
  }
}

/** How far the disk has come, and who waits for it. */
type Mark = {
  readonly reach: (ticket: number) => void
  readonly fail: (error: unknown) => void
  readonly upTo: (ticket: number) => Promise<void>
}

function createMark(): Mark {
  let watchers: readonly { ticket: number; resolve: () => void; reject: (error: unknown) => void }[] = []
  let reached = 0
  return {
    reach: (ticket) => {
      reached = Math.max(reached, ticket)
      for (const watcher of watchers) if (watcher.ticket <= reached) watcher.resolve()
      watchers = watchers.filter((watcher) => watcher.ticket > reached)
    },
    fail: (error) => {
      for (const { reject } of watchers) reject(error)
    },
    upTo: (ticket) =>
      ticket <= reached
        ? Promise.resolve()
        : new Promise((resolve, reject) => {
            watchers = [...watchers, { ticket, resolve, reject }]
          }),
  }
}

const nothing = (): void => undefined

/** Decided, and neither committed nor attached: the state is ahead of what will ever be recorded. */
export class LostDecisionError extends Error {
  override readonly name = 'Line.LostDecisionError'
  constructor({ drafts }: Bundle) {
    super(`decided and given to nobody to record: ${drafts.map(({ type }) => type).join(', ')}`)
  }
}
