// The other direction: the taker sells. From the desk's request to what both hold after settlement.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  deskOf,
  openDesks,
  orderFor,
  quoteRequest,
  replayed,
  say,
  shown,
  tradeOf,
  valueOf,
  work,
  type Desks,
} from './desk-testing.ts'
import { instructionOf, recordFromJws } from './sealing.ts'
import { addresses, alderLei, cedarLei, securityId, start, type Name } from './testing.ts'

const sell = { 54: '2' }

/** CEDAR has written ten contracts and ALDER has money; CEDAR's desk asks, hits the bid and is filled. */
async function sold(world: Desks): Promise<string> {
  const { chain, sides } = world
  const series = valueOf(sides.CEDAR.core.peering.place.seriesIdOf(securityId, start))
  chain.write(accountOf(world, 'CEDAR'), addresses.positions, series, 10n)
  chain.grant(accountOf(world, 'ALDER'), addresses.usdc, 1_000_000_000_000n)
  const [quote] = await say(world, 'CEDAR', deskOf.CEDAR, quoteRequest('RFQ-1', '10', sell))
  const [bid, offer] = [quote?.text(132) ?? '', quote?.text(133) ?? '']
  const quoteId = quote?.text(117) ?? ''
  const [refused] = await say(
    world,
    'CEDAR',
    deskOf.CEDAR,
    orderFor({ quoteId, price: offer }, 'ORD-0', '10', sell),
  )
  assert.match(shown(refused), /150=8.*PLK-2204/, 'the offer is not what a seller gets')
  const [fill] = await say(
    world,
    'CEDAR',
    deskOf.CEDAR,
    orderFor({ quoteId, price: bid }, 'ORD-1', '10', sell),
  )
  assert.match(shown(fill), new RegExp(`150=F.*54=2.*31=${bid}`))
  return `ALDER/${fill?.text(17) ?? ''}`
}

const accountOf = ({ sides }: Desks, name: Name): string =>
  sides[name].keys.digestSigner('settlement').address

async function settled(world: Desks, tradeId: string): Promise<void> {
  for (const kind of ['propose', 'send-proposal', 'sign-instruction', 'send-instruction', 'submit'] as const)
    assert.equal(await work(world, 'ALDER', kind, tradeId), undefined, kind)
  world.chain.mine()
  for (const name of ['ALDER', 'CEDAR'] as const)
    assert.equal(await work(world, name, 'watch', tradeId), undefined)
}

test('a taker sells: its option goes to the maker, the premium at the bid comes to it', async () => {
  const world = await openDesks()
  const tradeId = await sold(world)
  const before = balances(world)
  await settled(world, tradeId)
  const { record: jws = {}, terms } = tradeOf(world, 'CEDAR', tradeId)
  const record = recordFromJws(jws, world.sides.CEDAR.core.peering.place)
  assert.deepEqual([record.buyer.lei, record.seller.lei], [alderLei, cedarLei])
  const { message } = instructionOf(record).typed
  assert.deepEqual(
    [message.deliverer, message.receiver].map((account) => account.toLowerCase()),
    [accountOf(world, 'CEDAR'), accountOf(world, 'ALDER')].map((account) => account.toLowerCase()),
  )
  const premium = BigInt(terms.premiumMinor)
  assert.deepEqual(balances(world), {
    ALDER: { option: before.ALDER.option + 10n, money: before.ALDER.money - premium },
    CEDAR: { option: before.CEDAR.option - 10n, money: before.CEDAR.money + premium },
  })
  for (const [name, long, sign] of [
    ['ALDER', 10n, 1n],
    ['CEDAR', 0n, -1n],
  ] as const) {
    const { state } = world.sides[name].core.peering.loop
    const position = state.positions.get(securityId)
    assert.deepEqual([position?.longQty, position?.shortQty], [long, 10n - long])
    assert.equal(position?.premiumMinor, sign * premium)
    assert.deepEqual(await replayed(world, world.sides[name]), state)
  }
})

type Held = { readonly option: bigint; readonly money: bigint }

function balances(world: Desks): Record<Name, Held> {
  const { place } = world.sides.CEDAR.core.peering
  const series = valueOf(place.seriesIdOf(securityId, start))
  const { balances: held } = world.chain.state()
  const of = (name: Name): Held => ({
    option: held.get(`${accountOf(world, name)}/${addresses.positions}/${series}`.toLowerCase()) ?? 0n,
    money: held.get(`${accountOf(world, name)}/${addresses.usdc}`.toLowerCase()) ?? 0n,
  })
  return { ALDER: of('ALDER'), CEDAR: of('CEDAR') }
}
