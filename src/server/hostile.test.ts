import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { startTestServer, type TestServer } from './testing/index.ts'

const limits = { headersMsMax: 120, requestMsMax: 200, lateCheckMs: 30, connectionsMax: 8 }

async function start(t: TestContext): Promise<TestServer> {
  const server = await startTestServer({ limits })
  t.after(() => server.server.stop())
  return server
}

/** Sends raw text piece by piece and returns all that came back until the server closed the connection. */
function exchange(port: number, pieces: readonly string[], everyMs = 0): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    let timer: NodeJS.Timeout | undefined
    const send = (at: number): void => {
      const piece = pieces[at]
      if (piece === undefined || socket.destroyed) return
      socket.write(piece)
      timer = setTimeout(() => send(at + 1), everyMs)
    }
    socket.on('connect', () => send(0))
    socket.on('data', (bytes) => (answer += bytes.toString()))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(answer)
    })
  })
}

const problemIn = (answer: string): { status: number; refusal: string } =>
  JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1))

/** Others are served before, during and after: the hostile exchange runs beside normal requests. */
async function besideOthers(server: TestServer, hostile: Promise<string>): Promise<string> {
  const ended = Symbol('ended')
  for (;;) {
    const other = await fetch(`${server.url}/v1/identity`)
    assert.equal(other.status, 200)
    await other.text()
    const turn = new Promise<typeof ended>((resolve) => setImmediate(resolve, ended))
    const first = await Promise.race([hostile, turn])
    if (first !== ended) return hostile
  }
}

const post = (rest: string): string =>
  `POST /v1/rfqs HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: key-12345\r\nContent-Type: application/json\r\n${rest}`

test('Headers that trickle in are cut off with an answer that says why', async (t) => {
  const server = await start(t)
  const drops = Array.from({ length: 60 }, (_, i) => `X-Slow-${i}: a\r\n`)
  const answer = await besideOthers(
    server,
    exchange(server.port, ['GET / HTTP/1.1\r\nHost: localhost\r\n', ...drops], 25),
  )
  assert.deepEqual([problemIn(answer).status, problemIn(answer).refusal], [408, 'request-timeout'])
})

test('A body that trickles in is cut off', async (t) => {
  const server = await start(t)
  const drops = Array.from({ length: 60 }, () => ' ')
  const answer = await besideOthers(
    server,
    exchange(server.port, [post('Content-Length: 1000\r\n\r\n'), ...drops], 25),
  )
  assert.equal(problemIn(answer).refusal, 'request-timeout')
})

test('A connection that never says anything is closed', async (t) => {
  const server = await start(t)
  const answer = await besideOthers(server, exchange(server.port, []))
  assert.equal(problemIn(answer).refusal, 'request-timeout')
})

test('A header block that is too large is refused with 431, however it is cut', async (t) => {
  const server = await start(t)
  for (const pieces of [
    [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(1_048_576)}\r\n\r\n`],
    [
      'GET / HTTP/1.1\r\nHost: localhost\r\n',
      ...Array.from({ length: 40 }, (_, i) => `X-${i}: ${'a'.repeat(500)}\r\n`),
    ],
  ]) {
    const answer = await besideOthers(server, exchange(server.port, pieces))
    assert.deepEqual([problemIn(answer).status, problemIn(answer).refusal], [431, 'http-headers-too-large'])
  }
})

test('A target that is too long is refused with 414', async (t) => {
  const server = await start(t)
  const answer = await fetch(`${server.url}/v1/trades?cursor=${'a'.repeat(3_000)}`)
  assert.equal(answer.status, 414)
})

test('A body that is too large is refused before it is read, also when it is chunked', async (t) => {
  const server = await start(t)
  const stated = await exchange(server.port, [post('Connection: close\r\nContent-Length: 99999999\r\n\r\n{')])
  assert.equal(problemIn(stated).refusal, 'limit-bytes')
  const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`
  const chunked = await exchange(server.port, [
    post('Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n'),
    ...Array.from({ length: 8 }, () => chunk),
  ])
  assert.equal(problemIn(chunked).refusal, 'limit-bytes')
})

test('Bytes that are no HTTP get one answer, also behind a good request', async (t) => {
  const server = await start(t)
  for (const bytes of [
    '\u0016\u0003\u0001\u0002\u0000',
    'GARBAGE\r\n\r\n',
    '8=FIX.4.4|9=5|35=A|10=000|',
    'GET / HTTP/9.9\r\n\r\n',
  ]) {
    const answer = await besideOthers(server, exchange(server.port, [bytes]))
    assert.equal(problemIn(answer).refusal, 'http-malformed')
  }
  const piped = await exchange(server.port, [
    'GET /v1/policy HTTP/1.1\r\nHost: localhost\r\n\r\nno such thing\r\n\r\n',
  ])
  assert.match(piped, /^HTTP\/1\.1 200 OK/)
  assert.match(piped, /http-malformed/)
})

test('Two lengths for one body are refused: proxies could disagree about its end', async (t) => {
  const server = await start(t)
  for (const rest of [
    'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ',
  ])
    assert.equal(problemIn(await exchange(server.port, [post(rest)])).refusal, 'http-malformed')
})

test('A request without Host, or with a foreign one, is refused with 421', async (t) => {
  const server = await start(t)
  for (const host of [
    '',
    'Host: evil.example\r\n',
    'Host: localhost.evil.example\r\n',
    'Host: 127.0.0.1@evil.example\r\n',
  ]) {
    const answer = await exchange(server.port, [
      `GET /v1/identity HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    ])
    assert.deepEqual([problemIn(answer).status, problemIn(answer).refusal], [421, 'http-host'])
  }
})

test('Connections beyond the limit get an answer, and room is made when others go', async (t) => {
  const server = await start(t)
  const idle = Array.from({ length: limits.connectionsMax }, () => connect(server.port, '127.0.0.1'))
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  for (const socket of idle) socket.on('error', () => undefined)
  assert.equal(problemIn(await exchange(server.port, [])).refusal, 'limit-connections')
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('close', resolve).resume())))
  assert.equal((await fetch(`${server.url}/v1/identity`)).status, 200)
})

test('A half-open client that vanishes in mid-body leaves nothing behind', async (t) => {
  const server = await start(t)
  for (let i = 0; i < 20; i++) {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(post('Content-Length: 500\r\n\r\n{"side":'))
    await new Promise((resolve) => setTimeout(resolve, 2))
    socket.resetAndDestroy()
  }
  assert.equal((await fetch(`${server.url}/v1/identity`)).status, 200)
  assert.equal(server.gateway.rfqs().length, 0)
})

test('Hostile requests leave memory where it was', async (t) => {
  const server = await start(t)
  const attack = async (): Promise<void> => {
    for (let i = 0; i < 15; i++)
      await exchange(server.port, [
        `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(2_000_000)}\r\n\r\n`,
      ])
  }
  await attack()
  const before = process.memoryUsage().external
  await attack()
  assert.ok(process.memoryUsage().external - before < 30_000_000)
})
