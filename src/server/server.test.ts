import { manualClock } from '#core'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { InjectOptions } from 'fastify'
import { createServer, type Server } from './server.ts'
import {
  firstRfq,
  gatewayDouble,
  leafHash,
  memoryIdempotencyStore,
  nodeHash,
  orderOf,
  sandboxStart,
  type GatewayDouble,
  signedOrder,
} from './testing/index.ts'

const host = 'localhost'
let server: Server
let gateway: GatewayDouble
const rows = new Map<string, string>()

const get = async (url: string) => answerOf({ method: 'GET', url })
const post = async (url: string, body: unknown, key = 'key-0001', headers: Record<string, string> = {}) =>
  answerOf({
    method: 'POST',
    url,
    payload: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': key, ...headers },
  })
const sendText = (payload: string | Buffer) =>
  answerOf({
    method: 'POST',
    url: '/v1/rfqs',
    payload,
    headers: { 'content-type': 'application/json', 'idempotency-key': 'strict-json' },
  })
async function answerOf(request: InjectOptions) {
  const response = await server.app.inject({ ...request, headers: { host, ...request.headers } })
  const type = String(response.headers['content-type'])
  return {
    status: response.statusCode,
    type,
    headers: response.headers,
    text: response.body,
    json: () => response.json(),
  }
}

describe('the REST door', () => {
  before(async () => {
    const clock = manualClock(sandboxStart)
    gateway = gatewayDouble({ clock })
    server = await createServer({ gateway, clock, idempotencyStore: memoryIdempotencyStore(rows) })
  })
  after(() => server.stop())

  test('A trade goes from request to settlement', async () => {
    const rfq = await post('/v1/rfqs', { ...firstRfq, quoteReqId: 'RFQ-0001' }, 'trade-rfq-1')
    assert.equal(rfq.status, 201)
    assert.equal(rfq.headers['location'], '/v1/rfqs/RFQ-0001')
    const { quoteId } = rfq.json().quotes[0]
    const order = await post('/v1/orders', { ...orderOf(quoteId), clOrdId: 'ORD-0001' }, 'trade-ord-1')
    assert.equal(order.status, 201)
    assert.equal(order.json().ordStatus, 'Filled')
    while (gateway.step());
    const trade = await get(`/v1/trades/${order.json().tradeId}`)
    assert.equal(trade.json().status, 'settled')
    assert.equal(trade.json().premium.minor, '43072000000')
    assert.deepEqual(
      trade
        .json()
        .timeline.map(({ type }: { type: string }) => type)
        .slice(-2),
      ['settlement.submitted', 'settlement.settled'],
    )
    assert.equal((await get(`/v1/trades/${trade.json().uti}`)).json().tradeId, order.json().tradeId)
  })

  test('Every answer carries a strict policy for browsers', async () => {
    for (const url of ['/v1/identity', '/nothing', '/v1/evidence']) {
      const { headers } = await get(url)
      assert.match(String(headers['content-security-policy']), /default-src 'none'/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
    }
  })

  test('Health is 503 when a component fails, and says which', async () => {
    const well = await get('/v1/health')
    assert.equal(well.status, 200)
    assert.match(well.json().components.at(-1).detail, /loopback only/)
    gateway.breakComponent('ledger lagoon', 'no answer from http://127.0.0.1:8545')
    const sick = await get('/v1/health')
    assert.equal(sick.status, 503)
    assert.match(sick.type, /^application\/json/, 'health is an answer, not a problem')
    assert.equal(sick.json().components.find((c: { ok: boolean }) => !c.ok).component, 'ledger lagoon')
    gateway.breakComponent('', '')
  })

  test('A refusal is an RFC 9457 problem with code, remedy, instance and journal index', async () => {
    const refused = await post('/v1/orders', { ...orderOf('Q-none') }, 'refused-1')
    assert.equal(refused.status, 404)
    assert.equal(refused.type, 'application/problem+json')
    const { journalIndex, ...problem } = refused.json()
    assert.equal(typeof journalIndex, 'number')
    assert.deepEqual(problem, {
      type: 'urn:poundlock:refusal:quote-unknown',
      title: 'No such quote',
      status: 404,
      detail: 'No quote has this id',
      instance: '/v1/orders',
      code: 'PLK-2201',
      refusal: 'quote-unknown',
      remedy: 'Ask for a new quote',
      retryable: false,
      meta: { journalIndex: String(journalIndex) },
    })
  })

  test('A body that the schema does not know is refused and names the place', async () => {
    const cases: [unknown, RegExp][] = [
      [{ ...firstRfq, extra: 1 }, /additional properties/],
      [{ ...firstRfq, orderQty: 100 }, /orderQty must be string/],
      [{ ...firstRfq, orderQty: '1e2' }, /orderQty must match pattern/],
      [{ ...firstRfq, side: 'buy' }, /side must be equal to one of/],
      [{ side: 'Buy' }, /required property/],
      [[], /must be object/],
    ]
    for (const [body, expected] of cases) {
      const answer = await post('/v1/rfqs', body, 'wrong-shape')
      assert.equal(answer.status, 422)
      assert.equal(answer.json().refusal, 'json-shape')
      assert.match(answer.json().detail, expected)
    }
  })

  test('Unknown paths, query parameters and media types are refused by name', async () => {
    assert.equal((await get('/v1/nothing')).json().refusal, 'not-found')
    assert.equal(
      (await get('/')).json().detail,
      'The console is not built; npm run build -w console builds it',
    )
    assert.equal((await get('/v1/trades?page=2')).json().refusal, 'query-invalid')
    assert.equal((await get('/v1/trades?limit=201')).json().refusal, 'query-invalid')
    assert.equal((await get('/v1/trades?cursor=AAAA')).json().refusal, 'query-invalid')
    const xml = await answerOf({
      method: 'POST',
      url: '/v1/rfqs',
      payload: '<a/>',
      headers: { 'content-type': 'text/xml', 'idempotency-key': 'xml-12345' },
    })
    assert.equal(xml.status, 415)
  })

  test('JSON is strict: a name twice, too deep, not UTF-8', async () => {
    assert.equal((await sendText('{"side":"Buy","side":"Sell"}')).json().refusal, 'json-duplicate-key')
    assert.equal((await sendText('{"\\u0073ide":"Buy","side":"Sell"}')).json().refusal, 'json-duplicate-key')
    assert.equal((await sendText('['.repeat(2_000))).json().refusal, 'json-too-deep')
    assert.equal((await sendText(Buffer.from([0x22, 0xff, 0x22]))).json().refusal, 'utf8-invalid')
    assert.equal((await sendText('')).status, 400)
    assert.equal((await sendText('{"__proto__":{"side":"Buy"}}')).json().refusal, 'json-shape')
  })

  test('Only loopback names are answered, and commands only from no page or our own', async () => {
    const rebound = await answerOf({ method: 'GET', url: '/v1/identity', headers: { host: 'evil.example' } })
    assert.equal(rebound.status, 421)
    assert.equal(rebound.json().refusal, 'http-host')
    for (const name of ['127.0.0.1:7420', 'LOCALHOST:1', '[::1]:80'])
      assert.equal(
        (await answerOf({ method: 'GET', url: '/v1/identity', headers: { host: name } })).status,
        200,
      )
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ])
      assert.equal((await post('/v1/rfqs', firstRfq, 'origin-12', headers)).json().refusal, 'http-origin')
    const own = await post('/v1/rfqs', firstRfq, 'origin-13', {
      origin: `http://${host}`,
      'sec-fetch-site': 'same-origin',
    })
    assert.equal(own.status, 201)
  })

  test('No answer invites pages of other origins', async () => {
    const answer = await answerOf({
      method: 'OPTIONS',
      url: '/v1/rfqs',
      headers: { origin: 'http://localhost' },
    })
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
    assert.equal(answer.status, 404)
  })

  test('Pages are stable while new items arrive', async () => {
    for (let i = 0; i < 5; i++) await post('/v1/rfqs', firstRfq, `page-key-${i}`)
    const first = (await get('/v1/rfqs?limit=2')).json()
    await post('/v1/rfqs', firstRfq, 'page-key-late')
    const seen = [...first.items]
    for (let next = first.next; next !== undefined;) {
      const page = (await get(`/v1/rfqs?limit=2&cursor=${next}`)).json()
      seen.push(...page.items)
      next = page.next
    }
    const ids = seen.map(({ quoteReqId }) => quoteReqId)
    assert.equal(new Set(ids).size, ids.length)
    assert.equal(ids.length, gateway.rfqs().length - 1)
    assert.ok(!ids.includes('API-page-key-late'))
  })

  test('A proof leads from the leaf to the root of the checkpoint', async () => {
    const size = gateway.journal.size()
    for (const index of [0, 3, size - 1]) {
      const proof = (await get(`/v1/log/proof?index=${index}`)).json()
      const [entry] = (await get(`/v1/log/entries?from=${index}&to=${index + 1}`)).json().items
      assert.equal(leafHash(Buffer.from(entry.leaf)).toString('base64'), proof.leafHash)
      assert.equal(rootByPath(index, size, proof).toString('base64'), proof.root)
      assert.equal(proof.checkpoint.split('\n')[2], proof.root)
    }
    assert.equal((await get(`/v1/log/proof?index=${size}`)).status, 416)
    assert.equal((await get('/v1/log/proof?index=-1')).json().refusal, 'query-invalid')
  })

  test('Entries are sealed unless the client asks for what may be opened', async () => {
    const [sealed] = (await get('/v1/log/entries?from=3&to=4')).json().items
    assert.deepEqual(Object.keys(sealed.parts.terms), ['digest'])
    const [opened] = (await get('/v1/log/entries?from=3&to=4&parts=opened')).json().items
    assert.match(opened.parts.terms.content, /35=R/)
  })

  test('Search finds a leaf by any id, also one that stands only in an opened part', async () => {
    const one = (await get('/v1/log/search?q=ORD-0001&parts=opened')).json()
    assert.deepEqual(
      one.items.map(({ type }: { type: string }) => type),
      ['trade.confirmed', 'trade.proposed', 'trade.executed', 'order.placed'],
    )
    const [byIndex] = (await get('/v1/log/search?q=0')).json().items.toReversed()
    assert.equal(byIndex.index, 0)
    assert.deepEqual((await get('/v1/log/search?q=no-such-thing')).json().items, [])
  })

  test('Log tiles and the checkpoint are served under their C2SP paths', async () => {
    const note = await get('/log/checkpoint')
    assert.match(note.text, /^cedar\.example\/journal\n/)
    const tile = await get('/log/tile/0/000.p/3')
    assert.match(String(tile.headers['cache-control']), /immutable/)
    for (const path of ['/log/tile/0/001', '/log/tile/%2e%2e/x']) assert.equal((await get(path)).status, 404)
  })

  test('A FIX session is administered by an operator, once per key', async () => {
    const session = gateway.fixSessions()[0]?.id ?? ''
    const give = (order: Record<string, string>, key: string) =>
      post('/v1/operations', signedOrder(order), key)
    const off = await give({ session, action: 'disable' }, 'session-1')
    assert.equal(off.json().session.state, 'disabled')
    assert.equal((await give({ session: 'none', action: 'enable' }, 'session-2')).status, 404)
    assert.equal((await post('/v1/operations', { action: 'enable' }, 'session-3')).status, 422)
    assert.equal((await give({ session, action: 'enable' }, 'session-4')).json().session.state, 'enabled')
  })

  test('Metrics count requests by route, never by id', async () => {
    await get('/v1/trades/secret-id')
    const { text, type } = await get('/metrics')
    assert.match(type, /text\/plain; version=0\.0\.4/)
    assert.match(
      text,
      /poundlock_http_requests_total\{method="GET",route="\/v1\/trades\/:id",status="404"\} \d/,
    )
    assert.doesNotMatch(text, /secret-id/)
  })

  test('An address that others could reach is refused', async () => {
    for (const address of ['0.0.0.0', '::', '192.0.2.1', 'example.org']) {
      const refusal = await server.start({ host: address, port: 0 })
      assert.equal('refusal' in refusal && refusal.refusal, 'not-loopback')
    }
  })
})

// RFC 9162 §2.1.3.2, written down again: the test shares no code with what it checks.
function rootByPath(index: number, size: number, proof: { leafHash: string; proof: string[] }): Buffer {
  let [fn, sn] = [index, size - 1]
  let hash: Buffer = Buffer.from(proof.leafHash, 'base64')
  for (const step of proof.proof) {
    const other = Buffer.from(step, 'base64')
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(other, hash)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1]
    } else hash = nodeHash(hash, other)
    ;[fn, sn] = [fn >> 1, sn >> 1]
  }
  assert.equal(sn, 0)
  return hash
}
