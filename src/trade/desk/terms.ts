// The words in which both desks speak of one trade before it becomes a signed record.
// Decimals and minor units are strings, times RFC 3339 UTC: terms are stored as canonical JSON.

export type Side = 'Buy' | 'Sell'
export type Party = { readonly name: string; readonly lei: string }
/** taker: asked for the quote and hit it. maker: quoted. */
export type Role = 'taker' | 'maker'

/** QuoteRequest(35=R); `side` is the taker's. */
export type RfqTerms = {
  readonly quoteReqId: string
  readonly securityId: string
  readonly side: Side
  readonly orderQty: string
  readonly currency: string
  readonly taker: Party
  readonly maker: Party
  readonly principal: string
}

/** Quote(35=S), two-sided. */
export type QuoteTerms = {
  readonly quoteId: string
  readonly quoteReqId: string
  readonly bidPx: string
  readonly offerPx: string
  readonly bidSize: string
  readonly offerSize: string
  readonly currency: string
  readonly validUntilTime: string
}

/** What the maker priced from: forward and volatility as configured, Greeks with their units in the key. */
export type QuoteMark = {
  readonly forward: string
  readonly vol: string
  readonly asOf: string
  readonly fair: string
  readonly delta: string
  readonly vegaPerVolPt: string
  /** At the volatility of the offer, which is what a buyer pays for. */
  readonly offerVol: string
  readonly offerDelta: string
}

/** NewOrderSingle(35=D) against a QuoteID. */
export type OrderTerms = {
  readonly clOrdId: string
  readonly quoteId: string
  readonly quoteReqId: string
  readonly securityId: string
  readonly side: Side
  readonly orderQty: string
  readonly price: string
  readonly currency: string
  /** price × quantity × multiplier in minor units of the money. */
  readonly premiumMinor: string
  readonly principal: string
}

/** One fill, as the ExecutionReport(35=8, 150=F) states it; `side` is the taker's. */
export type ExecutionTerms = {
  readonly tradeId: string
  readonly execId: string
  readonly orderId: string
  readonly clOrdId: string
  readonly quoteId: string
  readonly quoteReqId: string
  readonly securityId: string
  readonly side: Side
  readonly lastQty: string
  readonly lastPx: string
  readonly currency: string
  readonly premiumMinor: string
  readonly transactTime: string
  readonly validUntilTime: string
  readonly taker: Party
  readonly maker: Party
}

/** One account's share of a fill; `giveUp` is the clearing firm that it is given up to (PartyRole 14). */
export type AllocationShare = {
  readonly account: string
  readonly quantity: string
  readonly giveUp?: string
}
/** AllocationInstruction(35=J) for one fill. */
export type AllocationTerms = {
  readonly allocId: string
  readonly shares: readonly AllocationShare[]
  readonly principal: string
}

/** PositionMaintenanceRequest(35=AL): PosTransType(709) 1 or 2. `quantity` is whole contracts. */
export type PositionInstruction = {
  readonly posReqId: string
  readonly action: 'exercise' | 'do-not-exercise'
  readonly securityId: string
  readonly quantity: string
  readonly account: string
  readonly principal: string
}

/** The policy decision that an entry which moves value carries (I5). */
export type PolicyMark = {
  readonly decision: 'allow' | 'deny'
  readonly rules: readonly string[]
  readonly set: string
}

/** Trade ids are unique per maker, who gives the ExecID: `ALDER/E-1`. */
export const tradeIdOf = (maker: Party, execId: string): string => `${maker.name}/${execId}`
