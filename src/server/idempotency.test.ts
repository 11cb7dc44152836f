import { manualClock } from '#core'
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createServer } from './server.ts'
import {
  firstRfq,
  gatewayDouble,
  memoryIdempotencyStore,
  orderOf,
  sandboxStart,
  type GatewayDouble,
  signedOrder,
} from './testing/index.ts'

type Rows = Map<string, string>
const clock = manualClock(sandboxStart)

async function clientOf(t: TestContext, gateway: GatewayDouble, rows: Rows) {
  const server = await createServer({ gateway, clock, idempotencyStore: memoryIdempotencyStore(rows) })
  t.after(() => server.stop())
  return async (url: string, body: unknown, key?: string) => {
    const headers = { host: 'localhost', 'content-type': 'application/json' }
    const keyed = key === undefined ? headers : { ...headers, 'idempotency-key': key }
    const answer = await server.app.inject({
      method: 'POST',
      url,
      payload: JSON.stringify(body),
      headers: keyed,
    })
    return {
      status: answer.statusCode,
      text: answer.body,
      location: answer.headers['location'],
      json: () => answer.json(),
    }
  }
}

test('A command without a key, or with a malformed one, is refused and does nothing', async (t) => {
  const gateway = gatewayDouble({ clock })
  const post = await clientOf(t, gateway, new Map())
  for (const key of [undefined, 'short', 'has space', 'x'.repeat(65), 'käse-1234']) {
    const answer = await post('/v1/rfqs', firstRfq, key)
    assert.equal(answer.status, 400)
    assert.equal(answer.json().refusal, 'idempotency-key')
  }
  assert.equal(gateway.rfqs().length, 0)
})

test('The same key and body get the same bytes, and the command runs once', async (t) => {
  const gateway = gatewayDouble({ clock })
  const post = await clientOf(t, gateway, new Map())
  const first = await post('/v1/rfqs', firstRfq, 'key-0001')
  const size = gateway.journal.size()
  const reordered = Object.fromEntries(Object.entries(firstRfq).toReversed())
  const again = await post('/v1/rfqs', reordered, 'key-0001')
  assert.deepEqual([again.status, again.text, again.location], [first.status, first.text, first.location])
  assert.equal(gateway.journal.size(), size)
})

test('The same key gets the stored answer also after a restart of the server', async (t) => {
  const gateway = gatewayDouble({ clock })
  const rows: Rows = new Map()
  const first = await (await clientOf(t, gateway, rows))('/v1/rfqs', firstRfq, 'key-0001')
  const again = await (await clientOf(t, gateway, rows))('/v1/rfqs', firstRfq, 'key-0001')
  assert.equal(again.text, first.text)
  assert.equal(gateway.rfqs().length, 1)
})

test('The same key with another body or path is a conflict', async (t) => {
  const post = await clientOf(t, gatewayDouble({ clock }), new Map())
  await post('/v1/rfqs', firstRfq, 'key-0001')
  for (const [url, body] of [
    ['/v1/rfqs', { ...firstRfq, side: 'Sell' }],
    ['/v1/orders', orderOf('Q-1')],
  ] as const) {
    const answer = await post(url, body, 'key-0001')
    assert.equal(answer.status, 422)
    assert.equal(answer.json().refusal, 'idempotency-conflict')
  }
})

test('Two requests with one key at the same time run the command once', async (t) => {
  const gateway = gatewayDouble({ clock })
  const post = await clientOf(t, gateway, new Map())
  const [one, two] = await Promise.all([
    post('/v1/rfqs', firstRfq, 'key-0001'),
    post('/v1/rfqs', firstRfq, 'key-0001'),
  ])
  assert.equal(one?.text, two?.text)
  assert.equal(gateway.rfqs().length, 1)
})

test('A refusal is stored, unless trying again can help', async (t) => {
  const gateway = gatewayDouble({ clock })
  const rows: Rows = new Map()
  const post = await clientOf(t, gateway, rows)
  const refused = await post('/v1/orders', orderOf('Q-none'), 'key-refused')
  const size = gateway.journal.size()
  assert.equal((await post('/v1/orders', orderOf('Q-none'), 'key-refused')).text, refused.text)
  assert.equal(gateway.journal.size(), size)
  assert.equal(rows.size, 1)
})

test('A command that was cut off before its answer is found again by the id its key gave it', async (t) => {
  const gateway = gatewayDouble({ clock })
  const rows: Rows = new Map()
  const whole = await (await clientOf(t, gateway, rows))('/v1/rfqs', firstRfq, 'key-0001')
  forgetAnswers(rows)
  const resumed = await (await clientOf(t, gateway, rows))('/v1/rfqs', firstRfq, 'key-0001')
  assert.equal(resumed.text, whole.text)
  assert.equal(gateway.rfqs().length, 1)
})

test("An operator's order that was cut off is in doubt and is not repeated", async (t) => {
  const gateway = gatewayDouble({ clock })
  const rows: Rows = new Map()
  const post = await clientOf(t, gateway, rows)
  const order = signedOrder({ session: gateway.fixSessions()[0]?.id ?? '', action: 'disable' })
  await post('/v1/operations', order, 'key-session')
  forgetAnswers(rows)
  const again = await post('/v1/operations', order, 'key-session')
  assert.equal(again.status, 409)
  assert.equal(again.json().refusal, 'idempotency-in-doubt')
})

// What a stop between the reservation and the answer leaves behind.
function forgetAnswers(rows: Rows): void {
  for (const [key, value] of rows) {
    const { at, fingerprint } = JSON.parse(value)
    rows.set(key, JSON.stringify({ at, fingerprint }))
  }
}
