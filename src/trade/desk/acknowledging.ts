// What our own desk says to the reports it gets of a trade. It is recorded; a trade that both institutions have signed
// does not hang on it.
import { refuse, type Refusal } from '#core'
import type { Acknowledgement, DeskEvent } from './events.ts'
import type { DeskState } from './state.ts'

export function acknowledgeTrade(
  state: DeskState,
  tradeId: string,
  acknowledgement: Acknowledgement,
  text: string | undefined,
): readonly DeskEvent[] | Refusal {
  const trade = state.trades.get(tradeId)
  if (!trade?.uti) return refuse('trade-unknown', `nothing was reported of ${tradeId}`)
  const body = { tradeId, ...acknowledgement }
  return [{ type: 'trade.acknowledged', corr: trade.corr, body, parts: text === undefined ? {} : { text } }]
}
