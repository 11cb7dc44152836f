import assert from 'node:assert/strict'
import test from 'node:test'
import { compareDecimal, formatDecimal, isRefusal, parseInstant, instant, type Refusal } from '#core'
import { otcLinearUsdc, parseInstrument } from '#trade'
import { inputsOf, parseMark, valueMarked } from './marks.ts'
import { figure, makerQuote } from './quote.ts'

const asOf = value(parseInstant('2026-11-20T14:00:00.412Z'))
const option = value(parseInstrument('ETH-25JUN27-4000-C', otcLinearUsdc, asOf))
const mark = value(parseMark({ forward: '3250', vol: '0.677' }))
const policy = { spreadVolE9: 3_000_000 }

function value<T>(result: T | Refusal): T {
  assert.ok(!isRefusal(result), isRefusal(result) ? result.detail : '')
  return result
}

test('67.7 % ± 0.3 points on a forward of 3,250 quotes 424.78 / 430.72', () => {
  const quote = value(makerQuote(option, mark, asOf, policy))
  assert.equal(formatDecimal(quote.bid), '424.78')
  assert.equal(formatDecimal(quote.offer), '430.72')
  assert.equal(formatDecimal(quote.fair).slice(0, 6), '427.74')
  assert.equal(formatDecimal(quote.delta).slice(0, 5), '0.445')
  assert.equal(formatDecimal(quote.vegaPerVolPt).slice(0, 4), '9.89')
  assert.equal(quote.inputs.secondsToExpiry, 18_727_199)
})

test('the quote never crosses its fair value and rounds away from the taker', () => {
  for (const tick of ['0.01', '0.5', '100']) {
    const coarse = { ...option, tick: decimalOf(tick) }
    const quote = value(makerQuote(coarse, mark, asOf, { spreadVolE9: 0 }))
    assert.ok(compareDecimal(quote.bid, quote.fair) <= 0)
    assert.ok(compareDecimal(quote.offer, quote.fair) >= 0)
  }
})

function decimalOf(text: string) {
  const at = text.indexOf('.')
  return at < 0
    ? { mantissa: BigInt(text), scale: 0 }
    : { mantissa: BigInt(text.replace('.', '')), scale: text.length - at - 1 }
}

test('a spread wider than the volatility, an expired option and a bad mark are refused', () => {
  const wide = makerQuote(option, mark, asOf, { spreadVolE9: 700_000_000 })
  assert.ok(isRefusal(wide) && wide.refusal === 'mark-invalid')
  const late = inputsOf(option, mark, instant(option.expiry + 1))
  assert.ok(isRefusal(late) && late.refusal === 'instrument-expired')
  for (const [forward, vol] of [
    ['0', '0.6'],
    ['-1', '0.6'],
    ['3250', '0'],
    ['3250.123456789', '0.6'],
    ['1e3', '0.6'],
    ['99999999999', '0.6'],
  ] as const)
    assert.ok(isRefusal(parseMark({ forward, vol })), `${forward} ${vol}`)
})

test('a mark set values what it marks and refuses the rest', () => {
  const set = { asOf, marks: { [option.securityId]: mark } }
  assert.equal(value(valueMarked(option, set)).price.toFixed(2), '427.75')
  const other = valueMarked({ ...option, securityId: 'toString' }, set)
  assert.ok(isRefusal(other) && other.refusal === 'mark-invalid')
})

test('figures round half to even at 1e-8, both signs alike', () => {
  assert.equal(formatDecimal(figure(427.749636384)), '427.74963638')
  assert.equal(formatDecimal(figure(-427.749636384)), '-427.74963638')
  assert.equal(formatDecimal(figure(2 ** -9)), '0.00195312')
  assert.equal(formatDecimal(figure(-(2 ** -9))), '-0.00195312')
})
