// AllocationInstruction(35=J), FIX 4.4 vol 5: to whose accounts a fill belongs. It changes no obligation between the
// two institutions.
import { addDecimal, compareDecimal, decimal, isMultipleOf, isRefusal, parseDecimal, refuse } from '#core'
import type { Decimal, Refusal } from '#core'
import type { DeskContext } from './context.ts'
import type { DeskEvent } from './events.ts'
import type { DeskState, Trade } from './state.ts'
import type { AllocationShare, AllocationTerms } from './terms.ts'

export const allocationSharesMax = 100

/** Refuses `execution-unknown`, `trade-state`, `conflict` (allocated before) and `allocation-mismatch`. */
export function allocateTrade(
  state: DeskState,
  tradeId: string,
  terms: AllocationTerms,
  context: DeskContext,
): readonly DeskEvent[] | Refusal {
  const trade = state.trades.get(tradeId)
  if (!trade) return refuse('execution-unknown', `no execution ${tradeId} is known here`)
  if (ended.has(trade.phase)) return refuse('trade-state', `${tradeId} is ${trade.phase}`)
  if (trade.allocation)
    return refuse('conflict', `${tradeId} was allocated by AllocID ${trade.allocation.allocId}`)
  const bad = checkShares(terms.shares, trade.terms.lastQty)
  if (bad) return bad
  const { mark, inputs } = context.policy
  const body = { tradeId, allocId: terms.allocId, policy: mark }
  return [{ type: 'trade.allocated', corr: trade.corr, body, parts: { terms, policy: inputs } }]
}

const ended: ReadonlySet<Trade['phase']> = new Set(['refused', 'failed', 'busted', 'corrected'])
const lot = decimal(1n)

const wrong = (detail: string): Refusal => refuse('allocation-mismatch', detail)

function checkShares(shares: readonly AllocationShare[], filled: string): Refusal | undefined {
  if (shares.length === 0 || shares.length > allocationSharesMax)
    return wrong(`${shares.length} shares; 1 to ${allocationSharesMax} are allowed`)
  if (new Set(shares.map(({ account }) => account)).size < shares.length)
    return wrong('an account is named twice')
  let sum: Decimal = decimal(0n)
  for (const { account, quantity } of shares) {
    const share = parseDecimal(quantity)
    if (isRefusal(share) || compareDecimal(share, lot) < 0 || !isMultipleOf(share, lot))
      return wrong(`${account}: ${quantity} is not a whole number of contracts`)
    sum = addDecimal(sum, share)
  }
  const wanted = parseDecimal(filled)
  if (isRefusal(wanted)) return wanted
  return compareDecimal(sum, wanted) === 0 ? undefined : wrong(`the shares do not add up to ${filled}`)
}
