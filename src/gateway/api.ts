// What a gateway offers to those who stand before it (HTTP server, console, command line): views, commands, proofs.
// All values are plain data: decimals and minor units are strings, times are RFC 3339 UTC, ids are the field's own.
import type { JsonObject, Refusal } from '#core'

/** Who asks. `kind` says through which door; `id` is the FIX session or the API principal. */
export type Principal = {
  readonly kind: 'fix' | 'api' | 'operator' | 'peer' | 'gateway'
  readonly id: string
}

export type IdentityView = {
  readonly name: string
  readonly lei: string
  readonly version: string
  readonly environment: 'sandbox' | 'live'
  readonly logOrigin: string
  readonly logKey: string
  readonly witnesses: readonly string[]
  readonly quorum: number
  readonly settlementAddress: string
  readonly peers: readonly { readonly name: string; readonly lei: string; readonly url: string }[]
  readonly ledgers: readonly {
    readonly chainId: string
    readonly name: string
    readonly rpc: readonly string[]
  }[]
}

export type ComponentHealth = {
  readonly component: string
  readonly ok: boolean
  readonly detail: string
  readonly asOf: string
}
export type HealthView = { readonly ok: boolean; readonly components: readonly ComponentHealth[] }

export type InstrumentView = {
  readonly securityId: string
  readonly cfiCode: string
  readonly underlying: string
  readonly putOrCall: 'Put' | 'Call'
  readonly strike: string
  readonly strikeCurrency: string
  readonly expiry: string
  readonly exerciseStyle: 'European'
  readonly settlMethod: 'Cash'
  readonly premiumCurrency: string
  readonly multiplier: string
  readonly tick: string
}

export type QuoteView = {
  readonly quoteId: string
  readonly quoteReqId: string
  readonly securityId: string
  readonly bidPx: string
  readonly offerPx: string
  readonly bidSize: string
  readonly offerSize: string
  readonly currency: string
  readonly validUntilTime: string
  readonly status: 'open' | 'used' | 'expired' | 'canceled'
  readonly maker: string
  readonly journalIndex: number
}

export type RfqView = {
  readonly quoteReqId: string
  readonly securityId: string
  readonly side: 'Buy' | 'Sell'
  readonly orderQty: string
  readonly currency: string
  readonly role: 'taker' | 'maker'
  readonly counterparty: string
  readonly status: 'requested' | 'quoted' | 'ordered' | 'filled' | 'refused' | 'expired'
  readonly quotes: readonly QuoteView[]
  readonly journalIndex: number
}

export type OrderView = {
  readonly clOrdId: string
  readonly orderId?: string
  readonly quoteId: string
  readonly securityId: string
  readonly side: 'Buy' | 'Sell'
  readonly orderQty: string
  readonly price: string
  readonly ordStatus: 'PendingNew' | 'New' | 'Filled' | 'Rejected' | 'Canceled'
  readonly cumQty: string
  readonly avgPx: string
  readonly refusal?: { readonly code: string; readonly plk: string; readonly detail: string }
  readonly execId?: string
  readonly tradeId?: string
  readonly journalIndex: number
}

export type TradeStatus =
  | 'executed'
  | 'proposed'
  | 'confirmed'
  | 'instructed'
  | 'submitted'
  | 'settled'
  | 'refused'
  | 'failed'
  | 'busted'
  | 'corrected'

/** One step of a trade as this gateway's journal tells it; `index` is the leaf index. */
export type TimelineStep = {
  readonly index: number
  readonly at: string
  readonly type: string
  readonly lane: 'desk' | 'gateway' | 'peer' | 'ledger'
  readonly title: string
  /** Digest, signer key ids and raw forms (FIX text, JWS, EIP-712) where the step has them. */
  readonly digest?: string
  readonly signers?: readonly string[]
  readonly fix?: string
}

export type TradeView = {
  readonly tradeId: string
  readonly uti?: string
  readonly quoteReqId: string
  readonly role: 'taker' | 'maker'
  readonly counterparty: string
  readonly securityId: string
  readonly side: 'Buy' | 'Sell'
  readonly quantity: string
  readonly price: string
  readonly premium: { readonly asset: string; readonly minor: string; readonly text: string }
  readonly executedAt: string
  readonly status: TradeStatus
  /** What a person can do now, in one sentence; always present. */
  readonly whatNow: string
  readonly recordHash?: string
  /** Operators who approved the settlement. */
  readonly approvals: readonly string[]
  readonly settlement?: {
    readonly route: string
    readonly chainId: string
    readonly domainHash: string
    readonly messageHash: string
    readonly digest: string
    readonly txHash?: string
    readonly blockNumber?: string
    readonly deadline: string
  }
  readonly refusal?: { readonly code: string; readonly plk: string; readonly detail: string }
  readonly journalIndex: number
}

export type TradeDetail = TradeView & {
  readonly timeline: readonly TimelineStep[]
  /** The same trade in each language: FIX execution report, canonical trade record, EIP-712 typed data. */
  readonly forms: {
    readonly fix?: string
    readonly record?: JsonObject
    readonly recordJws?: JsonObject
    readonly typedData?: JsonObject
  }
}

export type EntryView = {
  readonly index: number
  readonly at: string
  readonly type: string
  readonly corr: string
  readonly body: JsonObject
  /** The exact leaf bytes as text, and their RFC 6962 leaf hash (base64). */
  readonly leaf: string
  readonly leafHash: string
  readonly parts: Readonly<
    Record<
      string,
      {
        readonly digest: string
        readonly salt?: string
        readonly content?: string
        readonly erased?: true
      }
    >
  >
}

export type ProofView = {
  readonly index: number
  readonly size: number
  readonly leafHash: string
  readonly proof: readonly string[]
  readonly root: string
  readonly checkpoint: string
}

export type JournalView = {
  readonly origin: string
  size(): number
  entries(from: number, to: number): readonly EntryView[]
  proof(index: number, size?: number): ProofView | Refusal
  /** Signed note over the current size, with the cosignatures known for the newest witnessed size. */
  checkpoint(): string
  cosigned(): { readonly size: number; readonly note: string; readonly at: string } | undefined
  /** C2SP static paths `checkpoint`, `tile/…`; undefined when there is no such resource. */
  resource(path: string): { readonly contentType: string; readonly body: Uint8Array } | undefined
  /** Called after durability, in order; returns the function that ends it. */
  follow(listener: (entry: EntryView) => void): () => void
}

export type RequestQuoteInput = {
  readonly quoteReqId?: string
  readonly securityId: string
  readonly side: 'Buy' | 'Sell'
  readonly orderQty: string
  readonly currency: string
  readonly to: string
}
export type PlaceOrderInput = {
  readonly clOrdId?: string
  readonly quoteId: string
  readonly side: 'Buy' | 'Sell'
  readonly orderQty: string
  readonly price: string
}

export type FixSessionView = {
  readonly id: string
  readonly beginString: string
  readonly senderCompId: string
  readonly targetCompId: string
  readonly role: 'acceptor' | 'initiator'
  readonly state: 'enabled' | 'disabled'
  readonly loggedOn: boolean
  readonly nextSenderMsgSeqNum: number
  readonly nextTargetMsgSeqNum: number
}

export type GatewayApi = {
  identity(): IdentityView
  health(): HealthView
  instruments(): readonly InstrumentView[]
  rfqs(): readonly RfqView[]
  quotes(): readonly QuoteView[]
  orders(): readonly OrderView[]
  trades(): readonly TradeView[]
  trade(id: string): TradeDetail | Refusal
  readonly journal: JournalView
  /** Evidence pack text (spec/evidence-pack.md) for one trade; without an id, for the newest. */
  evidence(tradeId?: string): Promise<string | Refusal>
  policy(): {
    readonly set: string
    readonly rules: readonly { readonly id: string; readonly text: string }[]
  }
  fixSessions(): readonly FixSessionView[]
  /** Resolves when everything that the views show now is on disk: no answer leaves before. */
  durable(): Promise<void>

  requestQuote(by: Principal, input: RequestQuoteInput): Promise<RfqView | Refusal>
  placeOrder(by: Principal, input: PlaceOrderInput): Promise<OrderView | Refusal>
  cancelOrder(by: Principal, clOrdId: string): Promise<OrderView | Refusal>
  /** One of several eyes: an operator's signed approval (JWS) of exactly this settlement. See `approvalOf`. */
  approveTrade(id: string, approval: JsonObject): Promise<TradeView | Refusal>
  /** An operator's signed order (JWS): FIX session administration, ending a quote, busting or correcting a fill. See `operationOf`. */
  operate(order: JsonObject): Promise<OperationResult | Refusal>
}

/** What an order changed. */
export type OperationResult =
  | { readonly session: FixSessionView }
  | { readonly quote: QuoteView }
  | { readonly trade: TradeView }

export type SessionAction =
  | { readonly action: 'enable' | 'disable' | 'reset' | 'logout' }
  | { readonly action: 'set-sequence'; readonly nextSender?: number; readonly nextTarget?: number }
