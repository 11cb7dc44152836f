import { invariant, toHex, utf8 } from '#core'
import { hashTypedData, type Address } from '#crypto'
import type { Hex } from '../port.ts'

/** Terms of an option series, as `OptionPositions` stores them; they make its id. */
export type OptionSeries = {
  /** bytes32: the symbol in ASCII, left aligned. See `underlyingBytes32`. */
  readonly underlying: Hex
  /** Unix seconds. */
  readonly expiry: bigint
  /** Minor units of the settlement asset for one whole unit of the underlying. */
  readonly strike: bigint
  /** FIX 201: 0 is a put, 1 is a call. */
  readonly putOrCall: 0 | 1
  readonly settlementAsset: Address
  /** Units of the underlying for one contract, scaled by 10^18. */
  readonly multiplier: bigint
}

const types = {
  OptionSeries: [
    { name: 'underlying', type: 'bytes32' },
    { name: 'expiry', type: 'uint64' },
    { name: 'strike', type: 'uint256' },
    { name: 'putOrCall', type: 'uint8' },
    { name: 'settlementAsset', type: 'address' },
    { name: 'multiplier', type: 'uint256' },
  ],
}

/** The token id of a series: EIP-712 hashStruct of its terms, as `OptionPositions.seriesId` computes it. */
export function seriesIdOf(series: OptionSeries): bigint {
  const { messageHash } = hashTypedData({ domain: {}, types, primaryType: 'OptionSeries', message: series })
  return BigInt(`0x${toHex(messageHash)}`)
}

/** `ETH` as bytes32. Throws for a symbol that is empty, longer than 32 bytes or not printable ASCII. */
export function underlyingBytes32(symbol: string): Hex {
  invariant(/^[\x21-\x7e]{1,32}$/.test(symbol), `not a symbol: ${symbol}`)
  return `0x${toHex(utf8(symbol)).padEnd(64, '0')}`
}
