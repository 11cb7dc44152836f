// QuoteRequest(R), Quote(S), QuoteRequestReject(AG), QuoteCancel(Z), QuoteResponse(AJ). FIX 4.4 vol 3.
import { isRefusal, refuse, REFUSALS, toOrdReject, type Refusal } from '#core'
import type { Instrument, ProductFields, QuoteTerms, RfqTerms, Side } from '#trade'
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
  type FieldReader,
  type MessageReader,
} from './fields.ts'

export type QuoteRequestFields = {
  readonly quoteReqId: string
  readonly product: ProductFields
  readonly side: Side
  readonly orderQty: string
  readonly currency: string
}

/** One instrument a request: NoRelatedSym(146) must be 1. */
export function readQuoteRequest(message: MessageReader): QuoteRequestFields | Refusal {
  const quoteReqId = required(message, 131, 'QuoteReqID')
  if (isRefusal(quoteReqId)) return quoteReqId
  const symbols = message.groups(146)
  const symbol = symbols[0]
  if (!symbol || symbols.length > 1)
    return refuse('field-invalid', `NoRelatedSym(146) is ${symbols.length}; one instrument a request`, {
      tag: '146',
    })
  const side = readSide(symbol)
  if (isRefusal(side)) return side
  const orderQty = readDecimal(symbol, 38, 'OrderQty')
  if (isRefusal(orderQty)) return orderQty
  const currency = required(symbol, 15, 'Currency')
  if (isRefusal(currency)) return currency
  const product = readProduct(symbol, currency)
  return isRefusal(product) ? product : { quoteReqId, product, side, orderQty, currency }
}

/** `rfqReqId`: the RFQRequest(AH) of a maker's desk that asked to see it. */
export const writeQuoteRequest = (terms: RfqTerms, instrument: Instrument, rfqReqId?: string): DeskBody => ({
  msgType: 'R',
  body: [
    [131, terms.quoteReqId],
    ...(rfqReqId === undefined ? [] : [[644, rfqReqId] as const]),
    [146, '1'],
    ...writeInstrument(instrument),
    [54, writeSide(terms.side)],
    [38, terms.orderQty],
    [15, terms.currency],
  ],
})

export function readQuote(message: FieldReader): QuoteTerms | Refusal {
  const quoteReqId = required(message, 131, 'QuoteReqID')
  if (isRefusal(quoteReqId)) return quoteReqId
  const quoteId = required(message, 117, 'QuoteID')
  if (isRefusal(quoteId)) return quoteId
  const currency = required(message, 15, 'Currency')
  if (isRefusal(currency)) return currency
  const validUntilTime = readTimestamp(message, 62, 'ValidUntilTime')
  if (isRefusal(validUntilTime)) return validUntilTime
  const prices = readPrices(message)
  return isRefusal(prices) ? prices : { quoteReqId, quoteId, currency, validUntilTime, ...prices }
}

type Prices = Pick<QuoteTerms, 'bidPx' | 'offerPx' | 'bidSize' | 'offerSize'>

function readPrices(message: FieldReader): Prices | Refusal {
  const bidPx = readDecimal(message, 132, 'BidPx')
  if (isRefusal(bidPx)) return bidPx
  const offerPx = readDecimal(message, 133, 'OfferPx')
  if (isRefusal(offerPx)) return offerPx
  const bidSize = readDecimal(message, 134, 'BidSize')
  if (isRefusal(bidSize)) return bidSize
  const offerSize = readDecimal(message, 135, 'OfferSize')
  return isRefusal(offerSize) ? offerSize : { bidPx, offerPx, bidSize, offerSize }
}

export const writeQuote = (terms: QuoteTerms, instrument: Instrument): DeskBody => ({
  msgType: 'S',
  body: [
    [131, terms.quoteReqId],
    [117, terms.quoteId],
    ...writeInstrument(instrument),
    [132, terms.bidPx],
    [133, terms.offerPx],
    [134, terms.bidSize],
    [135, terms.offerSize],
    [62, writeTimestamp(terms.validUntilTime)],
    [15, terms.currency],
  ],
})

/** QuoteRequestReject(AG) needs the instrument again; a request that named none is answered with what it named. */
export const writeQuoteRequestReject = (
  quoteReqId: string,
  securityId: string,
  refusal: Refusal,
): DeskBody => ({
  msgType: 'AG',
  body: [
    [131, quoteReqId],
    [658, String(REFUSALS[refusal.refusal].fix.quoteRequestRejectReason)],
    [146, '1'],
    ...writeNamedProduct(securityId),
    [58, toOrdReject(refusal).text],
  ],
})

export type QuoteRequestRejectFields = { readonly quoteReqId: string; readonly text: string }

export function readQuoteRequestReject(message: FieldReader): QuoteRequestRejectFields | Refusal {
  const quoteReqId = required(message, 131, 'QuoteReqID')
  return isRefusal(quoteReqId) ? quoteReqId : { quoteReqId, text: message.text(58) ?? '' }
}

/** QuoteCancel(Z), QuoteCancelType(298) 1 (for symbol): this gateway withdraws one quote by its id. */
export const writeQuoteCancel = (quoteId: string, quoteReqId: string): DeskBody => ({
  msgType: 'Z',
  body: [
    [131, quoteReqId],
    [117, quoteId],
    [298, '1'],
  ],
})

/** QuoteResponse(AJ), QuoteRespType(694): 1 hit/lift, 6 pass. `counter-unsupported` for 2, a counter-offer. */
export type QuoteResponseFields = {
  readonly quoteRespId: string
  readonly quoteId: string
  readonly type: 'hit' | 'pass'
  readonly message: FieldReader
}

export function readQuoteResponse(message: FieldReader): QuoteResponseFields | Refusal {
  const quoteRespId = required(message, 693, 'QuoteRespID')
  if (isRefusal(quoteRespId)) return quoteRespId
  const quoteId = required(message, 117, 'QuoteID')
  if (isRefusal(quoteId)) return quoteId
  const type = message.text(694)
  if (type === '1') return { quoteRespId, quoteId, type: 'hit', message }
  if (type === '6') return { quoteRespId, quoteId, type: 'pass', message }
  if (type === '2') return refuse('counter-unsupported', `QuoteID ${quoteId}: the quote is firm as it stands`)
  return refuse('field-invalid', `QuoteRespType(694) ${type ?? 'missing'}: 1 hits, 6 passes`, { tag: '694' })
}

/** QuoteResponse(AJ) 694=6: the taker passes on a quote. */
export const writePass = (quoteRespId: string, quoteId: string, instrument: Instrument): DeskBody => ({
  msgType: 'AJ',
  body: [[693, quoteRespId], [117, quoteId], [694, '6'], ...writeInstrument(instrument)],
})

/** QuoteStatus(297) that a QuoteResponse can be answered with. */
export type QuoteStatus = 'pass' | 'rejected' | 'not-found' | 'expired'
const quoteStatus: Readonly<Record<QuoteStatus, string>> = {
  rejected: '5',
  expired: '7',
  'not-found': '9',
  pass: '11',
}

/** QuoteStatusReport(AI): the answer to a QuoteResponse that makes no trade. */
export const writeQuoteStatus = (
  response: {
    readonly quoteRespId: string
    readonly quoteId: string
    readonly securityId: string | undefined
  },
  status: QuoteStatus,
  refusal?: Refusal,
): DeskBody => ({
  msgType: 'AI',
  body: [
    [117, response.quoteId],
    [693, response.quoteRespId],
    ...writeNamedProduct(response.securityId),
    [297, quoteStatus[status]],
    ...(refusal ? [[58, toOrdReject(refusal).text] as const] : []),
  ],
})
