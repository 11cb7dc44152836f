import { invariant } from './invariant.ts'
import { decimalDigitsMax } from './limits.ts'
import { refuse, type Refusal } from './refusal.ts'

/** An exact number: `mantissa / 10^scale`, without trailing zeros (zero is 0 / 10^0). */
export type Decimal = { readonly mantissa: bigint; readonly scale: number }
/** `up` is towards +∞, `down` towards −∞, `half-even` the nearest and, of two, the even one. */
export type Rounding = 'up' | 'down' | 'half-even'

const pattern = /^(-?)(\d+)(?:\.(\d+))?$/

/** The exact decimal `mantissa / 10^scale`. */
export function decimal(mantissa: bigint, scale = 0): Decimal {
  invariant(Number.isInteger(scale) && scale >= 0, `not a scale: ${scale}`)
  if (mantissa === 0n) return { mantissa, scale: 0 }
  let [digits, places] = [mantissa, scale]
  while (places > 0 && digits % 10n === 0n) {
    digits /= 10n
    places -= 1
  }
  return { mantissa: digits, scale: places }
}

/**
 * A plain decimal: `-12.50`, `0.1`, `007` (leading and trailing zeros carry no meaning, as in FIX 4.4
 * vol 1). Refuses `decimal-invalid`: exponents, a plus sign, a bare point, spaces, too many digits.
 */
export function parseDecimal(text: string): Decimal | Refusal {
  const match = text.length <= decimalDigitsMax + 2 ? pattern.exec(text) : null
  if (match === null) return refuse('decimal-invalid', `Not a plain decimal number: ${text.slice(0, 40)}`)
  const [, sign = '', whole = '', fraction = ''] = match
  if (whole.length + fraction.length > decimalDigitsMax)
    return refuse('decimal-invalid', `More than ${decimalDigitsMax} digits`)
  return decimal(BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n), fraction.length)
}

/** The shortest plain form: `-12.5`, `0`, `430.72`. */
export function formatDecimal(value: Decimal): string {
  const sign = value.mantissa < 0n ? '-' : ''
  const digits = magnitude(value.mantissa)
    .toString()
    .padStart(value.scale + 1, '0')
  const point = digits.length - value.scale
  return sign + (value.scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`)
}

/** −1, 0 or 1. */
export function compareDecimal(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const [left, right] = aligned(a, b)
  if (left === right) return 0
  return left < right ? -1 : 1
}

export function addDecimal(a: Decimal, b: Decimal): Decimal {
  const [left, right, scale] = aligned(a, b)
  return decimal(left + right, scale)
}

export const negateDecimal = (value: Decimal): Decimal => ({ mantissa: -value.mantissa, scale: value.scale })

export const subtractDecimal = (a: Decimal, b: Decimal): Decimal => addDecimal(a, negateDecimal(b))

export const multiplyDecimal = (a: Decimal, b: Decimal): Decimal =>
  decimal(a.mantissa * b.mantissa, a.scale + b.scale)

/** Whether `value` is a whole number of ticks. */
export function isMultipleOf(value: Decimal, tick: Decimal): boolean {
  const [dividend, divisor] = aligned(value, tick)
  invariant(divisor > 0n, 'a tick is above zero')
  return dividend % divisor === 0n
}

/** The multiple of `tick` that `rounding` chooses. */
export function roundDecimal(value: Decimal, tick: Decimal, rounding: Rounding): Decimal {
  const [dividend, divisor, scale] = aligned(value, tick)
  invariant(divisor > 0n, 'a tick is above zero')
  return decimal(divideRounded(dividend, divisor, rounding) * divisor, scale)
}

/** The quotient of two integers, rounded. `divisor` is above zero. */
export function divideRounded(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  invariant(divisor > 0n, 'a divisor is above zero')
  const rest = ((dividend % divisor) + divisor) % divisor
  const floor = (dividend - rest) / divisor
  if (rest === 0n || rounding === 'down') return floor
  if (rounding === 'up') return floor + 1n
  const twice = 2n * rest
  if (twice === divisor) return floor % 2n === 0n ? floor : floor + 1n
  return twice > divisor ? floor + 1n : floor
}

/** Minor units at `decimals` places, exactly. Refuses `money-inexact` where digits would be lost. */
export function toMinor(value: Decimal, decimals: number): bigint | Refusal {
  if (value.scale > decimals)
    return refuse('money-inexact', `${formatDecimal(value)} has more than ${decimals} decimal places`)
  return value.mantissa * 10n ** BigInt(decimals - value.scale)
}

/** The decimal of an integer of minor units. */
export const fromMinor = (minor: bigint, decimals: number): Decimal => decimal(minor, decimals)

function aligned(a: Decimal, b: Decimal): readonly [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale)
  return [a.mantissa * 10n ** BigInt(scale - a.scale), b.mantissa * 10n ** BigInt(scale - b.scale), scale]
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value)
