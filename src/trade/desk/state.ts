// The desk's state: a fold over its events, and nothing else. Rebuilt from the journal at every start.
import type { Instant, JsonObject } from '#core'
import type { Acknowledgement, InstructionPart } from './events.ts'
import type {
  AllocationTerms,
  ExecutionTerms,
  OrderTerms,
  PolicyMark,
  PositionInstruction,
  QuoteTerms,
  RfqTerms,
  Role,
} from './terms.ts'

export type RefusalMark = { readonly refusal: string; readonly detail: string }

export type Rfq = {
  readonly role: Role
  readonly terms: RfqTerms
  readonly corr: string
  readonly quoteIds: readonly string[]
  readonly refused?: RefusalMark
}
export type Quote = {
  readonly terms: QuoteTerms
  readonly rfq: string
  readonly status: 'open' | 'used' | 'canceled'
}
export type Order = {
  readonly role: Role
  readonly terms: OrderTerms
  readonly status: 'placed' | 'filled' | 'refused' | 'busted'
  /** The allow under which the order left; its fill carries it too. */
  readonly policy?: { readonly mark: PolicyMark; readonly inputs: JsonObject }
  readonly tradeId?: string
  readonly refused?: RefusalMark
}

/**
 * executed → proposed (maker) → confirmed → signed (maker) → instructed → submitted (maker, or the taker in the
 * maker's place) → settled; refused, failed, busted and corrected end it. Until `instructed` no one holds both
 * signatures.
 */
export type TradePhase =
  | 'executed'
  | 'proposed'
  | 'confirmed'
  | 'signed'
  | 'instructed'
  | 'submitted'
  | 'settled'
  | 'refused'
  | 'failed'
  | 'busted'
  | 'corrected'

export type Trade = {
  readonly role: Role
  readonly corr: string
  readonly terms: ExecutionTerms
  readonly phase: TradePhase
  readonly uti?: string
  readonly recordHash?: string
  readonly record?: JsonObject
  readonly digest?: string
  readonly instruction?: InstructionPart
  /** Operators who approved exactly this settlement, each counted once. */
  readonly approvals: readonly string[]
  readonly txHash?: string
  readonly settledIn?: { readonly blockNumber: string; readonly blockHash: string }
  readonly refused?: RefusalMark
  /** The trade that stands in its place. */
  readonly correctedBy?: string
  readonly allocation?: AllocationTerms
  readonly acknowledged: readonly Acknowledgement[]
}

/** What settled trades in one option add up to, seen from this gateway. Whole contracts; money in minor units. */
export type Position = {
  readonly longQty: bigint
  readonly shortQty: bigint
  /** Of `longQty`: instructed to be exercised, or not to be. */
  readonly instructedQty: bigint
  /** Premium paid less premium received. */
  readonly premiumMinor: bigint
  readonly lastPx: string
  readonly currency: string
  /** Of the newest trade: the option was listed then. */
  readonly tradedAt: string
  readonly counterparties: readonly string[]
}

/** An order that has left: what it would use of the day's limit, and the end of the quote that it takes. */
export type UnderWay = { readonly premiumMinor: bigint; readonly until: Instant }

/** Records are never changed, only replaced; the maps are changed by `evolveDesk` alone, which owns them. */
export type DeskState = {
  readonly rfqs: Map<string, Rfq>
  readonly quotes: Map<string, Quote>
  /** By party and ClOrdID (`orderKey`): unique per party for ever. */
  readonly orders: Map<string, Order>
  readonly trades: Map<string, Trade>
  /** `<counterparty>/<UTC date>` → premium executed that day, minor units; the policy's daily limit reads it. */
  readonly usage: Map<string, bigint>
  /** Counterparty → `orderKey` → what it has neither filled nor refused of our orders. */
  readonly underWay: Map<string, Map<string, UnderWay>>
  /** Trades that still have something to do: what the work list is made from. */
  readonly open: Set<string>
  /** By SecurityID. */
  readonly positions: Map<string, Position>
  /** By session and PosReqID (`instructionKey`). */
  readonly instructions: Map<string, PositionInstruction>
  /** SecurityID → session → RFQReqID of the desks that watch requests for quote. */
  readonly watchers: Map<string, ReadonlyMap<string, string>>
  tradesMade: number
}

export const emptyDesk = (): DeskState => ({
  rfqs: new Map(),
  quotes: new Map(),
  orders: new Map(),
  trades: new Map(),
  usage: new Map(),
  underWay: new Map(),
  open: new Set(),
  positions: new Map(),
  instructions: new Map(),
  watchers: new Map(),
  tradesMade: 0,
})

export const orderKey = (taker: string, clOrdId: string): string => `${taker}/${clOrdId}`
export const rfqKey = (taker: string, quoteReqId: string): string => `${taker}/${quoteReqId}`
export const instructionKey = (principal: string, posReqId: string): string => `${principal}/${posReqId}`
export const usageKey = (counterparty: string, at: string): string => `${counterparty}/${at.slice(0, 10)}`
