import {
  compareDecimal,
  formatDecimal,
  formatInstant,
  isMultipleOf,
  isRefusal,
  parseDecimal,
  refuse,
  type Decimal,
  type Instant,
  type Refusal,
} from '#core'
import {
  civilFromDays,
  compactDate,
  dayOf,
  daysFromCivil,
  instantOfDay,
  isoDate,
  weekdayOf,
} from './calendar.ts'
import { cfiOf, type PutOrCall } from './cfi.ts'
import { listedExpiries, type UnderlyingTerms, type Venue } from './venue.ts'

/**
 * One option: everything that its SecurityID and the venue's conventions determine.
 *
 * `strike` is in `strikeCurrency` per unit of the underlying, `tick` in `currency` per unit of the
 * underlying, quantities in contracts of `multiplier` units. `maturityDate` is the FIX form `20270625`.
 */
export type Instrument = {
  readonly securityId: string
  readonly venue: string
  readonly mic: string
  readonly underlying: string
  readonly putOrCall: PutOrCall
  readonly exerciseStyle: 'European'
  readonly settlMethod: 'Cash'
  readonly cfi: string
  readonly strike: Decimal
  readonly strikeCurrency: string
  readonly expiry: Instant
  readonly maturityDate: string
  readonly currency: string
  readonly settlCurrency: string
  readonly multiplier: Decimal
  readonly tick: Decimal
  readonly quantityMin: Decimal
  readonly quantityMax: Decimal
  readonly quantityStep: Decimal
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
// UNDERLYING-DMMMYY-STRIKE-C: the day and the strike carry no leading zero, so one option has one name.
const idPattern = /^([A-Z][A-Z0-9]{1,9})-([1-9]\d?)([A-Z]{3})(\d{2})-([1-9]\d{0,11})-([CP])$/

/**
 * Reads `ETH-25JUN27-4000-C`.
 *
 * Refuses `unknown-instrument` (form, underlying, strike off its increments), `not-an-expiry` (a day that
 * does not exist or is not in the venue's calendar; meta `nearestBefore`, `nearestAfter` name the closest
 * ones that can be traded) and `instrument-expired`.
 */
export function parseInstrument(securityId: string, venue: Venue, asOf: Instant): Instrument | Refusal {
  const match = idPattern.exec(securityId)
  if (match === null) return unknown(securityId, 'is not of the form UNDERLYING-DMMMYY-STRIKE-C (or P)')
  const [, underlying = '', day = '', month = '', year = '', strikeText = '', letter = ''] = match
  const terms = Object.hasOwn(venue.underlyings, underlying) ? venue.underlyings[underlying] : undefined
  if (terms === undefined) return unknown(securityId, `names ${underlying}, which ${venue.id} does not trade`)
  const expiry = parseExpiry(securityId, `${day}${month}${year}`, venue, asOf)
  if (isRefusal(expiry)) return expiry
  const strike = parseDecimal(strikeText)
  if (isRefusal(strike)) return strike
  if (!isOnStrikeGrid(strike, terms))
    return unknown(securityId, `has a strike off the increments of ${venue.id}`)
  return instrumentOf({
    venue,
    terms,
    underlying,
    expiry,
    strike,
    putOrCall: letter === 'C' ? 'Call' : 'Put',
  })
}

/** The SecurityID of an option: the inverse of `parseInstrument`. */
export function formatInstrument(
  option: Pick<Instrument, 'underlying' | 'expiry' | 'strike' | 'putOrCall'>,
): string {
  const letter = option.putOrCall === 'Call' ? 'C' : 'P'
  return `${option.underlying}-${formatExpiry(option.expiry)}-${formatDecimal(option.strike)}-${letter}`
}

/** `25JUN27` */
export function formatExpiry(expiry: Instant): string {
  const { year, month, day } = civilFromDays(dayOf(expiry))
  return `${day}${months[month - 1]}${String(year % 100).padStart(2, '0')}`
}

/** `quantity-invalid` unless within minimum and maximum and a whole number of steps. */
export function checkQuantity(instrument: Instrument, quantity: Decimal): Refusal | undefined {
  const { quantityMin, quantityMax, quantityStep } = instrument
  const inRange = compareDecimal(quantity, quantityMin) >= 0 && compareDecimal(quantity, quantityMax) <= 0
  if (inRange && isMultipleOf(quantity, quantityStep)) return undefined
  const [min, max, step] = [quantityMin, quantityMax, quantityStep].map(formatDecimal)
  return refuse(
    'quantity-invalid',
    `${formatDecimal(quantity)} contracts: ${instrument.securityId} trades from ${min} to ${max} in steps of ${step}`,
    {
      quantity: formatDecimal(quantity),
      quantityMin: String(min),
      quantityMax: String(max),
      quantityStep: String(step),
    },
  )
}

/** `price-off-tick` unless above zero and a whole number of ticks. */
export function checkPrice(instrument: Instrument, price: Decimal): Refusal | undefined {
  if (price.mantissa > 0n && isMultipleOf(price, instrument.tick)) return undefined
  const tick = formatDecimal(instrument.tick)
  const detail = `Price ${formatDecimal(price)} of ${instrument.securityId} is not a positive multiple of ${tick}`
  return refuse('price-off-tick', detail, { price: formatDecimal(price), tick })
}

function parseExpiry(securityId: string, text: string, venue: Venue, asOf: Instant): Instant | Refusal {
  const day = parseDay(text)
  if (day === undefined) return refuseExpiry(securityId, `${text} is not a date`, venue, asOf, asOf)
  const expiry = instantOfDay(day, venue.expiryHourUtc)
  if (listedExpiries(venue, asOf).includes(expiry)) return expiry
  if (expiry <= asOf)
    return refuse('instrument-expired', `${securityId} expired at ${formatInstant(expiry)}`, { securityId })
  const why = `${isoDate(day)} is a ${weekdays[weekdayOf(day)]} and not an expiry of ${venue.id}`
  return refuseExpiry(securityId, why, venue, asOf, expiry)
}

// Two-digit years are 2000 to 2099.
function parseDay(text: string): number | undefined {
  const month = months.indexOf(text.slice(-5, -2)) + 1
  const day = daysFromCivil({ year: 2000 + Number(text.slice(-2)), month, day: Number(text.slice(0, -5)) })
  const exists = month > 0 && `${civilFromDays(day).day}` === text.slice(0, -5)
  return exists ? day : undefined
}

function isOnStrikeGrid(strike: Decimal, terms: UnderlyingTerms): boolean {
  const band = terms.strikeBands.find(({ upTo }) => upTo === undefined || compareDecimal(strike, upTo) <= 0)
  return band !== undefined && isMultipleOf(strike, band.step)
}

type Parts = {
  readonly venue: Venue
  readonly terms: UnderlyingTerms
  readonly underlying: string
  readonly expiry: Instant
  readonly strike: Decimal
  readonly putOrCall: PutOrCall
}

function instrumentOf({ venue, terms, ...option }: Parts): Instrument {
  return {
    ...option,
    securityId: formatInstrument(option),
    venue: venue.id,
    mic: venue.mic,
    exerciseStyle: 'European',
    settlMethod: 'Cash',
    cfi: cfiOf(option.putOrCall),
    strikeCurrency: venue.strikeCurrency,
    maturityDate: compactDate(dayOf(option.expiry)),
    currency: venue.currency,
    settlCurrency: venue.settlCurrency,
    multiplier: terms.multiplier,
    tick: terms.tick,
    quantityMin: terms.quantityMin,
    quantityMax: terms.quantityMax,
    quantityStep: terms.quantityStep,
  }
}

function refuseExpiry(
  securityId: string,
  why: string,
  venue: Venue,
  asOf: Instant,
  wanted: Instant,
): Refusal {
  const listed = listedExpiries(venue, asOf)
  const before = listed.findLast((expiry) => expiry < wanted)
  const after = listed.find((expiry) => expiry > wanted)
  const nearest = [before, after].filter((expiry) => expiry !== undefined).map(formatExpiry)
  return refuse('not-an-expiry', `${securityId}: ${why}; the nearest are ${nearest.join(' and ')}`, {
    securityId,
    ...(before === undefined ? {} : { nearestBefore: formatExpiry(before) }),
    ...(after === undefined ? {} : { nearestAfter: formatExpiry(after) }),
  })
}

function unknown(securityId: string, why: string): Refusal {
  return refuse('unknown-instrument', `${securityId} ${why}`, { securityId })
}
