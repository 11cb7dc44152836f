// Runs what is left to do, one piece a trade and kind at a time, again and again until it is done. The list comes
// from the state alone, so a restarted gateway goes on where it was.
import { invariant, isRefusal, REFUSALS, type Refusal } from '#core'
import { pendingWork, type DeskState, type Trade, type Work, type WorkKind } from '#trade'

export type Worker = {
  /** Looks at the state and starts what is not running; cheap, called after every change. */
  readonly wake: () => void
  /** The newest reason why a piece of work has to wait, for people: by work id. */
  readonly waiting: () => ReadonlyMap<string, Refusal>
  /** Starts nothing more and waits for what runs. */
  readonly close: () => Promise<void>
}

/** undefined when done. */
export type Doer = (kind: WorkKind, tradeId: string, trade: Trade) => Promise<Refusal | undefined>

/** Runs something once after a time; the answer takes it back. A simulation brings its own. */
export type Later = (ms: number, run: () => void) => () => void
export const realLater: Later = (ms, run) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

const retryMsFirst = 50
const retryMsMost = 2_000
/** What only has to be waited for is asked again after 400 ms at most. */
const retryableDoublingsMax = 3

export type WorkerParts = {
  readonly state: DeskState
  readonly perform: Doer
  /** Work that threw. It is not started again: the owner must end the process and recover. */
  readonly onBug: (error: unknown) => void
  readonly later: Later
}

export function createWorker(parts: WorkerParts): Worker {
  const work: Running = {
    ...parts,
    running: new Map(),
    backingOff: new Map(),
    attempts: new Map(),
    waiting: new Map(),
    closed: false,
  }
  return {
    wake: () => wake(work),
    waiting: () => work.waiting,
    close: async () => {
      work.closed = true
      for (const cancel of work.backingOff.values()) cancel()
      await Promise.all(work.running.values())
    },
  }
}

/** All maps are by work id. */
type Running = WorkerParts & {
  readonly running: Map<string, Promise<void>>
  /** How to take back the timer. */
  readonly backingOff: Map<string, () => void>
  readonly attempts: Map<string, number>
  readonly waiting: Map<string, Refusal>
  closed: boolean
}

function wake(worker: Running): void {
  if (worker.closed) return
  const pending = pendingWork(worker.state)
  forgetAllBut(worker, new Set(pending.map(({ id }) => id)))
  for (const work of pending)
    if (!worker.running.has(work.id) && !worker.backingOff.has(work.id)) start(worker, work)
}

function start(worker: Running, work: Work): void {
  const trade = worker.state.trades.get(work.tradeId)
  invariant(trade, 'work is on a trade of the state')
  // Marked as running before it runs: what it does first may wake the worker again.
  const run = Promise.resolve()
    .then(() => perform(worker, work, trade))
    .catch(worker.onBug)
  worker.running.set(work.id, run)
}

async function perform(worker: Running, work: Work, trade: Trade): Promise<void> {
  const outcome = await worker.perform(work.kind, work.tradeId, trade)
  worker.running.delete(work.id)
  if (isRefusal(outcome)) return refused(worker, work, outcome)
  worker.attempts.delete(work.id)
  worker.waiting.delete(work.id)
  // Done and still to do: looked at again, but not in a circle that leaves no time for anything else.
  if (pendingWork(worker.state).some(({ id }) => id === work.id)) backOff(worker, work, retryMsFirst)
  wake(worker)
}

/** A refusal that repeating cannot cure is looked at again too, but slowly. */
function refused(worker: Running, work: Work, refusal: Refusal): void {
  if (worker.closed) return
  worker.waiting.set(work.id, refusal)
  const attempt = (worker.attempts.get(work.id) ?? 0) + 1
  worker.attempts.set(work.id, attempt)
  const doublings = REFUSALS[refusal.refusal].retryable ? Math.min(attempt, retryableDoublingsMax) : attempt
  backOff(worker, work, Math.min(retryMsFirst * 2 ** doublings, retryMsMost))
}

function backOff(worker: Running, { id }: Work, ms: number): void {
  if (worker.closed) return
  const again = (): void => {
    worker.backingOff.delete(id)
    wake(worker)
  }
  worker.backingOff.set(id, worker.later(ms, again))
}

/** Work that the state no longer asks for: somebody else did it, or its trade has ended. */
function forgetAllBut({ backingOff, attempts, waiting }: Running, pending: ReadonlySet<string>): void {
  for (const [id, cancel] of backingOff) {
    if (pending.has(id)) continue
    cancel()
    backingOff.delete(id)
  }
  for (const map of [attempts, waiting]) for (const id of map.keys()) if (!pending.has(id)) map.delete(id)
}
