// The state in the words of the API. Everything here is derived; nothing is decided.
import {
  formatAmount,
  formatDecimal,
  formatInstant,
  isRefusal,
  isRefusalCode,
  parseInstant,
  REFUSALS,
  type Instant,
  type JsonObject,
  type Refusal,
} from '#core'
import {
  parseInstrument,
  rfqKey,
  type ExecutionTerms,
  type Instrument,
  type Order,
  type Quote,
  type RefusalMark,
  type Rfq,
  type Trade,
  type TradePhase,
} from '#trade'
import { writeFill, type DeskBody } from '#transport'
import type { InstrumentView, OrderView, QuoteView, RfqView, TradeDetail, TradeView } from './api.ts'
import type { DeskParts } from './desk.ts'
import type { Projection } from './projection.ts'
import { instructionOf, recordFromJws } from './sealing.ts'
import { timelineOf } from './timeline.ts'
import type { JournalEntry } from '#journal'

export type ViewParts = {
  readonly desk: DeskParts
  readonly projection: Projection
  readonly waiting: () => ReadonlyMap<string, Refusal>
  readonly entries: (indices: readonly number[]) => readonly JournalEntry[]
}

export const instrumentView = (instrument: Instrument): InstrumentView => ({
  securityId: instrument.securityId,
  cfiCode: instrument.cfi,
  underlying: instrument.underlying,
  putOrCall: instrument.putOrCall,
  strike: formatDecimal(instrument.strike),
  strikeCurrency: instrument.strikeCurrency,
  expiry: formatInstant(instrument.expiry),
  exerciseStyle: instrument.exerciseStyle,
  settlMethod: instrument.settlMethod,
  premiumCurrency: instrument.currency,
  multiplier: formatDecimal(instrument.multiplier),
  tick: formatDecimal(instrument.tick),
})

export function quoteView({ desk, projection }: ViewParts, quote: Quote): QuoteView {
  const { terms } = quote
  const rfq = desk.loop.state.rfqs.get(quote.rfq)?.terms
  return {
    ...terms,
    securityId: rfq?.securityId ?? '',
    maker: rfq?.maker.name ?? '',
    status:
      quote.status === 'open' && isPast(terms.validUntilTime, desk.clock.now()) ? 'expired' : quote.status,
    journalIndex: projection.firstOf('quote', terms.quoteId),
  }
}

export function rfqView(parts: ViewParts, rfq: Rfq): RfqView {
  const { terms, role } = rfq
  const { state } = parts.desk.loop
  const quotes = rfq.quoteIds
    .flatMap((id) => state.quotes.get(id) ?? [])
    .map((quote) => quoteView(parts, quote))
  return {
    quoteReqId: terms.quoteReqId,
    securityId: terms.securityId,
    side: terms.side,
    orderQty: terms.orderQty,
    currency: terms.currency,
    role,
    counterparty: role === 'taker' ? terms.maker.name : terms.taker.name,
    status: rfqStatus(parts, rfq, quotes),
    quotes,
    journalIndex: parts.projection.firstOf('rfq', rfq.corr),
  }
}

function rfqStatus(parts: ViewParts, rfq: Rfq, quotes: readonly QuoteView[]): RfqView['status'] {
  if (rfq.refused) return 'refused'
  const { state } = parts.desk.loop
  const orders = [...state.orders.values()].filter(({ terms }) => rfq.quoteIds.includes(terms.quoteId))
  if (orders.some(({ status }) => status === 'filled')) return 'filled'
  if (orders.some(({ status }) => status === 'placed')) return 'ordered'
  if (quotes.length === 0) return 'requested'
  return quotes.every(({ status }) => status === 'expired') ? 'expired' : 'quoted'
}

const ordStatus = { placed: 'PendingNew', filled: 'Filled', refused: 'Rejected', busted: 'Canceled' } as const

export function orderView({ desk, projection }: ViewParts, order: Order): OrderView {
  const { terms, status, tradeId, refused } = order
  const execution = tradeId === undefined ? undefined : desk.loop.state.trades.get(tradeId)?.terms
  return {
    clOrdId: terms.clOrdId,
    quoteId: terms.quoteId,
    securityId: terms.securityId,
    side: terms.side,
    orderQty: terms.orderQty,
    price: terms.price,
    ordStatus: ordStatus[status],
    cumQty: execution?.lastQty ?? '0',
    avgPx: execution?.lastPx ?? '0',
    journalIndex: projection.firstOf('order', terms.clOrdId),
    ...(execution && tradeId !== undefined
      ? { orderId: execution.orderId, execId: execution.execId, tradeId }
      : {}),
    ...(refused ? { refusal: refusalView(refused) } : {}),
  }
}

export function tradeView(parts: ViewParts, tradeId: string, trade: Trade): TradeView {
  const { terms, role, phase } = trade
  const { payToken } = parts.desk.place
  const minor = BigInt(terms.premiumMinor)
  const text = formatAmount({ asset: payToken.id, minor }, payToken)
  return {
    tradeId,
    quoteReqId: terms.quoteReqId,
    role,
    counterparty: role === 'taker' ? terms.maker.name : terms.taker.name,
    securityId: terms.securityId,
    side: terms.side,
    quantity: terms.lastQty,
    price: terms.lastPx,
    premium: { asset: payToken.id, minor: minor.toString(), text },
    executedAt: terms.transactTime,
    status: phase === 'signed' ? 'confirmed' : phase,
    whatNow: whatNow(parts, tradeId, trade),
    approvals: trade.approvals,
    journalIndex: parts.projection.firstOf('trade', tradeId),
    ...(trade.uti === undefined ? {} : { uti: trade.uti }),
    ...(trade.recordHash === undefined ? {} : { recordHash: trade.recordHash }),
    ...(trade.refused ? { refusal: refusalView(trade.refused) } : {}),
    ...settlementView(parts, trade),
  }
}

function settlementView({ desk }: ViewParts, trade: Trade): Pick<TradeView, 'settlement'> {
  if (!trade.record) return {}
  const record = recordFromJws(trade.record, desk.place)
  const { settlement } = record
  return {
    settlement: {
      route: settlement.route,
      chainId: settlement.chainId,
      ...instructionOf(record).hashes,
      deadline: settlement.deadline,
      ...(trade.txHash === undefined ? {} : { txHash: trade.txHash }),
      ...(trade.settledIn ? { blockNumber: trade.settledIn.blockNumber } : {}),
    },
  }
}

export function tradeDetail(parts: ViewParts, tradeId: string, trade: Trade): TradeDetail {
  const entries = parts.entries(parts.projection.indicesOf(trade.corr))
  return {
    ...tradeView(parts, tradeId, trade),
    timeline: entries.map(timelineOf),
    forms: formsOf(parts, trade),
  }
}

function formsOf({ desk }: ViewParts, trade: Trade): TradeDetail['forms'] {
  const fix = fixText(trade.terms, desk)
  if (!trade.record) return fix === undefined ? {} : { fix }
  const record = recordFromJws(trade.record, desk.place)
  const { typed } = instructionOf(record)
  const message = Object.fromEntries(
    Object.entries(typed.message).map(([name, value]) => [name, String(value)]),
  )
  const { domain, primaryType } = typed
  const typedData: JsonObject = { domain: { ...domain }, types: { ...typed.types }, primaryType, message }
  return {
    ...(fix === undefined ? {} : { fix }),
    record: { ...record },
    recordJws: trade.record,
    typedData,
  }
}

/** The execution report in FIX 4.4 spelling, `|` for SOH, without header and trailer. */
function fixText(terms: ExecutionTerms, desk: DeskParts): string | undefined {
  const executedAt = parseInstant(terms.transactTime)
  if (isRefusal(executedAt)) return undefined
  const instrument = parseInstrument(terms.securityId, desk.place.venue, executedAt)
  if (isRefusal(instrument)) return undefined
  const body: DeskBody = writeFill(terms, instrument)
  return [['35', body.msgType], ...body.body].map(([tag, value]) => `${tag}=${value}`).join('|')
}

const next: Readonly<Record<TradePhase, string>> = {
  executed: 'Waiting for the trade record to be agreed with the counterparty.',
  proposed: 'Waiting for the counterparty to countersign the trade record.',
  confirmed: 'Waiting for both signatures over the settlement instruction.',
  signed: 'Waiting for the counterparty to sign the settlement instruction.',
  instructed: 'Both signatures are held; the settlement is on its way to the ledger.',
  submitted: 'Waiting for the ledger to make the settlement final.',
  settled: 'Nothing: both legs have moved and the ledger is final.',
  refused: 'Compare the members named with the counterparty, then trade again.',
  failed: 'Nothing moved and nothing can move any more; trade again.',
  busted: 'Nothing: the fill was taken back before anything was signed for settlement.',
  corrected: 'Nothing: the corrected fill stands in its place.',
}

function whatNow({ waiting }: ViewParts, tradeId: string, trade: Trade): string {
  const { phase, correctedBy, approvals } = trade
  if (correctedBy !== undefined) return `Nothing: ${correctedBy} stands in its place.`
  for (const kind of ['send-proposal', 'sign-instruction', 'send-instruction', 'submit']) {
    const refusal = waiting().get(`${kind}/${tradeId}`)
    if (refusal)
      return `${REFUSALS[refusal.refusal].remedy} (${REFUSALS[refusal.refusal].plk}: ${refusal.detail}).`
  }
  if (phase !== 'confirmed') return next[phase]
  const given = approvals.length === 0 ? 'none' : `${approvals.length} (${approvals.join(', ')})`
  return `${next.confirmed} Approvals of it here: ${given}; operators approve with poundlock approve.`
}

function refusalView(mark: RefusalMark): { code: string; plk: string; detail: string } {
  const plk = isRefusalCode(mark.refusal) ? REFUSALS[mark.refusal].plk : REFUSALS.internal.plk
  return { code: mark.refusal, plk, detail: mark.detail }
}

const isPast = (time: string, now: Instant): boolean => {
  const at = parseInstant(time)
  return !isRefusal(at) && at < now
}

/** A trade by its id here (`ALDER/E-1`), its UTI, its ExecID, ClOrdID, QuoteReqID or transaction. */
export function findTrade(
  parts: ViewParts,
  id: string,
): { readonly tradeId: string; readonly trade: Trade } | undefined {
  const { trades, orders } = parts.desk.loop.state
  const byId = trades.get(id)
  if (byId) return { tradeId: id, trade: byId }
  const ordered = orders.get(rfqKey(parts.desk.registry.self.name, id))?.tradeId
  for (const [tradeId, trade] of trades) {
    const { execId, quoteReqId } = trade.terms
    if (tradeId === ordered || [trade.uti, execId, quoteReqId, trade.txHash].includes(id))
      return { tradeId, trade }
  }
  return undefined
}
