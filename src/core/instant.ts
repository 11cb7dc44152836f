import { invariant } from './invariant.ts'
import { refuse, type Refusal } from './refusal.ts'

declare const instantBrand: unique symbol
/** Integer milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted. */
export type Instant = number & { readonly [instantBrand]: true }

/** 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: what four digits of year can say. */
const msMin = -62_167_219_200_000
const msMax = 253_402_300_799_999
const pattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/

/** The instant of a count of milliseconds. */
export function instant(ms: number): Instant {
  invariant(isInstant(ms), `not an instant: ${ms}`)
  return ms
}

export const isInstant = (ms: number): ms is Instant => Number.isInteger(ms) && ms >= msMin && ms <= msMax

/**
 * An RFC 3339 time in UTC with `Z` and at most milliseconds: `2026-11-20T14:00:00.412Z`.
 * Refuses `time-invalid`: other offsets, finer fractions, dates that do not exist, leap seconds.
 */
export function parseInstant(text: string): Instant | Refusal {
  const ms = pattern.test(text) ? Date.parse(text) : NaN
  // Date.parse rolls 30 February over to March; the text must come back as it was.
  if (Number.isNaN(ms) || formatInstant(instant(ms)).slice(0, 19) !== text.slice(0, 19))
    return refuse('time-invalid', `Not an RFC 3339 UTC time: ${text.slice(0, 40)}`)
  return instant(ms)
}

/** RFC 3339 in UTC, always with three digits of milliseconds. */
export const formatInstant = (at: Instant): string => new Date(at).toISOString()

/** The instant `ms` milliseconds later (earlier if negative). */
export const addMs = (at: Instant, ms: number): Instant => instant(at + ms)
