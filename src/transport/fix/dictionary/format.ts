import { fieldTypes, type FieldType } from './data.ts'

/** How a value is checked; several FIX data types share one form. */
export const Form = {
  text: 0,
  char: 1,
  boolean: 2,
  int: 3,
  natural: 4,
  decimal: 5,
  timestamp: 6,
  time: 7,
  date: 8,
  monthYear: 9,
  dayOfMonth: 10,
  list: 11,
  data: 12,
  zonedTime: 13,
  zonedTimestamp: 14,
} as const

const forms: Readonly<Record<FieldType, number>> = {
  STRING: Form.text,
  CHAR: Form.char,
  BOOLEAN: Form.boolean,
  INT: Form.int,
  LENGTH: Form.natural,
  SEQNUM: Form.natural,
  NUMINGROUP: Form.natural,
  DAYOFMONTH: Form.dayOfMonth,
  FLOAT: Form.decimal,
  PRICE: Form.decimal,
  PRICEOFFSET: Form.decimal,
  QTY: Form.decimal,
  AMT: Form.decimal,
  PERCENTAGE: Form.decimal,
  UTCTIMESTAMP: Form.timestamp,
  UTCTIMEONLY: Form.time,
  UTCDATE: Form.date,
  UTCDATEONLY: Form.date,
  LOCALMKTDATE: Form.date,
  MONTHYEAR: Form.monthYear,
  TZTIMEONLY: Form.zonedTime,
  TZTIMESTAMP: Form.zonedTimestamp,
  MULTIPLEVALUESTRING: Form.list,
  MULTIPLESTRINGVALUE: Form.list,
  MULTIPLECHARVALUE: Form.list,
  DATA: Form.data,
  XMLDATA: Form.data,
  CURRENCY: Form.text,
  COUNTRY: Form.text,
  EXCHANGE: Form.text,
  LANGUAGE: Form.text,
}

/** Type code (index in `fieldTypes`) → form. */
export const formOfType: Uint8Array = Uint8Array.from(fieldTypes, (type) => forms[type])

/**
 * Whether the bytes have the form (FIX 4.4 vol. 1, "Data types"): no sign but `-`, no exponent, no spaces;
 * times in UTC with 0, 3, 6, 9 or 12 digits of fraction; 60 seconds in a leap second.
 */
export function hasForm(form: number, bytes: Uint8Array, start: number, end: number): boolean {
  switch (form) {
    case Form.char:
      return end - start === 1
    case Form.boolean:
      return end - start === 1 && (bytes[start] === letterY || bytes[start] === letterN)
    case Form.int:
      return isDigits(bytes, bytes[start] === minus ? start + 1 : start, end)
    case Form.natural:
      return isDigits(bytes, start, end)
    case Form.decimal:
      return isDecimal(bytes, start, end)
    case Form.timestamp:
      return isDate(bytes, start, start + 8) && bytes[start + 8] === minus && isTime(bytes, start + 9, end)
    case Form.time:
      return isTime(bytes, start, end)
    case Form.date:
      return isDate(bytes, start, end)
    case Form.monthYear:
      return isMonthYear(bytes, start, end)
    case Form.dayOfMonth:
      return end - start <= 2 && within(bytes, start, end, 1, 31)
    case Form.zonedTime:
      return isZonedTime(bytes, start, end)
    case Form.zonedTimestamp:
      return (
        isDate(bytes, start, start + 8) && bytes[start + 8] === minus && isZonedTime(bytes, start + 9, end)
      )
    default:
      return true
  }
}

const plus = 0x2b
const minus = 0x2d
const point = 0x2e
const colon = 0x3a
const letterN = 0x4e
const letterY = 0x59
const letterZ = 0x5a
const letterW = 0x77

function isDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! < 0x30 || bytes[i]! > 0x39) return false
  return start < end
}

function isDecimal(bytes: Uint8Array, start: number, end: number): boolean {
  let digits = 0
  let points = 0
  for (let i = bytes[start] === minus ? start + 1 : start; i < end; i++) {
    const byte = bytes[i]!
    if (byte >= 0x30 && byte <= 0x39) digits++
    else if (byte !== point || ++points > 1) return false
  }
  return digits > 0
}

function isTime(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 8 || bytes[start + 2] !== colon || bytes[start + 5] !== colon) return false
  if (!within(bytes, start, start + 2, 0, 23) || !within(bytes, start + 3, start + 5, 0, 59)) return false
  if (!within(bytes, start + 6, start + 8, 0, 60)) return false
  const fraction = end - start - 9
  if (fraction === -1) return true
  return bytes[start + 8] === point && fraction % 3 === 0 && fraction <= 12 && isDigits(bytes, start + 9, end)
}

/** `HH:MM[:SS[.sss]]`, then `Z`, or `+hh[:mm]` or `-hh[:mm]`, or nothing (FIX 5.0 SP2, TZTimeOnly). */
function isZonedTime(bytes: Uint8Array, start: number, end: number): boolean {
  let zone = start
  while (zone < end && !isZoneStart(bytes[zone]!)) zone++
  const isClock = zone - start === 5 ? isHourMinute(bytes, start, zone) : isTime(bytes, start, zone)
  if (!isClock || zone === end) return isClock
  if (bytes[zone] === letterZ) return zone + 1 === end
  return end - zone === 3 ? within(bytes, zone + 1, end, 0, 23) : isHourMinute(bytes, zone + 1, end)
}

const isZoneStart = (byte: number): boolean => byte === letterZ || byte === plus || byte === minus

function isHourMinute(bytes: Uint8Array, start: number, end: number): boolean {
  const isShape = end - start === 5 && bytes[start + 2] === colon
  return isShape && within(bytes, start, start + 2, 0, 23) && within(bytes, start + 3, end, 0, 59)
}

function isDate(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start === 8 &&
    isDigits(bytes, start, start + 4) &&
    within(bytes, start + 4, start + 6, 1, 12) &&
    within(bytes, start + 6, start + 8, 1, 31)
  )
}

/** `YYYYMM`, `YYYYMMDD`, or `YYYYMMw1` … `YYYYMMw5`. */
function isMonthYear(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start === 8 && bytes[start + 6] === letterW)
    return isMonthYear(bytes, start, start + 6) && within(bytes, start + 7, end, 1, 5)
  if (end - start === 8) return isDate(bytes, start, end)
  return end - start === 6 && isDigits(bytes, start, start + 4) && within(bytes, start + 4, start + 6, 1, 12)
}

function within(bytes: Uint8Array, start: number, end: number, least: number, most: number): boolean {
  let value = 0
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 0x30
    if (!(digit >= 0 && digit <= 9)) return false
    value = value * 10 + digit
  }
  return start < end && value >= least && value <= most
}
