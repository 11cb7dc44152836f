import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { fromUtf8, isRefusal, utf8 } from '#core'
import { witnessClient } from './client.ts'
import { serveWitness, type WitnessHandler, type WitnessServer, type WitnessServerLimits } from './server.ts'
import { handleLogRequest } from './static.ts'

const hash = 'ab'.repeat(32)

function echo(): WitnessHandler & { seen: Uint8Array[] } {
  const seen: Uint8Array[] = []
  return {
    seen,
    addCheckpoint(body) {
      seen.push(body)
      return { status: 409, contentType: 'text/x.tlog.size', body: utf8(`${body.length}\n`) }
    },
    latest: (asked) => ({ status: asked === hash ? 200 : 404, contentType: 'text/plain', body: utf8(asked) }),
  }
}

async function withServer(
  witness: WitnessHandler,
  body: (server: WitnessServer) => Promise<void>,
  limits: Partial<WitnessServerLimits> = {},
): Promise<void> {
  const server = await serveWitness({ witness, port: 0, limits })
  assert.ok(!isRefusal(server))
  try {
    await body(server)
  } finally {
    await server.close()
  }
}

function textOf(bytes: Uint8Array): string {
  const text = fromUtf8(bytes)
  assert.ok(!isRefusal(text))
  return text
}

/** What comes back on a plain socket until the other side ends it. */
function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => (received += chunk.toString('latin1')))
    socket.on('close', () => resolve(received))
    socket.on('error', () => {})
    socket.write(request)
  })
}

test('client and server carry the bytes of a request and its answer', async () => {
  const witness = echo()
  await withServer(witness, async ({ url }) => {
    const client = witnessClient()
    const body = Uint8Array.from({ length: 70_000 }, (_, i) => i & 0xff)
    const answer = await client.addCheckpoint({ name: 'w', url }, body)
    assert.ok(!isRefusal(answer))
    assert.deepEqual(
      [answer.status, answer.contentType, textOf(answer.body)],
      [409, 'text/x.tlog.size', '70000\n'],
    )
    assert.deepEqual(witness.seen, [body])
    const latest = await client.latest({ name: 'w', url: `${url}/` }, hash)
    assert.ok(!isRefusal(latest))
    assert.deepEqual([latest.status, textOf(latest.body)], [200, hash])
    client.close()
  })
})

test('other paths are 404, other methods 405, and both leave the witness alone', async () => {
  const witness = echo()
  await withServer(witness, async ({ url }) => {
    const status = async (path: string, method: string) => (await fetch(url + path, { method })).status
    assert.equal(await status('/', 'GET'), 404)
    assert.equal(await status('/add-checkpoint/', 'POST'), 404)
    assert.equal(await status(`/${hash.toUpperCase()}/checkpoint`, 'GET'), 404)
    assert.equal(await status('/add-checkpoint', 'GET'), 405)
    assert.equal(await status(`/${hash}/checkpoint`, 'POST'), 405)
    assert.equal(witness.seen.length, 0)
  })
})

test('a request over the limit is 413, announced or not', async () => {
  const witness = echo()
  await withServer(
    witness,
    async ({ port }) => {
      const announced = 'POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n'
      assert.match(await raw(port, announced), /^HTTP\/1\.1 413 /)
      const chunked = `POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n${'x'.repeat(101)}\r\n`
      assert.match(await raw(port, chunked), /^HTTP\/1\.1 413 /)
      assert.equal(witness.seen.length, 0)
    },
    { requestBytesMax: 100 },
  )
})

test('a slow request is cut off', async () => {
  const witness = echo()
  await withServer(
    witness,
    async ({ port }) => {
      const slow = 'POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nold'
      assert.match(await raw(port, slow), /^(?:HTTP\/1\.1 408 |$)/)
      assert.equal(witness.seen.length, 0)
    },
    { requestMs: 100 },
  )
})

test('a witness that fails answers nothing and is reported', async () => {
  const failures: unknown[] = []
  const failing: WitnessHandler = {
    addCheckpoint() {
      throw new Error('fsync: input/output error')
    },
    latest: () => assert.fail('not asked'),
  }
  const server = await serveWitness({ witness: failing, port: 0, onFailure: (error) => failures.push(error) })
  assert.ok(!isRefusal(server))
  const client = witnessClient()
  const answer = await client.addCheckpoint({ name: 'w', url: server.url }, utf8('old 0\n\n'))
  assert.ok(isRefusal(answer))
  assert.equal(answer.refusal, 'witness-unreachable')
  assert.equal(failures.length, 1)
  client.close()
  await server.close()
})

test('a port in use is a refusal', async () => {
  await withServer(echo(), async ({ port }) => {
    const second = await serveWitness({ witness: echo(), port })
    assert.ok(isRefusal(second))
    assert.equal(second.refusal, 'port-in-use')
  })
})

test('the client refuses what is not there, too slow, too long, or not http', async () => {
  const slow = createServer((incoming, outgoing) => {
    if (incoming.url === '/long/add-checkpoint') outgoing.end('x'.repeat(1_001))
  })
  await new Promise<void>((done) => slow.listen(0, '127.0.0.1', done))
  const address = slow.address()
  assert.ok(typeof address === 'object' && address !== null)
  const url = `http://127.0.0.1:${address.port}`
  const client = witnessClient({ deadlineMs: 150, answerBytesMax: 1_000 })
  const code = async (target?: string) => {
    const witness = target === undefined ? { name: 'w' } : { name: 'w', url: target }
    const answer = await client.addCheckpoint(witness, utf8('x'))
    return isRefusal(answer) ? answer.refusal : answer.status
  }
  assert.equal(await code(`${url}/long`), 'witness-unreachable')
  assert.equal(await code(`${url}/silent`), 'witness-unreachable')
  assert.equal(await code('http://127.0.0.1:1'), 'witness-unreachable')
  assert.equal(await code('https://127.0.0.1:1'), 'witness-unreachable')
  assert.equal(await code('not an address'), 'witness-unreachable')
  assert.equal(await code(), 'witness-unreachable')
  client.close()
  slow.closeAllConnections()
  await new Promise((done) => slow.close(done))
})

test('static resources get their headers: tiles for ever, the checkpoint for a second', () => {
  const source = {
    resource: (path: string) =>
      path === 'checkpoint' || path === 'tile/0/000'
        ? { contentType: 'text/plain', body: utf8(path) }
        : undefined,
  }
  const checkpoint = handleLogRequest(source, '/checkpoint')
  assert.equal(checkpoint?.headers['cache-control'], 'max-age=1')
  assert.equal(checkpoint?.headers['content-length'], '10')
  assert.match(handleLogRequest(source, 'tile/0/000')?.headers['cache-control'] ?? '', /immutable/)
  assert.equal(handleLogRequest(source, 'tile/0/001'), undefined)
  assert.equal(handleLogRequest(source, `tile/0/${'x'.repeat(200)}`), undefined)
})
