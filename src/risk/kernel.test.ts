import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test, { type TestContext } from 'node:test'
import { assert as check, constantFrom, integer, property, record } from 'fast-check'
import { isRefusal } from '#core'
import { exp, ln, normalTail, roundHalfEven, sqrt } from './elementary.ts'
import { impliedVol } from './implied-vol.ts'
import { black76, secondsPerYear, valueOption, type OptionInputs, type OptionValue } from './kernel.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const corpora = process.env['POUNDLOCK_CORPORA'] ?? `${root}../shared/corpora`

function corpus(t: TestContext, path: string): string | undefined {
  const file = `${corpora}/${path}`
  if (existsSync(file)) return readFileSync(file, 'utf8')
  t.skip(`${path} is not there: set POUNDLOCK_CORPORA`)
  return undefined
}

function valued(inputs: OptionInputs): OptionValue {
  const value = valueOption(inputs)
  assert.ok(!isRefusal(value))
  return value
}

const flagship: OptionInputs = {
  putOrCall: 'Call',
  forwardE8: 3_250_0000_0000,
  strikeE8: 4_000_0000_0000,
  volE9: 680_000_000,
  discountE12: 1_000_000_000_000,
  secondsToExpiry: 18_727_199,
}

test('the flagship option at 68 % is worth what the product says', () => {
  const value = valued(flagship)
  assert.equal(value.price.toFixed(4), '430.7196')
  assert.equal(value.delta.toFixed(4), '0.4466')
  assert.equal(value.vegaPerVolPt.toFixed(3), '9.902')
  assert.equal(value.thetaPerDay.toFixed(3), '-1.553')
})

type Row = {
  F8: string
  K8: string
  s9: string
  sec: number
  D12: string
  call: string
  put: string
} & Partial<Record<'callDelta' | 'putDelta' | 'gamma' | 'vega', string>>

// The rows hold 30 digits. Reading one into a double costs at most half a unit in the last place (1.1e-16
// relative), two orders below the target, so the comparison itself may be done in doubles.
test('every golden Black-76 row is met: prices to 1e-14 of max(F, K), Greeks to 1e-9', (t) => {
  const text = corpus(t, 'risk/black76-golden/black76_golden.json')
  if (text === undefined) return
  const { rows }: { rows: Row[] } = JSON.parse(text)
  assert.ok(rows.length > 0)
  for (const row of rows) checkGoldenRow(row)
  t.diagnostic(`${rows.length} rows`)
})

function checkGoldenRow(row: Row): void {
  const terms = {
    forward: Number(row.F8) / 1e8,
    strike: Number(row.K8) / 1e8,
    vol: Number(row.s9) / 1e9,
    discount: Number(row.D12) / 1e12,
    years: row.sec / secondsPerYear,
  }
  const [call, put] = [black76({ ...terms, sign: 1 }), black76({ ...terms, sign: -1 })]
  const allowed = 1e-14 * Math.max(terms.forward, terms.strike)
  assert.ok(Math.abs(call.price - Number(row.call)) <= allowed, `call ${JSON.stringify(row)} ${call.price}`)
  assert.ok(Math.abs(put.price - Number(row.put)) <= allowed, `put ${JSON.stringify(row)} ${put.price}`)
  closeGreek(call.delta, row.callDelta)
  closeGreek(put.delta, row.putDelta)
  closeGreek(call.gamma, row.gamma)
  closeGreek(call.vegaPerVolPt * 100, row.vega)
}

function closeGreek(got: number, wanted: string | undefined): void {
  if (wanted === undefined || Math.abs(Number(wanted)) <= 1e-9) return
  assert.ok(Math.abs(got - Number(wanted)) <= 1e-9 * Math.abs(Number(wanted)), `${got} for ${wanted}`)
}

// FNV-1a over the little-endian bits, so that one changed bit anywhere shows.
function hasher(): { add(x: number): void; hex(): string } {
  const view = new DataView(new ArrayBuffer(8))
  let hash = 0x811c9dc5
  return {
    add(x) {
      view.setFloat64(0, x, true)
      for (let n = 0; n < 8; n += 1) hash = Math.imul(hash ^ view.getUint8(n), 0x01000193)
    },
    hex: () => (hash >>> 0).toString(16).padStart(8, '0'),
  }
}

// 32-bit linear congruential generator (Numerical Recipes), uniform on [0, 1).
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 0) / 4294967296
  }
}

// The kernel in C++ (scripts/peers/kernel) gives the same bits: test/conformance/risk-kernel.test.ts.
const goldenSeed = 20_261_120
const goldenOptions = 20_000
const goldenHash = '0b1b2ac5'

test('20,000 random options from the committed seed hash to the committed bits', () => {
  const next = uniform(goldenSeed)
  const hash = hasher()
  for (let n = 0; n < goldenOptions; n += 1) {
    const value = valued({
      putOrCall: next() < 0.5 ? 'Call' : 'Put',
      forwardE8: 1 + Math.floor(next() * 1e13),
      strikeE8: 1 + Math.floor(next() * 1e13),
      volE9: Math.floor(next() * 3e9),
      discountE12: 900_000_000_000 + Math.floor(next() * 1e11),
      secondsToExpiry: Math.floor(next() * 94_608_000),
    })
    for (const x of [value.price, value.delta, value.gamma, value.vegaPerVolPt, value.thetaPerDay]) {
      assert.ok(Number.isFinite(x))
      hash.add(x)
    }
  }
  assert.equal(hash.hex(), goldenHash)
})

// These bits were also found with QuickJS and with C++ without contraction (-ffp-contract=off); with fused
// multiply-add they are others. The formula prices the named side without parity, as was done there.
test('the elementary functions give the bits that other engines and C++ gave', () => {
  const next = uniform(123_456_789)
  const hash = hasher()
  for (let n = 0; n < 20_000; n += 1) {
    const forward = 60_000 * (0.9 + 0.2 * next())
    const strike = 60_000 * (0.4 + 1.6 * next())
    const vol = 0.2 + next()
    const years = (1 + next() * 364) / 365
    const sign = next() < 0.5 ? 1 : -1
    const sd = vol * sqrt(years)
    const d1 = ln(forward / strike) / sd + 0.5 * sd
    const d2 = d1 - sd
    const [a1, a2] = [Math.min(Math.abs(d1), 37), Math.min(Math.abs(d2), 37)]
    const e1 = exp(-0.5 * a1 * a1)
    const [t1, t2] = [normalTail(a1, e1), normalTail(a2, e1 * (forward / strike))]
    const n1 = sign * d1 < 0 ? t1 : 1 - t1
    const n2 = sign * d2 < 0 ? t2 : 1 - t2
    const price = sign * (forward * n1 - strike * n2)
    hash.add(price < 0 ? 0 : price)
  }
  assert.equal(hash.hex(), '9265b624')
})

test('exp, ln and sqrt agree with the platform to a few units in the last place', () => {
  const next = uniform(7)
  for (let n = 0; n < 20_000; n += 1) {
    const x = 1e-6 + next() * 700
    assert.ok(Math.abs(exp(-x) / Math.exp(-x) - 1) < 5e-16)
    assert.ok(Math.abs(sqrt(x) / Math.sqrt(x) - 1) < 5e-16)
    assert.ok(Math.abs(ln(x) - Math.log(x)) <= 5e-16 * Math.max(1e-3, Math.abs(Math.log(x))))
  }
  assert.equal(exp(0), 1)
  assert.equal(ln(1), 0)
})

test('rounding half to even treats both signs alike, unlike Math.round', () => {
  for (const [x, want] of [
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [2.5000000001, 3],
    [3.2, 3],
  ] as const) {
    assert.equal(roundHalfEven(x), want)
    assert.equal(roundHalfEven(-x) + want, 0)
  }
})

const anyInputs = record({
  putOrCall: constantFrom('Put' as const, 'Call' as const),
  forwardE8: integer({ min: 1e9, max: 1e13 }),
  strikeE8: integer({ min: 1e9, max: 1e13 }),
  volE9: integer({ min: 1e7, max: 3e9 }),
  discountE12: integer({ min: 8e11, max: 1e12 }),
  secondsToExpiry: integer({ min: 0, max: 94_608_000 }),
})

test('put and call differ by the discounted forward minus strike (parity)', () => {
  check(
    property(anyInputs, (inputs) => {
      const call = valued({ ...inputs, putOrCall: 'Call' })
      const put = valued({ ...inputs, putOrCall: 'Put' })
      const forward = inputs.forwardE8 / 1e8
      const strike = inputs.strikeE8 / 1e8
      const discount = inputs.discountE12 / 1e12
      const gap = call.price - put.price - discount * (forward - strike)
      assert.ok(Math.abs(gap) <= 1e-15 * Math.max(forward, strike) * 2)
    }),
    { numRuns: 2_000 },
  )
})

test('values lie between intrinsic value and the bound, and rise with volatility', () => {
  check(
    property(anyInputs, (inputs) => {
      const low = valued(inputs).price
      const high = valued({ ...inputs, volE9: inputs.volE9 + 50_000_000 }).price
      const scale = Math.max(inputs.forwardE8, inputs.strikeE8) / 1e8
      const bound =
        ((inputs.putOrCall === 'Call' ? inputs.forwardE8 : inputs.strikeE8) / 1e8) *
        (inputs.discountE12 / 1e12)
      assert.ok(low >= 0 && low <= bound * (1 + 1e-15))
      assert.ok(high >= low - 1e-14 * scale)
    }),
    { numRuns: 2_000 },
  )
})

test('Greeks agree with central differences of the price', () => {
  const terms = { forward: 3_250, strike: 4_000, vol: 0.68, discount: 0.98, years: 0.59 }
  for (const sign of [1, -1] as const)
    for (const strike of [1_500, 3_250, 4_000, 7_000]) {
      const at = (over: object) => black76({ ...terms, strike, sign, ...over })
      const value = at({})
      const h = 0.05
      const [up, down] = [at({ forward: terms.forward + h }).price, at({ forward: terms.forward - h }).price]
      near((up - down) / (2 * h), value.delta, 1e-7)
      near((up - 2 * value.price + down) / (h * h), value.gamma, 1e-7)
      const vega = (at({ vol: 0.6801 }).price - at({ vol: 0.6799 }).price) / 0.0002 / 100
      near(vega, value.vegaPerVolPt, 1e-6)
      near(timeDecay(at, terms), value.thetaPerDay, 1e-6)
    }
})

// A day's decay at constant rate r: the discount factor moves with time.
function timeDecay(
  at: (over: object) => OptionValue,
  { years, discount }: { years: number; discount: number },
): number {
  const dt = 1e-5
  const moved = (by: number) =>
    at({ years: years + by, discount: Math.pow(discount, (years + by) / years) }).price
  return (moved(-dt) - moved(dt)) / (2 * dt) / 365
}

function near(got: number, wanted: number, tolerance: number): void {
  assert.ok(Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted)), `${got} for ${wanted}`)
}

test('at expiry, without volatility and at boundless volatility the limits hold', () => {
  const itm = { ...flagship, strikeE8: 3_000_0000_0000 }
  assert.deepEqual(
    [valued({ ...itm, secondsToExpiry: 0 }).price, valued({ ...itm, volE9: 0 }).price],
    [250, 250],
  )
  assert.equal(valued({ ...itm, putOrCall: 'Put', secondsToExpiry: 0 }).price, 0)
  assert.equal(black76({ sign: 1, forward: 100, strike: 90, vol: 30, discount: 0.5, years: 1 }).price, 50)
  assert.equal(black76({ sign: -1, forward: 100, strike: 90, vol: 30, discount: 0.5, years: 1 }).price, 45)
})

test('inputs that are not integers in range are refused by name, before any arithmetic', () => {
  const wrong: [keyof OptionInputs, number][] = [
    ['forwardE8', 0],
    ['forwardE8', Number.NaN],
    ['forwardE8', 2 ** 53],
    ['strikeE8', -1],
    ['strikeE8', 1.5],
    ['volE9', 10_000_000_001],
    ['volE9', Number.POSITIVE_INFINITY],
    ['discountE12', 0],
    ['secondsToExpiry', -1],
    ['secondsToExpiry', 50 * secondsPerYear + 1],
  ]
  for (const [input, value] of wrong) {
    const refusal = valueOption({ ...flagship, [input]: value })
    assert.ok(isRefusal(refusal), `${input} ${value}`)
    assert.equal(refusal.refusal, 'mark-invalid')
    assert.equal(refusal.meta['input'], input)
  }
})

type LbrRow = { q: number; T: number; F: number; K: number; sigma: number }

test("the volatilities of the Let's Be Rational table come back where a price carries them", (t) => {
  const text = corpus(t, 'risk/lets-be-rational/TestValues.json')
  if (text === undefined) return
  // The file writes NaN, which is not JSON.
  const table: { input: LbrRow[]; output: { black: number }[] } = JSON.parse(
    text.replace(/: -?(?:NaN|Infinity)/g, ': null'),
  )
  let checked = 0
  for (const [n, row] of table.input.entries()) {
    const price = table.output[n]?.black ?? 0
    const carried = (price - Math.max(0, row.q * (row.F - row.K))) / Math.max(row.F, row.K)
    if (carried < 1e-9) continue
    const vol = impliedVol({ ...optionOf(row), price })
    assert.ok(!isRefusal(vol))
    const allowed = carried > 1e-3 ? 1e-13 : carried > 1e-6 ? 1e-11 : 1e-9
    assert.ok(Math.abs(vol / row.sigma - 1) <= allowed, `${vol} for ${JSON.stringify(row)}`)
    checked += 1
  }
  assert.ok(checked > 0)
  t.diagnostic(`${checked} of ${table.input.length} rows carry a volatility`)
})

function optionOf(row: LbrRow) {
  const putOrCall = row.q > 0 ? ('Call' as const) : ('Put' as const)
  return { putOrCall, forward: row.F, strike: row.K, discount: 1, years: row.T }
}

test('prices outside the no-arbitrage bounds have no implied volatility', () => {
  const option = { putOrCall: 'Call' as const, forward: 100, strike: 80, discount: 1, years: 1 }
  for (const price of [19.99, 20, 100, 101]) {
    const refusal = impliedVol({ ...option, price })
    assert.ok(isRefusal(refusal) && refusal.refusal === 'no-implied-volatility', String(price))
  }
  for (const price of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.ok(isRefusal(impliedVol({ ...option, price })))
})
