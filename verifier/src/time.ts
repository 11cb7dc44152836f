/** Times are RFC 3339 UTC with exactly three decimals: `2026-11-20T14:00:00.412Z`. Text order is time order. */

export const isInstant = (text: string): boolean => {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{3}Z$/.exec(text)
  if (found === null) return false
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number)
  const inDay = hour < 24 && minute < 60 && second < 60
  return year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && inDay
}

/** Whole seconds since 1970-01-01T00:00:00Z; undefined unless a valid instant that falls on a second. */
export const unixSeconds = (text: string): bigint | undefined =>
  isInstant(text) && text.endsWith('.000Z') ? BigInt(Date.parse(text)) / 1000n : undefined

const daysIn = (year: number, month: number): number => {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
}
