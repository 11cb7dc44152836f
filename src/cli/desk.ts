// `poundlock sandbox-desk`: the FIX client of the demo in a process of its own.
import { instant, isRefusal, offsetClock, parseInstant, refuse, systemClock } from '#core'
import { runDesk } from '#sandbox'
import { refuseWith, tell, type Output } from './output.ts'

export type DeskArguments = {
  readonly port: number
  /** What the sandbox's clocks showed when they started, and the real time then. */
  readonly startsAt: string
  readonly startedAt: string
  readonly quoteReqId: string
  readonly clOrdId: string
}

export async function serveDesk(args: DeskArguments, output: Output): Promise<number> {
  const startedAt = parseInstant(args.startedAt)
  const startsAt = parseInstant(args.startsAt)
  if (isRefusal(startedAt) || isRefusal(startsAt))
    return refuseWith(refuse('usage', '--starts-at and --started-at are times'), output)
  const clock = offsetClock(instant(startsAt + (systemClock.now() - startedAt)))
  tell({ fact: 'ready' })
  const { port, quoteReqId, clOrdId } = args
  const end = await runDesk({ port, clock, quoteReqId, clOrdId, tell })
  tell({ fact: 'ended', end })
  return end.fact === 'filled' ? 0 : 1
}
