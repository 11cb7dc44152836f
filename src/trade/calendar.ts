import { instant, type Instant } from '#core'

/** A day of the proleptic Gregorian calendar in UTC. `month` is 1 to 12. */
export type CivilDate = { readonly year: number; readonly month: number; readonly day: number }

const dayMs = 86_400_000
const daysPerEra = 146_097
const friday = 5

/** Whole days from 1970-01-01 to `date` (era arithmetic: no platform calendar, no time zone). */
export function daysFromCivil(date: CivilDate): number {
  const year = date.month <= 2 ? date.year - 1 : date.year
  const era = Math.floor(year / 400)
  const yearOfEra = year - era * 400
  const monthFromMarch = (date.month + 9) % 12
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + date.day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * daysPerEra + dayOfEra - 719_468
}

/** The inverse of `daysFromCivil`. */
export function civilFromDays(days: number): CivilDate {
  const shifted = days + 719_468
  const era = Math.floor(shifted / daysPerEra)
  const dayOfEra = shifted - era * daysPerEra
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** 0 is Sunday, 5 is Friday. 1970-01-01 was a Thursday. */
export function weekdayOf(days: number): number {
  return (((days + 4) % 7) + 7) % 7
}

/** Day number of the last Friday of a month. */
export function lastFridayOf(year: number, month: number): number {
  const next = month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 }
  const last = daysFromCivil(next) - 1
  return last - ((weekdayOf(last) - friday + 7) % 7)
}

/** The first Friday on or after `days`. */
export function fridayFrom(days: number): number {
  return days + ((friday - weekdayOf(days) + 7) % 7)
}

/** Day number (UTC) in which `at` falls. */
export function dayOf(at: Instant): number {
  return Math.floor(at / dayMs)
}

export function instantOfDay(days: number, hourUtc: number): Instant {
  return instant(days * dayMs + hourUtc * 3_600_000)
}

/** `20270625`, the form of FIX LocalMktDate fields such as MaturityDate(541). */
export function compactDate(days: number): string {
  const { year, month, day } = civilFromDays(days)
  return `${pad(year, 4)}${pad(month, 2)}${pad(day, 2)}`
}

/** `2027-06-25` (RFC 3339 full-date). */
export function isoDate(days: number): string {
  const { year, month, day } = civilFromDays(days)
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
