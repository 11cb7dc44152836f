// NewOrderSingle(D), OrderCancelRequest(F), OrderStatusRequest(H), ExecutionReport(8), OrderCancelReject(9).
// FIX 4.4 vol 4.
import { isRefusal, isRefusalCode, refuse, REFUSALS, toFixText, toOrdReject, type Refusal } from '#core'
import type { ExecutionTerms, Instrument, Order, ProductFields, Side } from '#trade'
import {
  readDecimal,
  readProduct,
  readSide,
  readTimestamp,
  required,
  writeInstrument,
  writeNamedProduct,
  writeSide,
  writeTimestamp,
  type DeskBody,
  type DeskField,
  type FieldReader,
} from './fields.ts'

export type OrderFields = {
  readonly clOrdId: string
  readonly quoteId: string
  readonly product: ProductFields
  readonly side: Side
  readonly orderQty: string
  readonly price: string
  readonly currency: string
}

/** OrdType(40) D (previously quoted) or 2 (limit), always against a QuoteID(117). */
export function readOrder(message: FieldReader): OrderFields | Refusal {
  const clOrdId = required(message, 11, 'ClOrdID')
  if (isRefusal(clOrdId)) return clOrdId
  const ordType = message.text(40)
  if (ordType !== 'D' && ordType !== '2')
    return refuse(
      'order-type-unsupported',
      `OrdType(40) ${ordType ?? 'missing'}: D or 2 against a QuoteID(117)`,
    )
  const quoteId = required(message, 117, 'QuoteID')
  if (isRefusal(quoteId)) return quoteId
  const economics = readEconomics(message, 38, 44)
  return isRefusal(economics) ? economics : { clOrdId, quoteId, ...economics }
}

type Economics = Pick<OrderFields, 'side' | 'orderQty' | 'price' | 'currency' | 'product'>

function readEconomics(message: FieldReader, quantityTag: number, priceTag: number): Economics | Refusal {
  const side = readSide(message)
  if (isRefusal(side)) return side
  const orderQty = readDecimal(message, quantityTag, quantityTag === 38 ? 'OrderQty' : 'LastQty')
  if (isRefusal(orderQty)) return orderQty
  const price = readDecimal(message, priceTag, priceTag === 44 ? 'Price' : 'LastPx')
  if (isRefusal(price)) return price
  const currency = required(message, 15, 'Currency')
  if (isRefusal(currency)) return currency
  const product = readProduct(message, currency)
  return isRefusal(product) ? product : { side, orderQty, price, currency, product }
}

export const writeOrder = (terms: Order['terms'], instrument: Instrument, at: string): DeskBody => ({
  msgType: 'D',
  body: [
    [11, terms.clOrdId],
    [117, terms.quoteId],
    ...writeInstrument(instrument),
    [54, writeSide(terms.side)],
    [60, writeTimestamp(at)],
    [38, terms.orderQty],
    [40, 'D'],
    [44, terms.price],
    [59, '4'],
    [15, terms.currency],
  ],
})

export type FillFields = Economics & {
  readonly orderId: string
  readonly clOrdId: string
  readonly execId: string
  readonly transactTime: string
}
export type ReportFields =
  | { readonly kind: 'fill'; readonly fill: FillFields }
  | { readonly kind: 'rejected'; readonly clOrdId: string; readonly reason: string; readonly text: string }
  /** ExecRefID(19) names the execution that is taken back (H) or put right (G) by this one. */
  | { readonly kind: 'bust'; readonly execRefId: string; readonly execId: string }
  | { readonly kind: 'correction'; readonly execRefId: string; readonly fill: FillFields }
  | { readonly kind: 'other'; readonly execType: string }

/** ExecType(150): F is a fill, G corrects and H cancels one, 8 is a rejection; the rest is status. */
export function readExecutionReport(message: FieldReader): ReportFields | Refusal {
  const execType = required(message, 150, 'ExecType')
  if (isRefusal(execType)) return execType
  if (execType === 'H') return readBust(message)
  if (execType !== 'F' && execType !== 'G' && execType !== '8') return { kind: 'other', execType }
  const clOrdId = required(message, 11, 'ClOrdID')
  if (isRefusal(clOrdId)) return clOrdId
  if (execType === '8')
    return { kind: 'rejected', clOrdId, reason: message.text(103) ?? '', text: message.text(58) ?? '' }
  const fill = readFill(message, clOrdId)
  if (isRefusal(fill)) return fill
  if (execType === 'F') return { kind: 'fill', fill }
  const execRefId = required(message, 19, 'ExecRefID')
  return isRefusal(execRefId) ? execRefId : { kind: 'correction', execRefId, fill }
}

function readBust(message: FieldReader): ReportFields | Refusal {
  const execId = required(message, 17, 'ExecID')
  if (isRefusal(execId)) return execId
  const execRefId = required(message, 19, 'ExecRefID')
  return isRefusal(execRefId) ? execRefId : { kind: 'bust', execRefId, execId }
}

function readFill(message: FieldReader, clOrdId: string): FillFields | Refusal {
  const orderId = required(message, 37, 'OrderID')
  if (isRefusal(orderId)) return orderId
  const execId = required(message, 17, 'ExecID')
  if (isRefusal(execId)) return execId
  const transactTime = readTimestamp(message, 60, 'TransactTime')
  if (isRefusal(transactTime)) return transactTime
  const economics = readEconomics(message, 32, 31)
  return isRefusal(economics) ? economics : { clOrdId, orderId, execId, transactTime, ...economics }
}

/** The fill of the whole order: LeavesQty 0, CumQty and AvgPx of this one execution. */
export const writeFill = (terms: ExecutionTerms, instrument: Instrument): DeskBody =>
  fillReport(terms, instrument, [[150, 'F']])

/** The same fill at another price, under its own ExecID; `execRefId` is the one that it replaces. */
export const writeCorrection = (terms: ExecutionTerms, execRefId: string, instrument: Instrument): DeskBody =>
  fillReport(terms, instrument, [
    [19, execRefId],
    [150, 'G'],
  ])

const fillReport = (terms: ExecutionTerms, instrument: Instrument, type: readonly DeskField[]): DeskBody => ({
  msgType: '8',
  body: [
    [37, terms.orderId],
    [11, terms.clOrdId],
    [17, terms.execId],
    ...type,
    [39, '2'],
    ...writeInstrument(instrument),
    [54, writeSide(terms.side)],
    [38, terms.lastQty],
    [32, terms.lastQty],
    [31, terms.lastPx],
    [151, '0'],
    [14, terms.lastQty],
    [6, terms.lastPx],
    [60, writeTimestamp(terms.transactTime)],
    [15, terms.currency],
  ],
})

/** The fill is taken back: nothing is filled and nothing works any more. */
export const writeBust = (
  terms: ExecutionTerms,
  execId: string,
  instrument: Instrument,
  at: string,
): DeskBody => ({
  msgType: '8',
  body: [
    [37, terms.orderId],
    [11, terms.clOrdId],
    [17, execId],
    [19, terms.execId],
    [150, 'H'],
    [39, '4'],
    ...writeInstrument(instrument),
    [54, writeSide(terms.side)],
    [38, terms.lastQty],
    [32, terms.lastQty],
    [31, terms.lastPx],
    [151, '0'],
    [14, '0'],
    [6, '0'],
    [60, writeTimestamp(at)],
    [15, terms.currency],
  ],
})

/** OrdStatus(39) of an order here: PendingNew, Filled, Rejected, Canceled. */
export const ordStatusOf: Readonly<Record<Order['status'], string>> = {
  placed: 'A',
  filled: '2',
  refused: '8',
  busted: '4',
}

/** ExecType I: the state of an order, which is no execution. `fill` is there when the order is filled. */
export const writeOrderStatus = (
  order: Order,
  fill: ExecutionTerms | undefined,
  report: { readonly execId: string; readonly at: string },
): DeskBody => {
  const { clOrdId, securityId, side, orderQty } = order.terms
  const isFilled = order.status === 'filled'
  return {
    msgType: '8',
    body: [
      [37, fill?.orderId ?? 'NONE'],
      [11, clOrdId],
      [17, report.execId],
      [150, 'I'],
      [39, ordStatusOf[order.status]],
      ...writeNamedProduct(securityId),
      [54, writeSide(side)],
      [38, orderQty],
      [151, order.status === 'placed' ? orderQty : '0'],
      [14, isFilled ? orderQty : '0'],
      [6, isFilled && fill ? fill.lastPx : '0'],
      [60, writeTimestamp(report.at)],
      ...(order.refused ? [[58, refusedText(order.refused)] as const] : []),
    ],
  }
}

/** A refusal as it was recorded, in the characters that FIX can carry. */
const refusedText = ({ refusal, detail }: NonNullable<Order['refused']>): string =>
  toFixText(refuse(isRefusalCode(refusal) ? refusal : 'peer-refused', detail))

export type RejectedOrder = {
  readonly clOrdId: string
  readonly securityId: string
  readonly side: Side
  readonly orderQty: string
  readonly execId: string
}

/** OrdRejReason(103) and Text(58) from the refusal registry; OrderID is NONE because none was given. */
export function writeOrderReject(order: RejectedOrder, refusal: Refusal, at: string): DeskBody {
  const { ordRejReason, text } = toOrdReject(refusal)
  return {
    msgType: '8',
    body: [
      [37, 'NONE'],
      [11, order.clOrdId],
      [17, order.execId],
      [150, '8'],
      [39, '8'],
      [103, String(ordRejReason)],
      ...writeNamedProduct(order.securityId),
      [54, writeSide(order.side)],
      [38, order.orderQty],
      [151, '0'],
      [14, '0'],
      [6, '0'],
      [60, writeTimestamp(at)],
      [58, text],
    ],
  }
}

export type CancelFields = { readonly clOrdId: string; readonly origClOrdId: string }

export function readCancel(message: FieldReader): CancelFields | Refusal {
  const clOrdId = required(message, 11, 'ClOrdID')
  if (isRefusal(clOrdId)) return clOrdId
  const origClOrdId = required(message, 41, 'OrigClOrdID')
  return isRefusal(origClOrdId) ? origClOrdId : { clOrdId, origClOrdId }
}

/** CxlRejResponseTo(434): 1 answers a cancel (F), 2 a cancel/replace (G). */
export function writeCancelReject(
  cancel: CancelFields,
  order: { readonly orderId: string; readonly ordStatus: string; readonly responseTo: '1' | '2' },
  refusal: Refusal,
): DeskBody {
  const { cxlRejReason } = REFUSALS[refusal.refusal].fix
  const fields: DeskField[] = [
    [37, order.orderId],
    [11, cancel.clOrdId],
    [41, cancel.origClOrdId],
    [39, order.ordStatus],
    [434, order.responseTo],
    [102, String(cxlRejReason)],
    [58, toOrdReject(refusal).text],
  ]
  return { msgType: '9', body: fields }
}
