// NewOrderSingle(D), OrderCancelRequest(F), OrderStatusRequest(H), ExecutionReport(8), OrderCancelReject(9).
// FIX 4.4 vol 4.
import { isRefusal, refuse, REFUSALS, toOrdReject, type Refusal } from '#core'
import type { ExecutionTerms, Instrument, Order, ProductFields, Side } from '#trade'
import {
  readDecimal,
  readProduct,
  readSide,
  readTimestamp,
  required,
  writeInstrument,
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
  | { readonly kind: 'other'; readonly execType: string }

/** ExecType(150): F is a fill, 8 a rejection; the rest is status. */
export function readExecutionReport(message: FieldReader): ReportFields | Refusal {
  const execType = required(message, 150, 'ExecType')
  if (isRefusal(execType)) return execType
  if (execType !== 'F' && execType !== '8') return { kind: 'other', execType }
  const clOrdId = required(message, 11, 'ClOrdID')
  if (isRefusal(clOrdId)) return clOrdId
  if (execType === '8')
    return { kind: 'rejected', clOrdId, reason: message.text(103) ?? '', text: message.text(58) ?? '' }
  const fill = readFill(message, clOrdId)
  return isRefusal(fill) ? fill : { kind: 'fill', fill }
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
export const writeFill = (terms: ExecutionTerms, instrument: Instrument): DeskBody => ({
  msgType: '8',
  body: [
    [37, terms.orderId],
    [11, terms.clOrdId],
    [17, terms.execId],
    [150, 'F'],
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
      [55, order.securityId.split('-')[0] || '[N/A]'],
      [48, order.securityId],
      [22, '8'],
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
