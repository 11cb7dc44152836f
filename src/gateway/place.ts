// Where and in what this gateway settles, from its configuration.
import { invariant, isRefusal, toMinor } from '#core'
import type { Address } from '#crypto'
import { seriesIdOf, underlyingBytes32, type OptionSeries } from '#ledger'
import { otcLinearUsdc, parseInstrument, type Instrument } from '#trade'
import type { GatewayConfig } from './config.ts'
import type { Registry } from './registry.ts'
import type { SettlementPlace } from './sealing.ts'

export function placeOf(config: GatewayConfig, registry: Registry): SettlementPlace {
  const { chainId, settlement, optionPositions, payToken } = config.ledger
  const { address, symbol, decimals } = payToken
  const token: Address = `0x${address.slice(2).toLowerCase()}`
  const place: SettlementPlace = {
    venue: otcLinearUsdc,
    chainId,
    contract: settlement,
    positions: optionPositions,
    payToken: { id: `${chainId}/erc20:${token}`, symbol, decimals, address: token },
    windowMs: config.settlementWindowMs,
    accountOf: registry.accountOf,
    seriesIdOf: (securityId, asOf) => {
      const instrument = parseInstrument(securityId, otcLinearUsdc, asOf)
      return isRefusal(instrument) ? instrument : seriesIdOf(seriesOf(instrument, place.payToken))
    },
  }
  return place
}

/** The terms that the positions contract keeps: strike in minor units of the money, multiplier in 1e-18. */
export function seriesOf(instrument: Instrument, payToken: SettlementPlace['payToken']): OptionSeries {
  const strike = toMinor(instrument.strike, payToken.decimals)
  const multiplier = toMinor(instrument.multiplier, multiplierDecimals)
  invariant(!isRefusal(strike) && !isRefusal(multiplier), 'strikes and multipliers of the venue are exact')
  return {
    underlying: underlyingBytes32(instrument.underlying),
    expiry: BigInt(instrument.expiry) / 1_000n,
    strike,
    putOrCall: instrument.putOrCall === 'Call' ? 1 : 0,
    settlementAsset: payToken.address,
    multiplier,
  }
}

const multiplierDecimals = 18
