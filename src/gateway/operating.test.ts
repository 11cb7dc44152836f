import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal, refuse, type JsonObject, type Refusal } from '#core'
import type { Signer } from '#crypto'
import type { FixEngine } from '#transport'
import type { OperationResult } from './api.ts'
import {
  confirmedTrade,
  newest,
  openDesks,
  quoted,
  settledTrade,
  tradeOf,
  type Desks,
  typesSince,
} from './desk-testing.ts'
import { operate, operationOf } from './operating.ts'
import { createProjection } from './projection.ts'
import { createRows } from './rows.ts'

const nothing = (): never => assert.fail('nothing is done to a session nobody knows')
const unknown = (id: string): Refusal => refuse('fix-session-unknown', `no session ${id}`)

/** Knows no session. */
const engine = (): FixEngine =>
  // oxlint-disable-next-line no-unsafe-type-assertion -- these two alone are reached
  ({ admin: { view: unknown, reset: nothing } }) as unknown as FixEngine

/** An order to ALDER's gateway, through the door that operators use. */
function order(world: Desks, operation: JsonObject, signer?: Signer): Promise<OperationResult | Refusal> {
  const { config, core, journal, store, keys } = world.sides.ALDER
  const { peering } = core
  const projection = createProjection(journal)
  const views = { desk: peering, projection, waiting: () => new Map<string, Refusal>(), entries: () => [] }
  const rows = createRows(store, journal, 'door')
  const signed = operationOf({ nonce: 'n', ...operation }, signer ?? keys.signer('operator1'))
  return operate({ config, peering, views, rows, engine }, signed)
}

const codeOf = (result: OperationResult | Refusal): string => (isRefusal(result) ? result.refusal : 'done')

test('an operator’s signed order busts a fill, once', async () => {
  const world = await openDesks()
  const tradeId = await confirmedTrade(world, 1)
  const bust = { command: 'bust-trade', tradeId }
  assert.equal(codeOf(await order(world, bust, world.sides.CEDAR.keys.signer('operator1'))), 'key-unknown')
  const result = await order(world, bust)
  assert.ok('trade' in result && result.trade.status === 'busted')
  assert.equal(tradeOf(world, 'CEDAR', tradeId).phase, 'busted')
  assert.equal(codeOf(await order(world, bust)), 'message-replayed')
  assert.equal(codeOf(await order(world, { ...bust, nonce: 'again' })), 'trade-state')
})

test('an operator’s signed order corrects a fill, and is told what stands now', async () => {
  const world = await openDesks()
  const tradeId = await confirmedTrade(world, 1)
  const correct = { command: 'correct-trade', tradeId }
  assert.equal(codeOf(await order(world, correct)), 'field-missing')
  const result = await order(world, { ...correct, price: '430.70' })
  assert.ok('trade' in result)
  assert.deepEqual(
    [result.trade.tradeId, result.trade.price, result.trade.status],
    ['ALDER/E-2', '430.7', 'executed'],
  )
  assert.match(result.trade.premium.text, /43,070.00 USDC/)
  assert.equal(tradeOf(world, 'CEDAR', tradeId).correctedBy, 'ALDER/E-2')
})

test('an operator’s signed order withdraws a quote', async () => {
  const world = await openDesks()
  const { quoteId } = await quoted(world, 'RFQ-1')
  const result = await order(world, { command: 'cancel-quote', quoteId })
  assert.ok('quote' in result && result.quote.status === 'canceled')
  assert.equal(world.sides.CEDAR.core.peering.loop.state.quotes.get(quoteId)?.status, 'canceled')
})

test('a settled fill is too late to revise, however long ago its deadline was and whatever the price', async () => {
  const world = await openDesks()
  const tradeId = await settledTrade(world, 1)
  world.clock.advance(3_600_000)
  const correct = { command: 'correct-trade', tradeId, price: 'no price' }
  assert.equal(codeOf(await order(world, correct)), 'too-late-to-revise')
  assert.equal(codeOf(await order(world, { command: 'bust-trade', tradeId })), 'too-late-to-revise')
  assert.equal(newest(world.sides.ALDER).type, 'command.refused')
})

test('administering a session nobody knows is refused, and no entry says that it was done', async () => {
  const world = await openDesks()
  const { ALDER } = world.sides
  const size = ALDER.journal.size()
  const reset = { command: 'administer-session', session: 'FIX.4.4:A->NOBODY', action: 'reset' }
  assert.equal(codeOf(await order(world, reset)), 'fix-session-unknown')
  assert.deepEqual(typesSince(ALDER, size), ['command.refused'])
})
