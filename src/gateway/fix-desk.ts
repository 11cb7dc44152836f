// The FIX application: which desk step each message of each session means, and what is answered or passed on.
import { formatInstant, invariant, isRefusal, refuse, toFixText, REFUSALS, type Refusal } from '#core'
import { parseInstrument, rfqKey, type Instrument, type Order, type OrderTerms } from '#trade'
import {
  readCancel,
  readExecutionReport,
  readOrder,
  readQuote,
  readQuoteRequest,
  readQuoteRequestReject,
  readQuoteResponse,
  required,
  writeCancelReject,
  writeFill,
  writeOrder,
  writeOrderReject,
  writeQuote,
  writeQuoteCancel,
  writeQuoteRequest,
  writeQuoteRequestReject,
  type DeskBody,
  type DeliveryFlags,
  type FixMessage,
  type FixTurn,
  type MessageReader,
  type SessionKey,
} from '#transport'
import type { Principal } from './api.ts'
import type { FixSessionConfig } from './config.ts'
import { fixSessionKey } from './registry.ts'
import {
  askForQuote,
  endQuote,
  fillFor,
  orderFromDesk,
  quoteFor,
  takeFill,
  takeOrderRefusal,
  takeQuote,
  takeQuoteRefusal,
  type DeskParts,
  type Step,
} from './desk.ts'

export type FixDesk = {
  onMessage(turn: FixTurn, message: FixMessage, flags: DeliveryFlags): void
}

/** Sends on another session within the same durable batch. */
export type SendOn = (session: SessionKey, body: DeskBody) => void

type Route = {
  readonly parts: DeskParts
  readonly turn: FixTurn
  readonly session: FixSessionConfig
  readonly by: Principal
  readonly sendOn: SendOn
  readonly flags: DeliveryFlags
}

type Handler = (route: Route, message: MessageReader) => void

const ignored: Handler = () => undefined

/** By use of the session, then by MsgType. What is not here is answered BusinessMessageReject(380=3). */
const handlers: Readonly<Record<FixSessionConfig['use'], Readonly<Record<string, Handler>>>> = {
  desk: { R: deskQuoteRequest, D: deskOrder, F: cancelRequest, H: orderStatus, AJ: deskQuoteResponse },
  counterparty: {
    R: counterpartyQuoteRequest,
    D: counterpartyOrder,
    F: cancelRequest,
    H: orderStatus,
    AJ: counterpartyQuoteResponse,
    S: quoteArrived,
    AG: quoteRefused,
    Z: quoteCanceled,
    '8': reportArrived,
    '9': ignored,
    j: ignored,
  },
  'drop-copy': {},
}

export function createFixDesk(parts: DeskParts, sendOn: SendOn): FixDesk {
  return {
    onMessage: (turn, message, flags) => {
      const session = parts.registry.session(turn.session)
      invariant(session, `${turn.session} is configured`)
      const handler = handlers[session.use][message.msgType]
      if (!handler) {
        const text = `MsgType ${message.msgType} is not supported on a ${session.use} session`
        turn.reject({ reason: REFUSALS['fix-unsupported-msg-type'].fix.businessRejectReason, text })
        return
      }
      const by: Principal = { kind: 'fix', id: turn.session }
      handler({ parts, turn, session, by, sendOn, flags }, message)
    },
  }
}

/** Puts the decision into the message's own durable batch. */
function settle<T>(route: Route, step: Step<T>): T | Refusal {
  route.turn.attach(step.acted.bundle)
  return step.refused ?? step.value
}

/** What a known session sent and could not be read is an entry too. */
function noted(route: Route, name: string, refusal: Refusal): Refusal {
  const { bundle } = route.parts.loop.refuse({ name, by: route.by, corr: route.turn.session }, refusal)
  route.turn.attach(bundle)
  return refusal
}

/** A message that could not be read: refused by its own business reject, with the code in the text. */
function rejectMessage(route: Route, name: string, refusal: Refusal, refId?: string): void {
  noted(route, name, refusal)
  const reason = REFUSALS[refusal.refusal].fix.businessRejectReason
  route.turn.reject({ reason, text: toFixText(refusal), ...(refId === undefined ? {} : { refId }) })
}

// ---- taker: our own desk asks, the counterparty's gateway answers

function deskQuoteRequest(route: Route, message: MessageReader): void {
  const request = readQuoteRequest(message)
  if (isRefusal(request)) return rejectQuoteRequest(route, message, noted(route, 'RequestQuote', request))
  const maker = makerSession(route, message)
  if (isRefusal(maker)) return rejectQuoteRequest(route, message, noted(route, 'RequestQuote', maker))
  const asked = settle(route, askForQuote(route.parts, route.by, request, maker.party))
  if (isRefusal(asked)) return rejectQuoteRequest(route, message, asked)
  route.sendOn(fixSessionKey(maker), writeQuoteRequest(asked.terms, asked.instrument))
}

function quoteArrived(route: Route, message: MessageReader): void {
  const quote = readQuote(message)
  if (isRefusal(quote)) return rejectMessage(route, 'ReceiveQuote', quote, message.text(117))
  const taken = settle(route, takeQuote(route.parts, route.by, quote, route.session.party))
  if (isRefusal(taken)) return businessReject(route, taken, quote.quoteId)
  toPrincipal(route, taken.rfq.principal, writeQuote(taken.quote, taken.instrument))
}

function quoteRefused(route: Route, message: MessageReader): void {
  const reject = readQuoteRequestReject(message)
  if (isRefusal(reject)) return rejectMessage(route, 'ReceiveQuoteRefusal', reject)
  const refusal = refuse('no-quote', reject.text)
  const taken = settle(route, takeQuoteRefusal(route.parts, route.by, reject.quoteReqId, refusal))
  if (isRefusal(taken) || !taken.rfq) return
  const { principal, securityId } = taken.rfq
  toPrincipal(route, principal, writeQuoteRequestReject(reject.quoteReqId, securityId, refusal))
}

function quoteCanceled(route: Route, message: MessageReader): void {
  const quoteId = required(message, 117, 'QuoteID')
  if (isRefusal(quoteId)) return rejectMessage(route, 'CancelQuote', quoteId)
  const ended = settle(route, endQuote(route.parts, route.by, quoteId, route.session.party))
  if (isRefusal(ended)) return businessReject(route, ended, quoteId)
  const rfq = route.parts.loop.state.rfqs.get(ended.quote.rfq)?.terms
  if (rfq) toPrincipal(route, rfq.principal, writeQuoteCancel(quoteId, rfq.quoteReqId))
}

function deskOrder(route: Route, message: MessageReader): void {
  const order = readOrder(message)
  if (isRefusal(order)) return rejectOrder(route, message, noted(route, 'PlaceOrder', order))
  const again = repeated(route, route.parts.registry.self.name, order.clOrdId)
  if (again) return again()
  const placed = settle(route, orderFromDesk(route.parts, route.by, order))
  if (isRefusal(placed)) return rejectOrder(route, message, placed)
  const maker = route.parts.registry.sessionOf(placed.maker.name)
  invariant(maker, `${placed.maker.name} quoted on a session`)
  const at = formatInstant(route.parts.clock.now())
  route.sendOn(fixSessionKey(maker), writeOrder(placed.terms, placed.instrument, at))
}

function reportArrived(route: Route, message: MessageReader): void {
  const report = readExecutionReport(message)
  if (isRefusal(report)) return rejectMessage(route, 'ReceiveFill', report, message.text(17))
  if (report.kind === 'other') return
  if (report.kind === 'rejected') return orderRejected(route, message, report.clOrdId, report.text)
  const maker = route.parts.registry.party(route.session.party)
  invariant(!isRefusal(maker), 'a counterparty session belongs to a registered party')
  const known = route.parts.loop.state.trades.get(`${maker.name}/${report.fill.execId}`)
  if (known) return
  const filled = settle(route, takeFill(route.parts, route.by, report.fill, maker))
  if (isRefusal(filled)) return businessReject(route, filled, report.fill.execId)
  toPrincipal(route, filled.order.principal, writeFill(filled.execution, filled.instrument))
}

function orderRejected(route: Route, message: MessageReader, clOrdId: string, text: string): void {
  const refusal = refuse('peer-refused', text)
  const taken = settle(route, takeOrderRefusal(route.parts, route.by, clOrdId, refusal))
  if (isRefusal(taken)) return
  const { securityId, side, orderQty, principal } = taken.order
  const execId = message.text(17) ?? 'NONE'
  const at = formatInstant(route.parts.clock.now())
  toPrincipal(route, principal, writeOrderReject({ clOrdId, securityId, side, orderQty, execId }, refusal, at))
}

// ---- maker: a counterparty asks us

function counterpartyQuoteRequest(route: Route, message: MessageReader): void {
  const request = readQuoteRequest(message)
  if (isRefusal(request)) return rejectQuoteRequest(route, message, noted(route, 'IssueQuote', request))
  const quoted = settle(route, quoteFor(route.parts, route.by, request, route.session.party))
  if (isRefusal(quoted)) return rejectQuoteRequest(route, message, quoted)
  route.turn.reply(writeQuote(quoted.quote, quoted.instrument))
}

function counterpartyOrder(route: Route, message: MessageReader): void {
  const order = readOrder(message)
  if (isRefusal(order)) return rejectOrder(route, message, noted(route, 'AcceptOrder', order))
  const again = repeated(route, route.session.party, order.clOrdId)
  if (again) return again()
  const filled = settle(route, fillFor(route.parts, route.by, order, route.session.party))
  if (isRefusal(filled)) return rejectOrder(route, message, filled)
  route.turn.reply(writeFill(filled.execution, filled.instrument))
}

// ---- both

/** QuoteResponse(AJ) 694=1 is an order in other words, 694=6 ends the quote. */
const quoteResponse =
  (order: Handler, who: (route: Route) => string): Handler =>
  (route, message) => {
    const response = readQuoteResponse(message)
    if (isRefusal(response)) return rejectMessage(route, 'QuoteResponse', response, message.text(693))
    if (response.type === 'hit') return order(route, hitAsOrder(message, response.quoteRespId))
    const ended = settle(route, endQuote(route.parts, route.by, response.quoteId, who(route)))
    if (isRefusal(ended)) businessReject(route, ended, response.quoteRespId)
  }

function deskQuoteResponse(route: Route, message: MessageReader): void {
  quoteResponse(deskOrder, ({ parts }) => parts.registry.self.name)(route, message)
}
function counterpartyQuoteResponse(route: Route, message: MessageReader): void {
  quoteResponse(counterpartyOrder, ({ session }) => session.party)(route, message)
}

/** ClOrdID(11) of a hit is optional in QuoteResponse; the QuoteRespID stands for it. OrdType is previously quoted. */
const hitAsOrder = (message: MessageReader, quoteRespId: string): MessageReader => ({
  text: (tag: number) => (tag === 40 ? 'D' : tag === 11 ? (message.text(11) ?? quoteRespId) : message.text(tag)),
  groups: (tag: number) => message.groups(tag),
})

/**
 * A resent order (PossResend, or PossDup after a gap) that is known with the same ClOrdID gets its state again,
 * and nothing is executed twice.
 */
function repeated(route: Route, taker: string, clOrdId: string): (() => void) | undefined {
  const { possDup, possResend } = route.flags
  const order = route.parts.loop.state.orders.get(rfqKey(taker, clOrdId))
  if (!order || !(possDup || possResend)) return undefined
  return () => reportStatus(route, order)
}

function orderStatus(route: Route, message: MessageReader): void {
  const clOrdId = required(message, 11, 'ClOrdID')
  if (isRefusal(clOrdId)) return rejectMessage(route, 'OrderStatusRequest', clOrdId)
  const order = route.parts.loop.state.orders.get(rfqKey(takerOf(route), clOrdId))
  if (!order) return rejectMessage(route, 'OrderStatusRequest', refuse('order-unknown', `no order ${clOrdId}`), clOrdId)
  reportStatus(route, order)
}

function reportStatus(route: Route, order: Order): void {
  const { parts, turn } = route
  const { clOrdId, securityId, side, orderQty } = order.terms
  const trade = order.tradeId === undefined ? undefined : parts.loop.state.trades.get(order.tradeId)
  const at = formatInstant(parts.clock.now())
  if (trade) {
    const instrument = instrumentNow(route, securityId)
    if (instrument) turn.reply(writeFill(trade.terms, instrument))
  } else if (order.refused) {
    const refusal = refuse('duplicate-cl-ord-id', `${clOrdId} was refused before: ${order.refused.detail}`)
    turn.reply(writeOrderReject({ clOrdId, securityId, side, orderQty, execId: `S-${turn.session}` }, refusal, at))
  } else turn.reject({ reason: 0, text: `ClOrdID ${clOrdId} is pending at the counterparty`, refId: clOrdId })
}

/** Quotes fill whole and at once: there is never an open order to cancel, only a reason why not. */
function cancelRequest(route: Route, message: MessageReader): void {
  const cancel = readCancel(message)
  if (isRefusal(cancel)) return rejectMessage(route, 'CancelOrder', cancel, message.text(11))
  const order = route.parts.loop.state.orders.get(rfqKey(takerOf(route), cancel.origClOrdId))
  const refusal = order
    ? refuse('too-late-to-cancel', `order ${cancel.origClOrdId} is ${order.status}`)
    : refuse('order-unknown', `no order ${cancel.origClOrdId}`)
  const { bundle } = route.parts.loop.refuse(
    { name: 'CancelOrder', by: route.by, corr: rfqKey(takerOf(route), cancel.origClOrdId) },
    refusal,
  )
  route.turn.attach(bundle)
  const trade = order?.tradeId === undefined ? undefined : route.parts.loop.state.trades.get(order.tradeId)
  const state = order?.status === 'filled' ? '2' : order?.status === 'placed' ? 'A' : '8'
  const orderId = trade?.terms.orderId ?? 'NONE'
  route.turn.reply(writeCancelReject(cancel, { orderId, ordStatus: state, responseTo: '1' }, refusal))
}

const takerOf = ({ parts, session }: Route): string =>
  session.use === 'desk' ? parts.registry.self.name : session.party

/** Desks name the maker in DeliverToCompID(128); without it there must be only one. */
function makerSession(route: Route, message: MessageReader): FixSessionConfig | Refusal {
  const named = message.text(128)
  const makers = route.parts.registry.counterpartySessions()
  const chosen = named === undefined ? (makers.length === 1 ? makers[0] : undefined) : makers.find(isOf(named))
  return chosen ?? refuse('peer-unknown', `name one maker in DeliverToCompID(128): ${makers.map(nameOf).join(', ')}`)
}
const nameOf = (session: FixSessionConfig): string => session.party
const isOf = (name: string) => (session: FixSessionConfig) => session.party === name

function rejectQuoteRequest(route: Route, message: MessageReader, refusal: Refusal): void {
  const quoteReqId = message.text(131)
  if (quoteReqId === undefined) return rejectMessage(route, 'RequestQuote', refusal)
  const securityId = message.groups(146)[0]?.text(48) ?? message.text(48) ?? '[N/A]'
  route.turn.reply(writeQuoteRequestReject(quoteReqId, securityId, refusal))
}

function rejectOrder(route: Route, message: MessageReader, refusal: Refusal): void {
  const clOrdId = message.text(11)
  if (clOrdId === undefined) return rejectMessage(route, 'PlaceOrder', refusal)
  const side: OrderTerms['side'] = message.text(54) === '2' ? 'Sell' : 'Buy'
  const order = {
    clOrdId,
    side,
    securityId: message.text(48) ?? '[N/A]',
    orderQty: message.text(38) ?? '0',
    execId: `R-${clOrdId}`,
  }
  route.turn.reply(writeOrderReject(order, refusal, formatInstant(route.parts.clock.now())))
}

function businessReject(route: Route, refusal: Refusal, refId: string): void {
  route.turn.reject({ reason: REFUSALS[refusal.refusal].fix.businessRejectReason, text: toFixText(refusal), refId })
}

/** A desk that asked over FIX hears on its session; one that asked over HTTP reads its own view. */
function toPrincipal(route: Route, principal: string, body: DeskBody): void {
  if (route.parts.registry.session(principal)) route.sendOn(principal, body)
}

function instrumentNow(route: Route, securityId: string): Instrument | undefined {
  const { place, clock } = route.parts
  const instrument = parseInstrument(securityId, place.venue, clock.now())
  return isRefusal(instrument) ? undefined : instrument
}
