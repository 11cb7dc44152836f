// Runs what is left to do, one piece a trade and kind at a time, again and again until it is done. The list comes
// from the state alone, so a restarted gateway goes on where it was.
import { isRefusal, REFUSALS, type Refusal } from '#core'
import { pendingWork, type DeskState, type Trade, type Work, type WorkKind } from '#trade'

export type Worker = {
  /** Looks at the state and starts what is not running; cheap, called after every change. */
  wake(): void
  /** The newest reason why a piece of work has to wait, for people: by work id. */
  waiting(): ReadonlyMap<string, Refusal>
  close(): Promise<void>
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

export type WorkerParts = {
  readonly state: DeskState
  readonly perform: Doer
  readonly onBug: (error: unknown) => void
  readonly later: Later
}

export function createWorker({ state, perform, onBug, later: after }: WorkerParts): Worker {
  const running = new Map<string, Promise<void>>()
  const timers = new Map<string, () => void>()
  const attempts = new Map<string, number>()
  const waiting = new Map<string, Refusal>()
  let closed = false

  const wake = (): void => {
    if (closed) return
    for (const work of pendingWork(state)) if (!running.has(work.id) && !timers.has(work.id)) start(work)
  }
  const start = (work: Work): void => {
    const trade = state.trades.get(work.tradeId)
    if (!trade) return
    const run = perform(work.kind, work.tradeId, trade)
      .then((outcome) => finish(work, outcome))
      .catch(onBug)
    running.set(work.id, run)
  }
  const finish = (work: Work, outcome: Refusal | undefined): void => {
    running.delete(work.id)
    if (isRefusal(outcome)) return later(work, outcome)
    attempts.delete(work.id)
    waiting.delete(work.id)
    wake()
  }
  /** Backs off; a refusal that repeating cannot cure is looked at again too, but slowly. */
  const later = (work: Work, refusal: Refusal): void => {
    if (closed) return
    waiting.set(work.id, refusal)
    const attempt = (attempts.get(work.id) ?? 0) + 1
    attempts.set(work.id, attempt)
    const soon = REFUSALS[refusal.refusal].retryable
      ? retryMsFirst * 2 ** Math.min(attempt, 3)
      : retryMsFirst * 2 ** attempt
    const again = (): void => {
      timers.delete(work.id)
      wake()
    }
    timers.set(work.id, after(Math.min(soon, retryMsMost), again))
  }
  return {
    wake,
    waiting: () => waiting,
    close: async () => {
      closed = true
      for (const cancel of timers.values()) cancel()
      await Promise.all(running.values())
    },
  }
}
