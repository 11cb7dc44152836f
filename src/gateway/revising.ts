// Fills taken back and put right, and quotes withdrawn: by our operator, and as the counterparty states it.
import {
  formatInstant,
  isRefusal,
  parseDecimal,
  parseInstant,
  refuse,
  formatDecimal,
  type Refusal,
} from '#core'
import {
  bustExecId,
  bustTrade,
  cancelQuote,
  checkProductFields,
  correctTrade,
  orderKey,
  refuseTrade,
  revisable,
  settlementDeadline,
  takeBust,
  takeCorrection,
  tradeIdOf,
  type ExecutionTerms,
  type Instrument,
  type Trade,
} from '#trade'
import {
  writeBust,
  writeCorrection,
  writeQuoteCancel,
  type DeskBody,
  type DontKnowFields,
  type FillFields,
} from '#transport'
import type { Principal } from './api.ts'
import { premiumOf, refusedStep, stepOf, type DeskParts, type Step } from './desk.ts'
import type { Acted, Command } from './loop.ts'
import type { PeeringParts } from './peering.ts'
import { fixSessionKey } from './registry.ts'

// ---- taker: what the maker states

export type Revised = { readonly terms: ExecutionTerms; readonly principal: string }

export function recordBust(parts: DeskParts, by: Principal, tradeId: string, execId: string): Step<Revised> {
  const { loop } = parts
  const trade = loop.state.trades.get(tradeId)
  const acted = loop.act({
    name: 'ReceiveBust',
    by,
    corr: trade?.corr ?? tradeId,
    decide: (state) => takeBust(state, tradeId, execId, trade?.terms.maker.name ?? ''),
  })
  return trade
    ? stepOf(acted, revised(parts, trade.terms))
    : refusedStep(acted, acted.refused ?? unknown(tradeId))
}

const unknown = (tradeId: string): Refusal =>
  refuse('execution-unknown', `no execution ${tradeId} is known here`)

const revised = ({ loop, registry }: DeskParts, terms: ExecutionTerms): Revised => ({
  terms,
  principal: loop.state.orders.get(orderKey(registry.self.name, terms.clOrdId))?.terms.principal ?? '',
})

export function recordCorrection(
  parts: DeskParts,
  by: Principal,
  tradeId: string,
  fill: FillFields,
): Step<Revised & { readonly instrument: Instrument }> {
  const { loop, place, clock } = parts
  const trade = loop.state.trades.get(tradeId)
  const input = { name: 'CorrectTrade', by, corr: trade?.corr ?? tradeId }
  const instrument = checkProductFields(fill.product, place.venue, clock.now())
  const premium = isRefusal(instrument) ? instrument : premiumOf(parts, instrument, fill)
  if (!trade || isRefusal(instrument) || isRefusal(premium)) {
    const why = isRefusal(premium) ? premium : unknown(tradeId)
    return refusedStep(loop.refuse(input, why), why)
  }
  const terms = correctedTerms(trade.terms, fill, instrument.securityId, premium)
  const counterparty = trade.terms.maker.name
  const authorised = parts.authorise.deal('CorrectTrade', {
    counterparty,
    instrument,
    terms,
    replaces: trade.terms,
  })
  const decide: Command['decide'] = (state, context) => takeCorrection(state, tradeId, terms, context)
  return stepOf(loop.act({ ...input, authorised, decide }), { ...revised(parts, terms), instrument })
}

function correctedTerms(
  before: ExecutionTerms,
  fill: FillFields,
  securityId: string,
  premiumMinor: string,
): ExecutionTerms {
  const { execId, orderId, clOrdId, side, orderQty, price, currency, transactTime } = fill
  const ids = { tradeId: tradeIdOf(before.maker, execId), execId, orderId, clOrdId }
  const economics = { securityId, side, lastQty: orderQty, lastPx: price, currency, premiumMinor }
  return { ...before, ...ids, ...economics, transactTime }
}

// ---- maker: the taker does not accept an execution of ours

export function recordDispute(
  parts: DeskParts,
  by: Principal,
  party: string,
  { execId, text }: DontKnowFields,
): Step<{ readonly trade: Trade }> {
  const { loop, registry } = parts
  const tradeId = tradeIdOf(registry.self, execId)
  const trade = loop.state.trades.get(tradeId)
  const input = { name: 'DisputeTrade', by, corr: trade?.corr ?? tradeId }
  if (!trade || trade.role !== 'maker' || trade.terms.taker.name !== party)
    return refusedStep(loop.refuse(input, unknown(tradeId)), unknown(tradeId))
  const disputed = refuse('execution-mismatch', text)
  const decide: Command['decide'] = (state) => refuseTrade(state, tradeId, disputed, party)
  return stepOf(loop.act({ ...input, decide }), { trade })
}

// ---- maker: our operator

/** The taker hears of it in the batch that makes it durable. */
export async function bustByOperator(
  parts: PeeringParts,
  by: Principal,
  tradeId: string,
): Promise<Refusal | undefined> {
  const found = findRevisable(parts, tradeId)
  if (isRefusal(found)) return refuseCommand(parts, { name: 'BustTrade', by, corr: tradeId }, found)
  const { trade, instrument } = found
  const counterparty = trade.terms.taker.name
  const acted = parts.loop.act({
    name: 'BustTrade',
    by,
    corr: trade.corr,
    authorised: parts.authorise.operate('BustTrade', by, { counterparty, instrument }),
    decide: (state, context) => bustTrade(state, tradeId, context),
  })
  const at = formatInstant(parts.clock.now())
  return tell(parts, acted, counterparty, () =>
    writeBust(trade.terms, bustExecId(trade.terms), instrument, at),
  )
}

/** `price` is a decimal on the tick. */
export async function correctByOperator(
  parts: PeeringParts,
  by: Principal,
  tradeId: string,
  price: string,
): Promise<Refusal | undefined> {
  const input = { name: 'CorrectTrade', by, corr: tradeId }
  const found = findRevisable(parts, tradeId)
  if (isRefusal(found)) return refuseCommand(parts, input, found)
  const { trade, instrument } = found
  const corrected = correctionOf(parts, trade, instrument, price)
  if (isRefusal(corrected)) return refuseCommand(parts, { ...input, corr: trade.corr }, corrected)
  const counterparty = trade.terms.taker.name
  const deal = { counterparty, instrument, terms: corrected, replaces: trade.terms }
  const acted = parts.loop.act({
    ...input,
    corr: trade.corr,
    authorised: parts.authorise.operate('CorrectTrade', by, deal),
    decide: (state, context) => correctTrade(state, tradeId, corrected, context),
  })
  const { trades } = parts.loop.state
  const now = trades.get(trades.get(tradeId)?.correctedBy ?? '')?.terms
  return tell(parts, acted, counterparty, () =>
    writeCorrection(now ?? trade.terms, trade.terms.execId, instrument),
  )
}

function correctionOf(
  parts: PeeringParts,
  { terms }: Trade,
  instrument: Instrument,
  price: string,
): { lastPx: string; premiumMinor: string } | Refusal {
  const deadline = parseInstant(settlementDeadline(terms.validUntilTime, parts.place.windowMs))
  if (isRefusal(deadline)) return deadline
  if (parts.clock.now() >= deadline)
    return refuse('confirmation-timeout', `${terms.tradeId} had to be settled by ${formatInstant(deadline)}`)
  const value = parseDecimal(price)
  if (isRefusal(value)) return value
  const lastPx = formatDecimal(value)
  const premium = premiumOf(parts, instrument, { orderQty: terms.lastQty, price: lastPx })
  return isRefusal(premium) ? premium : { lastPx, premiumMinor: premium }
}

function findRevisable(
  parts: PeeringParts,
  tradeId: string,
): { trade: Trade; instrument: Instrument } | Refusal {
  const { state } = parts.loop
  if (!state.trades.has(tradeId)) return refuse('trade-unknown', `no trade ${tradeId}`)
  // What the trade is comes before its deadline and the price: a settled trade is too late, not unconfirmed.
  const trade = revisable(state, tradeId, 'maker')
  if (isRefusal(trade)) return trade
  const instrument = parts.instrumentOf(trade.terms.securityId)
  return isRefusal(instrument) ? instrument : { trade, instrument }
}

/** QuoteCancel(Z) to the taker. */
export async function cancelByOperator(
  parts: PeeringParts,
  by: Principal,
  quoteId: string,
): Promise<Refusal | undefined> {
  const { loop, registry } = parts
  const quote = loop.state.quotes.get(quoteId)
  const rfq = quote && loop.state.rfqs.get(quote.rfq)
  const input = { name: 'CancelQuote', by, corr: quote?.rfq ?? quoteId }
  if (!rfq || rfq.role !== 'maker')
    return refuseCommand(parts, input, refuse('quote-unknown', `QuoteID ${quoteId} is not one of ours`))
  const { taker, quoteReqId, securityId } = rfq.terms
  const instrument = parts.instrumentOf(securityId)
  if (isRefusal(instrument)) return refuseCommand(parts, input, instrument)
  const acted = loop.act({
    ...input,
    authorised: parts.authorise.deal('CancelQuote', { counterparty: taker.name, instrument }),
    decide: (state, context) => cancelQuote(state, quoteId, registry.self.name, context.policy),
  })
  return tell(parts, acted, taker.name, () => writeQuoteCancel(quoteId, quoteReqId))
}

async function refuseCommand(
  parts: PeeringParts,
  input: Pick<Command, 'name' | 'by' | 'corr'>,
  refusal: Refusal,
): Promise<Refusal> {
  await parts.loop.commit(parts.loop.refuse(input, refusal).bundle)
  return refusal
}

async function tell(
  parts: PeeringParts,
  acted: Acted,
  party: string,
  body: () => DeskBody,
): Promise<Refusal | undefined> {
  const session = parts.registry.sessionOf(party)
  const sendings = acted.refused || !session ? [] : [{ session: fixSessionKey(session), body: body() }]
  await parts.outbox.post(acted.bundle, sendings)
  return acted.refused
}
