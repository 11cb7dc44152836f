import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { newWorld, type SideName, type World } from './fix-link.ts'
import { newStockWorld, type StockWorld } from './stock-link.ts'

type Action = (world: World) => Promise<void>

const side = fc.constantFrom<SideName>('acceptor', 'initiator')
const named = (text: string, act: Action): Action => Object.assign(act, { toString: () => text })

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: side.map((who) => named(`send ${who}`, (world) => world.send(who))) },
  {
    weight: 10,
    arbitrary: fc
      .tuple(side, fc.integer({ min: 1, max: 600 }))
      .map(([from, bytes]) => named(`carry ${from} ${bytes}`, (world) => world.carry(from, bytes))),
  },
  { weight: 3, arbitrary: fc.constant(named('connect', (world) => world.connect())) },
  { weight: 1, arbitrary: fc.constant(named('cut', (world) => world.cut())) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(side, fc.constantFrom('before-commit' as const, 'after-commit' as const))
      .map(([who, when]) => named(`crash ${who} ${when}`, async (world) => world.crash(who, when))),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 100, max: 15_000 })
      .map((ms) => named(`advance ${ms}`, (world) => world.advance(ms))),
  },
)

test('over cuts and crashes every committed message is taken exactly once and in order', async () => {
  const property = fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
    const world = await newWorld()
    for (const act of actions) await act(world)
    await world.heal()
    const { acceptor, initiator } = world.sides
    assert.deepEqual(initiator.received, acceptor.sent)
    assert.deepEqual(acceptor.received, initiator.sent)
    assert.deepEqual([...acceptor.unmarked, ...initiator.unmarked], [], 'what leaves again is marked PossDup')
    const [a, i] = await Promise.all([
      acceptor.store.load('FIX.4.4:A->B'),
      initiator.store.load('FIX.4.4:B->A'),
    ])
    assert.equal(a?.nextIn, i?.nextOut, 'what the acceptor expects is what the initiator gives next')
    assert.equal(i?.nextIn, a?.nextOut, 'what the initiator expects is what the acceptor gives next')
  })
  await fc.assert(property, runs(200))
})

function runs(short: number): { numRuns: number; seed?: number } {
  const seed = process.env['POUNDLOCK_SEED']
  const numRuns = process.env['POUNDLOCK_LONG'] === undefined ? short : 100 * short
  return { numRuns, ...(seed !== undefined && { seed: Number(seed) }) }
}

type StockAction = (world: StockWorld) => Promise<void> | void
const stock = (text: string, act: StockAction): StockAction => Object.assign(act, { toString: () => text })

const stockAction: fc.Arbitrary<StockAction> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .constantFrom('good' as const, 'bad' as const)
      .map((kind) => stock(`send ${kind}`, (world) => world.send(kind))),
  },
  { weight: 2, arbitrary: fc.constant(stock('desk sends', (world) => world.desk.send('order'))) },
  {
    weight: 10,
    arbitrary: fc
      .tuple(fc.constantFrom('gateway' as const, 'desk' as const), fc.integer({ min: 1, max: 600 }))
      .map(([to, bytes]) => stock(`carry to ${to} ${bytes}`, (world) => world.carry(to, bytes))),
  },
  {
    weight: 8,
    arbitrary: fc
      .integer({ min: 1, max: 4 })
      .map((count) => stock(`turns ${count}`, (world) => world.turns(count))),
  },
  { weight: 3, arbitrary: fc.constant(stock('connect', (world) => world.connect())) },
  { weight: 1, arbitrary: fc.constant(stock('cut', (world) => world.cut())) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('before-commit' as const, 'after-commit' as const)
      .map((when) => stock(`crash ${when}`, (world) => void (world.gateway.store.crashAt = when))),
  },
)

/** On the connection that is there: a session that needs a new one to be heard again has been silent. */
async function goesOn(world: StockWorld): Promise<void> {
  const { gateway, desk } = world
  await world.finish()
  assert.deepEqual(desk.complaints, [])
  assert.deepEqual(desk.taken, gateway.sent)
  assert.deepEqual(gateway.received, desk.sent())
  assert.deepEqual(gateway.unmarked, [], 'what leaves again is marked PossDup')
  const { nextIn, nextOut } = gateway.session.state
  assert.deepEqual([desk.nextIn, desk.nextOut], [nextOut, nextIn], 'both sides count alike')
}

test('a stock engine that rejects application messages, in gaps and ahead of them, hears all that follow', async () => {
  const property = fc.asyncProperty(fc.array(stockAction, { maxLength: 60 }), async (actions) => {
    const world = await newStockWorld()
    for (const act of actions) await act(world)
    await goesOn(world)
  })
  await fc.assert(property, runs(400))
})

test('after both sides missed messages and one rejects what is resent, the session goes on', async () => {
  const world = await newStockWorld()
  await world.connect()
  await world.turns(9)
  world.carry('gateway', 1_000)
  await world.turns(9)
  world.cut()
  for (const kind of ['good', 'bad', 'bad'] as const) world.send(kind)
  world.desk.connect()
  await goesOn(world)
})

test('what is sent while a resend is read from the store is not lost to one who rejects it ahead of its turn', async () => {
  const world = await newStockWorld()
  for (const kind of ['good', 'bad'] as const) world.send(kind)
  await world.connect()
  world.carry('gateway', 1_000)
  await world.turns(9)
  world.carry('desk', 1_000)
  world.carry('gateway', 1_000)
  assert.ok(world.gateway.session.state.resend, 'the store is being read')
  world.send('bad')
  await goesOn(world)
})
