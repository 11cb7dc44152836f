import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { firstRfq, startTestServer, type TestServer } from './testing/index.ts'

const by = { kind: 'operator', id: 'test' } as const
const ask = (server: TestServer, count = 1) =>
  Promise.all(
    Array.from({ length: count }, (_, i) =>
      server.gateway.requestQuote(by, { ...firstRfq, quoteReqId: `RFQ-${i}` }),
    ),
  )

async function start(t: TestContext, limits = {}): Promise<TestServer> {
  const server = await startTestServer({ limits })
  t.after(() => server.server.stop())
  return server
}

type Frame = { id: string; data: { type: string; id: string; data: { index: number; parts: object } } }
/** Reads frames until there are `count`, then closes the connection. */
async function read(url: string, count: number, headers: Record<string, string> = {}): Promise<Frame[]> {
  const stop = new AbortController()
  const response = await fetch(url, { headers, signal: stop.signal })
  assert.equal(response.status, 200)
  const frames: Frame[] = []
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    frames.push(...blocks.flatMap(frameOf))
    if (frames.length >= count) break
  }
  stop.abort()
  return frames
}
function frameOf(block: string): Frame[] {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => [line.split(':')[0], line.slice(line.indexOf(':') + 2)]),
  )
  return fields['data'] === undefined ? [] : [{ id: fields['id'] ?? '', data: JSON.parse(fields['data']) }]
}

test('Each event carries the leaf index as id and only digests of parts', async (t) => {
  const server = await start(t)
  await ask(server)
  const frames = await read(`${server.url}/v1/events?from=0`, 5)
  assert.deepEqual(
    frames.map(({ id }) => id),
    ['0', '1', '2', '3', '4'],
  )
  const asked = frames[3]?.data
  assert.equal(asked?.type, 'io.poundlock.rfq.requested.v1')
  assert.equal(asked?.data.index, 3)
  assert.deepEqual(
    Object.values(asked?.data.parts ?? {}).map((part) => Object.keys(part)),
    [['digest']],
  )
})

test('A reader that comes back with Last-Event-ID misses nothing and sees nothing twice', async (t) => {
  const server = await start(t)
  await ask(server, 4)
  const first = await read(`${server.url}/v1/events?from=0`, 4)
  await ask(server, 3)
  const rest = server.gateway.journal.size() - 4
  const second = await read(`${server.url}/v1/events`, rest, { 'last-event-id': first[3]?.id ?? '' })
  const ids = [...first.slice(0, 4), ...second].map(({ id }) => parseInt(id, 10))
  assert.deepEqual(
    ids,
    Array.from({ length: server.gateway.journal.size() }, (_, index) => index),
  )
})

test('Entries that are written while a reader catches up arrive once and in order', async (t) => {
  const server = await start(t)
  await ask(server, 60)
  const reading = read(`${server.url}/v1/events?from=0`, 3 + 240)
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    await ask(server, 10)
  }
  const ids = (await reading).map(({ id }) => parseInt(id, 10))
  assert.deepEqual(
    ids.slice(0, 243),
    Array.from({ length: 243 }, (_, index) => index),
  )
})

test('A start beyond the journal, or no number, is refused: it belongs to another history', async (t) => {
  const server = await start(t)
  const beyond = await fetch(`${server.url}/v1/events?from=99`)
  assert.equal(beyond.status, 416)
  assert.equal((await fetch(`${server.url}/v1/events`, { headers: { 'last-event-id': 'x' } })).status, 400)
  await beyond.body?.cancel()
})

test('A quiet journal sends comments, so both sides know that the connection lives', async (t) => {
  const server = await start(t, { heartbeatMs: 20 })
  const stop = new AbortController()
  const response = await fetch(`${server.url}/v1/events`, { signal: stop.signal })
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.includes(': the journal is quiet')) break
  }
  assert.match(text, /^id: 2\nretry: 1000\n\n/)
  stop.abort()
})

test('Streams beyond the limit are refused, and a closed one makes room', async (t) => {
  const server = await start(t, { streamsMax: 1 })
  const stop = new AbortController()
  await fetch(`${server.url}/v1/events`, { signal: stop.signal })
  const second = await fetch(`${server.url}/v1/events`)
  assert.equal(second.status, 503)
  assert.match(await second.text(), /"refusal":"limit-connections"/)
  stop.abort()
  await until(async () => (await read(`${server.url}/v1/events?from=0`, 1).catch(() => [])).length > 0)
})

test('A reader that does not read is disconnected, and others are served meanwhile', async (t) => {
  const server = await start(t, { drainMsMax: 60 })
  const slow = connect(server.port, '127.0.0.1')
  t.after(() => slow.destroy())
  slow.pause()
  slow.on('error', () => undefined)
  slow.write('GET /v1/events?from=0 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const large = 'x'.repeat(200_000)
  for (let i = 0; i < 60; i++)
    server.gateway.journal.append({ type: 'test.large', corr: 'x', body: { large } })
  assert.equal((await fetch(`${server.url}/v1/identity`)).status, 200)
  await until(async () => (await metric(server)).includes('dropped_total{reason="slow-reader"} 1'))
  assert.match(await metric(server), /poundlock_event_streams 0/)
})

test('Stopping the server ends its streams', async () => {
  const server = await startTestServer()
  const socket = connect(server.port, '127.0.0.1')
  socket.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await firstBytes(socket)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await server.server.stop()
  await closed
})

const metric = async (server: TestServer): Promise<string> => (await fetch(`${server.url}/metrics`)).text()
const firstBytes = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.once('data', resolve))
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail('It did not happen within four seconds')
}
