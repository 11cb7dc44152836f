import { formatDecimal, formatInstant, isRefusal, multiplyDecimal, refuse, toMinor } from '#core'
import type { Asset, Decimal, Instant, Lei, Refusal, Uti } from '#core'
import { dayOf, isoDate } from './calendar.ts'
import type { Instrument } from './instrument.ts'

/** A party by LEI (ISO 17442) and the name it goes by. */
export type TradeParty = { readonly lei: string; readonly name: string }

/**
 * The confirmed trade, as both parties sign it (`spec/trade-record.md`): canonical JSON (RFC 8785) of
 * exactly these members. Every number is a string: exact decimals, minor units and uint256 in plain form;
 * times are RFC 3339 UTC with milliseconds; EVM addresses are lower case.
 */
export type TradeRecord = {
  readonly v: 1
  readonly uti: string
  readonly tradeDate: string
  readonly executedAt: string
  readonly buyer: TradeParty
  readonly seller: TradeParty
  readonly product: TradeProduct
  readonly quantity: string
  readonly price: string
  readonly premium: { readonly asset: string; readonly minor: string }
  readonly execution: TradeExecution
  readonly settlement: TradeSettlement
}

export type TradeProduct = {
  readonly securityId: string
  readonly cfi: string
  readonly underlying: string
  readonly putOrCall: string
  readonly exerciseStyle: string
  readonly settlMethod: string
  readonly strike: string
  readonly strikeCurrency: string
  readonly expiry: string
  readonly multiplier: string
}

/** `orderId` is the maker's OrderID(37); `clOrdId` the taker's ClOrdID(11). */
export type TradeExecution = {
  readonly quoteId: string
  readonly orderId: string
  readonly clOrdId: string
  readonly execId: string
}

/** Delivery of option tokens by the seller against payment by the buyer, in one transaction of one chain. */
export type TradeSettlement = {
  readonly route: 'same-ledger'
  readonly chainId: string
  readonly contract: string
  readonly deliverer: string
  readonly receiver: string
  readonly deliverToken: string
  readonly deliverId: string
  readonly deliverAmount: string
  readonly payToken: string
  readonly payAmount: string
  readonly deadline: string
  readonly nonce: string
}

/** What is agreed on chain besides what follows from the economics. `deadline` falls on a whole second. */
export type SettlementTerms = Pick<
  TradeSettlement,
  'chainId' | 'contract' | 'deliverer' | 'receiver' | 'deliverToken' | 'payToken'
> & { readonly deliverId: bigint; readonly deadline: Instant; readonly nonce: bigint }

export type TradeTerms = {
  readonly uti: Uti
  readonly executedAt: Instant
  readonly buyer: { readonly lei: Lei; readonly name: string }
  readonly seller: { readonly lei: Lei; readonly name: string }
  readonly instrument: Instrument
  readonly quantity: Decimal
  readonly price: Decimal
  readonly premiumAsset: Asset
  readonly execution: TradeExecution
  readonly settlement: SettlementTerms
}

/**
 * The record of an execution. Fills in the product, the trade date, the premium and both settlement
 * amounts. Refuses `money-inexact` where the premium or the contracts are not whole minor units.
 */
export function buildTradeRecord(terms: TradeTerms): TradeRecord | Refusal {
  const premium = premiumMinor(terms, terms.premiumAsset)
  if (isRefusal(premium)) return premium
  const contracts = toMinor(terms.quantity, 0)
  if (isRefusal(contracts)) return contracts
  return {
    v: 1,
    uti: terms.uti,
    tradeDate: isoDate(dayOf(terms.executedAt)),
    executedAt: formatInstant(terms.executedAt),
    buyer: { lei: terms.buyer.lei, name: terms.buyer.name },
    seller: { lei: terms.seller.lei, name: terms.seller.name },
    product: productOf(terms.instrument),
    quantity: formatDecimal(terms.quantity),
    price: formatDecimal(terms.price),
    premium: { asset: lowerAsset(terms.premiumAsset.id), minor: premium.toString() },
    execution: { ...terms.execution },
    settlement: settlementOf(terms.settlement, contracts, premium),
  }
}

/** price × quantity × multiplier, exactly, in minor units of `asset`; refuses `money-inexact`. */
export function premiumMinor(
  terms: {
    readonly price: Decimal
    readonly quantity: Decimal
    readonly instrument: Pick<Instrument, 'multiplier'>
  },
  asset: Asset,
): bigint | Refusal {
  const units = multiplyDecimal(terms.quantity, terms.instrument.multiplier)
  return toMinor(multiplyDecimal(terms.price, units), asset.decimals)
}

/** The product members of a record: what an instrument looks like on the wire between gateways. */
export function productOf(instrument: Instrument): TradeProduct {
  return {
    securityId: instrument.securityId,
    cfi: instrument.cfi,
    underlying: instrument.underlying,
    putOrCall: instrument.putOrCall,
    exerciseStyle: instrument.exerciseStyle,
    settlMethod: instrument.settlMethod,
    strike: formatDecimal(instrument.strike),
    strikeCurrency: instrument.strikeCurrency,
    expiry: formatInstant(instrument.expiry),
    multiplier: formatDecimal(instrument.multiplier),
  }
}

/** Members on which the two parties' records must agree, by path: all but names and the nonce. */
export function economicsOf(record: TradeRecord): Readonly<Record<string, string>> {
  const flat = flatten('', record)
  const free = new Set(['settlement.nonce', 'buyer.name', 'seller.name'])
  return Object.fromEntries(flat.filter(([path]) => !free.has(path)))
}

/**
 * `confirmation-mismatch` where two views of one trade differ: meta `fields` lists the paths, and
 * `mine.<path>` and `theirs.<path>` hold the values. Names and the nonce, which the maker chooses, are not compared.
 */
export function compareEconomics(mine: TradeRecord, theirs: TradeRecord): Refusal | undefined {
  const [ours, others] = [economicsOf(mine), economicsOf(theirs)]
  const paths = [...new Set([...Object.keys(ours), ...Object.keys(others)])].toSorted()
  const different = paths.filter((path) => ours[path] !== others[path])
  if (different.length === 0) return undefined
  const values = different.flatMap((path) => [
    [`mine.${path}`, ours[path] ?? ''],
    [`theirs.${path}`, others[path] ?? ''],
  ])
  return refuse('confirmation-mismatch', `The two records differ in ${different.join(', ')}`, {
    fields: different.join(','),
    ...Object.fromEntries(values),
  })
}

/** CAIP-19 ids of EVM tokens are compared and written in lower case. */
export function lowerAsset(id: string): string {
  return id.startsWith('eip155:') ? id.toLowerCase() : id
}

function settlementOf(terms: SettlementTerms, contracts: bigint, premium: bigint): TradeSettlement {
  return {
    route: 'same-ledger',
    chainId: terms.chainId,
    contract: terms.contract.toLowerCase(),
    deliverer: terms.deliverer.toLowerCase(),
    receiver: terms.receiver.toLowerCase(),
    deliverToken: terms.deliverToken.toLowerCase(),
    deliverId: terms.deliverId.toString(),
    deliverAmount: contracts.toString(),
    payToken: terms.payToken.toLowerCase(),
    payAmount: premium.toString(),
    deadline: formatInstant(terms.deadline),
    nonce: terms.nonce.toString(),
  }
}

function flatten(prefix: string, value: object): [string, string][] {
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) =>
    typeof member === 'object' && member !== null
      ? flatten(`${prefix}${key}.`, member)
      : [[`${prefix}${key}`, String(member)] as [string, string]],
  )
}
