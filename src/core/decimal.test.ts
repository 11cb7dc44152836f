import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  addDecimal,
  compareDecimal,
  decimal,
  divideRounded,
  formatDecimal,
  fromMinor,
  isMultipleOf,
  multiplyDecimal,
  negateDecimal,
  parseDecimal,
  roundDecimal,
  subtractDecimal,
  toMinor,
  type Decimal,
} from './decimal.ts'
import { isRefusal } from './refusal.ts'

function d(text: string): Decimal {
  const value = parseDecimal(text)
  assert.ok(!isRefusal(value), text)
  return value
}

const anyDecimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.integer({ min: 0, max: 30 }))
  .map(([mantissa, scale]) => decimal(mantissa, scale))

test('a decimal has one form', () => {
  assert.deepEqual(d('430.720'), { mantissa: 43072n, scale: 2 })
  assert.deepEqual(d('-0.00'), { mantissa: 0n, scale: 0 })
  assert.deepEqual(d('100'), { mantissa: 100n, scale: 0 })
  assert.equal(formatDecimal(d('007.50')), '7.5')
  assert.equal(formatDecimal(d('-0.005')), '-0.005')
})

test('anything but a plain decimal is refused', () => {
  const bad = [
    '',
    '.',
    '1.',
    '.5',
    '+1',
    '1e3',
    '1,000',
    ' 1',
    '1 ',
    '--1',
    '0x1',
    'NaN',
    '1.2.3',
    '١',
    '9'.repeat(97),
  ]
  for (const text of bad) {
    const value = parseDecimal(text)
    assert.ok(isRefusal(value) && value.refusal === 'decimal-invalid', text)
  }
  assert.ok(!isRefusal(parseDecimal('9'.repeat(96))))
})

test('printing and parsing give the number back', () => {
  fc.assert(fc.property(anyDecimal, (value) => assert.deepEqual(parseDecimal(formatDecimal(value)), value)))
})

test('sums, differences, products and order are exact', () => {
  assert.deepEqual(addDecimal(d('0.1'), d('0.2')), d('0.3'))
  assert.deepEqual(multiplyDecimal(d('430.72'), d('100')), d('43072'))
  fc.assert(
    fc.property(anyDecimal, anyDecimal, (a, b) => {
      assert.deepEqual(subtractDecimal(addDecimal(a, b), b), a)
      assert.equal(compareDecimal(a, b), -compareDecimal(b, a) + 0)
      assert.equal(compareDecimal(addDecimal(a, decimal(1n)), a), 1)
      assert.deepEqual(multiplyDecimal(a, b), multiplyDecimal(b, a))
      assert.deepEqual(negateDecimal(negateDecimal(a)), a)
    }),
  )
})

test('a price is a multiple of its tick or it is not', () => {
  assert.equal(isMultipleOf(d('430.72'), d('0.01')), true)
  assert.equal(isMultipleOf(d('430.725'), d('0.01')), false)
  assert.equal(isMultipleOf(d('-7.5'), d('2.5')), true)
  assert.equal(isMultipleOf(d('0'), d('0.25')), true)
  assert.throws(() => isMultipleOf(d('1'), d('0')), /above zero/)
})

test('rounding goes where it is told, on both sides of zero', () => {
  const rows: readonly (readonly [string, string, string, string, string])[] = [
    ['430.7196', '0.01', '430.72', '430.71', '430.72'],
    ['-430.7196', '0.01', '-430.71', '-430.72', '-430.72'],
    ['0.125', '0.05', '0.15', '0.1', '0.1'],
    ['2.5', '1', '3', '2', '2'],
    ['3.5', '1', '4', '3', '4'],
    ['-2.5', '1', '-2', '-3', '-2'],
    ['-3.5', '1', '-3', '-4', '-4'],
    ['7', '1', '7', '7', '7'],
  ]
  for (const [value, tick, up, down, even] of rows) {
    assert.equal(formatDecimal(roundDecimal(d(value), d(tick), 'up')), up)
    assert.equal(formatDecimal(roundDecimal(d(value), d(tick), 'down')), down)
    assert.equal(formatDecimal(roundDecimal(d(value), d(tick), 'half-even')), even)
  }
})

test('up and down enclose the value within one tick', () => {
  const tick = fc.bigInt({ min: 1n, max: 10n ** 12n }).map((mantissa) => decimal(mantissa, 6))
  fc.assert(
    fc.property(anyDecimal, tick, (value, step) => {
      const up = roundDecimal(value, step, 'up')
      const down = roundDecimal(value, step, 'down')
      const near = roundDecimal(value, step, 'half-even')
      assert.ok(compareDecimal(down, value) <= 0 && compareDecimal(value, up) <= 0)
      assert.ok(isMultipleOf(up, step) && isMultipleOf(down, step) && isMultipleOf(near, step))
      assert.ok(compareDecimal(subtractDecimal(up, down), step) <= 0)
      assert.ok(compareDecimal(near, up) === 0 || compareDecimal(near, down) === 0)
    }),
  )
})

test('minor units are exact or refused', () => {
  assert.equal(toMinor(d('43072'), 6), 43_072_000_000n)
  assert.equal(toMinor(d('0.000001'), 6), 1n)
  const lost = toMinor(d('0.0000001'), 6)
  assert.ok(isRefusal(lost) && lost.refusal === 'money-inexact')
  assert.deepEqual(fromMinor(43_072_000_000n, 6), d('43072'))
  assert.throws(() => divideRounded(1n, 0n, 'up'), /above zero/)
})
