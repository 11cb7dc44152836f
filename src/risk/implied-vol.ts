import { refuse, type Refusal } from '#core'
import { ln, sqrt } from './elementary.ts'
import { black76 } from './kernel.ts'

/** A price to explain: all in the same units; `years` of 365 days; `discount` at most 2. */
export type PricedOption = {
  readonly putOrCall: 'Put' | 'Call'
  readonly forward: number
  readonly strike: number
  readonly discount: number
  readonly years: number
  readonly price: number
}

const totalVolMax = 24
const stepsMax = 200
// A value this far below the target lies where the tail is cut off at 37 deviations: its slope means nothing.
const noise = 1e-200

/**
 * The volatility at which Black-76 gives `price`: Newton steps on the logarithm of the out-of-the-money
 * value, kept inside a bracket that halves whenever a step would leave it. Only + − × ÷, so every engine
 * finds the same bits.
 *
 * Refuses `no-implied-volatility` for a price at or outside the no-arbitrage bounds.
 * Precision is that of the price: out of the money beyond seven standard deviations the normal tail has a
 * relative error of some 1e-8, and the volatility has it divided by the squared distance.
 */
export function impliedVol(option: PricedOption): number | Refusal {
  const { forward, strike, discount, years, price } = option
  const sound = [forward, strike, discount, years, price].every((x) => Number.isFinite(x) && x > 0)
  if (!sound) return refuse('mark-invalid', 'Inputs of an implied volatility are positive numbers')
  const callIsOut = strike >= forward
  const isCall = option.putOrCall === 'Call'
  const intrinsic = isCall === callIsOut ? 0 : discount * (isCall ? forward - strike : strike - forward)
  const value = price - intrinsic
  const most = discount * (callIsOut ? forward : strike)
  if (value <= 0 || value >= most)
    return refuse('no-implied-volatility', `${price} is not between intrinsic value and ${most + intrinsic}`)
  return totalVol({ sign: callIsOut ? 1 : -1, forward, strike, discount, years: 1 }, value) / sqrt(years)
}

type Side = {
  readonly sign: 1 | -1
  readonly forward: number
  readonly strike: number
  readonly discount: number
}

function totalVol(side: Side & { readonly years: 1 }, value: number): number {
  const target = ln(value)
  let low = 0
  let high = totalVolMax
  let vol = startingVol(side)
  for (let step = 0; step < stepsMax; step += 1) {
    const { price, vegaPerVolPt } = black76({ ...side, vol })
    if (price === value) return vol
    if (price < value) low = vol
    else high = vol
    const slope = vegaPerVolPt * 100
    const newton = price > value * noise ? vol - ((ln(price) - target) * price) / slope : low
    const next = newton > low && newton < high ? newton : 0.5 * (low + high)
    if (next === vol || next === low || next === high) return next
    vol = next
  }
  return vol
}

// Where vega is greatest, and never so small that the first value vanishes.
function startingVol({ forward, strike }: Side): number {
  const distance = ln(forward / strike)
  const inflection = sqrt(2 * (distance < 0 ? -distance : distance) + 1e-300)
  return inflection < 0.1 ? 0.1 : inflection
}
