// How this gateway prices as a maker: a configured forward and volatility through the deterministic kernel.
import { decimal, formatDecimal, formatInstant, isRefusal, parseDecimal, refuse, roundDecimal } from '#core'
import type { Decimal, Instant, Refusal } from '#core'
import { makerQuote, parseMark, type MakerQuote } from '#risk'
import type { Instrument, Pricing } from '#trade'
import type { GatewayConfig } from './config.ts'

export type Maker = {
  readonly quoteLifetimeMs: number
  readonly price: (
    instrument: Instrument,
    now: Instant,
  ) => Pick<Pricing, 'bidPx' | 'offerPx' | 'mark'> | Refusal
}

type MakerConfig = NonNullable<GatewayConfig['maker']>

/** One volatility point is 0.01. */
const volE9PerPoint = 10_000_000

/** `config-invalid` when a number of the configuration is none. */
export function createMaker(config: MakerConfig): Maker | Refusal {
  const mark = parseMark({ forward: config.forward, vol: config.vol })
  const spread = parseDecimal(config.halfSpreadVolPts)
  if (isRefusal(mark)) return refuse('config-invalid', `config.maker: ${mark.detail}`)
  if (isRefusal(spread)) return refuse('config-invalid', `config.maker.halfSpreadVolPts: ${spread.detail}`)
  const spreadVolE9 = scaledVol(spread)
  if (isRefusal(spreadVolE9)) return spreadVolE9
  return {
    quoteLifetimeMs: config.quoteLifetimeMs,
    price: (instrument, now) => {
      const { securityId } = instrument
      if (!config.instruments.includes(securityId))
        return refuse('no-quote', `no mark for ${securityId} is configured`, { securityId })
      const quote = makerQuote(instrument, mark, now, { spreadVolE9 })
      return isRefusal(quote) ? quote : pricingOf(quote, config, now)
    },
  }
}

function pricingOf(
  quote: MakerQuote,
  config: MakerConfig,
  now: Instant,
): Pick<Pricing, 'bidPx' | 'offerPx' | 'mark'> {
  return {
    bidPx: formatDecimal(quote.bid),
    offerPx: formatDecimal(quote.offer),
    mark: {
      forward: config.forward,
      vol: config.vol,
      asOf: formatInstant(now),
      fair: rounded(quote.fair),
      delta: rounded(quote.delta),
      vegaPerVolPt: rounded(quote.vegaPerVolPt),
      offerVol: formatDecimal(decimal(BigInt(quote.offerVolE9), 9)),
      offerDelta: rounded(quote.offerDelta),
    },
  }
}

/** Figures for people: four decimal places. */
const rounded = (value: Decimal): string =>
  formatDecimal(roundDecimal(value, { mantissa: 1n, scale: 4 }, 'half-even'))

/** Half a spread wider than the whole range of volatilities is a slip of the pen. */
const halfSpreadVolE9Max = 10_000_000_000n

function scaledVol(points: Decimal): number | Refusal {
  const scaled = (points.mantissa * BigInt(volE9PerPoint)) / 10n ** BigInt(points.scale)
  if (points.mantissa < 0n || scaled > halfSpreadVolE9Max)
    return refuse('config-invalid', 'config.maker.halfSpreadVolPts is from 0 to 1000')
  return Number(scaled)
}
