// `poundlock sandbox-desk`: the FIX client of the demo in a process of its own.
import { instant, isRefusal, offsetClock, parseInstant, refuse, systemClock } from '#core'
import { runDesk, sandboxStart } from '#sandbox'
import { refuseWith, tell, type Output } from './output.ts'

export type DeskArguments = {
  readonly port: number
  readonly startedAt: string
  readonly quoteReqId: string
  readonly clOrdId: string
}

export async function serveDesk(args: DeskArguments, output: Output): Promise<number> {
  const startedAt = parseInstant(args.startedAt)
  if (isRefusal(startedAt)) return refuseWith(refuse('usage', '--started-at is not a time'), output)
  const clock = offsetClock(instant(sandboxStart + (systemClock.now() - startedAt)))
  tell({ fact: 'ready' })
  const { port, quoteReqId, clOrdId } = args
  const end = await runDesk({ port, clock, quoteReqId, clOrdId, tell })
  tell({ fact: 'ended', end })
  return end.fact === 'filled' ? 0 : 1
}
