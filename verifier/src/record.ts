import { digest, fromUtf8, toHex, utf8 } from './bytes.ts'
import { isMember } from './eip712.ts'
import { hasExactly, isObject, parseCanonical } from './json.ts'
import { isInstant, unixSeconds } from './time.ts'

/** The trade record (spec/trade-record.md): its shape, and what must hold between its members. */

export type TradeRecord = {
  readonly v: 1
  readonly uti: string
  readonly tradeDate: string
  readonly executedAt: string
  readonly buyer: { readonly lei: string; readonly name: string }
  readonly seller: { readonly lei: string; readonly name: string }
  readonly product: Readonly<Record<keyof typeof productShape, string>>
  readonly quantity: string
  readonly price: string
  readonly premium: { readonly asset: string; readonly minor: string }
  readonly execution: {
    readonly quoteId: string
    readonly orderId: string
    readonly clOrdId: string
    readonly execId: string
  }
  readonly settlement: Readonly<Record<keyof typeof settlementShape, string>>
}

export const recordType = 'poundlock-trade+json'
export const assetDecimalsMax = 36

/** The record that these bytes are; undefined when they are not canonical JSON of exactly its shape. */
export const parseRecord = (bytes: Uint8Array): TradeRecord | undefined => {
  const text = fromUtf8(bytes)
  const value = text === undefined ? undefined : parseCanonical(text)
  return isRecord(value) ? value : undefined
}

/** Lower-case hexadecimal of digest('poundlock/record/v1', payload): how journal bodies name a record. */
export const recordHash = (payload: Uint8Array): string => toHex(digest('poundlock/record/v1', payload))

/** The first thing in the economics that does not hold, or undefined. */
export const economicsProblem = (record: TradeRecord): string | undefined => {
  const { product, premium, settlement, executedAt } = record
  if (!isDateOf(record.tradeDate, executedAt)) return 'tradeDate is not the day of executedAt'
  if (product.expiry <= executedAt) return 'the product had expired'
  if (!agreesWithCfi(product)) return 'cfi, putOrCall and exerciseStyle contradict each other'
  if (!isPremium(record)) return 'premium is not price × quantity × multiplier'
  if (settlement.payAmount !== premium.minor) return 'payAmount is not the premium'
  if (settlement.deliverAmount !== record.quantity) return 'deliverAmount is not the quantity'
  if (premium.asset !== `${settlement.chainId}/erc20:${settlement.payToken}`)
    return 'payToken is not the premium asset'
  if (settlement.deliverer === settlement.receiver) return 'deliverer and receiver are the same'
  if (settlement.deadline <= executedAt || settlement.deadline >= product.expiry)
    return 'the deadline is not between execution and expiry'
  return undefined
}

/** Both LEIs valid (ISO 17442, MOD 97-10) and different. */
export const hasValidParties = ({ buyer, seller }: TradeRecord): boolean =>
  buyer.lei !== seller.lei && isLei(buyer.lei) && isLei(seller.lei)

/** The maker generates the UTI: its LEI ‖ 32 upper-case hex digits of digest(label, maker, taker, execId). */
export const isGeneratedUti = (record: TradeRecord): boolean => {
  const { buyer, seller, execution, uti } = record
  return [
    [buyer.lei, seller.lei],
    [seller.lei, buyer.lei],
  ].some(([maker = '', taker = '']) => {
    const hash = digest('poundlock/uti/v1', utf8(maker), utf8(taker), utf8(execution.execId))
    return uti === maker + toHex(hash).slice(0, 32).toUpperCase()
  })
}

/** digest('poundlock/trade/v1', uti) as 0x hex: the trade's id in the settlement contract. */
export const chainTradeId = (uti: string): string => `0x${toHex(digest('poundlock/trade/v1', utf8(uti)))}`

type Shape = ((text: string) => boolean) | { readonly [name: string]: Shape }

const isText = (text: string): boolean => text.length > 0
const isAddress = (text: string): boolean => isMember('address', text)
const isUint = (text: string): boolean => isMember('uint256', text)
const isId = (text: string): boolean => /^[!-~]{1,64}$/.test(text)
const isAmount = (text: string): boolean => isUint(text) && text !== '0'
// eslint-disable-next-line no-control-regex -- a name has none
const isName = (text: string): boolean => /^[^\u0000-\u001f\u007f]+$/.test(text)
const isDecimal = (text: string): boolean =>
  /^(0|[1-9][0-9]{0,37})(\.[0-9]{0,17}[1-9])?$/.test(text) && text !== '0'

const productShape = {
  cfi: isText,
  exerciseStyle: isText,
  expiry: isInstant,
  multiplier: isDecimal,
  putOrCall: isText,
  securityId: isText,
  settlMethod: isText,
  strike: isDecimal,
  strikeCurrency: isText,
  underlying: isText,
} as const

const settlementShape = {
  chainId: (text: string): boolean => /^eip155:[1-9][0-9]{0,15}$/.test(text),
  contract: isAddress,
  deadline: (text: string): boolean => unixSeconds(text) !== undefined,
  deliverAmount: isAmount,
  deliverId: isUint,
  deliverToken: isAddress,
  deliverer: isAddress,
  nonce: isUint,
  payAmount: isAmount,
  payToken: isAddress,
  receiver: isAddress,
  route: (text: string): boolean => text === 'same-ledger',
} as const

const partyShape: Shape = { lei: isText, name: isName }

const recordShape: Shape = {
  buyer: partyShape,
  executedAt: isInstant,
  execution: { clOrdId: isId, execId: isId, orderId: isId, quoteId: isId },
  premium: { asset: isText, minor: isAmount },
  price: isDecimal,
  product: productShape,
  quantity: isDecimal,
  seller: partyShape,
  settlement: settlementShape,
  tradeDate: isText,
  uti: isText,
}

const isRecord = (value: unknown): value is TradeRecord => matches(value, recordShape)

// Every member of the shape, none other; the record itself has v: 1 besides.
const matches = (value: unknown, shape: Shape): boolean => {
  if (typeof shape === 'function') return typeof value === 'string' && shape(value)
  const names = Object.keys(shape)
  const versioned = shape === recordShape
  if (!isObject(value) || !hasExactly(value, versioned ? [...names, 'v'] : names)) return false
  if (versioned && value['v'] !== 1) return false
  return Object.entries(shape).every(([name, inner]) => matches(value[name], inner))
}

const isDateOf = (date: string, instant: string): boolean => date === instant.slice(0, 10)

const agreesWithCfi = ({ cfi, putOrCall, exerciseStyle }: TradeRecord['product']): boolean => {
  if (!/^O[CP][AEB][A-Z]{3}$/.test(cfi)) return false
  const side = cfi[1] === 'C' ? 'Call' : 'Put'
  const style = { A: 'American', E: 'European', B: 'Bermudan' }[cfi[2] ?? '']
  return putOrCall === side && exerciseStyle === style
}

/** The record does not say the asset's decimals: the premium must be the product times some power of ten. */
const isPremium = ({ price, quantity, product, premium }: TradeRecord): boolean => {
  const factors = [price, quantity, product.multiplier].map(parseDecimal)
  const mantissa = factors.reduce((all, one) => all * one.mantissa, 1n)
  const scale = factors.reduce((all, one) => all + one.scale, 0)
  const left = BigInt(premium.minor) * 10n ** BigInt(scale)
  return Array.from({ length: assetDecimalsMax + 1 }, (_, d) => mantissa * 10n ** BigInt(d)).includes(left)
}

const parseDecimal = (text: string): { readonly mantissa: bigint; readonly scale: number } => {
  const [whole = '', fraction = ''] = text.split('.')
  return { mantissa: BigInt(whole + fraction), scale: fraction.length }
}

const isLei = (text: string): boolean => {
  if (!/^[0-9A-Z]{18}[0-9]{2}$/.test(text)) return false
  const digits = Array.from(text, (char) => Number.parseInt(char, 36).toString()).join('')
  return BigInt(digits) % 97n === 1n
}
