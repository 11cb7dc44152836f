import { isRefusal, type Decimal, type Refusal } from '#core'
import { centsOf } from './cents.ts'
import type { PolicyRequest } from './request.ts'

/** The other institution, as this gateway has registered it. */
export type CounterpartyFacts = {
  readonly lei: string
  readonly tier: string
  readonly suspended: boolean
  readonly sanctioned: boolean
}
/** `Instrument` of #trade fits. */
export type OptionFacts = {
  readonly securityId: string
  readonly underlying: string
  readonly venue: string
  readonly cfi: string
}

export const dealActions = [
  'RequestQuote',
  'IssueQuote',
  'PlaceOrder',
  'AcceptOrder',
  'CorrectTrade',
] as const
export const settleActions = ['ConfirmTrade', 'InstructSettlement', 'SubmitSettlement'] as const
/** Ending, dividing and using what exists: needs who and what, no amount, and no limit stands in its way. */
export const aftercareActions = [
  'CancelOrder',
  'CancelQuote',
  'BustTrade',
  'AllocateTrade',
  'ExerciseOption',
] as const
export type DealAction = (typeof dealActions)[number]
export type SettleAction = (typeof settleActions)[number]
export type AftercareAction = (typeof aftercareActions)[number]
export type PolicyAction = DealAction | SettleAction | AftercareAction | 'AdministerSession'

export const isAftercare = (action: string): action is AftercareAction =>
  aftercareActions.some((known) => known === action)

type TradeFacts = {
  readonly counterparty: CounterpartyFacts
  readonly option: OptionFacts
  /** The sender was authenticated and the message came as that sender signed it. */
  readonly authenticated: boolean
}
type Worth = {
  /** What the trade is worth: the premium in whole units of USDC; zero while no price is known. */
  readonly amount: Decimal
  /** The same of the counterparty's *other* trades of today (UTC), reserved or done: without this one. */
  readonly usedToday: Decimal
}

/**
 * What the gateway knows when it asks. Counting (the day's use, approvals) and reserving are the gateway's
 * work; `approvals` are distinct people who approved exactly this settlement, `ledger` is CAIP-2.
 */
export type PolicyFacts =
  | ({ readonly action: DealAction } & TradeFacts & Worth)
  | ({ readonly action: SettleAction; readonly ledger: string; readonly approvals: number } & TradeFacts &
      Worth)
  | ({ readonly action: AftercareAction } & TradeFacts)
  | {
      readonly action: 'AdministerSession'
      readonly operator: { readonly id: string; readonly role: string }
      readonly session: string
      readonly authenticated: boolean
    }

/** The flat request for the facts. Refuses `policy-error` for amounts outside 0 to 2^53 − 1 cents. */
export function requestOf(facts: PolicyFacts): PolicyRequest | Refusal {
  if (facts.action === 'AdministerSession') return sessionRequest(facts)
  const { action, authenticated } = facts
  const parties = tradeEntities(facts)
  if (!('amount' in facts)) return { action, ...parties, context: { authenticated } }
  const [amountCents, usedTodayCents] = [centsOf(facts.amount), centsOf(facts.usedToday)]
  if (isRefusal(amountCents)) return amountCents
  if (isRefusal(usedTodayCents)) return usedTodayCents
  const context = { authenticated, amountCents, usedTodayCents }
  if (!('ledger' in facts)) return { action, ...parties, context }
  return { action, ...parties, context: { ...context, ledger: facts.ledger, approvals: facts.approvals } }
}

function tradeEntities({ counterparty, option }: TradeFacts): Pick<PolicyRequest, 'principal' | 'resource'> {
  const { lei, tier, suspended, sanctioned } = counterparty
  const { securityId, underlying, venue, cfi } = option
  return {
    principal: { type: 'Counterparty', id: lei, attrs: { tier, suspended, sanctioned } },
    resource: { type: 'Option', id: securityId, attrs: { underlying, venue, cfi } },
  }
}

function sessionRequest(facts: Extract<PolicyFacts, { action: 'AdministerSession' }>): PolicyRequest {
  const { operator, session, authenticated } = facts
  return {
    action: 'AdministerSession',
    principal: { type: 'Operator', id: operator.id, attrs: { role: operator.role } },
    resource: { type: 'Session', id: session, attrs: {} },
    context: { authenticated },
  }
}
