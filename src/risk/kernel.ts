import { refuse, type Refusal } from '#core'
import { exp, ln, normalTail, sqrt } from './elementary.ts'

/** Part of every statement of risk figures: another kernel gives other last bits. */
export const kernelVersion = 'black76-f64-exp13/1'

export const secondsPerYear = 31_536_000
const daysPerYear = 365
const priceScale = 1e8
const volScale = 1e9
const discountScale = 1e12
const secondsMax = 50 * secondsPerYear
const volE9Max = 10 * volScale
// Beyond this total volatility N(d1) is 1 and N(d2) is 0 to the last bit that matters.
const totalVolMax = 24
const tailMax = 37
const inverseSqrtTwoPi = 0.3989422804014327

/**
 * Inputs of the kernel, all integers below 2^53: forward and strike in 1e-8, volatility in 1e-9 (677000000
 * is 67.7 %), discount factor in 1e-12, time to expiry in whole seconds of a 365-day year.
 */
export type OptionInputs = {
  readonly putOrCall: 'Put' | 'Call'
  readonly forwardE8: number
  readonly strikeE8: number
  readonly volE9: number
  readonly discountE12: number
  readonly secondsToExpiry: number
}

/**
 * Value and Greeks of one unit of a European option on a forward (Black 1976), in units of the price.
 * `delta` and `gamma` are per unit of the forward, `vegaPerVolPt` per volatility point (0.01),
 * `thetaPerDay` per calendar day at constant forward, volatility and rate.
 */
export type OptionValue = {
  readonly price: number
  readonly delta: number
  readonly gamma: number
  readonly vegaPerVolPt: number
  readonly thetaPerDay: number
}

/** The kernel over integer inputs. Refuses `mark-invalid`, naming the input that is out of its range. */
export function valueOption(inputs: OptionInputs): OptionValue | Refusal {
  const wrong = checkInputs(inputs)
  if (wrong !== undefined) return wrong
  const { forwardE8, strikeE8, volE9, discountE12, secondsToExpiry } = inputs
  return black76({
    sign: inputs.putOrCall === 'Call' ? 1 : -1,
    forward: forwardE8 / priceScale,
    strike: strikeE8 / priceScale,
    vol: volE9 / volScale,
    discount: discountE12 / discountScale,
    years: secondsToExpiry / secondsPerYear,
  })
}

type Terms = {
  readonly sign: 1 | -1
  readonly forward: number
  readonly strike: number
  readonly vol: number
  readonly discount: number
  readonly years: number
}

/** Black-76 over doubles that the caller has checked: forward, strike and discount > 0, vol and years ≥ 0. */
export function black76(terms: Terms): OptionValue {
  const { forward, vol, discount, years } = terms
  const totalVol = vol * sqrtOrZero(years)
  if (totalVol === 0) return intrinsic(terms)
  if (totalVol >= totalVolMax) return unbounded(terms)
  const d1 = ln(forward / terms.strike) / totalVol + 0.5 * totalVol
  const tails = normalTails(d1, d1 - totalVol, forward / terms.strike)
  const price = priceOf(terms, tails)
  const density = inverseSqrtTwoPi * tails.e1
  const vega = forward * discount * density * sqrt(years)
  const decay = (vega * vol) / (2 * years)
  return {
    price,
    delta: discount * (terms.sign > 0 ? tails.n1 : -tails.m1),
    gamma: (discount * density) / (forward * totalVol),
    vegaPerVolPt: vega / 100,
    thetaPerDay: (carry(terms, price) - decay) / daysPerYear,
  }
}

type Tails = {
  readonly n1: number
  readonly m1: number
  readonly n2: number
  readonly m2: number
  readonly e1: number
}

// Φ(±d1), Φ(±d2) from one exponential: exp(−d2²/2) = exp(−d1²/2) × F/K.
function normalTails(d1: number, d2: number, ratio: number): Tails {
  const a1 = d1 < 0 ? -d1 : d1
  const a2 = d2 < 0 ? -d2 : d2
  const b1 = a1 < tailMax ? a1 : tailMax
  const b2 = a2 < tailMax ? a2 : tailMax
  const e1 = exp(-0.5 * b1 * b1)
  const t1 = normalTail(b1, e1)
  const t2 = normalTail(b2, e1 * ratio)
  return {
    n1: d1 < 0 ? t1 : 1 - t1,
    m1: d1 < 0 ? 1 - t1 : t1,
    n2: d2 < 0 ? t2 : 1 - t2,
    m2: d2 < 0 ? 1 - t2 : t2,
    e1,
  }
}

// The out-of-the-money side is computed, the other follows by parity: no cancellation of large terms.
function priceOf({ sign, forward, strike, discount }: Terms, { n1, m1, n2, m2 }: Tails): number {
  const callIsOut = strike >= forward
  const raw = callIsOut ? discount * (forward * n1 - strike * n2) : discount * (strike * m2 - forward * m1)
  const out = raw < 0 ? 0 : raw
  if (callIsOut === sign > 0) return out
  return out + discount * (callIsOut ? strike - forward : forward - strike)
}

// r × V with r = −ln(D) / T
function carry({ discount, years }: Terms, price: number): number {
  return (-ln(discount) / years) * price
}

// At expiry or without volatility; exactly at the strike delta is that of a worthless option.
function intrinsic({ sign, forward, strike, discount }: Terms): OptionValue {
  const payoff = sign * (forward - strike)
  const delta = payoff > 0 ? sign * discount : 0
  return { ...noGreeks, price: payoff > 0 ? discount * payoff : 0, delta }
}

function unbounded({ sign, forward, strike, discount }: Terms): OptionValue {
  return { ...noGreeks, price: discount * (sign > 0 ? forward : strike), delta: sign > 0 ? discount : 0 }
}

const noGreeks = { gamma: 0, vegaPerVolPt: 0, thetaPerDay: 0 }

function sqrtOrZero(x: number): number {
  return x === 0 ? 0 : sqrt(x)
}

function checkInputs(inputs: OptionInputs): Refusal | undefined {
  const ranges: readonly (readonly [keyof OptionInputs, number, number])[] = [
    ['forwardE8', 1, Number.MAX_SAFE_INTEGER],
    ['strikeE8', 1, Number.MAX_SAFE_INTEGER],
    ['volE9', 0, volE9Max],
    ['discountE12', 1, 2 * discountScale],
    ['secondsToExpiry', 0, secondsMax],
  ]
  for (const [name, min, max] of ranges) {
    const value = inputs[name]
    if (!Number.isSafeInteger(value) || Number(value) < min || Number(value) > max)
      return refuse('mark-invalid', `${name} ${value} is not an integer from ${min} to ${max}`, {
        input: name,
      })
  }
  return undefined
}
