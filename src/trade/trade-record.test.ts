import assert from 'node:assert/strict'
import test from 'node:test'
import { assert as check, bigInt, constantFrom, integer, property, record } from 'fast-check'
import {
  decimal,
  instant,
  isRefusal,
  leiCheckDigits,
  parseInstant,
  parseLei,
  utf8,
  type Refusal,
} from '#core'
import { listedExpiries, otcLinearUsdc } from './venue.ts'
import { formatInstrument, parseInstrument } from './instrument.ts'
import { checkTradeRecord, parseTradeRecord, tradeRecordBytes } from './parse-trade-record.ts'
import { buildTradeRecord, compareEconomics, type TradeRecord, type TradeTerms } from './trade-record.ts'
import { settlementInstructionOf } from './settlement-instruction.ts'
import { utiOf, type Digest } from './uti.ts'

function value<T>(result: T | Refusal): T {
  assert.ok(!isRefusal(result), isRefusal(result) ? result.detail : '')
  return result
}

const lei = (base: string) => value(parseLei(base + leiCheckDigits(base)))
const alder = { lei: lei('5299000POUNDLOCK0A'), name: 'ALDER' }
const cedar = { lei: lei('5299000POUNDLOCK0C'), name: 'CEDAR' }
const executedAt = value(parseInstant('2026-11-20T14:00:03.130Z'))
const address = (digit: string): string => `0x${digit.repeat(40)}`
const premiumAsset = { id: `eip155:31337/erc20:${address('A')}`, symbol: 'USDC', decimals: 6 }

// Any function of the label and the parts does for the rules; the vectors check them with the real hash.
const digest: Digest = (label, ...parts) => {
  const bytes = [utf8(label), ...parts].flatMap((part) => [part.length % 251, ...part])
  let state = 0x811c9dc5
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193)
  return Uint8Array.from({ length: 32 }, (_, n) => {
    state = Math.imul(state ^ n, 0x01000193)
    return state >>> 24
  })
}
const context = { venue: otcLinearUsdc, premiumAsset, digest }

function terms(over: Partial<TradeTerms> = {}): TradeTerms {
  return {
    uti: utiOf({ maker: alder.lei, taker: cedar.lei, execId: 'E-1' }, digest),
    executedAt,
    buyer: cedar,
    seller: alder,
    instrument: value(parseInstrument('ETH-25JUN27-4000-C', otcLinearUsdc, executedAt)),
    quantity: decimal(100n),
    price: decimal(43_072n, 2),
    premiumAsset,
    execution: { quoteId: 'Q-77f1', orderId: 'A-1001', clOrdId: 'ORD-0001', execId: 'E-1' },
    settlement: {
      chainId: 'eip155:31337',
      contract: address('B'),
      deliverer: address('1'),
      receiver: address('2'),
      deliverToken: address('3'),
      deliverId: 2n ** 256n - 1n,
      payToken: address('A'),
      deadline: value(parseInstant('2026-11-20T14:01:10Z')),
      nonce: 7n,
    },
    ...over,
  }
}

test('100 at 430.72 is a premium of 43,072.00 USDC, delivered against exactly that', () => {
  const built = value(buildTradeRecord(terms()))
  assert.equal(built.premium.minor, '43072000000')
  assert.equal(built.settlement.payAmount, '43072000000')
  assert.equal(built.settlement.deliverAmount, '100')
  assert.equal(built.premium.asset, premiumAsset.id.toLowerCase())
  assert.equal(built.tradeDate, '2026-11-20')
  assert.equal(checkTradeRecord(built, context), undefined)
})

test('the multiplier counts: one BTC contract is a tenth of a bitcoin', () => {
  const instrument = value(parseInstrument('BTC-25JUN27-100000-P', otcLinearUsdc, executedAt))
  const built = value(buildTradeRecord(terms({ instrument, quantity: decimal(3n), price: decimal(12_345n) })))
  assert.equal(built.product.multiplier, '0.1')
  assert.equal(built.premium.minor, '3703500000')
  assert.equal(checkTradeRecord(built, context), undefined)
})

test('a premium finer than its asset and a fraction of a contract build no record', () => {
  const coarse = { ...premiumAsset, decimals: 1 }
  for (const over of [{ premiumAsset: coarse, quantity: decimal(1n) }, { quantity: decimal(15n, 1) }]) {
    const built = buildTradeRecord(terms(over))
    assert.ok(isRefusal(built) && built.refusal === 'money-inexact')
  }
})

test('what is built reads back from its bytes, for every option, size and price on the grid', () => {
  const expiries = listedExpiries(otcLinearUsdc, executedAt)
  const cases = record({
    expiry: constantFrom(...expiries),
    putOrCall: constantFrom('Put' as const, 'Call' as const),
    strike: integer({ min: 1, max: 100 }),
    quantity: bigInt({ min: 1n, max: 10_000n }),
    price: bigInt({ min: 1n, max: 10_000_000n }),
    makerSells: constantFrom(true, false),
  })
  check(
    property(cases, ({ expiry, putOrCall, strike, quantity, price, makerSells }) => {
      const option = { underlying: 'ETH', expiry, putOrCall, strike: decimal(BigInt(strike * 100)) }
      const instrument = value(parseInstrument(formatInstrument(option), otcLinearUsdc, executedAt))
      const parties = makerSells ? { seller: alder, buyer: cedar } : { seller: cedar, buyer: alder }
      const over = { instrument, quantity: decimal(quantity), price: decimal(price, 2), ...parties }
      const built = value(buildTradeRecord(terms(over)))
      assert.equal(built.premium.minor, (quantity * price * 10_000n).toString())
      assert.deepEqual(value(parseTradeRecord(tradeRecordBytes(built), context)), built)
    }),
    { numRuns: 200 },
  )
})

test('no single changed character leaves a record that reads as the same trade', () => {
  const built = value(buildTradeRecord(terms()))
  const bytes = tradeRecordBytes(built)
  for (let n = 0; n < bytes.length; n += 1) {
    const damaged = bytes.slice()
    damaged[n] = (damaged[n] ?? 0) ^ 1
    const result = parseTradeRecord(damaged, context)
    if (!isRefusal(result)) assert.notDeepEqual(result, built)
  }
})

test('two views of one trade differ in exactly the members that differ', () => {
  const mine = value(buildTradeRecord(terms()))
  assert.equal(compareEconomics(mine, mine), undefined)
  const other = value(buildTradeRecord(terms({ quantity: decimal(99n), price: decimal(43_073n, 2) })))
  const refusal = compareEconomics(mine, other)
  assert.equal(refusal?.refusal, 'confirmation-mismatch')
  assert.deepEqual(refusal?.meta['fields']?.split(','), [
    'premium.minor',
    'price',
    'quantity',
    'settlement.deliverAmount',
    'settlement.payAmount',
  ])
  assert.equal(refusal?.meta['mine.price'], '430.72')
  assert.equal(refusal?.meta['theirs.price'], '430.73')
})

test('every member but names and the nonce is compared', () => {
  const mine = value(buildTradeRecord(terms()))
  for (const [path, changed] of everyChange(mine)) {
    const fields = compareEconomics(mine, changed)?.meta['fields']
    const free = ['buyer.name', 'seller.name', 'settlement.nonce'].includes(path)
    assert.equal(fields, free ? undefined : path)
  }
})

function* everyChange(mine: TradeRecord): Generator<[string, TradeRecord]> {
  for (const [name, member] of Object.entries<unknown>(mine)) {
    if (typeof member !== 'object' || member === null) yield [name, { ...mine, [name]: 'other' }]
    else
      for (const inner of Object.keys(member))
        yield [`${name}.${inner}`, { ...mine, [name]: { ...member, [inner]: 'other' } }]
  }
}

test('the settlement instruction repeats the record, in seconds and integers', () => {
  const { domain, message } = settlementInstructionOf(value(buildTradeRecord(terms())), digest)
  assert.deepEqual(domain, {
    name: 'Poundlock Settlement',
    version: '1',
    chainId: 31_337,
    verifyingContract: address('b'),
  })
  assert.equal(message.payAmount, 43_072_000_000n)
  assert.equal(message.deliverId, 2n ** 256n - 1n)
  assert.equal(message.deadline, 1_795_183_270n)
  assert.match(message.tradeId, /^0x[0-9a-f]{64}$/)
})

test('another maker, taker or execution gives another UTI', () => {
  const { lei: a } = alder
  const { lei: c } = cedar
  const utis = [
    utiOf({ maker: a, taker: c, execId: 'E-1' }, digest),
    utiOf({ maker: c, taker: a, execId: 'E-1' }, digest),
    utiOf({ maker: a, taker: c, execId: 'E-2' }, digest),
  ]
  assert.equal(new Set(utis).size, 3)
  assert.ok(utis[0]?.startsWith(a))
  assert.equal(utis[0]?.length, 52)
})

test('a record whose deadline is not on a whole second cannot be built into an instruction', () => {
  const late = { ...terms().settlement, deadline: instant(executedAt + 1_500) }
  const built = value(buildTradeRecord(terms({ settlement: late })))
  const refusal = checkTradeRecord(built, context)
  assert.equal(refusal?.meta['path'], 'settlement.deadline')
  assert.throws(() => settlementInstructionOf(built, digest), /whole second/)
})
