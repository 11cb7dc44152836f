import { compareDecimal, isRefusal, parseDecimal, refuse, type Instant, type Refusal } from '#core'
import { parseCfi } from './cfi.ts'
import { parseInstrument, type Instrument } from './instrument.ts'
import type { Venue } from './venue.ts'

/**
 * The product fields of a FIX message, as received (FIX 4.4 vol 1, component block Instrument).
 *
 * SecurityID(48) says everything; each further field is optional and must then agree with it:
 * CFICode(461), PutOrCall(201, `0` put, `1` call), MaturityDate(541, `20270625`), StrikePrice(202),
 * StrikeCurrency(947), Currency(15, of the price), Symbol(55, the underlying), SecurityType(167).
 */
export type ProductFields = {
  readonly securityId: string
  readonly cfiCode?: string | undefined
  readonly putOrCall?: string | number | undefined
  readonly maturityDate?: string | undefined
  readonly strike?: string | undefined
  readonly strikeCurrency?: string | undefined
  readonly currency?: string | undefined
  readonly symbol?: string | undefined
  readonly securityType?: string | undefined
}

/**
 * The instrument that the fields describe.
 *
 * Refuses what `parseInstrument` refuses, `cfi-invalid`, `cfi-mismatch` where CFICode and PutOrCall
 * contradict each other, and `instrument-mismatch` (meta `field`, `expected`, `received`) for any field that
 * contradicts the SecurityID.
 */
export function checkProductFields(fields: ProductFields, venue: Venue, asOf: Instant): Instrument | Refusal {
  const contradiction = checkPutCallAgreement(fields)
  if (contradiction !== undefined) return contradiction
  const instrument = parseInstrument(fields.securityId, venue, asOf)
  if (isRefusal(instrument)) return instrument
  return checkAgainst(instrument, fields) ?? instrument
}

function checkPutCallAgreement({ cfiCode, putOrCall }: ProductFields): Refusal | undefined {
  if (cfiCode === undefined) return undefined
  const option = parseCfi(cfiCode)
  if (isRefusal(option)) return option
  if (putOrCall === undefined || putOrCallOf(putOrCall) === option.putOrCall) return undefined
  const detail = `CFICode(461) ${cfiCode} is a ${option.putOrCall}, PutOrCall(201) ${putOrCall} is not`
  return refuse('cfi-mismatch', detail, { cfiCode, putOrCall: String(putOrCall) })
}

function checkAgainst(instrument: Instrument, fields: ProductFields): Refusal | undefined {
  const expected: readonly (readonly [string, string, string | number | undefined])[] = [
    ['CFICode(461)', instrument.cfi, fields.cfiCode],
    ['PutOrCall(201)', instrument.putOrCall === 'Call' ? '1' : '0', fields.putOrCall],
    ['MaturityDate(541)', instrument.maturityDate, fields.maturityDate],
    ['StrikeCurrency(947)', instrument.strikeCurrency, fields.strikeCurrency],
    ['Currency(15)', instrument.currency, fields.currency],
    ['Symbol(55)', instrument.underlying, fields.symbol],
    ['SecurityType(167)', 'OPT', fields.securityType],
  ]
  for (const [field, want, got] of expected)
    if (got !== undefined && String(got) !== want) return mismatch(instrument, field, want, String(got))
  return checkStrike(instrument, fields.strike)
}

// StrikePrice is a number: 4000.00 is 4000.
function checkStrike(instrument: Instrument, text: string | undefined): Refusal | undefined {
  if (text === undefined) return undefined
  const strike = parseDecimal(text)
  if (isRefusal(strike)) return strike
  if (compareDecimal(strike, instrument.strike) === 0) return undefined
  return mismatch(instrument, 'StrikePrice(202)', instrument.securityId.split('-')[2] ?? '', text)
}

function putOrCallOf(value: string | number): 'Put' | 'Call' | undefined {
  if (String(value) === '1') return 'Call'
  return String(value) === '0' ? 'Put' : undefined
}

function mismatch(instrument: Instrument, field: string, expected: string, received: string): Refusal {
  const detail = `${field} ${received} contradicts SecurityID ${instrument.securityId}, which says ${expected}`
  return refuse('instrument-mismatch', detail, { field, expected, received })
}
