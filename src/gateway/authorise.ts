// Policy before every decision: facts of the state that the decision will see, the point of decision, and the mark
// that the entry keeps.
import { formatInstant, fromMinor, isRefusal, type Clock, type Decimal, type Refusal } from '#core'
import {
  decideFacts,
  isAftercare,
  refusalOf,
  type AftercareAction,
  type Decision,
  type Pdp,
  type PolicyFacts,
} from '#policy'
import { reservedMinor, usageKey, type DeskState, type ExecutionTerms, type Instrument } from '#trade'
import type { Principal } from './api.ts'
import type { Authorised } from './loop.ts'
import type { Registry } from './registry.ts'

type DealAction =
  | 'RequestQuote'
  | 'IssueQuote'
  | 'PlaceOrder'
  | 'AcceptOrder'
  | 'CorrectTrade'
  | AftercareAction
type SettleAction = 'ConfirmTrade' | 'InstructSettlement' | 'SubmitSettlement'

export type Deal = {
  readonly counterparty: string
  readonly instrument: Instrument
  /** What an order is worth; a request for quote is worth nothing yet. */
  readonly terms?: { readonly premiumMinor: string }
  /** A fill of today that this one takes the place of: its premium is counted already. */
  readonly replaces?: ExecutionTerms
}

export type Authoriser = {
  readonly deal: (action: DealAction, deal: Deal) => Authorised
  /** The same, for what an operator alone may do. */
  readonly operate: (action: 'BustTrade' | 'CorrectTrade', by: Principal, deal: Deal) => Authorised
  readonly settle: (
    action: SettleAction,
    trade: ExecutionTerms,
    instrument: Instrument,
    approvals: number,
  ) => Authorised
  readonly administer: (by: Principal, session: string) => Authorised
}

export function createAuthoriser(parts: {
  readonly pdp: Pdp
  readonly registry: Registry
  readonly clock: Clock
  readonly state: () => DeskState
  readonly chainId: string
  /** Of the money in which premiums are paid. */
  readonly decimals: number
}): Authoriser {
  const { pdp, registry, clock, chainId } = parts
  const units = (minor: bigint): Decimal => fromMinor(minor, parts.decimals)
  const usedOn = (counterparty: string, at: string): bigint =>
    parts.state().usage.get(usageKey(counterparty, at)) ?? 0n
  const ask = (facts: PolicyFacts): Authorised => authorised(decideFacts(pdp, facts), pdp)
  const askDeal = (action: DealAction, deal: Deal, authenticated: boolean): Authorised => {
    const { counterparty, instrument, terms, replaces } = deal
    const parties = { ...tradeFacts(registry, counterparty, instrument), authenticated }
    if (isAftercare(action)) return ask({ action, ...parties })
    const today = formatInstant(clock.now())
    const isOfToday = replaces?.transactTime.slice(0, 10) === today.slice(0, 10)
    const freed = isOfToday ? BigInt(replaces.premiumMinor) : 0n
    const reserved = reservedMinor(parts.state(), counterparty, clock.now())
    const worth = {
      amount: units(BigInt(terms?.premiumMinor ?? 0)),
      usedToday: units(usedOn(counterparty, today) + reserved - freed),
    }
    return ask({ action, ...parties, ...worth })
  }
  return {
    deal: (action, deal) => askDeal(action, deal, true),
    operate: (action, by, deal) => askDeal(action, deal, by.kind === 'operator'),
    settle: (action, trade, instrument, approvals) => {
      const name = trade.maker.name === registry.self.name ? trade.taker.name : trade.maker.name
      const premium = BigInt(trade.premiumMinor)
      // The day's limit is that of the day of the trade, in which its own premium is counted already.
      const others = usedOn(name, trade.transactTime) - premium
      const parties = { ...tradeFacts(registry, name, instrument), authenticated: true }
      const worth = { amount: units(premium), usedToday: units(others > 0n ? others : 0n) }
      return ask({ action, ...parties, ...worth, ledger: chainId, approvals })
    },
    administer: (by, session) => {
      const operator = { id: by.id, role: by.kind === 'operator' ? 'operator' : 'none' }
      return ask({ action: 'AdministerSession', operator, session, authenticated: by.kind === 'operator' })
    },
  }
}

/** An unknown counterparty has no tier, so no rule permits it. */
function tradeFacts(registry: Registry, counterparty: string, instrument: Instrument) {
  const peer = registry.peer(counterparty)
  const known = isRefusal(peer)
    ? { lei: counterparty, tier: 'none' }
    : { lei: peer.lei as string, tier: peer.policyTier }
  return { counterparty: { ...known, suspended: false, sanctioned: false }, option: instrument }
}

function authorised(decision: Decision, pdp: Pdp): Authorised {
  const { rules, set, inputs } = decision
  const refused: Refusal | undefined =
    decision.decision === 'allow' ? undefined : refusalOf(decision, pdp.rules)
  const mark = { decision: decision.decision, rules, set }
  return refused ? { mark, inputs, refused } : { mark, inputs }
}
