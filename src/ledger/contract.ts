/**
 * What every ledger adapter must do. An adapter proves itself by `ledgerContract(name, open)` in a test file;
 * nothing here knows one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal, type AssetId, type Refusal } from '#core'
import type { Address } from '#crypto'
import type { SettlementInstruction } from '#trade'
import type { EffectTruth, Ledger, SignedInstruction } from './port.ts'

/** A chain with one funded deliverer and one funded receiver, at least 3 blocks from finality. */
export type LedgerPlace = {
  readonly ledger: Ledger
  /** Another gateway on the same chain, with an account and a memory of its own. */
  readonly other: Ledger
  readonly deliverer: Address
  readonly receiver: Address
  readonly money: AssetId
  readonly seriesId: bigint
  /** A trade that was never seen before, signed by both: 5 contracts for 700 minor units. */
  readonly order: (changes?: Partial<SettlementInstruction['message']>) => SignedInstruction
  /** Chain time, Unix seconds. */
  readonly now: () => Promise<bigint>
  readonly mine: (blocks: number) => Promise<void>
  readonly reorganise: (depth: number) => Promise<void>
  /** The deliverer cancels a nonce. */
  readonly cancel: (nonce: bigint) => Promise<void>
  readonly close: () => Promise<void>
}

const contracts = 5n
const price = 700n
const muchMoney = 10n ** 30n

export function ledgerContract(
  name: string,
  open: () => Promise<LedgerPlace>,
  options: { readonly skip?: string | false } = {},
): void {
  const check: Check = (title, body) =>
    test(`${name}: ${title}`, { skip: options.skip ?? false }, async () => {
      const place = await open()
      try {
        await body(place)
      } finally {
        await place.close()
      }
    })
  settlementContract(check)
  identityContract(check)
  refusalContract(check)
  finalityContract(check)
}

type Check = (title: string, body: (place: LedgerPlace) => Promise<void>) => Promise<void>

function settlementContract(check: Check): void {
  void check('an effect nobody asked for is unknown', async ({ ledger }) => {
    assert.deepEqual(await ledger.truth('never'), { state: 'unknown' })
    assert.deepEqual(await ledger.pursue('never'), { state: 'unknown' })
  })
  void check('settling moves both legs, and in time becomes final', async (place) => {
    const before = await holdings(place)
    const sent = good(await place.ledger.settle('one', place.order()))
    assert.equal(sent.state, 'pending')
    assert.deepEqual(await holdings(place), before)
    await place.mine(1)
    const included = good(await place.ledger.truth('one'))
    assert.equal(included.state, 'included')
    assert.deepEqual(await holdings(place), settledOnce(before))
    await place.mine(place.ledger.finality.confirmations - 1)
    const final = good(await place.ledger.truth('one'))
    assert.equal(final.state, 'final')
    assert.equal(hashOf(final), hashOf(sent))
  })
  void check('balances of another chain or kind are refused', async ({ ledger, deliverer }) => {
    assert.equal(refusalOf(await ledger.balances(deliverer, ['iso4217:USD'])), 'asset-unknown')
    const ofAnotherChain = `eip155:1/erc20:${deliverer}`
    assert.equal(refusalOf(await ledger.balances(deliverer, [ofAnotherChain])), 'asset-unknown')
  })
}

function identityContract(check: Check): void {
  void check('the same effect asked again is the same transaction', async (place) => {
    const before = await holdings(place)
    const order = place.order()
    const first = good(await place.ledger.settle('one', order))
    assert.equal(hashOf(good(await place.ledger.settle('one', order))), hashOf(first))
    await place.mine(1)
    const again = good(await place.ledger.settle('one', order))
    assert.equal(again.state, 'included')
    assert.equal(hashOf(again), hashOf(first))
    assert.deepEqual(await holdings(place), settledOnce(before))
  })
  void check('an effect id stands for one order', async (place) => {
    good(await place.ledger.settle('one', place.order()))
    assert.equal(refusalOf(await place.ledger.settle('one', place.order())), 'effect-conflict')
  })
  void check(
    'a settled instruction under another effect id settles nothing and says what did',
    async (place) => {
      const before = await holdings(place)
      const order = place.order()
      const first = good(await place.ledger.settle('one', order))
      await place.mine(1)
      const replay = good(await place.ledger.settle('two', order))
      assert.equal(replay.state, 'included')
      assert.equal(hashOf(replay), hashOf(first))
      assert.equal(hashOf(good(await place.ledger.truth('two'))), hashOf(first))
      await place.mine(1)
      assert.deepEqual(await holdings(place), settledOnce(before))
    },
  )
  void check('two gateways that race to settle one instruction see one settlement', async (place) => {
    const before = await holdings(place)
    const order = place.order()
    good(await place.ledger.settle('one', order))
    good(await place.other.settle('one', order))
    await place.mine(place.ledger.finality.confirmations)
    const mine = good(await place.ledger.truth('one'))
    const theirs = good(await place.other.truth('one'))
    assert.equal(mine.state, 'final')
    assert.deepEqual(theirs, mine)
    assert.deepEqual(await holdings(place), settledOnce(before))
  })
}

function refusalContract(check: Check): void {
  const refused = (title: string, code: string, order: (place: LedgerPlace) => Promise<SignedInstruction>) =>
    void check(title, async (place) => {
      const signed = await order(place)
      const before = await holdings(place)
      assert.equal(refusalOf(await place.ledger.settle('refused', signed)), code)
      assert.deepEqual(await place.ledger.truth('refused'), { state: 'unknown' })
      await place.mine(1)
      assert.deepEqual(await holdings(place), before)
    })
  refused('an expired instruction is refused', 'settlement-expired', async (place) =>
    place.order({ deadline: (await place.now()) - 1n }),
  )
  refused('a cancelled nonce is refused', 'settlement-nonce-used', async (place) => {
    const order = place.order()
    await place.cancel(order.instruction.message.nonce)
    return order
  })
  refused('another trade under a used nonce is refused', 'settlement-nonce-used', async (place) => {
    const { nonce } = await settleOne(place)
    return place.order({ nonce })
  })
  refused('a settled trade under another nonce is refused', 'trade-already-settled', async (place) => {
    const { tradeId } = await settleOne(place)
    return place.order({ tradeId })
  })
  refused('swapped signatures are refused', 'signature-invalid', async (place) => {
    const { instruction, signatures } = place.order()
    const { deliverer, receiver } = signatures
    return { instruction, signatures: { deliverer: receiver, receiver: deliverer } }
  })
  refused('terms changed after signing are refused', 'signature-invalid', async (place) => {
    const { instruction, signatures } = place.order()
    const message = { ...instruction.message, payAmount: instruction.message.payAmount - 1n }
    return { instruction: { ...instruction, message }, signatures }
  })
  refused('a leg of nothing is refused', 'settlement-terms-invalid', async (place) =>
    place.order({ payAmount: 0n }),
  )
  refused('more money than there is is refused', 'insufficient-balance', async (place) =>
    place.order({ payAmount: muchMoney }),
  )
  refused('more contracts than there are are refused', 'insufficient-balance', async (place) =>
    place.order({ deliverAmount: muchMoney }),
  )
  refused('an instruction for another chain is refused', 'chain-mismatch', async (place) =>
    elsewhere(place.order(), { chainId: 1 }),
  )
  refused('an instruction for another contract is refused', 'settlement-terms-invalid', async (place) =>
    elsewhere(place.order(), { verifyingContract: place.deliverer }),
  )
}

function finalityContract(check: Check): void {
  void check('the party that does not submit sees the settlement too', async (place) => {
    const order = place.order()
    assert.deepEqual(await place.other.settlementOf(order.instruction), { state: 'unknown' })
    good(await place.ledger.settle('one', order))
    assert.deepEqual(await place.other.settlementOf(order.instruction), { state: 'unknown' })
    await place.mine(place.ledger.finality.confirmations)
    const seen = good(await place.other.settlementOf(order.instruction))
    assert.equal(seen.state, 'final')
    assert.deepEqual(seen, good(await place.ledger.truth('one')))
    const { message } = order.instruction
    const another = { ...order.instruction, message: { ...message, payAmount: message.payAmount + 1n } }
    assert.deepEqual(await place.other.settlementOf(another), { state: 'unknown' })
  })
  void check('final time lags the newest block by the finality policy', async (place) => {
    await place.mine(1)
    const then = await place.now()
    await place.mine(place.ledger.finality.confirmations - 2)
    const before = await place.ledger.finalTime()
    assert.ok(!isRefusal(before) && before <= then)
    await place.mine(1)
    assert.equal(await place.ledger.finalTime(), then)
  })
  void check('a settlement that is reorganised away is pending, and is settled again once', async (place) => {
    const before = await holdings(place)
    const sent = good(await place.ledger.settle('one', place.order()))
    await place.mine(2)
    assert.equal(good(await place.ledger.truth('one')).state, 'included')
    await place.reorganise(2)
    assert.equal(good(await place.ledger.truth('one')).state, 'pending')
    assert.deepEqual(await holdings(place), before)
    assert.equal(good(await place.ledger.pursue('one')).state, 'pending')
    await place.mine(place.ledger.finality.confirmations)
    const final = good(await place.ledger.pursue('one'))
    assert.equal(final.state, 'final')
    assert.equal(hashOf(final), hashOf(sent))
    assert.deepEqual(await holdings(place), settledOnce(before))
  })
}

async function settleOne(place: LedgerPlace): Promise<SettlementInstruction['message']> {
  const order = place.order()
  good(await place.ledger.settle('before', order))
  await place.mine(1)
  assert.equal(good(await place.ledger.truth('before')).state, 'included')
  return order.instruction.message
}

function elsewhere(
  { instruction, signatures }: SignedInstruction,
  domain: Partial<SettlementInstruction['domain']>,
): SignedInstruction {
  return { instruction: { ...instruction, domain: { ...instruction.domain, ...domain } }, signatures }
}

type Holdings = { readonly money: readonly bigint[]; readonly longs: readonly bigint[] }

async function holdings({ ledger, deliverer, receiver, money, seriesId }: LedgerPlace): Promise<Holdings> {
  const [a, b] = [await ledger.balances(deliverer, [money]), await ledger.balances(receiver, [money])]
  const [c, d] = [await ledger.positions(deliverer, [seriesId]), await ledger.positions(receiver, [seriesId])]
  assert.ok(!isRefusal(a) && !isRefusal(b) && !isRefusal(c) && !isRefusal(d))
  return { money: [...a, ...b].map(({ minor }) => minor), longs: [...c, ...d].map(({ long }) => long) }
}

function settledOnce({ money, longs }: Holdings): Holdings {
  const [fromMoney = 0n, toMoney = 0n] = money
  const [fromLongs = 0n, toLongs = 0n] = longs
  return { money: [fromMoney + price, toMoney - price], longs: [fromLongs - contracts, toLongs + contracts] }
}

export function good(truth: EffectTruth | Refusal): EffectTruth {
  assert.ok(!isRefusal(truth), isRefusal(truth) ? `${truth.refusal}: ${truth.detail}` : '')
  return truth
}

export const refusalOf = (value: unknown): string =>
  isRefusal(value) ? value.refusal : `not refused: ${String(value)}`

export const hashOf = (truth: EffectTruth): string =>
  ('txHash' in truth ? truth.txHash : undefined) ?? truth.state
