import { divideRounded, refuse, type Decimal, type Refusal } from '#core'

const centsDecimals = 2n

/** Largest integer that a double, and so the boundary to Cedar, carries exactly: 2^53 − 1. */
export const longMax = BigInt(Number.MAX_SAFE_INTEGER)

/**
 * An amount of whole units as cents, for comparison with limits. Parts of a cent round up: since limits are
 * whole cents, `amount > limit` and `cents(amount) > limit` are the same statement.
 * Refuses `policy-error` below zero and above 2^53 − 1 cents.
 */
export function centsOf(amount: Decimal): number | Refusal {
  const shift = 10n ** centsDecimals
  const cents = divideRounded(amount.mantissa * shift, 10n ** BigInt(amount.scale), 'up')
  if (amount.mantissa >= 0n && cents <= longMax) return Number(cents)
  return refuse('policy-error', 'An amount is below zero or beyond 2^53 − 1 cents')
}

/** `5000000` → `50,000.00` */
export function formatCents(cents: number): string {
  const digits = String(cents < 0 ? -cents : cents).padStart(3, '0')
  const whole = digits.slice(0, -2).replace(/\B(?=(?:\d{3})+$)/g, ',')
  return `${cents < 0 ? '-' : ''}${whole}.${digits.slice(-2)}`
}
