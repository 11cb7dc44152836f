import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { newWorld, type SideName, type World } from './fix-link.ts'

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
  const seed = process.env['POUNDLOCK_SEED']
  const numRuns = process.env['POUNDLOCK_LONG'] === undefined ? 200 : 20_000
  await fc.assert(property, { numRuns, ...(seed !== undefined && { seed: Number(seed) }) })
})
