// The desk's state: a fold over its events, and nothing else. Rebuilt from the journal at every start.
import type { JsonObject } from '#core'
import type { InstructionPart } from './events.ts'
import type { ExecutionTerms, OrderTerms, PolicyMark, QuoteTerms, RfqTerms, Role } from './terms.ts'

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
  readonly status: 'placed' | 'filled' | 'refused'
  /** The allow under which the order left; its fill carries it too. */
  readonly policy?: { readonly mark: PolicyMark; readonly inputs: JsonObject }
  readonly tradeId?: string
  readonly refused?: RefusalMark
}

/**
 * executed → proposed (maker) → confirmed → signed (maker) → instructed → submitted (maker, or the taker in the
 * maker's place) → settled; refused and failed end it. Until `instructed` no one holds both signatures.
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
}

/** Records are never changed, only replaced; the maps are changed by `evolveDesk` alone, which owns them. */
export type DeskState = {
  readonly rfqs: Map<string, Rfq>
  readonly quotes: Map<string, Quote>
  /** By party and ClOrdID (`orderKey`): unique per party for ever. */
  readonly orders: Map<string, Order>
  readonly trades: Map<string, Trade>
  /** `<counterparty>/<UTC date>` → premium executed that day, minor units; the policy's daily limit reads it. */
  readonly usage: Map<string, bigint>
  /** Trades that still have something to do: what the work list is made from. */
  readonly open: Set<string>
  tradesMade: number
}

export const emptyDesk = (): DeskState => ({
  rfqs: new Map(),
  quotes: new Map(),
  orders: new Map(),
  trades: new Map(),
  usage: new Map(),
  open: new Set(),
  tradesMade: 0,
})

export const orderKey = (taker: string, clOrdId: string): string => `${taker}/${clOrdId}`
export const rfqKey = (taker: string, quoteReqId: string): string => `${taker}/${quoteReqId}`
export const usageKey = (counterparty: string, at: string): string => `${counterparty}/${at.slice(0, 10)}`
