// Asks the ledger's endpoints for their head again and again, so that a ledger that died while nothing was being settled
// is known to be dead.
import { isRefusal, type Refusal } from '#core'
import type { Later } from './worker.ts'

export type LedgerWatch = {
  /** Newest refusal; undefined when the newest answer was good or none has come yet. */
  readonly problem: () => Refusal | undefined
  readonly asked: () => boolean
  /** Asks no more and waits for the question under way. */
  readonly close: () => Promise<void>
}

export type LedgerWatchParts = {
  readonly ask: () => Promise<unknown>
  readonly later: Later
  /** A question that threw: a bug, as in all work. */
  readonly onBug: (error: unknown) => void
}

const askEveryMs = 3_000

export function watchLedger(parts: LedgerWatchParts): LedgerWatch {
  const watch: Watch = { ...parts, asked: false, closed: false }
  start(watch)
  return {
    problem: () => watch.problem,
    asked: () => watch.asked,
    close: async () => {
      watch.closed = true
      watch.cancel?.()
      await watch.running
    },
  }
}

type Watch = LedgerWatchParts & {
  problem?: Refusal | undefined
  /** Takes back the timer of the next question. */
  cancel?: () => void
  running?: Promise<void>
  asked: boolean
  closed: boolean
}

function start(watch: Watch): void {
  watch.running = round(watch).catch(watch.onBug)
}

async function round(watch: Watch): Promise<void> {
  const answer = await watch.ask()
  watch.asked = true
  watch.problem = isRefusal(answer) ? answer : undefined
  // Counted from the answer: a slow endpoint is never asked twice at once.
  if (!watch.closed) watch.cancel = watch.later(askEveryMs, () => start(watch))
}
