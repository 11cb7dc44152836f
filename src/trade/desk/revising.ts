// A fill taken back (ExecType H) or put right (ExecType G), FIX 4.4 vol 4: while no settlement instruction is signed.
import {
  compareDecimal,
  formatInstant,
  invariant,
  isRefusal,
  parseDecimal,
  parseInstant,
  refuse,
  type Refusal,
} from '#core'
import type { DeskContext } from './context.ts'
import type { DeskEvent } from './events.ts'
import { CLOCK_SKEW_MS_MAX, executed, sameDecimal } from './ordering.ts'
import { ID_CHARACTERS_MAX, isId } from './quoting.ts'
import { orderKey, type DeskState, type Trade } from './state.ts'
import { tradeIdOf, type ExecutionTerms, type Role } from './terms.ts'

type Outcome = readonly DeskEvent[] | Refusal

/** Maker: the fill is taken back. The report of it has an ExecID of its own. */
export function bustTrade(state: DeskState, tradeId: string, context: DeskContext): Outcome {
  const trade = revisable(state, tradeId, 'maker')
  if (isRefusal(trade)) return trade
  const { mark, inputs } = context.policy
  const body = { tradeId, execId: bustExecId(trade.terms), by: context.self.name, policy: mark }
  return [{ type: 'trade.busted', corr: trade.corr, body, parts: { policy: inputs } }]
}

/** A fill is busted once, so its own ExecID makes that of the bust unique. */
export const bustExecId = ({ execId }: ExecutionTerms): string => `${execId}-H`

/** Taker: the maker states that the fill is taken back; nothing is left to agree to. */
export function takeBust(state: DeskState, tradeId: string, execId: string, maker: string): Outcome {
  const trade = revisable(state, tradeId, 'taker')
  if (isRefusal(trade)) return trade
  if (!isId(execId)) return badExecId
  return [{ type: 'trade.busted', corr: trade.corr, body: { tradeId, execId, by: maker }, parts: {} }]
}

export type Correction = { readonly lastPx: string; readonly premiumMinor: string }

/**
 * Maker: the same fill at another price. It is an execution of its own, with its own ExecID and so its own UTI; what
 * was signed for the old one is void.
 */
export function correctTrade(
  state: DeskState,
  tradeId: string,
  correction: Correction,
  context: DeskContext,
): Outcome {
  const trade = revisable(state, tradeId, 'maker')
  if (isRefusal(trade)) return trade
  if (sameDecimal(trade.terms.lastPx, correction.lastPx))
    return refuse('field-invalid', `${tradeId} was filled at ${correction.lastPx} already`)
  const execId = `E-${state.tradesMade + 1}`
  const transactTime = formatInstant(context.now)
  const ids = { execId, tradeId: tradeIdOf(trade.terms.maker, execId) }
  return corrected(trade, { ...trade.terms, ...correction, ...ids, transactTime }, context)
}

/**
 * Taker: a correction is accepted where the order's own limit would have been: a worse price is a new bargain, which
 * the maker cannot make alone (`execution-mismatch`; the counterparty hears it as DontKnowTrade).
 */
export function takeCorrection(
  state: DeskState,
  tradeId: string,
  terms: ExecutionTerms,
  context: DeskContext,
): Outcome {
  const trade = revisable(state, tradeId, 'taker')
  if (isRefusal(trade)) return trade
  if (state.trades.has(terms.tradeId))
    return refuse('execution-duplicate', `${terms.tradeId} was reported before`)
  const bad = checkCorrection(trade.terms, terms, context.now)
  if (bad) return bad
  const order = state.orders.get(orderKey(context.self.name, terms.clOrdId))
  invariant(order, 'a fill has its order')
  if (isWorse(terms, order.terms.price))
    return refuse(
      'execution-mismatch',
      `LastPx ${terms.lastPx} is beyond the order's limit ${order.terms.price}`,
    )
  return corrected(trade, terms, context)
}

function checkCorrection(
  before: ExecutionTerms,
  after: ExecutionTerms,
  now: DeskContext['now'],
): Refusal | undefined {
  if (!isId(after.execId)) return badExecId
  const differs = changed(before, after)
  if (differs.length > 0)
    return refuse('execution-mismatch', `a correction changes the price alone, not ${differs.join(', ')}`)
  const at = parseInstant(after.transactTime)
  if (isRefusal(at)) return at
  // Both are in the one spelling of an instant, so that their texts compare as their times.
  return after.transactTime >= before.transactTime && at <= now + CLOCK_SKEW_MS_MAX
    ? undefined
    : refuse('execution-mismatch', `TransactTime ${after.transactTime} is before the fill or yet to come`)
}

function corrected(trade: Trade, terms: ExecutionTerms, context: DeskContext): readonly DeskEvent[] {
  const { mark, inputs } = context.policy
  const { tradeId, maker } = trade.terms
  const body = { tradeId, correctedBy: terms.tradeId, by: maker.name, policy: mark }
  return [
    { type: 'trade.corrected', corr: trade.corr, body, parts: { policy: inputs } },
    executed(terms, trade.role, trade.corr, context),
  ]
}

function changed(before: ExecutionTerms, after: ExecutionTerms): readonly string[] {
  const differs: string[] = []
  if (before.clOrdId !== after.clOrdId) differs.push('ClOrdID')
  if (before.orderId !== after.orderId) differs.push('OrderID')
  if (before.securityId !== after.securityId) differs.push('SecurityID')
  if (before.side !== after.side) differs.push('Side')
  if (before.currency !== after.currency) differs.push('Currency')
  if (!sameDecimal(before.lastQty, after.lastQty)) differs.push('LastQty')
  return differs
}

function isWorse({ side, lastPx }: ExecutionTerms, limit: string): boolean {
  const [price, most] = [parseDecimal(lastPx), parseDecimal(limit)]
  if (isRefusal(price) || isRefusal(most)) return true
  const order = compareDecimal(price, most)
  return side === 'Buy' ? order > 0 : order < 0
}

const badExecId = refuse('field-invalid', `ExecID must be 1 to ${ID_CHARACTERS_MAX} printable characters`)

const signed: ReadonlySet<Trade['phase']> = new Set(['signed', 'instructed', 'submitted', 'settled'])
const unsigned: ReadonlySet<Trade['phase']> = new Set(['executed', 'proposed', 'confirmed'])

/** The trade, when `role` may still take its fill back or put it right here. */
export function revisable(state: DeskState, tradeId: string, role: Role): Trade | Refusal {
  const trade = state.trades.get(tradeId)
  if (!trade) return refuse('execution-unknown', `no execution ${tradeId} is known here`)
  if (trade.role !== role) return refuse('trade-state', `${tradeId} was filled by ${trade.terms.maker.name}`)
  if (signed.has(trade.phase))
    return refuse(
      'too-late-to-revise',
      `${tradeId} is ${trade.phase}: a signature may have left this gateway`,
    )
  return unsigned.has(trade.phase) ? trade : refuse('trade-state', `${tradeId} is ${trade.phase}`)
}
