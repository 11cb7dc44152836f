import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { pendingWork, type WorkKind } from '#trade'
import type { DeskBody } from '#transport'
import {
  deskOf,
  heardOn,
  instrumentFields,
  openDesks,
  orderFor,
  quoteRequest,
  replayed,
  restart,
  say,
  work,
  type Desks,
} from './desk-testing.ts'
import { bustByOperator, cancelByOperator, correctByOperator } from './revising.ts'
import { cancelOpenQuotes } from './session-loss.ts'

// I8: whatever desks, operators and gateways do, in whatever order, the journal alone gives the state back. Most of
// what is done here is refused, which is as much of an input as what is not.

const names = ['ALDER', 'CEDAR'] as const
const operator = { kind: 'operator', id: 'operator1' } as const
type Step = (world: Desks) => Promise<unknown>

const n = fc.integer({ min: 1, max: 3 })
const orderQty = fc.constantFrom('1', '10', '100', '117')
const flags = fc.constantFrom({}, { possResend: true }, { possDup: true })

/** The last quotes that CEDAR's desk has heard of. */
const quotesOf = (world: Desks): readonly { quoteId: string; price: string }[] =>
  heardOn(world.sides.CEDAR, deskOf.CEDAR)
    .filter(({ msgType }) => msgType === 'S')
    .map((quote) => ({ quoteId: quote.text(117) ?? '', price: quote.text(133) ?? '' }))

const quoteAt = (world: Desks, back: number): { quoteId: string; price: string } =>
  quotesOf(world).at(-back) ?? { quoteId: 'Q-none', price: '1' }

/** The last trades that the maker knows of. */
const tradeAt = (world: Desks, back: number): string =>
  [...world.sides.ALDER.core.peering.loop.state.trades.keys()].at(-back) ?? 'ALDER/E-0'
const clOrdIdAt = (world: Desks, back: number): string =>
  world.sides.ALDER.core.peering.loop.state.trades.get(tradeAt(world, back))?.terms.clOrdId ?? 'ORD-0'
const kinds: readonly WorkKind[] = [
  'propose',
  'send-proposal',
  'sign-instruction',
  'send-instruction',
  'submit',
  'watch',
  'expire',
]

const ask: fc.Arbitrary<Step> = fc.tuple(fc.integer({ min: 1, max: 6 }), orderQty).map(
  ([id, quantity]) =>
    (world) =>
      say(world, 'CEDAR', deskOf.CEDAR, quoteRequest(`RFQ-${id}`, quantity)),
)

/** A request, and the order that lifts its quote. */
const deal: fc.Arbitrary<Step> = orderQty.map((quantity) => async (world) => {
  const { rfqs, orders } = world.sides.CEDAR.core.peering.loop.state
  const [quote] = await say(world, 'CEDAR', deskOf.CEDAR, quoteRequest(`R-${rfqs.size}`, quantity))
  if (quote?.msgType !== 'S') return
  const lifted = { quoteId: quote.text(117) ?? '', price: quote.text(133) ?? '' }
  await say(world, 'CEDAR', deskOf.CEDAR, orderFor(lifted, `O-${orders.size}`, quantity))
})

const order: fc.Arbitrary<Step> = fc
  .tuple(n, n, orderQty, flags, fc.boolean())
  .map(([back, id, quantity, marks, isWrong]) => (world) => {
    const quote = quoteAt(world, back)
    const asked = isWrong ? { ...quote, price: '1.01' } : quote
    return say(world, 'CEDAR', deskOf.CEDAR, orderFor(asked, `ORD-${id}`, quantity), marks)
  })

const pass: fc.Arbitrary<Step> = n.map((back) => (world) => {
  const { quoteId } = quoteAt(world, back)
  const body: DeskBody = {
    msgType: 'AJ',
    body: [[693, 'QR'], [117, quoteId], [694, '6'], ...instrumentFields],
  }
  return say(world, 'CEDAR', deskOf.CEDAR, body)
})

const revise: fc.Arbitrary<Step> = fc
  .tuple(n, fc.constantFrom('bust', '430.70', '430.73', '424'))
  .map(([k, what]) => (world) => {
    const { peering } = world.sides.ALDER.core
    return what === 'bust'
      ? bustByOperator(peering, operator, tradeAt(world, k))
      : correctByOperator(peering, operator, tradeAt(world, k), what)
  })

/** What a worker would do, if it is to be done. */
async function workOff(
  world: Desks,
  name: (typeof names)[number],
  kind: WorkKind,
  tradeId: string,
): Promise<void> {
  const { state } = world.sides[name].core.peering.loop
  world.chain.mine()
  if (pendingWork(state).some(({ id }) => id === `${kind}/${tradeId}`)) await work(world, name, kind, tradeId)
}

const progress: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...kinds), n).map(
  ([name, kind, back]) =>
    (world) =>
      workOff(world, name, kind, tradeAt(world, back)),
)

const settleAll: fc.Arbitrary<Step> = fc
  .tuple(n, fc.constantFrom(2, 6))
  .map(([back, most]) => async (world) => {
    const id = tradeAt(world, back)
    for (const kind of kinds.slice(0, most)) for (const name of names) await workOff(world, name, kind, id)
  })

const allocate: fc.Arbitrary<Step> = fc.tuple(n, orderQty).map(
  ([k, quantity]) =>
    (world) =>
      say(world, 'CEDAR', deskOf.CEDAR, {
        msgType: 'J',
        body: [
          ...([
            [70, `AL-${k}`],
            [71, '0'],
            [626, '1'],
            [857, '1'],
            [73, '1'],
            [11, clOrdIdAt(world, k)],
            [54, '1'],
          ] as const),
          ...instrumentFields,
          ...([
            [53, quantity],
            [6, '430.72'],
            [75, '20261120'],
            [78, '1'],
            [79, 'FUND-A'],
            [80, quantity],
          ] as const),
        ],
      }),
)

const acknowledge: fc.Arbitrary<Step> = fc.tuple(n, fc.constantFrom('1', '2', '3')).map(
  ([k, status]) =>
    (world) =>
      say(world, 'CEDAR', deskOf.CEDAR, {
        msgType: 'AU',
        body: [
          [664, tradeAt(world, k)],
          [75, '20261120'],
          [60, '20261120-14:00:01.000'],
          [940, status],
          [58, 'as booked'],
        ],
      }),
)

const watch: fc.Arbitrary<Step> = fc.constantFrom('0', '1', '2').map(
  (subscription) => (world) =>
    say(world, 'ALDER', deskOf.ALDER, {
      msgType: 'AH',
      body: [[644, 'W-1'], [146, '1'], ...instrumentFields, [263, subscription]],
    }),
)

const others: fc.Arbitrary<Step> = fc.constantFrom<Step>(
  async (world) => world.clock.advance(4_000),
  async (world) => {
    world.clock.advance(75_000)
    for (const name of names) await workOff(world, name, 'expire', tradeAt(world, 1))
  },
  (world) => cancelByOperator(world.sides.ALDER.core.peering, operator, quoteAt(world, 1).quoteId),
  (world) => cancelOpenQuotes(world.sides.ALDER.core.peering, 'FIX.4.4:ALDER->CEDAR'),
  (world) => cancelOpenQuotes(world.sides.CEDAR.core.peering, deskOf.CEDAR),
  async (world) => Object.assign(world, { passes: () => false }),
  async (world) => Object.assign(world, { passes: () => true }),
  (world) => restart(world, 'ALDER'),
  (world) => restart(world, 'CEDAR'),
)

const step = fc.oneof(
  { arbitrary: deal, weight: 6 },
  { arbitrary: settleAll, weight: 5 },
  ...[ask, order, pass, revise, progress, allocate, acknowledge, watch, others].map((arbitrary) => ({
    arbitrary,
    weight: 2,
  })),
)

test('after every step of random desks, replaying the journal gives the state (I8)', async () => {
  const reached = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
      const world = await openDesks()
      for (const act of steps) {
        await act(world)
        for (const name of names) {
          const side = world.sides[name]
          const { state } = side.core.peering.loop
          assert.deepEqual(await replayed(world, side), state, name)
          for (const { phase } of state.trades.values()) reached.add(phase)
        }
      }
    }),
    { numRuns: 50, seed: 20_261_120 },
  )
  for (const phase of ['executed', 'confirmed', 'settled', 'refused', 'busted', 'corrected', 'failed'])
    assert.ok(reached.has(phase), `no run came to ${phase}: ${[...reached].join()}`)
})
