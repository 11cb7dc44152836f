import { instant, type Instant } from '#core'
import { Form, hasForm } from '../dictionary/format.ts'

/** `-?digits` as a number, or undefined: other characters, or beyond what a double holds exactly. */
export function integerAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (!hasForm(Form.int, bytes, start, end)) return undefined
  const isNegative = bytes[start] === 0x2d
  let value = 0
  for (let i = isNegative ? start + 1 : start; i < end; i++) value = value * 10 + bytes[i]! - 0x30
  if (value > Number.MAX_SAFE_INTEGER) return undefined
  return isNegative && value !== 0 ? -value : value
}

/** UTCTIMESTAMP `YYYYMMDD-HH:MM:SS[.sss…]`, cut to milliseconds; undefined for other bytes and impossible dates. */
export function timestampAt(bytes: Uint8Array, start: number, end: number): Instant | undefined {
  if (!hasForm(Form.timestamp, bytes, start, end)) return undefined
  const number = (from: number, digits: number): number => {
    let value = 0
    for (let i = start + from; i < start + from + digits; i++) value = value * 10 + bytes[i]! - 0x30
    return value
  }
  const [year, month, day] = [number(0, 4), number(4, 2), number(6, 2)]
  const midnight = Date.UTC(year, month - 1, day)
  if (year < yearMin || new Date(midnight).getUTCDate() !== day) return undefined
  const ms = end - start > 17 ? number(18, 3) : 0
  return instant(midnight + number(9, 2) * 3_600_000 + number(12, 2) * 60_000 + number(15, 2) * 1000 + ms)
}

/** Date.UTC reads years below 100 as 19xx; no message is that old. */
const yearMin = 1000

/** `20261120-14:00:00.412`: the form of a UTCTIMESTAMP that we send. */
export function formatTimestamp(at: Instant): string {
  const iso = new Date(at).toISOString()
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}-${iso.slice(11, 23)}`
}

/** `20270625`: the form of a LOCALMKTDATE or UTCDATEONLY, of the UTC day. */
export const formatDate = (at: Instant): string => formatTimestamp(at).slice(0, 8)
