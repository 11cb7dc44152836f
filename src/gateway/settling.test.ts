import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant, refuse, type Json, type JsonObject } from '#core'
import { confirmationsPath, instructionsPath } from './peering.ts'
import { textMember } from './shape.ts'
import {
  approveBoth,
  confirmed,
  execute,
  execution,
  lastTypes,
  start,
  tradeOf,
  twoParties,
  work,
  type Party,
  type TwoParties,
} from './testing.ts'

const phases = ({ ALDER, CEDAR }: TwoParties) => [tradeOf(ALDER).phase, tradeOf(CEDAR).phase]

const usedBy = ({ core }: Party) => [...core.peering.loop.state.usage.values()]

async function proposed(): Promise<TwoParties> {
  const world = await twoParties()
  await execute(world.ALDER)
  await execute(world.CEDAR)
  assert.equal(await work(world.ALDER, 'propose'), undefined)
  return world
}

async function instructed(): Promise<TwoParties> {
  const world = await confirmed()
  await approveBoth(world.ALDER, world.CEDAR)
  assert.equal(await work(world.ALDER, 'sign-instruction'), undefined)
  assert.equal(await work(world.ALDER, 'send-instruction'), undefined)
  return world
}

test('from fill to settled: each piece of work takes both sides one step further', async () => {
  const world = await proposed()
  const { ALDER, CEDAR, chain } = world
  assert.deepEqual(phases(world), ['proposed', 'executed'])
  assert.equal(await work(ALDER, 'send-proposal'), undefined)
  assert.deepEqual(phases(world), ['confirmed', 'confirmed'])
  await approveBoth(ALDER, CEDAR)
  assert.equal(await work(ALDER, 'sign-instruction'), undefined)
  assert.deepEqual(phases(world), ['signed', 'confirmed'])
  assert.equal(await work(ALDER, 'send-instruction'), undefined)
  assert.deepEqual(phases(world), ['instructed', 'instructed'])
  assert.equal(await work(ALDER, 'submit'), undefined)
  assert.equal(tradeOf(ALDER).phase, 'submitted')
  assert.equal((await work(CEDAR, 'watch'))?.refusal, 'finality-pending')
  chain.mine()
  assert.equal(await work(ALDER, 'watch'), undefined)
  assert.equal(await work(CEDAR, 'watch'), undefined)
  assert.deepEqual(phases(world), ['settled', 'settled'])
  assert.equal(tradeOf(ALDER).txHash, tradeOf(CEDAR).txHash)
  assert.deepEqual([ALDER.bugs, CEDAR.bugs], [[], []])
})

test('a proposal that does not arrive is retried, whatever stood between the gateways', async () => {
  for (const code of [
    'peer-unreachable',
    'tls-pin-mismatch',
    'execution-unknown',
    'request-timeout',
  ] as const) {
    const world = await proposed()
    world.between.intercept = () => refuse(code, 'not now')
    assert.equal((await work(world.ALDER, 'send-proposal'))?.refusal, code)
    assert.equal(tradeOf(world.ALDER).phase, 'proposed')
    world.between.intercept = () => undefined
    assert.equal(await work(world.ALDER, 'send-proposal'), undefined)
    assert.deepEqual(phases(world), ['confirmed', 'confirmed'])
  }
})

test('a proposal that the taker refuses ends the trade on both sides under the same refusal', async () => {
  const world = await twoParties()
  await execute(world.ALDER)
  await execute(world.CEDAR, execution({ lastPx: '430.71', premiumMinor: '43071000000' }))
  assert.equal(await work(world.ALDER, 'propose'), undefined)
  assert.equal(await work(world.ALDER, 'send-proposal'), undefined)
  assert.deepEqual(phases(world), ['refused', 'refused'])
  for (const party of [world.ALDER, world.CEDAR]) {
    assert.deepEqual(lastTypes(party, 1), ['trade.refused'])
    assert.equal(tradeOf(party).refused?.refusal, 'confirmation-mismatch')
    assert.deepEqual(usedBy(party), [0n], 'a refused trade uses nothing of the limit')
  }
})

test('an answer that is no countersigned record ends the trade', async () => {
  const answers: readonly (readonly [string, (record: JsonObject) => Json])[] = [
    ['json-shape', () => ({ somethingElse: 1 })],
    ['jws-malformed', () => ({ record: { payload: 'e30', signatures: 'none' } })],
    ['signature-invalid', (record) => ({ record })],
  ]
  for (const [code, answer] of answers) {
    const world = await proposed()
    const { record = {} } = tradeOf(world.ALDER)
    world.between.intercept = () => answer(record)
    assert.equal(await work(world.ALDER, 'send-proposal'), undefined)
    assert.equal(tradeOf(world.ALDER).phase, 'refused')
    assert.equal(tradeOf(world.ALDER).refused?.refusal, code)
  }
})

test('signing waits for a second person without an entry for each look', async () => {
  const { ALDER } = await confirmed()
  const size = ALDER.journal.size()
  assert.equal((await work(ALDER, 'sign-instruction'))?.refusal, 'four-eyes-missing')
  assert.equal(ALDER.journal.size(), size)
  await approveBoth(ALDER)
  assert.equal(await work(ALDER, 'sign-instruction'), undefined)
})

test('an instruction that does not come back rightly signed is asked for again, never given up', async () => {
  const world = await confirmed()
  const { ALDER, CEDAR, between } = world
  await approveBoth(ALDER)
  await work(ALDER, 'sign-instruction')
  assert.equal(
    (await work(ALDER, 'send-instruction'))?.refusal,
    'four-eyes-missing',
    'CEDAR has not approved',
  )
  const own = tradeOf(ALDER).instruction?.signatures.deliverer ?? ''
  const answers: readonly (readonly [string, Json])[] = [
    ['json-shape', {}],
    ['encoding-invalid', { signature: '0xzz' }],
    ['signature-invalid', { signature: own }],
  ]
  for (const [code, answer] of answers) {
    between.intercept = (path) => (path === instructionsPath ? answer : undefined)
    assert.equal((await work(ALDER, 'send-instruction'))?.refusal, code)
    assert.equal(tradeOf(ALDER).phase, 'signed')
  }
  between.intercept = () => undefined
  await approveBoth(CEDAR)
  assert.equal(await work(ALDER, 'send-instruction'), undefined)
  assert.deepEqual(phases(world), ['instructed', 'instructed'])
})

test('what the ledger refuses is journalled by nobody and tried again', async () => {
  const { ALDER, chain } = await instructed()
  const { message = {} } = tradeOf(ALDER).instruction ?? {}
  const nonce = BigInt(textMember(message, 'nonce'))
  const size = ALDER.journal.size()
  chain.cancel(textMember(message, 'deliverer'), textMember(message, 'receiver'), nonce)
  assert.equal((await work(ALDER, 'submit'))?.refusal, 'settlement-nonce-used')
  assert.equal(ALDER.journal.size(), size)
})

test('a settlement that the final ledger shows unsettled past its deadline has failed, on both sides', async () => {
  const world = await instructed()
  const { ALDER, CEDAR, chain, clock } = world
  assert.equal((await work(CEDAR, 'watch'))?.refusal, 'finality-pending')
  clock.advance(71_000)
  chain.mine()
  assert.equal(await work(ALDER, 'watch'), undefined)
  assert.equal(await work(CEDAR, 'watch'), undefined)
  assert.deepEqual(phases(world), ['failed', 'failed'])
  for (const party of [world.ALDER, world.CEDAR]) assert.deepEqual(usedBy(party), [0n])
  assert.equal(tradeOf(CEDAR).refused?.refusal, 'settlement-expired')
})

test('a trade that is not agreed by its deadline expires where nothing was signed', async () => {
  const { CEDAR, clock } = await proposed()
  assert.equal((await work(CEDAR, 'expire'))?.refusal, 'finality-pending')
  clock.advance(70_001)
  assert.equal(await work(CEDAR, 'expire'), undefined)
  assert.equal(tradeOf(CEDAR).phase, 'failed')
  assert.equal(tradeOf(CEDAR).refused?.refusal, 'confirmation-timeout')
})

test('an option that expires between execution and settlement is confirmed and instructed all the same', async () => {
  const world = await twoParties()
  const { ALDER, CEDAR, clock } = world
  clock.set(instant(Date.parse('2027-06-25T07:59:00.000Z')))
  const times = { transactTime: '2027-06-25T07:58:50.000Z', validUntilTime: '2027-06-25T07:58:55.000Z' }
  await execute(ALDER, execution(times))
  await execute(CEDAR, execution(times))
  clock.set(instant(Date.parse('2027-06-25T08:00:01.000Z')))
  assert.ok(
    'refusal' in ALDER.core.peering.instrumentOf(execution().securityId),
    'nobody can trade it any more',
  )
  assert.equal(await work(ALDER, 'propose'), undefined)
  assert.equal(await work(ALDER, 'send-proposal'), undefined)
  await approveBoth(ALDER, CEDAR)
  assert.equal(await work(ALDER, 'sign-instruction'), undefined)
  assert.equal(await work(ALDER, 'send-instruction'), undefined)
  assert.deepEqual(phases(world), ['instructed', 'instructed'])
})

test('the limit of a day is that of the day of the trade, also after midnight', async () => {
  const { ALDER, CEDAR, clock } = await twoParties()
  const late = { transactTime: '2026-11-20T23:59:59.000Z', validUntilTime: '2026-11-21T00:00:05.000Z' }
  clock.set(instant(start + 10 * 3_600_000 - 1_000))
  await execute(ALDER, execution(late))
  await execute(CEDAR, execution(late))
  clock.advance(2_000)
  assert.equal(await work(ALDER, 'propose'), undefined)
  const [entry] = ALDER.journal.read(ALDER.journal.size() - 1, ALDER.journal.size())
  assert.equal(entry?.type, 'trade.proposed')
  const { inputs } = ALDER.core.peering.authorise.settle(
    'ConfirmTrade',
    tradeOf(ALDER).terms,
    instrumentOf(ALDER),
    0,
  )
  assert.match(JSON.stringify(inputs), /"usedTodayCents":0\b/)
})

function instrumentOf({ core }: TwoParties['ALDER']) {
  const instrument = core.peering.instrumentOf(execution().securityId)
  assert.ok(!('refusal' in instrument))
  return instrument
}

test('the path of a proposal and of an instruction is the one that the other gateway serves', async () => {
  const paths: string[] = []
  const world = await proposed()
  world.between.intercept = (path) => {
    paths.push(path)
    return undefined
  }
  await work(world.ALDER, 'send-proposal')
  await approveBoth(world.ALDER, world.CEDAR)
  await work(world.ALDER, 'sign-instruction')
  await work(world.ALDER, 'send-instruction')
  assert.deepEqual(paths, [confirmationsPath, instructionsPath])
})

test('the taker submits in the place of a maker that is gone, but not before half of the window has passed', async () => {
  const world = await instructed()
  const { ALDER, CEDAR, chain, clock } = world
  assert.equal((await work(CEDAR, 'stand-in'))?.refusal, 'finality-pending')
  assert.equal(tradeOf(CEDAR).phase, 'instructed')
  clock.advance(45_000)
  assert.equal(await work(CEDAR, 'stand-in'), undefined)
  assert.equal(tradeOf(CEDAR).phase, 'submitted')
  chain.mine()
  assert.equal(await work(CEDAR, 'watch'), undefined)
  // The maker notes the transaction first: it would have sent the same.
  assert.equal((await work(ALDER, 'watch'))?.refusal, 'finality-pending')
  assert.equal(tradeOf(ALDER).phase, 'submitted')
  assert.equal(await work(ALDER, 'watch'), undefined)
  assert.deepEqual(phases(world), ['settled', 'settled'])
})
