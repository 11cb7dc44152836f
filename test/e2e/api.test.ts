// The HTTP API of real gateways: the example client trades to settlement, commands are repeated and events resumed
// over kills, and what the API hands out as evidence convinces the verifier under keys that were pinned before.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { IdentityView, OrderView, RfqView } from '#gateway'
import { createClient } from '../../examples/client.ts'
import { runTradeExample } from '../../examples/trade.ts'
import { project, run, scratch } from './demo-run.ts'
import { ask, auditWorld, expired, openLiveWorld, settleTrade, tradesOf, until } from './live-world.ts'
import type { LiveWorld } from './live-world.ts'

const reason = expired()
const request = {
  securityId: 'ETH-25JUN27-4000-C',
  side: 'Buy',
  orderQty: '10',
  currency: 'USDC',
  to: 'ALDER',
} as const

test('trading over the API survives kills: nothing runs twice, no event is missed, the evidence holds', async (t) => {
  if (reason !== undefined) return t.skip(reason)
  const world = await openLiveWorld(t)
  const reader = readEvents(world)
  t.after(() => reader.stop())
  await theExampleTrades(t, world)
  await commandsRepeatedOverAKill(world)
  await anOrderCutOffByAKill(world)
  await problemsNameTheirRemedy(world)
  assert.equal((await tradesOf(world.urls.alder)).length, 3)
  await eventsHaveNoGap(world, reader)
  await world.stop()
  auditWorld(world)
})

/** Operators approve where the example leaves it to them; the pack it returns is the whole trade. */
async function theExampleTrades(t: TestContext, world: LiveWorld): Promise<void> {
  const { trade, evidence } = await runTradeExample({
    baseUrl: world.urls.cedar,
    write: (line) => t.diagnostic(line),
    approve: async ({ tradeId }) => void (await settleTrade(world, tradeId)),
  })
  assert.equal(trade.status, 'settled')
  const folder = scratch(t)
  const [pack, bad, trust] = ['evidence.pack', 'bad.pack', 'trust.txt'].map((name) => join(folder, name))
  assert.ok(pack && bad && trust)
  writeFileSync(pack, evidence)
  writeFileSync(bad, evidence.replace('trade.executed', 'trade.Executed'))
  writeFileSync(trust, await trustOf(world))
  assert.deepEqual(await verdict(pack, trust), { code: 0, ok: true })
  assert.deepEqual(await verdict(bad, trust), { code: 5, ok: false })
}

async function verdict(pack: string, trust: string): Promise<{ code: number | null; ok: unknown }> {
  const cli = join(project, 'verifier/src/cli.ts')
  const { code, out } = await run(process.execPath, [cli, pack, '--trust', trust, '--json'])
  const report: { ok: unknown } = JSON.parse(out)
  return { code, ok: report.ok }
}

/** Keys as the gateways' owners would read them to each other: C2SP tlog-policy. */
async function trustOf({ urls }: LiveWorld): Promise<string> {
  const sides = await Promise.all(
    [urls.alder, urls.cedar].map((url) => ask<IdentityView>(url, '/v1/identity')),
  )
  const witnesses = sides[0]?.witnesses ?? []
  assert.equal(witnesses.length, 2)
  return [
    ...sides.map((side) => `log ${side?.logKey ?? ''}`),
    ...witnesses.map((vkey, index) => `witness w${index} ${vkey}`),
    'group both all w0 w1',
    'quorum both',
    '',
  ].join('\n')
}

type Answer = { readonly status: number; readonly type: string; readonly text: string }

async function post(url: string, path: string, body: object | string, key?: string): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const type = response.headers.get('content-type') ?? ''
  return { status: response.status, type, text: await response.text() }
}

const quoteIdOf = (url: string, quoteReqId: string): Promise<string> =>
  until(`${quoteReqId} is quoted`, async () => {
    const rfq = await ask<RfqView>(url, `/v1/rfqs/${quoteReqId}`)
    return rfq?.quotes[0]?.quoteId
  })

const takeOf = async (url: string, quoteId: string) => {
  const quote = await ask<{ items: readonly { quoteId: string; offerPx: string }[] }>(url, '/v1/quotes')
  const price = quote?.items.find((one) => one.quoteId === quoteId)?.offerPx
  assert.ok(price)
  return { quoteId, side: 'Buy', orderQty: request.orderQty, price }
}

/** The same key gets the same bytes from the next process too, and another request under it is refused. */
async function commandsRepeatedOverAKill(world: LiveWorld): Promise<void> {
  const url = world.urls.cedar
  const ask1 = await post(url, '/v1/rfqs', { ...request, quoteReqId: 'RFQ-API-1' }, 'request-1')
  assert.equal(ask1.status, 201, ask1.text)
  const order = await takeOf(url, await quoteIdOf(url, 'RFQ-API-1'))
  const placed = await post(url, '/v1/orders', { ...order, clOrdId: 'ORD-API-1' }, 'order-one')
  assert.equal(placed.status, 201, placed.text)
  assert.deepEqual(await post(url, '/v1/orders', { ...order, clOrdId: 'ORD-API-1' }, 'order-one'), placed)
  await world.kill('CEDAR')
  assert.deepEqual(await post(url, '/v1/rfqs', { ...request, quoteReqId: 'RFQ-API-1' }, 'request-1'), ask1)
  assert.deepEqual(await post(url, '/v1/orders', { ...order, clOrdId: 'ORD-API-1' }, 'order-one'), placed)
  const other = await post(url, '/v1/orders', { ...order, clOrdId: 'ORD-API-9' }, 'order-one')
  assert.equal(problem(other).refusal, 'idempotency-conflict')
  await filledOnce(world, 'ORD-API-1')
}

/** The client never hears whether its order was taken, asks again with the same key, and has one trade. */
async function anOrderCutOffByAKill(world: LiveWorld): Promise<void> {
  const url = world.urls.cedar
  await post(url, '/v1/rfqs', { ...request, quoteReqId: 'RFQ-API-2' }, 'request-2')
  const order = { ...(await takeOf(url, await quoteIdOf(url, 'RFQ-API-2'))), clOrdId: 'ORD-API-2' }
  const cutOff = post(url, '/v1/orders', order, 'order-two').catch(() => undefined)
  await world.kill('CEDAR')
  await cutOff
  const again = await post(url, '/v1/orders', order, 'order-two')
  assert.equal(again.status, 201, again.text)
  assert.deepEqual(await post(url, '/v1/orders', order, 'order-two'), again)
  await filledOnce(world, 'ORD-API-2')
}

async function filledOnce(world: LiveWorld, clOrdId: string): Promise<void> {
  const filled = await until(`${clOrdId} is filled`, async () => {
    const order = await ask<OrderView>(world.urls.cedar, `/v1/orders/${clOrdId}`)
    return order?.ordStatus === 'Filled' ? order : undefined
  })
  await settleTrade(world, filled.tradeId ?? '')
  for (const url of [world.urls.alder, world.urls.cedar]) {
    const { quoteReqId } = (await tradesOf(url)).find((one) => one.tradeId === filled.tradeId) ?? {}
    const same = (await tradesOf(url)).filter((one) => one.quoteReqId === quoteReqId)
    assert.equal(same.length, 1)
  }
}

type Problem = Readonly<Record<'type' | 'code' | 'refusal' | 'remedy' | 'title' | 'detail', string>>

function problem({ status, type, text }: Answer): Problem {
  assert.match(type, /^application\/problem\+json/)
  const details: Problem & { status: number } = JSON.parse(text)
  assert.equal(details.status, status)
  assert.match(details.code, /^PLK-\d{4}$/)
  for (const member of ['type', 'title', 'detail', 'remedy', 'refusal'] as const)
    assert.ok(details[member].length > 0, `${details.code} has its ${member}`)
  return details
}

/** What is wrong with each, and how the gateway says so. */
async function problemsNameTheirRemedy(world: LiveWorld): Promise<void> {
  const url = world.urls.cedar
  const key = 'bad-input-1'
  const bad: readonly (readonly [refusal: string, status: number, body: object | string, key?: string])[] = [
    ['idempotency-key', 400, request],
    ['json-syntax', 400, '{"securityId":', key],
    ['json-duplicate-key', 400, '{"side":"Buy","side":"Sell"}', key],
    ['json-shape', 422, { ...request, colour: 'red' }, key],
    ['not-an-expiry', 422, { ...request, securityId: 'ETH-27JUN27-4000-C' }, 'bad-input-2'],
    ['peer-unknown', 403, { ...request, to: 'BIRCH' }, 'bad-input-3'],
  ]
  for (const [refusal, status, body, idempotencyKey] of bad) {
    const answer = await post(url, '/v1/rfqs', body, idempotencyKey)
    assert.deepEqual([problem(answer).refusal, answer.status], [refusal, status], answer.text)
  }
  const late = await post(
    url,
    '/v1/orders',
    { quoteId: 'Q-none', side: 'Buy', orderQty: '1', price: '1' },
    'bad-input-4',
  )
  assert.equal(problem(late).refusal, 'quote-unknown')
}

type Reader = { readonly seen: readonly number[]; stop(): Promise<void> }

/** Reads CEDAR's events from the first leaf on, as the console does, from before the kills until after them. */
function readEvents({ urls }: LiveWorld): Reader {
  const seen: number[] = []
  const abort = new AbortController()
  const reading = (async () => {
    for await (const { data } of createClient({ baseUrl: urls.cedar }).events({
      from: 0,
      signal: abort.signal,
    }))
      seen.push(data.index)
  })().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error
  })
  return { seen, stop: () => (abort.abort(), reading) }
}

/** Every leaf once and in order; a reader that says by header what it saw last goes on behind that. */
async function eventsHaveNoGap(world: LiveWorld, reader: Reader): Promise<void> {
  const { urls } = world
  assert.equal(world.kills('CEDAR'), 2)
  const size = await until('the stream has all leaves', async () => {
    const health = await ask<{ size: number }>(urls.cedar, '/v1/log')
    return health && reader.seen.length >= health.size ? health.size : undefined
  })
  await reader.stop()
  assert.deepEqual(
    reader.seen.slice(0, size),
    Array.from({ length: size }, (_, index) => index),
  )
  const resumed = await fetch(`${urls.cedar}/v1/events`, { headers: { 'last-event-id': '4' } })
  const stream = resumed.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!/^data: /m.test(text)) text += (await stream?.read())?.value ?? ''
  await stream?.cancel()
  assert.match(text, /^id: 5$/m)
}
