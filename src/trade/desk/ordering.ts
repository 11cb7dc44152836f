// Order against a quote, and its fill. FIX 4.4 vol 4: NewOrderSingle(D) with QuoteID(117), ExecutionReport(8).
import {
  compareDecimal,
  invariant,
  decimal,
  formatInstant,
  isMultipleOf,
  isRefusal,
  parseDecimal,
  parseInstant,
  refuse,
  type Instant,
  type Refusal,
} from '#core'
import type { DeskContext } from './context.ts'
import type { DeskEvent } from './events.ts'
import { ID_CHARACTERS_MAX, isId, notOpen, QUOTE_LIFETIME_MS_MAX } from './quoting.ts'
import { orderKey, type DeskState, type Quote, type Rfq } from './state.ts'
import { tradeIdOf, type ExecutionTerms, type OrderTerms, type Role } from './terms.ts'

/** The taker's gateway: the order is checked and journalled before it leaves. */
export function placeOrder(
  state: DeskState,
  terms: OrderTerms,
  context: DeskContext,
): readonly DeskEvent[] | Refusal {
  const quoted = checkOrder(state, terms, context.self.name, context.now)
  if (isRefusal(quoted)) return quoted
  const { mark, inputs } = context.policy
  const body = { clOrdId: terms.clOrdId, quoteId: terms.quoteId, policy: mark }
  return [{ type: 'order.placed', corr: quoted.quote.rfq, body, parts: { terms, policy: inputs } }]
}

/** The maker's gateway: a firm quote that is hit in time is a trade; there is nothing left to decide. */
export function fillOrder(
  state: DeskState,
  terms: OrderTerms,
  taker: string,
  context: DeskContext,
): readonly DeskEvent[] | Refusal {
  const quoted = checkOrder(state, terms, taker, context.now)
  if (isRefusal(quoted)) return quoted
  const sequence = state.tradesMade + 1
  const execution = executionOf(terms, quoted, `A-${1000 + sequence}`, `E-${sequence}`, context.now)
  return [executed(execution, 'maker', quoted.quote.rfq, context)]
}

/** The taker's gateway on ExecutionReport(150=F): the fill of an order it placed, under the allow of that order. */
export function receiveFill(
  state: DeskState,
  execution: ExecutionTerms,
  context: DeskContext,
): readonly DeskEvent[] | Refusal {
  const order = state.orders.get(orderKey(context.self.name, execution.clOrdId))
  if (!order || makerOf(state, order.terms) !== execution.maker.name)
    return refuse('order-unknown', `no order ${execution.clOrdId} was placed with ${execution.maker.name}`)
  if (order.status !== 'placed')
    return refuse('execution-duplicate', `order ${execution.clOrdId} is ${order.status}`)
  if (state.trades.has(execution.tradeId))
    return refuse('execution-duplicate', `${execution.tradeId} was reported before`)
  const bad = checkFill(order.terms, execution)
  if (bad) return bad
  const quote = state.quotes.get(execution.quoteId)
  invariant(quote && order.policy, 'an order of ours took a quote and left under an allow')
  return [executed(execution, 'taker', quote.rfq, { ...context, policy: order.policy })]
}

/** Whom an order of ours was sent to: nobody else can fill it or turn it down. */
export function makerOf(state: DeskState, order: OrderTerms): string | undefined {
  const quote = state.quotes.get(order.quoteId)
  return quote && state.rfqs.get(quote.rfq)?.terms.maker.name
}

/**
 * Premium of the orders of ours that this counterparty may still fill, minor units: reserved of the day's limit. One
 * whose quote is over counts no longer; if it is filled all the same, the confirmation is decided on the limit anew.
 */
export function reservedMinor(state: DeskState, counterparty: string, now: Instant): bigint {
  let minor = 0n
  for (const { premiumMinor, until } of state.underWay.get(counterparty)?.values() ?? [])
    if (now <= until + CLOCK_SKEW_MS_MAX) minor += premiumMinor
  return minor
}

function checkFill(order: OrderTerms, execution: ExecutionTerms): Refusal | undefined {
  if (!isId(execution.execId) || !isId(execution.orderId))
    return refuse(
      'field-invalid',
      `ExecID and OrderID must be 1 to ${ID_CHARACTERS_MAX} printable characters`,
    )
  const differs = differences(order, execution)
  if (differs.length > 0)
    return refuse('execution-mismatch', `the fill differs from the order in ${differs.join(', ')}`)
  return checkTransactTime(execution)
}

/** How far the clocks of two institutions may be apart. */
export const CLOCK_SKEW_MS_MAX = 60_000

/** The day's limit and the listing of the option are read at this time, and the counterparty wrote it. */
function checkTransactTime({ transactTime, validUntilTime }: ExecutionTerms): Refusal | undefined {
  const at = parseInstant(transactTime)
  const until = parseInstant(validUntilTime)
  if (isRefusal(at)) return at
  if (isRefusal(until)) return until
  return at >= until - QUOTE_LIFETIME_MS_MAX && at <= until + CLOCK_SKEW_MS_MAX
    ? undefined
    : refuse('execution-mismatch', `TransactTime ${transactTime} is outside the life of the quote`)
}

export function refuseOrder(
  state: DeskState,
  terms: OrderTerms,
  refusal: Refusal,
  policy?: DeskContext['policy'],
): readonly DeskEvent[] {
  const corr = state.quotes.get(terms.quoteId)?.rfq ?? `${terms.principal}/${terms.quoteReqId}`
  const { clOrdId } = terms
  const body = { clOrdId, refusal: refusal.refusal }
  const why = { detail: refusal.detail }
  const marked = policy ? { ...body, policy: policy.mark } : body
  const parts = policy ? { why, terms, policy: policy.inputs } : { why, terms }
  return [{ type: 'order.refused', corr, body: marked, parts }]
}

type Quoted = { readonly quote: Quote; readonly rfq: Rfq }

function checkOrder(state: DeskState, terms: OrderTerms, taker: string, now: Instant): Quoted | Refusal {
  if (!isId(terms.clOrdId))
    return refuse('field-invalid', `ClOrdID must be 1 to ${ID_CHARACTERS_MAX} printable characters`)
  if (state.orders.has(orderKey(taker, terms.clOrdId)))
    return refuse('duplicate-cl-ord-id', `ClOrdID ${terms.clOrdId} was used before`)
  const quote = state.quotes.get(terms.quoteId)
  const rfq = quote && state.rfqs.get(quote.rfq)
  if (!quote || !rfq || rfq.terms.taker.name !== taker)
    return refuse('quote-unknown', `QuoteID ${terms.quoteId} is not known`)
  return checkQuote({ quote, rfq }, terms, now)
}

function checkQuote(quoted: Quoted, terms: OrderTerms, now: Instant): Quoted | Refusal {
  const { quote, rfq } = quoted
  const { quoteId, validUntilTime } = quote.terms
  if (quote.status !== 'open') return notOpen(quote)
  const until = parseInstant(validUntilTime)
  if (isRefusal(until)) return until
  if (now > until) return refuse('quote-expired', `QuoteID ${quoteId} was valid until ${validUntilTime}`)
  if (terms.securityId !== rfq.terms.securityId)
    return refuse('instrument-mismatch', `QuoteID ${quoteId} is for ${rfq.terms.securityId}`)
  if (terms.currency !== quote.terms.currency)
    return refuse('instrument-mismatch', `QuoteID ${quoteId} is quoted in ${quote.terms.currency}`)
  return checkPriceAndSize(quoted, terms)
}

function checkPriceAndSize(quoted: Quoted, terms: OrderTerms): Quoted | Refusal {
  const { quote } = quoted
  const buys = terms.side === 'Buy'
  const quotedPx = buys ? quote.terms.offerPx : quote.terms.bidPx
  const size = buys ? quote.terms.offerSize : quote.terms.bidSize
  if (!sameDecimal(terms.price, quotedPx))
    return refuse('price-not-quoted', `${terms.side} at ${terms.price}; the quote says ${quotedPx}`)
  const quantity = parseDecimal(terms.orderQty)
  const sizeMax = parseDecimal(size)
  if (isRefusal(quantity)) return quantity
  if (isRefusal(sizeMax)) return sizeMax
  if (compareDecimal(quantity, decimal(0n)) <= 0 || compareDecimal(quantity, sizeMax) > 0)
    return refuse('quantity-not-quoted', `${terms.orderQty} asked; the quote is good for ${size}`)
  if (!isMultipleOf(quantity, CONTRACT_LOT))
    return refuse('quantity-not-quoted', `${terms.orderQty} asked; contracts are whole`)
  return quoted
}

/** Option positions are tokens without decimals: a part of a contract could be executed but never delivered. */
const CONTRACT_LOT = decimal(1n)

function executionOf(
  terms: OrderTerms,
  { quote, rfq }: Quoted,
  orderId: string,
  execId: string,
  now: Instant,
): ExecutionTerms {
  const { clOrdId, quoteId, securityId, side, currency, premiumMinor } = terms
  const { taker, maker, quoteReqId } = rfq.terms
  const ids = { tradeId: tradeIdOf(maker, execId), execId, orderId, clOrdId, quoteId, quoteReqId }
  const economics = { securityId, side, lastQty: terms.orderQty, lastPx: terms.price, currency, premiumMinor }
  const { validUntilTime } = quote.terms
  return { ...ids, ...economics, transactTime: formatInstant(now), validUntilTime, taker, maker }
}

export const executed = (
  terms: ExecutionTerms,
  role: Role,
  corr: string,
  context: DeskContext,
): DeskEvent => ({
  type: 'trade.executed',
  corr,
  body: { tradeId: terms.tradeId, clOrdId: terms.clOrdId, role, policy: context.policy.mark },
  parts: { terms, policy: context.policy.inputs },
})

function differences(order: OrderTerms, execution: ExecutionTerms): readonly string[] {
  const differs: string[] = []
  if (order.securityId !== execution.securityId) differs.push('SecurityID')
  if (order.side !== execution.side) differs.push('Side')
  if (order.currency !== execution.currency) differs.push('Currency')
  if (order.quoteId !== execution.quoteId) differs.push('QuoteID')
  if (!sameDecimal(order.orderQty, execution.lastQty)) differs.push('LastQty')
  if (!sameDecimal(order.price, execution.lastPx)) differs.push('LastPx')
  return differs
}

export function sameDecimal(a: string, b: string): boolean {
  const x = parseDecimal(a)
  const y = parseDecimal(b)
  return !isRefusal(x) && !isRefusal(y) && compareDecimal(x, y) === 0
}
