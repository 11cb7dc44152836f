import {
  decimal,
  invariant,
  isRefusal,
  refuse,
  roundDecimal,
  type Decimal,
  type Instant,
  type Refusal,
} from '#core'
import { roundHalfEven } from './elementary.ts'
import { valueOption, type OptionInputs, type OptionValue } from './kernel.ts'
import { inputsOf, type Mark, type MarkedOption } from './marks.ts'

/** How a maker quotes: `spreadVolE9` is taken off and added to the marked volatility (3000000 is 0.3 points). */
export type QuotePolicy = { readonly spreadVolE9: number }

/**
 * A two-sided quote per unit of the underlying. Prices are whole ticks; `fair` and the Greeks belong to the
 * mark itself and are rounded half-even to 1e-8, for people and for the record, not for further sums.
 */
export type MakerQuote = {
  readonly bid: Decimal
  readonly offer: Decimal
  readonly fair: Decimal
  readonly delta: Decimal
  readonly gamma: Decimal
  readonly vegaPerVolPt: Decimal
  readonly thetaPerDay: Decimal
  readonly bidVolE9: number
  readonly offerVolE9: number
  /** Delta at the volatility of the offer: what a buyer holds for the price paid. */
  readonly offerDelta: Decimal
  readonly inputs: OptionInputs
}

const figureDecimals = 8
const figureScale = 1e8
const figureMax = 2 ** 51

/**
 * Prices an option at the marked volatility minus and plus the spread, then rounds away from the taker:
 * the bid down and the offer up to the tick. A bid of less than one tick is zero, which is no bid.
 */
export function makerQuote(
  option: MarkedOption & { readonly tick: Decimal },
  mark: Mark,
  asOf: Instant,
  policy: QuotePolicy,
): MakerQuote | Refusal {
  const inputs = inputsOf(option, mark, asOf)
  if (isRefusal(inputs)) return inputs
  const [bidVolE9, offerVolE9] = [mark.volE9 - policy.spreadVolE9, mark.volE9 + policy.spreadVolE9]
  const fair = valueOption(inputs)
  const bid = valueOption({ ...inputs, volE9: bidVolE9 })
  const offer = valueOption({ ...inputs, volE9: offerVolE9 })
  if (isRefusal(fair)) return fair
  if (isRefusal(bid)) return bid
  if (isRefusal(offer)) return offer
  if (fair.price * figureScale >= figureMax || offer.price * figureScale >= figureMax)
    return refuse('mark-invalid', `${option.securityId} is worth more than can be quoted`, {
      input: 'forwardE8',
    })
  return {
    bid: roundDecimal(figure(bid.price), option.tick, 'down'),
    offer: roundDecimal(figure(offer.price), option.tick, 'up'),
    ...figures(fair),
    bidVolE9,
    offerVolE9,
    offerDelta: figure(offer.delta),
    inputs,
  }
}

function figures(
  value: OptionValue,
): Pick<MakerQuote, 'fair' | 'delta' | 'gamma' | 'vegaPerVolPt' | 'thetaPerDay'> {
  return {
    fair: figure(value.price),
    delta: figure(value.delta),
    gamma: figure(value.gamma),
    vegaPerVolPt: figure(value.vegaPerVolPt),
    thetaPerDay: figure(value.thetaPerDay),
  }
}

/** A kernel figure as an exact decimal, rounded half-even to 1e-8; |x| < 22.5 million. */
export function figure(x: number): Decimal {
  const units = x * figureScale
  invariant(units > -figureMax && units < figureMax, `figure out of range: ${x}`)
  return decimal(BigInt(roundHalfEven(units)), figureDecimals)
}
