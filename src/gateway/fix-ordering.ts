// Orders and executions, on both sides.
import { formatInstant, invariant, isRefusal, refuse, type Refusal } from '#core'
import { rfqKey, sameDecimal, tradeIdOf, type Order, type OrderTerms, type Party } from '#trade'
import {
  ordStatusOf,
  readCancel,
  readDontKnow,
  readExecutionReport,
  readOrder,
  required,
  writeBust,
  writeCancelReject,
  writeCorrection,
  writeDontKnow,
  writeFill,
  writeOrder,
  writeOrderReject,
  writeOrderStatus,
  type DisputeReason,
  type FillFields,
  type MessageReader,
  type OrderFields,
  type ReportFields,
} from '#transport'
import { fillFor, orderFromDesk, takeFill, takeOrderRefusal } from './desk.ts'
import {
  businessReject,
  echoed,
  instrumentNow,
  isRepeat,
  noted,
  rejectMessage,
  settle,
  takerOf,
  toParty,
  toPrincipal,
  type Handler,
  type Route,
} from './fix-route.ts'
import { recordBust, recordCorrection, recordDispute } from './revising.ts'

// ---- taker: our own desk orders, the counterparty's gateway reports

export function deskOrder(route: Route, message: MessageReader): void {
  const order = readOrder(message)
  if (isRefusal(order)) return rejectOrder(route, message, noted(route, 'PlaceOrder', order))
  if (repeated(route, order)) return
  const placed = settle(route, orderFromDesk(route.parts, route.by, order))
  if (isRefusal(placed)) return rejectOrder(route, message, placed)
  const at = formatInstant(route.parts.clock.now())
  toParty(route, placed.maker.name, writeOrder(placed.terms, placed.instrument, at))
}

export function reportArrived(route: Route, message: MessageReader): void {
  const report = readExecutionReport(message)
  if (isRefusal(report)) return rejectMessage(route, 'ReceiveFill', report, message.text(17))
  const maker = route.parts.registry.party(route.session.party)
  invariant(!isRefusal(maker), 'a counterparty session belongs to a registered party')
  switch (report.kind) {
    case 'other':
      return
    case 'rejected':
      return orderRejected(route, message, report)
    case 'fill':
      return fillArrived(route, report.fill, maker)
    case 'bust':
      return bustArrived(route, report, maker)
    case 'correction':
      return correctionArrived(route, report, maker)
  }
}

function fillArrived(route: Route, fill: FillFields, maker: Party): void {
  // Reported before; under another ClOrdID it is another fill that was given a used ExecID.
  const known = route.parts.loop.state.trades.get(tradeIdOf(maker, fill.execId))
  if (known?.terms.clOrdId === fill.clOrdId) return
  const filled = settle(route, takeFill(route.parts, route.by, fill, maker))
  if (isRefusal(filled)) return dispute(route, fill, filled)
  toPrincipal(route, filled.order.principal, writeFill(filled.execution, filled.instrument))
}

type Rejected = Pick<Extract<ReportFields, { kind: 'rejected' }>, 'clOrdId' | 'text'>

export function orderRejected(route: Route, message: MessageReader, { clOrdId, text }: Rejected): void {
  const refusal = refuse('peer-refused', text)
  const taken = settle(route, takeOrderRefusal(route.parts, route.by, clOrdId, route.session.party, refusal))
  if (isRefusal(taken)) return
  const { securityId, side, orderQty, principal } = taken.order
  const execId = message.text(17) ?? 'NONE'
  const at = formatInstant(route.parts.clock.now())
  const order = { clOrdId, securityId, side, orderQty, execId }
  toPrincipal(route, principal, writeOrderReject(order, refusal, at))
}

type Bust = Extract<ReportFields, { kind: 'bust' }>

function bustArrived(route: Route, { execId, execRefId }: Bust, maker: Party): void {
  const tradeId = tradeIdOf(maker, execRefId)
  if (route.parts.loop.state.trades.get(tradeId)?.phase === 'busted') return
  const busted = settle(route, recordBust(route.parts, route.by, tradeId, execId))
  if (isRefusal(busted)) return businessReject(route, busted, execRefId)
  const instrument = instrumentNow(route, busted.terms.securityId)
  const at = formatInstant(route.parts.clock.now())
  if (instrument) toPrincipal(route, busted.principal, writeBust(busted.terms, execId, instrument, at))
}

type Correction = Extract<ReportFields, { kind: 'correction' }>

function correctionArrived(route: Route, { execRefId, fill }: Correction, maker: Party): void {
  const { state } = route.parts.loop
  if (state.trades.has(tradeIdOf(maker, fill.execId))) return
  const tradeId = tradeIdOf(maker, execRefId)
  const corrected = settle(route, recordCorrection(route.parts, route.by, tradeId, fill))
  if (isRefusal(corrected)) return dispute(route, fill, corrected)
  const { terms, principal, instrument } = corrected
  toPrincipal(route, principal, writeCorrection(terms, execRefId, instrument))
}

const disputeReasons: Partial<Record<Refusal['refusal'], DisputeReason>> = {
  'order-unknown': 'D',
  'execution-unknown': 'D',
  'execution-mismatch': 'E',
}

/** The maker hears that its execution is not accepted, so that both sides end the trade. */
function dispute(route: Route, fill: FillFields, refusal: Refusal): void {
  const instrument = instrumentNow(route, fill.product.securityId)
  if (!instrument) return businessReject(route, refusal, fill.execId)
  route.turn.reply(writeDontKnow(fill, instrument, disputeReasons[refusal.refusal] ?? 'Z', refusal))
}

// ---- maker: a counterparty orders

export function counterpartyOrder(route: Route, message: MessageReader): void {
  const order = readOrder(message)
  if (isRefusal(order)) return rejectOrder(route, message, noted(route, 'AcceptOrder', order))
  if (repeated(route, order)) return
  const filled = settle(route, fillFor(route.parts, route.by, order, route.session.party))
  if (isRefusal(filled)) return rejectOrder(route, message, filled)
  route.turn.reply(writeFill(filled.execution, filled.instrument))
}

/** DontKnowTrade(Q): the taker does not accept an execution of ours. */
export function disputeArrived(route: Route, message: MessageReader): void {
  const said = readDontKnow(message)
  if (isRefusal(said)) return rejectMessage(route, 'DisputeTrade', said)
  const ended = settle(route, recordDispute(route.parts, route.by, route.session.party, said))
  if (isRefusal(ended)) businessReject(route, ended, said.execId)
}

// ---- both

/**
 * A resent order (PossResend, or PossDup after a gap) that is known with the same terms gets its state again, and
 * nothing is executed twice. The same ClOrdID with other terms is a new order, and is refused as one.
 */
function repeated(route: Route, order: OrderFields): boolean {
  const known = route.parts.loop.state.orders.get(rfqKey(takerOf(route), order.clOrdId))
  if (!known || !isRepeat(route) || !isSameOrder(known.terms, order)) return false
  const trade = known.tradeId === undefined ? undefined : route.parts.loop.state.trades.get(known.tradeId)
  const instrument = instrumentNow(route, known.terms.securityId)
  if (trade && instrument && known.status === 'filled') route.turn.reply(writeFill(trade.terms, instrument))
  else if (known.refused) refuseAgain(route, known, known.refused.detail)
  else reportStatus(route, known)
  return true
}

const isSameOrder = (known: OrderTerms, order: OrderFields): boolean =>
  known.quoteId === order.quoteId &&
  known.side === order.side &&
  known.securityId === order.product.securityId &&
  sameDecimal(known.orderQty, order.orderQty) &&
  sameDecimal(known.price, order.price)

function refuseAgain(route: Route, { terms }: Order, detail: string): void {
  const { clOrdId, securityId, side, orderQty } = terms
  const refusal = refuse('duplicate-cl-ord-id', `${clOrdId} was refused before: ${detail}`)
  const order = { clOrdId, securityId, side, orderQty, execId: `R-${clOrdId}` }
  route.turn.reply(writeOrderReject(order, refusal, formatInstant(route.parts.clock.now())))
}

export function orderStatus(route: Route, message: MessageReader): void {
  const clOrdId = required(message, 11, 'ClOrdID')
  if (isRefusal(clOrdId)) return rejectMessage(route, 'OrderStatusRequest', clOrdId)
  const order = route.parts.loop.state.orders.get(rfqKey(takerOf(route), clOrdId))
  if (order) return reportStatus(route, order)
  const unknown = refuse('order-unknown', `no order ${clOrdId}`)
  rejectMessage(route, 'OrderStatusRequest', unknown, clOrdId)
}

/** ExecType I. ExecID is that of a report, not of an execution. */
function reportStatus(route: Route, order: Order): void {
  const { trades } = route.parts.loop.state
  const fill = order.tradeId === undefined ? undefined : trades.get(order.tradeId)?.terms
  const report = { execId: `S-${order.terms.clOrdId}`, at: formatInstant(route.parts.clock.now()) }
  route.turn.reply(writeOrderStatus(order, fill, report))
}

/** Quotes fill whole and at once: there is never an open order to cancel or to replace, only a reason why not. */
const cannotChange =
  (name: string, responseTo: '1' | '2', why: (order: Order) => Refusal): Handler =>
  (route, message) => {
    const cancel = readCancel(message)
    if (isRefusal(cancel)) return rejectMessage(route, name, cancel, message.text(11))
    const { state } = route.parts.loop
    const corr = rfqKey(takerOf(route), cancel.origClOrdId)
    const order = state.orders.get(corr)
    const refusal = order ? why(order) : refuse('order-unknown', `no order ${cancel.origClOrdId}`)
    route.turn.attach(route.parts.loop.refuse({ name, by: route.by, corr }, refusal).bundle)
    const trade = order?.tradeId === undefined ? undefined : state.trades.get(order.tradeId)
    const ordStatus = ordStatusOf[order?.status ?? 'refused']
    const orderId = trade?.terms.orderId ?? 'NONE'
    route.turn.reply(writeCancelReject(cancel, { orderId, ordStatus, responseTo }, refusal))
  }

const tooLate = ({ terms, status }: Order): Refusal =>
  refuse('too-late-to-cancel', `order ${terms.clOrdId} is ${status}`)

export const cancelRequest = cannotChange('CancelOrder', '1', tooLate)
export const replaceRequest = cannotChange('ReplaceOrder', '2', (order) =>
  order.status === 'placed'
    ? refuse('replace-unsupported', `order ${order.terms.clOrdId} takes a quote as it stands`)
    : tooLate(order),
)
/** MultilegOrderCancelReplace(AC). */
export const multilegReplaceRequest = cannotChange('ReplaceMultilegOrder', '2', ({ terms }) =>
  refuse('multileg-unsupported', `order ${terms.clOrdId} has one leg`),
)

/** NewOrderMultileg(AB) is understood and refused like any order. */
export function multilegOrder(route: Route, message: MessageReader): void {
  const legs = message.groups(555).length
  const refusal = refuse('multileg-unsupported', `${legs} legs; one option, one order`)
  rejectOrder(route, message, noted(route, 'PlaceMultilegOrder', refusal))
}

function rejectOrder(route: Route, message: MessageReader, refusal: Refusal): void {
  const clOrdId = echoed(message.text(11))
  if (clOrdId === undefined) return businessReject(route, refusal)
  const side: OrderTerms['side'] = message.text(54) === '2' ? 'Sell' : 'Buy'
  const order = {
    clOrdId,
    side,
    securityId: echoed(message.text(48)) ?? echoed(message.text(55)) ?? '[N/A]',
    orderQty: echoed(message.text(38)) ?? '0',
    execId: `R-${clOrdId}`,
  }
  route.turn.reply(writeOrderReject(order, refusal, formatInstant(route.parts.clock.now())))
}
