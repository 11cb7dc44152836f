// What happens to a trade, as journal events. `body` is public in the leaf; each part is sealed behind a salted
// digest and stored beside it. None of these parts is erasable, so evolve may read them.
import { canonicalJson, invariant, parseJson, isRefusal, type Json, type JsonObject } from '#core'
import type {
  AllocationTerms,
  ExecutionTerms,
  OrderTerms,
  PolicyMark,
  PositionInstruction,
  QuoteMark,
  QuoteTerms,
  RfqTerms,
  Role,
} from './terms.ts'

type NoParts = Readonly<Record<string, never>>

type Shapes = {
  'rfq.requested': { body: { quoteReqId: string }; parts: { terms: RfqTerms } }
  'rfq.received': { body: { quoteReqId: string }; parts: { terms: RfqTerms } }
  'rfq.refused': { body: { quoteReqId: string; refusal: string }; parts: { why: Why } }
  'quote.issued': {
    body: { quoteReqId: string; quoteId: string; validUntilTime: string }
    parts: { terms: QuoteTerms; mark: QuoteMark }
  }
  'quote.received': {
    body: { quoteReqId: string; quoteId: string; validUntilTime: string }
    parts: { terms: QuoteTerms }
  }
  'quote.canceled': {
    body: { quoteId: string; by: string; policy?: PolicyMark }
    parts: { policy?: JsonObject }
  }
  'rfq.watched': { body: { rfqReqId: string; session: string }; parts: { terms: WatchTerms } }
  'rfq.unwatched': { body: { rfqReqId: string; session: string }; parts: NoParts }
  'order.placed': {
    body: { clOrdId: string; quoteId: string; policy: PolicyMark }
    parts: { terms: OrderTerms; policy: JsonObject }
  }
  'order.refused': {
    body: { clOrdId: string; refusal: string; policy?: PolicyMark }
    parts: { why: Why; terms: OrderTerms; policy?: JsonObject }
  }
  'trade.executed': {
    body: { tradeId: string; clOrdId: string; role: Role; policy: PolicyMark }
    parts: { terms: ExecutionTerms; policy: JsonObject }
  }
  'trade.proposed': {
    body: { tradeId: string; uti: string; recordHash: string }
    parts: { record: JsonObject }
  }
  'trade.confirmed': {
    body: { tradeId: string; uti: string; recordHash: string; policy: PolicyMark }
    parts: { record: JsonObject; policy: JsonObject }
  }
  'trade.approved': {
    body: { tradeId: string; operator: string; recordHash: string; digest: string }
    parts: { approval: JsonObject }
  }
  /** The maker's own carries its allow; at the taker it is what the maker stated. */
  'trade.busted': {
    body: { tradeId: string; execId: string; by: string; policy?: PolicyMark }
    parts: { policy?: JsonObject }
  }
  /** The fill stands no longer; `trade.executed` of `correctedBy` follows in the same batch. */
  'trade.corrected': {
    body: { tradeId: string; correctedBy: string; by: string; policy: PolicyMark }
    parts: { policy: JsonObject }
  }
  'trade.allocated': {
    body: { tradeId: string; allocId: string; policy: PolicyMark }
    parts: { terms: AllocationTerms; policy: JsonObject }
  }
  'trade.acknowledged': { body: { tradeId: string } & Acknowledgement; parts: { text?: string } }
  'position.instructed': {
    body: { posReqId: string; principal: string; policy: PolicyMark }
    parts: { terms: PositionInstruction; policy: JsonObject }
  }
  'trade.refused': { body: { tradeId: string; refusal: string; by: string }; parts: { why: Why } }
  'settlement.signed': {
    body: { tradeId: string; digest: string; policy: PolicyMark }
    parts: { instruction: InstructionPart; policy: JsonObject }
  }
  'settlement.instructed': {
    body: { tradeId: string; digest: string; chainId: string; contract: string; policy: PolicyMark }
    parts: { instruction: InstructionPart; policy: JsonObject }
  }
  'settlement.submitted': {
    body: { tradeId: string; txHash: string; nonce: string; effectId: string; policy: PolicyMark }
    parts: { policy: JsonObject }
  }
  'settlement.settled': {
    body: { tradeId: string; txHash: string; blockNumber: string; blockHash: string }
    parts: NoParts
  }
  'settlement.failed': { body: { tradeId: string; refusal: string }; parts: { why: Why } }
}

/** What was wrong in words: it can name prices, and can be the counterparty's own, so the leaf shows the code alone. */
export type Why = { readonly detail: string }

/** What our desk said to a report of ours: TradeCaptureReportAck(35=AR) or ConfirmationAck(35=AU). */
export type Acknowledgement = {
  readonly report: 'trade-capture' | 'confirmation'
  readonly status: 'received' | 'accepted' | 'affirmed' | 'rejected'
  readonly by: string
}
/** RFQRequest(35=AH): the options whose requests for quote a maker's desk wants to see. */
export type WatchTerms = { readonly securityIds: readonly string[] }

/** EIP-712 message of the settlement instruction with the signatures known so far (65 bytes, 0x hex). */
export type InstructionPart = {
  readonly domain: JsonObject
  readonly message: JsonObject
  readonly signatures: { readonly deliverer?: string; readonly receiver?: string }
}

export type DeskEventType = keyof Shapes
export type DeskEvent = {
  [T in DeskEventType]: { readonly type: T; readonly corr: string } & Readonly<Shapes[T]>
}[DeskEventType]
export type DeskEventOf<T extends DeskEventType> = Extract<DeskEvent, { type: T }>

/** All types; the `satisfies` makes a missing one a compile error. */
const TYPES = {
  'rfq.requested': true,
  'rfq.received': true,
  'rfq.refused': true,
  'quote.issued': true,
  'quote.received': true,
  'quote.canceled': true,
  'rfq.watched': true,
  'rfq.unwatched': true,
  'order.placed': true,
  'order.refused': true,
  'trade.executed': true,
  'trade.proposed': true,
  'trade.confirmed': true,
  'trade.approved': true,
  'trade.refused': true,
  'trade.busted': true,
  'trade.corrected': true,
  'trade.allocated': true,
  'trade.acknowledged': true,
  'position.instructed': true,
  'settlement.signed': true,
  'settlement.instructed': true,
  'settlement.submitted': true,
  'settlement.settled': true,
  'settlement.failed': true,
} as const satisfies Record<DeskEventType, true>

export const isDeskEventType = (type: string): type is DeskEventType => Object.hasOwn(TYPES, type)

/** The journal's form of an event: each part as canonical JSON text. */
export function deskEventToDraft(event: DeskEvent): {
  type: string
  corr: string
  body: JsonObject
  parts: Record<string, { content: string }>
} {
  const parts: Record<string, { content: string }> = {}
  const values: Readonly<Record<string, Json | undefined>> = event.parts
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) parts[name] = { content: canonicalJson(value) }
  return { type: event.type, corr: event.corr, body: event.body, parts }
}

/** The way back, for replay. A stored part that does not parse is a damaged store, not bad input. */
export function deskEventFromEntry(entry: {
  type: string
  corr: string
  body: JsonObject
  opened: Readonly<Record<string, { content: string } | 'erased'>>
}): DeskEvent {
  const parts: Record<string, Json> = {}
  for (const [name, part] of Object.entries(entry.opened)) {
    invariant(part !== 'erased', `part ${name} of ${entry.type} is never erasable`)
    const value = parseJson(part.content)
    invariant(!isRefusal(value), `part ${name} of ${entry.type} is not JSON`)
    parts[name] = value
  }
  const { type, corr, body } = entry
  // oxlint-disable-next-line no-unsafe-type-assertion -- our own entry: what deskEventToDraft wrote comes back
  return { type, corr, body, parts } as unknown as DeskEvent
}
