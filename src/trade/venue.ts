import { parseDecimal, isRefusal, invariant, type Decimal } from '#core'
import { civilFromDays, dayOf, fridayFrom, instantOfDay, lastFridayOf } from './calendar.ts'
import type { Instant } from '#core'

/** Up to and including `upTo` (absent: no upper end) a strike is a multiple of `step`. */
export type StrikeBand = { readonly upTo?: Decimal; readonly step: Decimal }

/** What one underlying may be traded in. Quantities are whole contracts, prices USDC per unit of the underlying. */
export type UnderlyingTerms = {
  readonly tick: Decimal
  readonly quantityMin: Decimal
  readonly quantityMax: Decimal
  readonly quantityStep: Decimal
  /** Units of the underlying per contract (FIX ContractMultiplier(231)); always explicit, never assumed. */
  readonly multiplier: Decimal
  readonly strikeBands: readonly StrikeBand[]
}

/**
 * The conventions of a place where options are traded, as data.
 *
 * Options are European and cash settled. `linear` means that premium and settlement are paid in
 * `currency` (a stablecoin, not ISO 4217), not in the underlying. `mic` is ISO 10383; `XXXX` says that
 * there is no market: a bilateral trade.
 */
export type Venue = {
  readonly id: string
  readonly mic: string
  readonly convention: 'linear'
  readonly currency: string
  readonly settlCurrency: string
  readonly strikeCurrency: string
  readonly expiryHourUtc: number
  readonly weekliesAhead: number
  readonly monthliesAhead: number
  readonly quarterliesAhead: number
  readonly underlyings: Readonly<Record<string, UnderlyingTerms>>
}

/**
 * Bilateral options with the calendar of the listed market: weeklies on Fridays, monthlies on the last
 * Friday, quarterlies on the last Friday of March, June, September and December, all at 08:00 UTC;
 * premium and settlement in USDC. Not an exchange listing: listed ETH options are mostly quoted in ETH.
 */
export const otcLinearUsdc: Venue = {
  id: 'otc-linear-usdc',
  mic: 'XXXX',
  convention: 'linear',
  currency: 'USDC',
  settlCurrency: 'USDC',
  strikeCurrency: 'USD',
  expiryHourUtc: 8,
  weekliesAhead: 4,
  monthliesAhead: 6,
  quarterliesAhead: 8,
  underlyings: {
    BTC: {
      tick: exact('1'),
      quantityMin: exact('1'),
      quantityMax: exact('10000'),
      quantityStep: exact('1'),
      multiplier: exact('0.1'),
      strikeBands: [{ upTo: exact('100000'), step: exact('500') }, { step: exact('1000') }],
    },
    ETH: {
      tick: exact('0.01'),
      quantityMin: exact('1'),
      quantityMax: exact('10000'),
      quantityStep: exact('1'),
      multiplier: exact('1'),
      strikeBands: [
        { upTo: exact('2000'), step: exact('25') },
        { upTo: exact('5000'), step: exact('50') },
        { step: exact('100') },
      ],
    },
  },
}

const venues: readonly Venue[] = [otcLinearUsdc]

export function findVenue(id: string): Venue | undefined {
  return venues.find((venue) => venue.id === id)
}

/** Expiry instants that can be traded at `asOf`, ascending, without those already past. */
export function listedExpiries(venue: Venue, asOf: Instant): readonly Instant[] {
  const next = (days: readonly number[]): Instant[] =>
    days.map((day) => instantOfDay(day, venue.expiryHourUtc)).filter((expiry) => expiry > asOf)
  const today = dayOf(asOf)
  const expiries = new Set([
    ...next(weeklies(today, venue.weekliesAhead)).slice(0, venue.weekliesAhead),
    ...next(lastFridays(today, venue.monthliesAhead, 1)).slice(0, venue.monthliesAhead),
    ...next(lastFridays(today, venue.quarterliesAhead, 3)).slice(0, venue.quarterliesAhead),
  ])
  return [...expiries].toSorted((a, b) => a - b)
}

// Both give one more than `count`: the first may be past.
function weeklies(today: number, count: number): number[] {
  const first = fridayFrom(today)
  return Array.from({ length: count + 1 }, (_, week) => first + 7 * week)
}

function lastFridays(today: number, count: number, everyMonths: number): number[] {
  const { year, month } = civilFromDays(today)
  const firstMonth = year * 12 + Math.ceil(month / everyMonths) * everyMonths - 1
  return Array.from({ length: count + 1 }, (_, n) => {
    const index = firstMonth + n * everyMonths
    return lastFridayOf(Math.floor(index / 12), (index % 12) + 1)
  })
}

function exact(text: string): Decimal {
  const parsed = parseDecimal(text)
  invariant(!isRefusal(parsed), `venue table holds a bad decimal: ${text}`)
  return parsed
}
