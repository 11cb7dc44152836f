import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson, isRefusal, utf8, type JsonObject, type ManualClock } from '#core'
import {
  createFixEngine,
  memoryPersistence,
  type DeskBody,
  type FixEngine,
  type FixMessage,
} from '#transport'
import { parseGatewayConfig } from './config.ts'
import {
  deskOf,
  lineOf,
  newest,
  openDesks,
  orderFor,
  quoteRequest,
  replayed,
  type Desks,
} from './desk-testing.ts'
import { takeQuote } from './desk.ts'
import { openFix } from './doors.ts'
import { configJson, keysOf } from './testing.ts'

// Over sockets: what a session's configuration says beyond its names.

const risk = {
  beginString: 'FIX.4.4',
  heartBtIntSeconds: 30,
  senderCompId: 'CEDAR',
  targetCompId: 'RISK',
  role: 'acceptor',
  use: 'drop-copy',
  party: 'CEDAR',
  dropCopyOf: [deskOf.CEDAR],
} as const

const desks = (cancelOn: 'disconnect' | 'disconnect-or-logout'): Promise<Desks> =>
  openDesks((sessions, name) =>
    name === 'CEDAR'
      ? [...sessions.map((one) => (one['use'] === 'desk' ? { ...one, cancelOn } : one)), risk]
      : sessions,
  )

type Client = {
  readonly engine: FixEngine
  readonly heard: FixMessage[]
  readonly send: (body: DeskBody) => Promise<number>
}

async function clientOf(senderCompId: string, port: number, clock: ManualClock): Promise<Client> {
  const heard: FixMessage[] = []
  const session = { beginString: 'FIX.4.4', senderCompId, targetCompId: 'CEDAR', role: 'initiator' } as const
  const engine = await createFixEngine({
    sessions: [session],
    persistence: memoryPersistence(),
    clock,
    application: { onMessage: (_, message) => void heard.push(message), onSession: () => undefined },
  })
  const key = `FIX.4.4:${senderCompId}->CEDAR`
  engine.connect(key, { host: '127.0.0.1', port })
  await until(
    () => engine.sessions().every(({ phase }) => phase === 'active'),
    `${senderCompId} is logged on`,
  )
  return { engine, heard, send: (body) => engine.send(key, body) }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail(`in vain: ${what}`)
}

type Open = {
  readonly world: Desks
  readonly engine: FixEngine
  readonly desk: Client
  readonly copy: Client
}

/** CEDAR's gateway with its desk and its risk system logged on, and a quote of ALDER's open at the desk. */
async function withOpenQuote(
  cancelOn: 'disconnect' | 'disconnect-or-logout',
  body: (open: Open) => Promise<void>,
): Promise<void> {
  const world = await desks(cancelOn)
  const { config, store, core } = world.sides.CEDAR
  const failures: unknown[] = []
  const doors = { config, store, peering: core.peering, clock: world.clock }
  const engine = await openFix(doors, (error) => failures.push(error))
  const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
  const desk = await clientOf('DESK', port, world.clock)
  const copy = await clientOf('RISK', port, world.clock)
  try {
    await desk.send(quoteRequest('RFQ-1'))
    const { loop } = core.peering
    await until(() => loop.state.rfqs.has('CEDAR/RFQ-1'), 'the request is known')
    const prices = { bidPx: '424.78', offerPx: '430.72', bidSize: '100', offerSize: '100', currency: 'USDC' }
    const quote = {
      quoteId: 'Q-1',
      quoteReqId: 'RFQ-1',
      ...prices,
      validUntilTime: '2026-11-20T14:00:10.000Z',
    }
    const by = { kind: 'fix', id: lineOf.CEDAR } as const
    await loop.commit(takeQuote(core.peering, by, quote, 'ALDER').acted.bundle)
    await body({ world, engine, desk, copy })
  } finally {
    desk.engine.destroy()
    copy.engine.destroy()
    await engine.close()
  }
  assert.deepEqual(failures, [])
}

test('a drop copy hears each execution report of the session that it watches, and nothing else', () =>
  withOpenQuote('disconnect', async ({ desk, copy }) => {
    await desk.send(orderFor({ quoteId: 'Q-1', price: '430.71' }, 'ORD-1'))
    await until(() => copy.heard.length > 0 && desk.heard.length > 0, 'both have heard')
    assert.equal(desk.heard[0]?.text(150), '8')
    assert.equal(copy.heard[0]?.text(11), 'ORD-1')
    assert.equal(copy.heard[0]?.text(797), 'Y')
    await copy.send(quoteRequest('RFQ-2'))
    await until(() => copy.heard.length > 1, 'the listener is told that it may only listen')
    assert.equal(copy.heard[1]?.text(380), '3')
    assert.equal(desk.heard.length, 1)
  }))

test('a desk whose connection is lost has its open quotes passed on, to the maker too', () =>
  withOpenQuote('disconnect', async ({ world, engine, desk }) => {
    const { CEDAR } = world.sides
    const { state } = CEDAR.core.peering.loop
    const sent = (): number => engine.sessions().find(({ session }) => session === lineOf.CEDAR)?.nextOut ?? 0
    const before = sent()
    desk.engine.destroy()
    await until(() => state.quotes.get('Q-1')?.status === 'canceled', 'the quote has ended')
    await until(() => newest(CEDAR).type === 'quote.canceled', 'it is in the journal')
    assert.deepEqual(newest(CEDAR).body, { quoteId: 'Q-1', by: 'CEDAR' })
    assert.equal(sent(), before + 1, 'the maker will hear of it')
    await engine.idle()
    assert.deepEqual(await replayed(world, CEDAR), state)
  }))

test('a desk that logs out in order keeps its quotes, unless it was agreed otherwise', async () => {
  for (const [cancelOn, status] of [
    ['disconnect', 'open'],
    ['disconnect-or-logout', 'canceled'],
  ] as const)
    await withOpenQuote(cancelOn, async ({ world, engine, desk }) => {
      await desk.engine.close()
      const isGone = (): boolean =>
        engine.sessions().find(({ session }) => session === deskOf.CEDAR)?.phase === 'disconnected'
      await until(isGone, 'the desk has left')
      await engine.idle()
      assert.equal(world.sides.CEDAR.core.peering.loop.state.quotes.get('Q-1')?.status, status)
    })
})

test('a drop copy of nothing, of no session or of another copy is no configuration', () => {
  const keys = [keysOf(), keysOf()] as const
  const { dropCopyOf, ...deaf } = risk
  const cases: readonly (readonly [string, readonly JsonObject[]])[] = [
    ['belong together', [deaf]],
    ['belong together', [{ ...risk, use: 'desk' }]],
    ['no session to watch: FIX.4.4:CEDAR->DESK', [risk]],
    ['no session to watch: FIX.4.4:CEDAR->RISK', [{ ...risk, dropCopyOf: ['FIX.4.4:CEDAR->RISK'] }]],
  ]
  assert.ok(dropCopyOf)
  for (const [wanted, sessions] of cases) {
    const json = { ...configJson('CEDAR', keys[0], keys[1]), fix: { acceptors: [], sessions } }
    const config = parseGatewayConfig(utf8(canonicalJson(json)))
    assert.ok(isRefusal(config) && config.detail.includes(wanted), isRefusal(config) ? config.detail : wanted)
  }
})
