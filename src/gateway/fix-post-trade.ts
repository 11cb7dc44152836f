// Trade reports, confirmations and allocations, as our own desks ask for them and answer them.
import { formatInstant, isRefusal, refuse, type Refusal } from '#core'
import type { Trade } from '#trade'
import {
  readAllocation,
  readConfirmationAck,
  readTradeReportAck,
  readTradeRequest,
  tradeRequestUnsupported,
  writeAllocationAck,
  writeTradeReport,
  writeTradeRequestAck,
  type AllocationFields,
  type MessageReader,
  type ReportedTrade,
  type TradeCriteria,
} from '#transport'
import type { Acknowledgement } from '#trade'
import {
  agreedForm,
  businessReject,
  echoed,
  isRepeat,
  noted,
  rejectMessage,
  settle,
  type Route,
} from './fix-route.ts'
import { acknowledge, allocate, filledTrade, mayHear, reportedTrade } from './post-trade.ts'

/** One request is answered with at most so many reports; criteria make it fewer. */
export const tradeReportsMax = 1_000

/** A read: nothing is decided, so nothing is journalled unless it is refused. */
export function tradeRequest(route: Route, message: MessageReader): void {
  const request = readTradeRequest(message)
  if (isRefusal(request)) return rejectMessage(route, 'RequestTrades', request, message.text(568))
  const found = tradeRequestUnsupported(request) ?? tradesFor(route, request.wanted)
  if (isRefusal(found)) {
    noted(route, 'RequestTrades', found)
    return void route.turn.reply(writeTradeRequestAck(request, found))
  }
  const total = found.length
  const { requestId } = request
  route.turn.reply(writeTradeRequestAck(request, total))
  for (const [index, trade] of found.entries()) {
    const report = writeTradeReport(trade, { requestId, total, isLast: index === total - 1 })
    route.turn.reply(agreedForm(route.session, report))
  }
}

function tradesFor(route: Route, wanted: TradeCriteria): readonly ReportedTrade[] | Refusal {
  const { parts, turn } = route
  const found: ReportedTrade[] = []
  for (const tradeId of parts.loop.state.trades.keys()) {
    const trade = mayHear(parts, turn.session, tradeId) ? reportedTrade(parts, tradeId) : undefined
    if (!trade || !meets(trade, wanted)) continue
    if (found.length === tradeReportsMax)
      return refuse(
        'limit-bytes',
        `more than ${tradeReportsMax} trades; name an order, an execution or an option`,
      )
    found.push(trade)
  }
  return found
}

function meets({ tradeId, execution }: ReportedTrade, wanted: TradeCriteria): boolean {
  const pairs = [
    [wanted.tradeReportId, tradeId],
    [wanted.execId, execution.execId],
    [wanted.orderId, execution.orderId],
    [wanted.clOrdId, execution.clOrdId],
    [wanted.securityId, execution.securityId],
  ]
  return pairs.every(([want, have]) => want === undefined || want === have)
}

export function tradeReportAck(route: Route, message: MessageReader): void {
  const ack = readTradeReportAck(message)
  if (isRefusal(ack)) return rejectMessage(route, 'AcknowledgeTrade', ack)
  heard(route, ack.tradeReportId, { report: 'trade-capture', status: ack.status }, ack.text)
}

export function confirmationAck(route: Route, message: MessageReader): void {
  const ack = readConfirmationAck(message)
  if (isRefusal(ack)) return rejectMessage(route, 'AcknowledgeTrade', ack, message.text(664))
  heard(route, ack.confirmId, { report: 'confirmation', status: ack.status }, ack.text)
}

function heard(
  route: Route,
  tradeId: string,
  said: Omit<Acknowledgement, 'by'>,
  text: string | undefined,
): void {
  const acknowledgement = { ...said, by: route.turn.session }
  const taken = settle(route, acknowledge(route.parts, route.by, tradeId, { acknowledgement, text }))
  if (isRefusal(taken)) businessReject(route, taken, tradeId)
}

export function allocationInstruction(route: Route, message: MessageReader): void {
  const fields = readAllocation(message)
  if (isRefusal(fields)) return refuseAllocation(route, message, fields)
  const trade = filledTrade(route.parts, route.by, fields)
  if (isRefusal(trade)) return refuseAllocation(route, message, trade)
  const at = formatInstant(route.parts.clock.now())
  if (isRepeat(route) && isKnown(trade, fields))
    return void route.turn.reply(writeAllocationAck(fields.allocId, at))
  const allocated = settle(route, allocate(route.parts, route.by, trade, fields))
  const refusal = isRefusal(allocated) ? allocated : undefined
  route.turn.reply(writeAllocationAck(fields.allocId, at, refusal))
}

const isKnown = ({ allocation }: Trade, { allocId, shares }: AllocationFields): boolean =>
  allocation?.allocId === allocId && isEqual(allocation.shares, shares)

const isEqual = (a: AllocationFields['shares'], b: AllocationFields['shares']): boolean =>
  a.length === b.length &&
  a.every(
    (share, at) =>
      share.account === b[at]?.account && share.quantity === b[at].quantity && share.giveUp === b[at].giveUp,
  )

function refuseAllocation(route: Route, message: MessageReader, refusal: Refusal): void {
  noted(route, 'AllocateTrade', refusal)
  const allocId = echoed(message.text(70))
  if (allocId === undefined) return businessReject(route, refusal)
  route.turn.reply(writeAllocationAck(allocId, formatInstant(route.parts.clock.now()), refusal))
}
