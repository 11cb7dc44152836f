import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decimal, formatDecimal } from './decimal.ts'
import { InvariantError } from './invariant.ts'
import {
  addAmount,
  amount,
  amountOf,
  compareAmount,
  decimalOf,
  formatAmount,
  parseAmount,
  parseMinor,
  subtractAmount,
} from './money.ts'
import { isRefusal } from './refusal.ts'

const usdc = {
  id: 'eip155:31337/erc20:0x5FbDB2315678afecb367f032d93F642f64180aa3',
  symbol: 'USDC',
  decimals: 6,
}
const usd = { id: 'iso4217:USD', symbol: 'USD', decimals: 2 }
const contracts = { id: 'custody:ALDER/CALL', symbol: 'contracts', decimals: 0 }

test('amounts of one asset add, subtract and compare exactly', () => {
  const premium = amount(usdc.id, 43_072_000_000n)
  assert.deepEqual(addAmount(premium, amount(usdc.id, 1n)), amount(usdc.id, 43_072_000_001n))
  assert.deepEqual(subtractAmount(premium, premium), amount(usdc.id, 0n))
  assert.deepEqual([compareAmount(premium, premium), compareAmount(amount(usdc.id, 0n), premium)], [0, -1])
  assert.equal(compareAmount(premium, amount(usdc.id, -1n)), 1)
})

test('amounts of two assets never mix', () => {
  for (const mix of [addAmount, subtractAmount, compareAmount])
    assert.throws(() => mix(amount(usdc.id, 1n), amount(usd.id, 1n)), InvariantError)
  assert.throws(() => formatAmount(amount(usdc.id, 1n), usd), InvariantError)
  assert.throws(() => decimalOf(amount(usdc.id, 1n), usd), InvariantError)
})

test('an amount is read exactly or refused', () => {
  assert.deepEqual(parseAmount('43072.00', usdc), amount(usdc.id, 43_072_000_000n))
  const codes = ['1.0000001', '1e6', ''].map((text) => {
    const parsed = parseAmount(text, usdc)
    return isRefusal(parsed) ? parsed.refusal : 'accepted'
  })
  assert.deepEqual(codes, ['money-inexact', 'decimal-invalid', 'decimal-invalid'])
})

test('minor units on a wire are plain integers', () => {
  assert.equal(parseMinor('43072000000'), 43_072_000_000n)
  assert.equal(parseMinor('-1'), -1n)
  assert.equal(parseMinor('0'), 0n)
  for (const text of ['', '-0', '00', '01', '1.0', '1e3', ' 1', '0x1', '9'.repeat(79)])
    assert.ok(isRefusal(parseMinor(text)), text)
})

test('a product is rounded in the direction that is stated', () => {
  const exact = decimal(4_307_196_000_001n, 8)
  assert.equal(amountOf(exact, usdc, 'down').minor, 43_071_960_000n)
  assert.equal(amountOf(exact, usdc, 'up').minor, 43_071_960_001n)
  assert.equal(amountOf(exact, usdc, 'half-even').minor, 43_071_960_000n)
  assert.equal(amountOf(decimal(5n), usd, 'down').minor, 500n)
})

test('people read thousands, at least two places, and no digit is lost', () => {
  assert.equal(formatAmount(amount(usdc.id, 43_072_000_000n), usdc), '43,072.00 USDC')
  assert.equal(formatAmount(amount(usdc.id, 1n), usdc), '0.000001 USDC')
  assert.equal(formatAmount(amount(usdc.id, -1_234_567_890_100n), usdc), '-1,234,567.8901 USDC')
  assert.equal(formatAmount(amount(usd.id, 5n), usd), '0.05 USD')
  assert.equal(formatAmount(amount(contracts.id, 1_000n), contracts), '1,000 contracts')
  assert.equal(formatDecimal(decimalOf(amount(usdc.id, 1_500_000n), usdc)), '1.5')
})
