import assert from 'node:assert/strict'
import test from 'node:test'
import { assert as check, bigInt, property } from 'fast-check'
import { formatDecimal, isRefusal, parseDecimal, type Decimal, type Refusal } from '#core'
import { lockOptionality, squareRoot } from './optionality.ts'
import { planSettlement } from './planner.ts'

function value<T>(result: T | Refusal): T {
  assert.ok(!isRefusal(result), isRefusal(result) ? result.detail : '')
  return result
}

const number = (text: string): Decimal => value(parseDecimal(text))

// 100 × ETH-25JUN27-4000-C at 430.72, elasticity 3.37.
const premiumMinor = 43_072_000_000n
const option = {
  price: number('430.72'),
  forward: number('3250'),
  delta: number('0.4466'),
  vol: number('0.68'),
}
const usdc = 'eip155:31337/erc20:0x00000000000000000000000000000000000000aa'

test('the free option in a lock has the published values', () => {
  for (const [seconds, usdcWhole, basisPoints] of [
    [12, 24n, '5.6'],
    [60, 54n, '12.6'],
    [600, 172n, '39.9'],
    [7_200, 595n, '138.1'],
    [86_400, 2_061n, '478.5'],
  ] as const) {
    const { minor, basisPoints: got } = value(lockOptionality(premiumMinor, option, seconds))
    assert.equal((minor + 500_000n) / 1_000_000n, usdcWhole, `${seconds} s`)
    assert.equal(formatDecimal(got), basisPoints, `${seconds} s`)
  }
})

test('no lock and no delta give nothing away; a put counts like a call', () => {
  assert.equal(value(lockOptionality(premiumMinor, option, 0)).minor, 0n)
  assert.equal(value(lockOptionality(premiumMinor, { ...option, delta: number('0') }, 7_200)).minor, 0n)
  const put = value(lockOptionality(premiumMinor, { ...option, delta: number('-0.4466') }, 7_200))
  assert.deepEqual(put, value(lockOptionality(premiumMinor, option, 7_200)))
})

test('what is given away rounds up: a lock is never free', () => {
  assert.equal(value(lockOptionality(1n, option, 1)).minor, 1n)
  assert.equal(value(lockOptionality(0n, option, 1)).minor, 0n)
})

test('facts that are not above zero and locks beyond a year are refused by name', () => {
  for (const [name, wrong] of [
    ['price', { ...option, price: number('0') }],
    ['forward', { ...option, forward: number('-1') }],
    ['vol', { ...option, vol: number('0') }],
    ['delta', { ...option, delta: number('0.0000000000000000001') }],
  ] as const) {
    const result = lockOptionality(premiumMinor, wrong, 60)
    assert.ok(isRefusal(result))
    assert.equal(result.meta['input'], name)
  }
  for (const seconds of [-1, 1.5, Number.NaN, 31_536_001])
    assert.ok(isRefusal(lockOptionality(premiumMinor, option, seconds)))
  assert.ok(isRefusal(lockOptionality(-1n, option, 60)))
})

test('the integer square root is the largest whose square fits', () => {
  check(
    property(bigInt({ min: 0n, max: 1n << 200n }), (n) => {
      const root = squareRoot(n)
      assert.ok(root * root <= n && (root + 1n) * (root + 1n) > n)
    }),
  )
})

test('on one ledger the plan locks nothing and shows what a two-hour hash time lock would give away', () => {
  const chain = { deliverChainId: 'eip155:31337', payChainId: 'eip155:31337' }
  const premium = { asset: usdc, minor: premiumMinor }
  const { routes, comparison } = value(planSettlement({ ...chain, premium, option, htlcSeconds: 7_200 }))
  assert.deepEqual(
    routes.map(({ name, available, lockSeconds, lockOption }) => ({
      name,
      available,
      lockSeconds,
      lockOption,
    })),
    [{ name: 'same-ledger', available: true, lockSeconds: 0, lockOption: { asset: usdc, minor: 0n } }],
  )
  assert.equal(comparison.length, 1)
  assert.equal(comparison[0]?.available, false)
  assert.equal(formatDecimal(comparison[0]?.lockOptionBp ?? number('0')), '138.1')
  assert.deepEqual(value(planSettlement({ ...chain, premium, htlcSeconds: 7_200 })).comparison, [])
})

test('two ledgers have no route yet, and the plan says so', () => {
  const premium = { asset: usdc, minor: premiumMinor }
  const legs = { deliverChainId: 'eip155:31337', payChainId: 'eip155:31338' }
  const plan = planSettlement({ ...legs, premium, option, htlcSeconds: 7_200 })
  assert.ok(isRefusal(plan))
  assert.match(plan.detail, /No route/)
})
