// TradeCaptureReportRequest(AD), its Ack(AQ), TradeCaptureReport(AE) and its Ack(AR), FIX 4.4 vol 5.
import { isRefusal, refuse, toFixText, type Refusal } from '#core'
import type { ExecutionTerms, Instrument, Party, Side } from '#trade'
import {
  required,
  writeDate,
  writeInstrument,
  writeNamedProduct,
  writeParties,
  writeSide,
  writeTimestamp,
  writeUti,
  type DeskBody,
  type DeskField,
  type FieldReader,
} from './fields.ts'

/** A co-signed trade as its own institution reports it to its desk. */
export type ReportedTrade = {
  readonly tradeId: string
  readonly execution: ExecutionTerms
  readonly uti: string
  readonly own: Party
  readonly other: Party
  readonly ownSide: Side
  readonly instrument: Instrument
}
/** TradeRequestID(568), TotNumTradeReports(748), LastRptRequested(912), when it answers a request. */
export type ReportRequest = { readonly requestId: string; readonly total: number; readonly isLast: boolean }

/**
 * Two sides: ours under PartyRole 1, the counterparty's under 17, both by LEI; the UTI beside them. Currency(15) stands in
 * the Confirmation: FIX 4.4 has it in each side here and FIX 5.0 SP2 has not.
 */
export function writeTradeReport(trade: ReportedTrade, request?: ReportRequest): DeskBody {
  const { tradeId, execution, uti, own, other, ownSide, instrument } = trade
  const otherSide: Side = ownSide === 'Buy' ? 'Sell' : 'Buy'
  return {
    msgType: 'AE',
    body: [
      [571, tradeId],
      [487, '0'],
      [856, '0'],
      ...requestFields(request),
      [17, execution.execId],
      [150, 'F'],
      [570, 'N'],
      ...writeInstrument(instrument),
      [32, execution.lastQty],
      [31, execution.lastPx],
      [75, writeDate(execution.transactTime)],
      [60, writeTimestamp(execution.transactTime)],
      [552, '2'],
      ...sideFields(execution, ownSide, { lei: own.lei, role: '1' }),
      [58, `UTI ${uti}`],
      ...sideFields(execution, otherSide, { lei: other.lei, role: '17' }),
      ...writeUti(uti),
    ],
  }
}

const requestFields = (request: ReportRequest | undefined): readonly DeskField[] =>
  request
    ? [
        [568, request.requestId],
        [748, String(request.total)],
        [912, request.isLast ? 'Y' : 'N'],
      ]
    : []

const sideFields = (
  { orderId, clOrdId }: ExecutionTerms,
  side: Side,
  party: { readonly lei: string; readonly role: '1' | '17' },
): readonly DeskField[] => [[54, writeSide(side)], [37, orderId], [11, clOrdId], ...writeParties([party])]

export type TradeRequestFields = {
  readonly requestId: string
  readonly requestType: string
  readonly subscription: string | undefined
  readonly wanted: TradeCriteria
}
/** Each that is there must agree. */
export type TradeCriteria = {
  readonly execId: string | undefined
  readonly orderId: string | undefined
  readonly clOrdId: string | undefined
  readonly securityId: string | undefined
  readonly tradeReportId: string | undefined
}

export function readTradeRequest(message: FieldReader): TradeRequestFields | Refusal {
  const requestId = required(message, 568, 'TradeRequestID')
  if (isRefusal(requestId)) return requestId
  const requestType = required(message, 569, 'TradeRequestType')
  if (isRefusal(requestType)) return requestType
  const wanted = {
    execId: message.text(17),
    orderId: message.text(37),
    clOrdId: message.text(11),
    securityId: message.text(48),
    tradeReportId: message.text(571),
  }
  return { requestId, requestType, subscription: message.text(263), wanted }
}

/** TradeRequestResult(749) 8 when this kind of request is not served. */
export const tradeRequestUnsupported = (request: TradeRequestFields): Refusal | undefined => {
  if (request.requestType !== '0' && request.requestType !== '1')
    return refuse('field-invalid', `TradeRequestType(569) ${request.requestType}: 0 all, 1 matching criteria`)
  return request.subscription === undefined || request.subscription === '0'
    ? undefined
    : refuse(
        'field-invalid',
        'SubscriptionRequestType(263): 0; new trades are reported without being asked for',
      )
}

export const writeTradeRequestAck = (request: TradeRequestFields, outcome: number | Refusal): DeskBody => ({
  msgType: 'AQ',
  body: [
    [568, request.requestId],
    [569, request.requestType],
    ...(typeof outcome === 'number'
      ? ([
          [748, String(outcome)],
          [749, '0'],
          [750, outcome === 0 ? '1' : '0'],
        ] as const)
      : ([
          [749, '8'],
          [750, '2'],
        ] as const)),
    ...writeNamedProduct(request.wanted.securityId),
    ...(typeof outcome === 'number' ? [] : [[58, toFixText(outcome)] as const]),
  ],
})

export type TradeReportAckFields = {
  readonly tradeReportId: string
  readonly status: 'accepted' | 'rejected'
  readonly text: string | undefined
}

/** TrdRptStatus(939): 1 rejects, all else accepts. */
export function readTradeReportAck(message: FieldReader): TradeReportAckFields | Refusal {
  const tradeReportId = required(message, 571, 'TradeReportID')
  if (isRefusal(tradeReportId)) return tradeReportId
  return {
    tradeReportId,
    status: message.text(939) === '1' ? 'rejected' : 'accepted',
    text: message.text(58),
  }
}
