import { divideRounded, fromMinor, parseDecimal, toMinor, type Decimal, type Rounding } from './decimal.ts'
import { invariant } from './invariant.ts'
import { assetDecimalsMax } from './limits.ts'
import { isRefusal, refuse, type Refusal } from './refusal.ts'

/** CAIP-19 (`eip155:1/erc20:0x…`), `iso4217:USD` or `custody:ALDER/USD.D`. */
export type AssetId = string
export type Asset = { readonly id: AssetId; readonly symbol: string; readonly decimals: number }
/** An exact count of an asset's smallest units. May be negative: a flow has a direction. */
export type Amount = { readonly asset: AssetId; readonly minor: bigint }

const minorPattern = /^(?:0|-?[1-9]\d{0,77})$/

export const amount = (asset: AssetId, minor: bigint): Amount => ({ asset, minor })

export function addAmount(a: Amount, b: Amount): Amount {
  sameAsset(a, b)
  return { asset: a.asset, minor: a.minor + b.minor }
}

export function subtractAmount(a: Amount, b: Amount): Amount {
  sameAsset(a, b)
  return { asset: a.asset, minor: a.minor - b.minor }
}

/** −1, 0 or 1. */
export function compareAmount(a: Amount, b: Amount): -1 | 0 | 1 {
  sameAsset(a, b)
  if (a.minor === b.minor) return 0
  return a.minor < b.minor ? -1 : 1
}

/** `whole units × price` in minor units of `asset`, rounded to a whole minor unit in a stated direction. */
export function amountOf(value: Decimal, asset: Asset, rounding: Rounding): Amount {
  const shift = asset.decimals - value.scale
  const minor =
    shift >= 0
      ? value.mantissa * 10n ** BigInt(shift)
      : divideRounded(value.mantissa, 10n ** BigInt(-shift), rounding)
  return { asset: asset.id, minor }
}

/** `43072.00` as an exact amount. Refuses `decimal-invalid`, and `money-inexact` below one minor unit. */
export function parseAmount(text: string, asset: Asset): Amount | Refusal {
  const value = parseDecimal(text)
  if (isRefusal(value)) return value
  const minor = toMinor(value, asset.decimals)
  return isRefusal(minor) ? minor : { asset: asset.id, minor }
}

/** An integer of minor units as it stands on wires between gateways. Refuses `money-invalid`. */
export const parseMinor = (text: string): bigint | Refusal =>
  minorPattern.test(text) ? BigInt(text) : refuse('money-invalid', 'Not an integer of minor units')

/**
 * Grouped by thousands with the symbol: `43,072.00 USDC`, `0.000001 USDC`. Exact: zeros are dropped only
 * beyond the second decimal place. For people; programs use `formatDecimal(decimalOf(…))`.
 */
export function formatAmount(value: Amount, asset: Asset): string {
  invariant(value.asset === asset.id, `an amount of ${value.asset} is not in ${asset.id}`)
  return `${formatUnits(value.minor, asset.decimals)} ${asset.symbol}`
}

/** The exact value in whole units, without grouping or symbol. */
export function decimalOf(value: Amount, asset: Asset): Decimal {
  invariant(value.asset === asset.id, `an amount of ${value.asset} is not in ${asset.id}`)
  return fromMinor(value.minor, asset.decimals)
}

function formatUnits(minor: bigint, decimals: number): string {
  invariant(decimals >= 0 && decimals <= assetDecimalsMax, `not a number of decimals: ${decimals}`)
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(?:\d{3})+$)/g, ',')
  const places = digits.slice(digits.length - decimals)
  const fraction = places.slice(0, 2) + places.slice(2).replace(/0+$/, '')
  return `${minor < 0n ? '-' : ''}${whole}${decimals === 0 ? '' : `.${fraction}`}`
}

const sameAsset = (a: Amount, b: Amount): void =>
  invariant(a.asset === b.asset, `amounts of ${a.asset} and ${b.asset} do not mix`)
