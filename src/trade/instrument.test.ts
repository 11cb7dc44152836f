import assert from 'node:assert/strict'
import test from 'node:test'
import { assert as check, constantFrom, integer, property } from 'fast-check'
import { instant, isRefusal, parseDecimal, parseInstant, type Instant, type Refusal } from '#core'
import { civilFromDays, daysFromCivil, isoDate, lastFridayOf, weekdayOf } from './calendar.ts'
import {
  checkPrice,
  checkQuantity,
  formatInstrument,
  parseInstrument,
  type Instrument,
} from './instrument.ts'
import { checkProductFields, type ProductFields } from './product-fields.ts'
import { listedExpiries, otcLinearUsdc } from './venue.ts'

const asOf = at('2026-11-20T14:00:00.000Z')
const flagship = 'ETH-25JUN27-4000-C'

function at(text: string): Instant {
  const parsed = parseInstant(text)
  assert.ok(!isRefusal(parsed))
  return parsed
}

function accepted(result: Instrument | Refusal): Instrument {
  assert.ok(!isRefusal(result), isRefusal(result) ? result.detail : '')
  return result
}

function refused(result: unknown): Refusal {
  assert.ok(isRefusal(result))
  return result
}

function decimalOf(text: string) {
  const value = parseDecimal(text)
  assert.ok(!isRefusal(value))
  return value
}

test('the calendar agrees with the platform on every day of four centuries', () => {
  for (let days = -60_000; days < 90_000; days += 1) {
    const date = new Date(days * 86_400_000)
    const civil = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
    assert.deepEqual(civilFromDays(days), civil)
    assert.equal(daysFromCivil(civil), days)
    assert.equal(weekdayOf(days), date.getUTCDay())
  }
})

test('the last Friday of June 2027 is the 25th', () => {
  assert.equal(isoDate(lastFridayOf(2027, 6)), '2027-06-25')
  assert.equal(isoDate(lastFridayOf(2026, 12)), '2026-12-25')
})

test('the flagship instrument carries every convention of the venue', () => {
  const option = accepted(parseInstrument(flagship, otcLinearUsdc, asOf))
  assert.equal(option.expiry, at('2027-06-25T08:00:00.000Z'))
  assert.equal(option.maturityDate, '20270625')
  assert.equal(option.cfi, 'OCECCN')
  assert.equal(option.currency, 'USDC')
  assert.equal(option.strikeCurrency, 'USD')
  assert.equal(option.mic, 'XXXX')
  assert.equal(formatInstrument(option), flagship)
})

test('27JUN27 is a Sunday: refused, with the nearest expiries named', () => {
  const refusal = refused(parseInstrument('ETH-27JUN27-4000-C', otcLinearUsdc, asOf))
  assert.equal(refusal.refusal, 'not-an-expiry')
  assert.match(refusal.detail, /Sunday/)
  assert.equal(refusal.meta['nearestBefore'], '25JUN27')
  assert.equal(refusal.meta['nearestAfter'], '24SEP27')
})

test('days that do not exist and days beyond the calendar are no expiries', () => {
  for (const day of ['31JUN27', '29FEB27', '32MAY27', '25JUM27', '18JUN27', '29DEC28', '30JUL27'])
    assert.equal(
      refused(parseInstrument(`ETH-${day}-4000-C`, otcLinearUsdc, asOf)).refusal,
      'not-an-expiry',
      day,
    )
})

test('an expiry is expired at its instant and tradable one millisecond before', () => {
  const id = 'ETH-20NOV26-4000-C'
  const expiry = at('2026-11-20T08:00:00.000Z')
  assert.equal(refused(parseInstrument(id, otcLinearUsdc, expiry)).refusal, 'instrument-expired')
  accepted(parseInstrument(id, otcLinearUsdc, instant(expiry - 1)))
})

test('one option has one name: leading zeros, lower case and other forms are unknown', () => {
  const others = [
    'ETH-5JUN2027-4000-C',
    'ETH-025JUN27-4000-C',
    'ETH-25jun27-4000-C',
    'ETH-25JUN27-04000-C',
    'ETH-25JUN27-4000.0-C',
    'ETH-25JUN27-4000-X',
    'ETH-25JUN27-4000-C ',
    'DOGE-25JUN27-4000-C',
    'constructor-25JUN27-4000-C',
    'ETH-25JUN27-4010-C',
    'ETH-25JUN27-5050-C',
  ]
  for (const id of others)
    assert.equal(refused(parseInstrument(id, otcLinearUsdc, asOf)).refusal, 'unknown-instrument', id)
  assert.equal(
    refused(parseInstrument('ETH-04DEC26-4000-C', otcLinearUsdc, asOf)).refusal,
    'unknown-instrument',
  )
  accepted(parseInstrument('ETH-4DEC26-4000-C', otcLinearUsdc, asOf))
})

test('every listed expiry is a Friday at 08:00 UTC after asOf, and its instrument reads back', () => {
  const span = integer({ min: at('2024-01-01T00:00:00Z'), max: at('2060-01-01T00:00:00Z') })
  check(
    property(span, constantFrom('Put' as const, 'Call' as const), (ms, putOrCall) => {
      const expiries = listedExpiries(otcLinearUsdc, instant(ms))
      assert.ok(expiries.length >= 11)
      for (const expiry of expiries) {
        assert.ok(expiry > ms)
        assert.equal(new Date(expiry).getUTCDay(), 5)
        assert.equal(new Date(expiry).toISOString().slice(11), '08:00:00.000Z')
        const id = formatInstrument({ underlying: 'ETH', expiry, strike: decimalOf('2500'), putOrCall })
        assert.equal(accepted(parseInstrument(id, otcLinearUsdc, instant(ms))).expiry, expiry)
      }
    }),
    { numRuns: 200 },
  )
})

test('the next four weeklies, six monthlies and eight quarterlies can be traded', () => {
  const names = listedExpiries(otcLinearUsdc, asOf).map((expiry) =>
    new Date(expiry).toISOString().slice(0, 10),
  )
  for (const day of ['2026-11-27', '2026-12-04', '2026-12-11', '2026-12-18', '2026-12-25', '2027-04-30'])
    assert.ok(names.includes(day), day)
  for (const day of ['2027-03-26', '2027-06-25', '2027-09-24', '2028-09-29'])
    assert.ok(names.includes(day), day)
})

test('quantities and prices keep to minimum, maximum, step and tick', () => {
  const option = accepted(parseInstrument(flagship, otcLinearUsdc, asOf))
  assert.equal(checkQuantity(option, decimalOf('100')), undefined)
  for (const text of ['0', '-1', '0.5', '100.5', '10001'])
    assert.equal(checkQuantity(option, decimalOf(text))?.refusal, 'quantity-invalid', text)
  assert.equal(checkPrice(option, decimalOf('430.72')), undefined)
  for (const text of ['0', '-430.72', '430.725'])
    assert.equal(checkPrice(option, decimalOf(text))?.refusal, 'price-off-tick', text)
})

const fixFields: ProductFields = {
  securityId: flagship,
  cfiCode: 'OCECCN',
  putOrCall: '1',
  maturityDate: '20270625',
  strike: '4000',
  strikeCurrency: 'USD',
  currency: 'USDC',
  symbol: 'ETH',
  securityType: 'OPT',
}

test('all FIX product fields of the request, none of them, or any one of them describe the option', () => {
  const option = accepted(parseInstrument(flagship, otcLinearUsdc, asOf))
  assert.deepEqual(checkProductFields(fixFields, otcLinearUsdc, asOf), option)
  assert.deepEqual(checkProductFields({ securityId: flagship }, otcLinearUsdc, asOf), option)
  for (const [field, value] of Object.entries(fixFields))
    assert.deepEqual(
      checkProductFields({ securityId: flagship, [field]: value }, otcLinearUsdc, asOf),
      option,
    )
  assert.deepEqual(
    checkProductFields({ securityId: flagship, strike: '4000.00' }, otcLinearUsdc, asOf),
    option,
  )
})

test('CFICode and PutOrCall that disagree are refused even where one of them is right', () => {
  for (const fields of [
    { securityId: flagship, cfiCode: 'OCECCN', putOrCall: '0' },
    { securityId: flagship, cfiCode: 'OPECCN', putOrCall: '1' },
    { securityId: flagship, cfiCode: 'OMECCN', putOrCall: '1' },
    { securityId: flagship, cfiCode: 'OCECCN', putOrCall: '7' },
  ])
    assert.equal(refused(checkProductFields(fields, otcLinearUsdc, asOf)).refusal, 'cfi-mismatch')
})

test('each field that contradicts the SecurityID is named', () => {
  const wrong: Record<string, [string, string]> = {
    cfiCode: ['OCACCN', 'CFICode(461)'],
    putOrCall: ['0', 'PutOrCall(201)'],
    maturityDate: ['20270627', 'MaturityDate(541)'],
    strike: ['4001', 'StrikePrice(202)'],
    strikeCurrency: ['USDC', 'StrikeCurrency(947)'],
    currency: ['USD', 'Currency(15)'],
    symbol: ['BTC', 'Symbol(55)'],
    securityType: ['FUT', 'SecurityType(167)'],
  }
  for (const [field, [value, name]] of Object.entries(wrong)) {
    const refusal = refused(checkProductFields({ securityId: flagship, [field]: value }, otcLinearUsdc, asOf))
    assert.equal(refusal.refusal, 'instrument-mismatch', field)
    assert.equal(refusal.meta['field'], name)
  }
})
