import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isRefusal } from '#core'
import { bumpedFees, feesFor, type FeePolicy } from './fees.ts'

const head = (baseFee: bigint) => ({ number: 1n, hash: '0x00', timestamp: 1n, baseFee }) as const
const policy: FeePolicy = { tipPerGasWei: 5n, feePerGasWeiMax: 1_000n }
const open: FeePolicy = { tipPerGasWei: 5n, feePerGasWeiMax: 10n ** 40n }

test('fees leave room for the base fee to double', () => {
  assert.deepEqual(feesFor(head(100n), policy), { maxFeePerGas: 205n, maxPriorityFeePerGas: 5n })
})

test('the limit itself is signed, one wei more is not', () => {
  assert.ok(!isRefusal(feesFor(head(497n), policy)))
  assert.ok(isRefusal(feesFor(head(498n), policy)))
})

test('a bump raises both fees by more than a tenth, and never below what the chain asks now', () => {
  const wei = fc.bigInt({ min: 0n, max: 10n ** 30n })
  fc.assert(
    fc.property(wei, wei, wei, (fee, tip, baseFee) => {
      const current = feesFor(head(baseFee), open)
      assert.ok(!isRefusal(current))
      const bumped = bumpedFees({ maxFeePerGas: fee, maxPriorityFeePerGas: tip }, current, open)
      assert.ok(!isRefusal(bumped))
      assert.ok(bumped.maxFeePerGas * 10n > fee * 11n || fee === 0n)
      assert.ok(bumped.maxPriorityFeePerGas * 10n > tip * 11n || tip === 0n)
      assert.ok(bumped.maxFeePerGas >= current.maxFeePerGas)
    }),
  )
})
