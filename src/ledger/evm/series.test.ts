import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAbiParameters, keccak256, parseAbiParameters, stringToHex } from 'viem'
import { seriesIdOf, underlyingBytes32 } from './series.ts'

const series = {
  underlying: underlyingBytes32('ETH'),
  expiry: 1_813_910_400n,
  strike: 4_000_000_000n,
  putOrCall: 1,
  settlementAsset: '0x1111111111111111111111111111111111111111',
  multiplier: 10n ** 18n,
} as const

test('a series id is the keccak of type hash and terms, as the contract computes it', () => {
  const type =
    'OptionSeries(bytes32 underlying,uint64 expiry,uint256 strike,uint8 putOrCall,address settlementAsset,uint256 multiplier)'
  const encoded = encodeAbiParameters(
    parseAbiParameters('bytes32,bytes32,uint64,uint256,uint8,address,uint256'),
    [
      keccak256(stringToHex(type)),
      series.underlying,
      series.expiry,
      series.strike,
      series.putOrCall,
      series.settlementAsset,
      series.multiplier,
    ],
  )
  assert.equal(seriesIdOf(series), BigInt(keccak256(encoded)))
})

test('each term makes another series', () => {
  const others = [
    { ...series, underlying: underlyingBytes32('BTC') },
    { ...series, expiry: series.expiry + 1n },
    { ...series, strike: series.strike + 1n },
    { ...series, putOrCall: 0 } as const,
    { ...series, settlementAsset: '0x2111111111111111111111111111111111111111' } as const,
    { ...series, multiplier: 1n },
  ]
  const ids = new Set([series, ...others].map(seriesIdOf))
  assert.equal(ids.size, others.length + 1)
})

test('a symbol is left aligned ASCII of 1 to 32 characters', () => {
  assert.equal(underlyingBytes32('ETH'), `0x455448${'0'.repeat(58)}`)
  for (const symbol of ['', 'x'.repeat(33), 'Ξ', 'A B']) assert.throws(() => underlyingBytes32(symbol))
})
