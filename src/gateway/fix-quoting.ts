// Requests for quote, quotes and what ends them, on both sides.
import { isRefusal, refuse, type Refusal } from '#core'
import { checkProductFields, rfqKey } from '#trade'
import {
  readQuote,
  readQuoteRequest,
  readQuoteRequestReject,
  readQuoteResponse,
  readRfqRequest,
  readSecurityRequest,
  required,
  writePass,
  writeQuote,
  writeQuoteCancel,
  writeQuoteRequest,
  writeQuoteRequestReject,
  writeQuoteStatus,
  writeSecurityDefinition,
  writeSecurityReject,
  type DeskBody,
  type MessageReader,
  type QuoteResponseFields,
  type QuoteStatus,
  type RfqRequestFields,
} from '#transport'
import type { FixSessionConfig } from './config.ts'
import { askForQuote, endQuote, quoteFor, takeQuote, takeQuoteRefusal } from './desk.ts'
import { counterpartyOrder, deskOrder } from './fix-ordering.ts'
import {
  agreedForm,
  businessReject,
  echoed,
  instrumentNow,
  noted,
  rejectMessage,
  settle,
  takerOf,
  toParty,
  toPrincipal,
  type Handler,
  type Route,
} from './fix-route.ts'
import { fixSessionKey } from './registry.ts'
import { openRequestsIn, unwatch, watch } from './watching.ts'

// ---- taker: our own desk asks, the counterparty's gateway answers

export function deskQuoteRequest(route: Route, message: MessageReader): void {
  const request = readQuoteRequest(message)
  if (isRefusal(request)) return rejectQuoteRequest(route, message, noted(route, 'RequestQuote', request))
  const maker = makerSession(route, message)
  if (isRefusal(maker)) return rejectQuoteRequest(route, message, noted(route, 'RequestQuote', maker))
  const asked = settle(route, askForQuote(route.parts, route.by, request, maker.party))
  if (isRefusal(asked)) return rejectQuoteRequest(route, message, asked)
  route.sendOn(fixSessionKey(maker), writeQuoteRequest(asked.terms, asked.instrument))
}

/** Desks name the maker in DeliverToCompID(128); without it there must be only one. */
function makerSession(route: Route, message: MessageReader): FixSessionConfig | Refusal {
  const named = message.text(128)
  const makers = route.parts.registry.counterpartySessions()
  if (named === undefined && makers.length === 1 && makers[0]) return makers[0]
  const chosen = makers.find(({ party }) => party === named)
  const all = makers.map(({ party }) => party).join(', ')
  return chosen ?? refuse('peer-unknown', `name one maker in DeliverToCompID(128): ${all}`)
}

export function quoteArrived(route: Route, message: MessageReader): void {
  const quote = readQuote(message)
  if (isRefusal(quote)) return rejectMessage(route, 'ReceiveQuote', quote, message.text(117))
  const taken = settle(route, takeQuote(route.parts, route.by, quote, route.session.party))
  if (isRefusal(taken)) return businessReject(route, taken, quote.quoteId)
  toPrincipal(route, taken.rfq.principal, writeQuote(taken.quote, taken.instrument))
}

export function quoteRefused(route: Route, message: MessageReader): void {
  const reject = readQuoteRequestReject(message)
  if (isRefusal(reject)) return rejectMessage(route, 'ReceiveQuoteRefusal', reject)
  requestRefused(route, reject.quoteReqId, reject.text)
}

/** The maker will not quote: the request ends, and whoever asked hears it. */
export function requestRefused(route: Route, quoteReqId: string, text: string): void {
  const { parts, by, session } = route
  const refusal = refuse('no-quote', text)
  const taken = settle(route, takeQuoteRefusal(parts, by, quoteReqId, session.party, refusal))
  if (isRefusal(taken) || !taken.rfq) return
  const { principal, securityId } = taken.rfq
  toPrincipal(route, principal, writeQuoteRequestReject(quoteReqId, securityId, refusal))
}

export function quoteCanceled(route: Route, message: MessageReader): void {
  const quoteId = required(message, 117, 'QuoteID')
  if (isRefusal(quoteId)) return rejectMessage(route, 'CancelQuote', quoteId)
  const ended = settle(route, endQuote(route.parts, route.by, quoteId, route.session.party))
  if (isRefusal(ended)) return businessReject(route, ended, quoteId)
  const rfq = route.parts.loop.state.rfqs.get(ended.quote.rfq)?.terms
  if (rfq) toPrincipal(route, rfq.principal, writeQuoteCancel(quoteId, rfq.quoteReqId))
}

// ---- maker: a counterparty asks us, and our own desk may watch

export function counterpartyQuoteRequest(route: Route, message: MessageReader): void {
  const request = readQuoteRequest(message)
  if (isRefusal(request)) return rejectQuoteRequest(route, message, noted(route, 'IssueQuote', request))
  const quoted = settle(route, quoteFor(route.parts, route.by, request, route.session.party))
  if (isRefusal(quoted)) return rejectQuoteRequest(route, message, quoted)
  route.turn.reply(writeQuote(quoted.quote, quoted.instrument))
  showWatchers(route, rfqKey(route.session.party, request.quoteReqId))
}

function showWatchers(route: Route, key: string): void {
  const { loop, registry } = route.parts
  const terms = loop.state.rfqs.get(key)?.terms
  const instrument = terms && instrumentNow(route, terms.securityId)
  if (!terms || !instrument) return
  for (const [session, rfqReqId] of loop.state.watchers.get(terms.securityId) ?? [])
    if (registry.session(session)?.use === 'desk')
      route.sendOn(session, writeQuoteRequest(terms, instrument, rfqReqId))
}

/** RFQRequest(AH): shown are the requests whose quote is still open, and with 263=1 those to come. */
export function rfqRequest(route: Route, message: MessageReader): void {
  const request = readRfqRequest(message)
  if (isRefusal(request)) return rejectMessage(route, 'WatchRfqs', request, message.text(644))
  if (!route.parts.maker) {
    const refusal = refuse('not-a-maker', `${route.parts.registry.self.name} makes no markets`)
    return rejectMessage(route, 'WatchRfqs', refusal, request.rfqReqId)
  }
  if (request.subscription === 'unsubscribe') return endWatch(route, request.rfqReqId)
  const securityIds = checkedProducts(route, request)
  if (isRefusal(securityIds)) return rejectMessage(route, 'WatchRfqs', securityIds, request.rfqReqId)
  if (request.subscription === 'subscribe')
    settle(route, watch(route.parts, route.by, request.rfqReqId, securityIds))
  for (const terms of openRequestsIn(route.parts, securityIds)) {
    const instrument = instrumentNow(route, terms.securityId)
    if (instrument) route.turn.reply(writeQuoteRequest(terms, instrument, request.rfqReqId))
  }
}

function endWatch(route: Route, rfqReqId: string): void {
  const ended = settle(route, unwatch(route.parts, route.by, rfqReqId))
  if (isRefusal(ended)) businessReject(route, ended, rfqReqId)
}

function checkedProducts({ parts }: Route, { products }: RfqRequestFields): readonly string[] | Refusal {
  const securityIds: string[] = []
  for (const product of products) {
    const instrument = checkProductFields(product, parts.place.venue, parts.clock.now())
    if (isRefusal(instrument)) return instrument
    securityIds.push(instrument.securityId)
  }
  return securityIds
}

// ---- both

/** QuoteResponse(AJ) 694=1 is an order in other words, 694=6 ends the quote; else a QuoteStatusReport says why not. */
const quoteResponse =
  (order: Handler): Handler =>
  (route, message) => {
    const response = readQuoteResponse(message)
    if (isRefusal(response)) return refuseResponse(route, message, noted(route, 'QuoteResponse', response))
    if (response.type === 'hit') return order(route, hitAsOrder(route, message, response))
    passOn(route, message, response)
  }

export const deskQuoteResponse = quoteResponse(deskOrder)
export const counterpartyQuoteResponse = quoteResponse(counterpartyOrder)

function passOn(route: Route, message: MessageReader, response: QuoteResponseFields): void {
  const { quoteId, quoteRespId } = response
  const ended = settle(route, endQuote(route.parts, route.by, quoteId, takerOf(route)))
  if (isRefusal(ended)) return refuseResponse(route, message, ended)
  const rfq = route.parts.loop.state.rfqs.get(ended.quote.rfq)?.terms
  const securityId = rfq?.securityId
  route.turn.reply(writeQuoteStatus({ quoteRespId, quoteId, securityId }, 'pass'))
  const instrument = securityId === undefined ? undefined : instrumentNow(route, securityId)
  if (route.session.use === 'desk' && rfq && instrument)
    toParty(route, rfq.maker.name, writePass(quoteRespId, quoteId, instrument))
}

const statusOf: Partial<Record<Refusal['refusal'], QuoteStatus>> = {
  'quote-unknown': 'not-found',
  'quote-expired': 'expired',
}

function refuseResponse(route: Route, message: MessageReader, refusal: Refusal): void {
  const quoteRespId = echoed(message.text(693))
  const quoteId = echoed(message.text(117))
  if (quoteRespId === undefined || quoteId === undefined) return businessReject(route, refusal, quoteRespId)
  const response = { quoteRespId, quoteId, securityId: echoed(message.text(48)) }
  route.turn.reply(writeQuoteStatus(response, statusOf[refusal.refusal] ?? 'rejected', refusal))
}

/**
 * A hit takes the quote as it stands: what it leaves out is what was quoted. The QuoteRespID stands for a ClOrdID that
 * is not there; OrdType is previously quoted.
 */
function hitAsOrder(route: Route, message: MessageReader, response: QuoteResponseFields): MessageReader {
  const quote = route.parts.loop.state.quotes.get(response.quoteId)?.terms
  const buys = message.text(54) === '1'
  const quoted = new Map<number, string | undefined>([
    [11, response.quoteRespId],
    [15, quote?.currency],
    [38, buys ? quote?.offerSize : quote?.bidSize],
    [44, message.text(buys ? 133 : 132) ?? (buys ? quote?.offerPx : quote?.bidPx)],
  ])
  return {
    text: (tag) => (tag === 40 ? 'D' : (message.text(tag) ?? quoted.get(tag))),
    groups: (tag) => message.groups(tag),
  }
}

/** A read: nothing is decided, so nothing is journalled unless it is refused. */
export function securityDefinitionRequest(route: Route, message: MessageReader): void {
  const securityReqId = echoed(message.text(320))
  const request = readSecurityRequest(message)
  const { place, clock } = route.parts
  const instrument = isRefusal(request)
    ? request
    : checkProductFields(request.product, place.venue, clock.now())
  if (securityReqId === undefined) {
    if (isRefusal(instrument)) rejectMessage(route, 'DefineSecurity', instrument)
    return
  }
  const responseId = `SD-${securityReqId}`
  if (!isRefusal(instrument))
    return reply(route, writeSecurityDefinition(securityReqId, responseId, instrument))
  noted(route, 'DefineSecurity', instrument)
  const securityId = isRefusal(request) ? echoed(message.text(48)) : request.product.securityId
  route.turn.reply(writeSecurityReject(securityReqId, responseId, securityId, instrument))
}

const reply = (route: Route, body: DeskBody): void => void route.turn.reply(agreedForm(route.session, body))

function rejectQuoteRequest(route: Route, message: MessageReader, refusal: Refusal): void {
  const quoteReqId = echoed(message.text(131))
  if (quoteReqId === undefined) return businessReject(route, refusal)
  const securityId = echoed(message.groups(146)[0]?.text(48)) ?? echoed(message.text(48)) ?? '[N/A]'
  route.turn.reply(writeQuoteRequestReject(quoteReqId, securityId, refusal))
}
