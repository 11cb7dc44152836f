// What this gateway does with desk commands, whichever door they come through: check the product, ask policy, decide.
import {
  toHex,
  formatDecimal,
  isRefusal,
  parseDecimal,
  refuse,
  type Clock,
  type Random,
  type Refusal,
} from '#core'
import {
  answerRfq,
  cancelQuote,
  checkPrice,
  checkProductFields,
  checkQuantity,
  fillOrder,
  isId,
  makerOf,
  placeOrder,
  premiumMinor,
  receiveFill,
  receiveQuote,
  refuseOrder,
  refuseRfq,
  requestQuote,
  rfqKey,
  tradeIdOf,
  type DeskEvent,
  type ExecutionTerms,
  type Instrument,
  type OrderTerms,
  type Party,
  type Pricing,
  type Quote,
  type QuoteTerms,
  type RfqTerms,
} from '#trade'
import type { FillFields, OrderFields, QuoteRequestFields } from '#transport'
import type { Principal } from './api.ts'
import type { Authoriser } from './authorise.ts'
import type { Acted, Loop } from './loop.ts'
import type { Maker } from './maker.ts'
import type { Registry } from './registry.ts'
import type { SettlementPlace } from './sealing.ts'

export type DeskParts = {
  readonly loop: Loop
  readonly clock: Clock
  readonly random: Random
  readonly registry: Registry
  readonly place: SettlementPlace
  readonly authorise: Authoriser
  readonly maker: Maker | undefined
  /** An instrument that was checked when it was first named; expired ones are still known. */
  readonly instrumentOf: (securityId: string) => Instrument | Refusal
}

/** One input dealt with: what must become durable, and either what came of it or why it was refused. */
export type Step<T> =
  | { readonly acted: Acted; readonly value: T; readonly refused?: undefined }
  | { readonly acted: Acted; readonly refused: Refusal; readonly value?: undefined }

export const refusedStep = (acted: Acted, refused: Refusal): Step<never> => ({ acted, refused })
export const stepOf = <T>(acted: Acted, value: T): Step<T> =>
  acted.refused ? refusedStep(acted, acted.refused) : { acted, value }

export type InstrumentStep<T> = T & { readonly instrument: Instrument }

/** Taker: one of ours asks `makerName` for a quote. */
export function askForQuote(
  parts: DeskParts,
  by: Principal,
  request: QuoteRequestFields,
  makerName: string,
): Step<InstrumentStep<{ terms: RfqTerms }>> {
  const { registry, loop } = parts
  const name = 'RequestQuote'
  const corr = rfqKey(registry.self.name, request.quoteReqId)
  const rfq = rfqOf(parts, request, { taker: registry.self, maker: registry.party(makerName), by })
  if (isRefusal(rfq)) return refusedStep(loop.refuse({ name, by, corr }, rfq), rfq)
  const { terms, instrument } = rfq
  const authorised = parts.authorise.deal(name, { counterparty: makerName, instrument })
  const acted = loop.act({ name, by, corr, authorised, decide: (state) => requestQuote(state, terms) })
  return stepOf(acted, { terms, instrument })
}

/** Maker: a counterparty asks us; the quote is computed, decided and journalled with the request. */
export function quoteFor(
  parts: DeskParts,
  by: Principal,
  request: QuoteRequestFields,
  takerName: string,
): Step<InstrumentStep<{ quote: QuoteTerms }>> {
  const { loop, registry } = parts
  const name = 'IssueQuote'
  const corr = `${takerName}/${request.quoteReqId}`
  const rfq = rfqOf(parts, request, { taker: registry.party(takerName), maker: registry.self, by })
  if (isRefusal(rfq)) return refusedStep(loop.refuse({ name, by, corr }, rfq), rfq)
  const pricing = pricingOf(parts, rfq.instrument)
  if (isRefusal(pricing)) return refusedStep(loop.refuse({ name, by, corr }, pricing), pricing)
  const { terms, instrument } = rfq
  const authorised = parts.authorise.deal(name, { counterparty: takerName, instrument })
  const acted = loop.act({
    name,
    by,
    corr,
    authorised,
    decide: (state, context) => answerRfq(state, terms, pricing, context),
  })
  const quote = loop.state.quotes.get(pricing.quoteId)?.terms
  return quote ? stepOf(acted, { quote, instrument }) : refusedStep(acted, acted.refused ?? noQuote)
}

const noQuote = refuse('no-quote', 'this gateway makes no markets')

function pricingOf({ maker, clock, random }: DeskParts, instrument: Instrument): Pricing | Refusal {
  if (!maker) return noQuote
  const price = maker.price(instrument, clock.now())
  if (isRefusal(price)) return price
  return { ...price, quoteId: `Q-${toHex(random.bytes(8))}`, lifetimeMs: maker.quoteLifetimeMs }
}

type Who = { readonly taker: Party | Refusal; readonly maker: Party | Refusal; readonly by: Principal }

function rfqOf(
  parts: DeskParts,
  request: QuoteRequestFields,
  { taker, maker, by }: Who,
): InstrumentStep<{ terms: RfqTerms }> | Refusal {
  if (isRefusal(taker)) return taker
  if (isRefusal(maker)) return maker
  const instrument = checkProductFields(request.product, parts.place.venue, parts.clock.now())
  if (isRefusal(instrument)) return instrument
  const quantity = parseDecimal(request.orderQty)
  if (isRefusal(quantity)) return quantity
  const bad = checkQuantity(instrument, quantity)
  if (bad) return bad
  const { quoteReqId, side, currency } = request
  const { securityId } = instrument
  const orderQty = formatDecimal(quantity)
  const terms = { quoteReqId, securityId, side, orderQty, currency, taker, maker, principal: by.id }
  return { instrument, terms }
}

/** Taker: a quote has come in from `makerName`. */
export function takeQuote(
  parts: DeskParts,
  by: Principal,
  quote: QuoteTerms,
  makerName: string,
): Step<InstrumentStep<{ quote: QuoteTerms; rfq: RfqTerms }>> {
  const { loop, registry } = parts
  const corr = rfqKey(registry.self.name, quote.quoteReqId)
  const rfq = loop.state.rfqs.get(corr)?.terms
  const product = { securityId: rfq?.securityId ?? '' }
  const instrument = checkProductFields(product, parts.place.venue, parts.clock.now())
  const name = 'ReceiveQuote'
  if (isRefusal(instrument) || !rfq) {
    const unknown = refuse('rfq-unknown', `no request ${quote.quoteReqId} was sent`)
    return refusedStep(loop.refuse({ name, by, corr }, unknown), unknown)
  }
  const decide: Parameters<Loop['act']>[0]['decide'] = (state, context) =>
    receiveQuote(state, quote, context, makerName)
  return stepOf(loop.act({ name, by, corr, decide }), { quote, rfq, instrument })
}

/** Taker: the maker declined the request. */
export function takeQuoteRefusal(
  parts: DeskParts,
  by: Principal,
  quoteReqId: string,
  maker: string,
  refusal: Refusal,
): Step<{ rfq: RfqTerms | undefined }> {
  const { loop, registry } = parts
  const corr = rfqKey(registry.self.name, quoteReqId)
  const rfq = loop.state.rfqs.get(corr)?.terms
  const decide = (state: Loop['state']): ReturnType<typeof refuseRfq> =>
    refuseRfq(state, quoteReqId, { taker: registry.self.name, maker }, refusal)
  return stepOf(loop.act({ name: 'ReceiveQuoteRefusal', by, corr, decide }), { rfq })
}

/** Either side ends an open quote: the maker withdraws it, the taker passes on it. */
export function endQuote(
  parts: DeskParts,
  by: Principal,
  quoteId: string,
  who: string,
): Step<{ quote: Quote }> {
  const { loop } = parts
  const quote = loop.state.quotes.get(quoteId)
  const name = 'CancelQuote'
  const corr = quote?.rfq ?? `${who}/${quoteId}`
  if (!quote) {
    const unknown = refuse('quote-unknown', `QuoteID ${quoteId} is not known`)
    return refusedStep(loop.refuse({ name, by, corr }, unknown), unknown)
  }
  const decide: Parameters<Loop['act']>[0]['decide'] = (state) => cancelQuote(state, quoteId, who)
  return stepOf(loop.act({ name, by, corr, decide }), { quote })
}

export type Ordered = InstrumentStep<{ terms: OrderTerms; maker: Party }>

/** Taker: an order of ours against a quote, checked and journalled before it leaves. */
export function orderFromDesk(parts: DeskParts, by: Principal, order: OrderFields): Step<Ordered> {
  const { loop, registry } = parts
  const quote = loop.state.quotes.get(order.quoteId)
  const rfq = quote && loop.state.rfqs.get(quote.rfq)?.terms
  const corr = quote?.rfq ?? rfqKey(registry.self.name, order.quoteId)
  const name = 'PlaceOrder'
  const prepared = orderTerms(parts, by, order, rfq?.quoteReqId ?? '')
  if (isRefusal(prepared)) return refusedStep(loop.refuse({ name, by, corr }, prepared), prepared)
  // Policy is asked about a maker; without a quote there is none.
  const unknown = refuse('quote-unknown', `QuoteID ${order.quoteId} is not known`)
  if (!rfq) return refusedStep(loop.refuse({ name, by, corr }, unknown), unknown)
  const { terms, instrument } = prepared
  const { maker } = rfq
  const authorised = parts.authorise.deal(name, { counterparty: maker.name, instrument, terms })
  const acted = loop.act({
    name,
    by,
    corr,
    authorised,
    decide: (state, context) => placeOrder(state, terms, context),
  })
  return stepOf(acted, { terms, instrument, maker })
}

/** Maker: an order of `takerName` against our quote; a firm quote hit in time is filled at once and whole. */
export function fillFor(
  parts: DeskParts,
  by: Principal,
  order: OrderFields,
  takerName: string,
): Step<InstrumentStep<{ execution: ExecutionTerms }>> {
  const { loop } = parts
  const quote = loop.state.quotes.get(order.quoteId)
  const corr = quote?.rfq ?? `${takerName}/${order.quoteId}`
  const name = 'AcceptOrder'
  const reqId = quote?.terms.quoteReqId ?? ''
  const prepared = orderTerms(parts, { ...by, id: takerName }, order, reqId)
  if (isRefusal(prepared)) return refusedStep(loop.refuse({ name, by, corr }, prepared), prepared)
  const { terms, instrument } = prepared
  const authorised = parts.authorise.deal(name, { counterparty: takerName, instrument, terms })
  const made = loop.state.tradesMade
  const acted = loop.act({
    name,
    by,
    corr,
    authorised,
    decide: (state, context) => fillOrder(state, terms, takerName, context),
    // What is no id is nothing to remember an order by.
    onRefusal: (refusal, context) =>
      refusal.refusal === 'duplicate-cl-ord-id' || !isId(order.clOrdId)
        ? []
        : refuseOrder(loop.state, terms, refusal, context.policy),
  })
  if (acted.refused) return refusedStep(acted, acted.refused)
  const tradeId = tradeIdOf(parts.registry.self, `E-${made + 1}`)
  const execution = loop.state.trades.get(tradeId)?.terms
  return execution
    ? stepOf(acted, { execution, instrument })
    : refusedStep(acted, refuse('internal', 'no fill'))
}

function orderTerms(
  parts: DeskParts,
  by: Principal,
  order: OrderFields,
  quoteReqId: string,
): InstrumentStep<{ terms: OrderTerms }> | Refusal {
  const instrument = checkProductFields(order.product, parts.place.venue, parts.clock.now())
  if (isRefusal(instrument)) return instrument
  const premium = premiumOf(parts, instrument, order)
  if (isRefusal(premium)) return premium
  const { clOrdId, quoteId, side, orderQty, price, currency } = order
  const economics = {
    securityId: instrument.securityId,
    side,
    orderQty,
    price,
    currency,
    premiumMinor: premium,
  }
  return { instrument, terms: { clOrdId, quoteId, quoteReqId, ...economics, principal: by.id } }
}

/** Refuses a size or price off the instrument's grid, so that the premium is exact and no later sum can fail. */
export function premiumOf(
  parts: DeskParts,
  instrument: Instrument,
  order: { readonly orderQty: string; readonly price: string },
): string | Refusal {
  const quantity = parseDecimal(order.orderQty)
  if (isRefusal(quantity)) return quantity
  const price = parseDecimal(order.price)
  if (isRefusal(price)) return price
  const bad = checkQuantity(instrument, quantity) ?? checkPrice(instrument, price)
  const minor = bad ?? premiumMinor({ price, quantity, instrument }, parts.place.payToken)
  return isRefusal(minor) ? minor : minor.toString()
}

export type Filled = InstrumentStep<{ execution: ExecutionTerms; order: OrderTerms }>

/** Taker: the maker reports the fill of an order of ours. */
export function takeFill(parts: DeskParts, by: Principal, fill: FillFields, maker: Party): Step<Filled> {
  const { loop, registry } = parts
  const order = loop.state.orders.get(rfqKey(registry.self.name, fill.clOrdId))?.terms
  const quote = order && loop.state.quotes.get(order.quoteId)
  const corr = quote?.rfq ?? rfqKey(registry.self.name, fill.clOrdId)
  const name = 'ReceiveFill'
  const instrument = checkProductFields(fill.product, parts.place.venue, parts.clock.now())
  const premium = isRefusal(instrument) ? instrument : premiumOf(parts, instrument, fill)
  if (!order || !quote || isRefusal(premium) || isRefusal(instrument)) {
    const why = isRefusal(premium) ? premium : refuse('order-unknown', `no order ${fill.clOrdId} was placed`)
    return refusedStep(loop.refuse({ name, by, corr }, why), why)
  }
  const execution = executionOf(fill, { order, quote, instrument, premium, taker: registry.self, maker })
  const acted = loop.act({
    name,
    by,
    corr,
    decide: (state, context) => receiveFill(state, execution, context),
  })
  return stepOf(acted, { execution, order, instrument })
}

type FillContext = {
  readonly order: OrderTerms
  readonly quote: Quote
  readonly instrument: Instrument
  readonly premium: string
  readonly taker: Party
  readonly maker: Party
}

function executionOf(fill: FillFields, context: FillContext): ExecutionTerms {
  const { order, quote, instrument, premium, taker, maker } = context
  const { execId, orderId, clOrdId, side, orderQty, price, currency, transactTime } = fill
  const { quoteId, quoteReqId } = order
  const ids = { tradeId: tradeIdOf(maker, execId), execId, orderId, clOrdId, quoteId, quoteReqId }
  const economics = {
    securityId: instrument.securityId,
    side,
    lastQty: orderQty,
    lastPx: price,
    currency,
    premiumMinor: premium,
  }
  return { ...ids, ...economics, transactTime, validUntilTime: quote.terms.validUntilTime, taker, maker }
}

/** Taker: the maker rejected an order of ours. */
export function takeOrderRefusal(
  parts: DeskParts,
  by: Principal,
  clOrdId: string,
  maker: string,
  refusal: Refusal,
): Step<{ order: OrderTerms }> {
  const { loop, registry } = parts
  const order = loop.state.orders.get(rfqKey(registry.self.name, clOrdId))
  const corr =
    (order && loop.state.quotes.get(order.terms.quoteId)?.rfq) ?? rfqKey(registry.self.name, clOrdId)
  const name = 'ReceiveOrderRefusal'
  if (!order || order.status !== 'placed' || makerOf(loop.state, order.terms) !== maker) {
    const unknown = refuse('order-unknown', `no open order ${clOrdId} was placed with ${maker}`)
    return refusedStep(loop.refuse({ name, by, corr }, unknown), unknown)
  }
  const decide = (state: Loop['state']): readonly DeskEvent[] => refuseOrder(state, order.terms, refusal)
  return stepOf(loop.act({ name, by, corr, decide }), { order: order.terms })
}
