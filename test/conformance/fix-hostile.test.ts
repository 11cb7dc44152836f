import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionConfig } from '#transport'
import { deskSession, testServer, type TestServer, type TestServerOptions } from './fix/server.ts'
import { bareClient, type BareClient } from './fix/tcp-client.ts'

/**
 * Hostile input over TCP: each is bounded, is named by an event, and a second session on the same engine goes
 * on as if nothing had happened.
 */
const other: SessionConfig = { ...deskSession, targetCompId: 'OTHER' }
const soh = '\u0001'

async function besides(
  options: TestServerOptions,
  attack: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await testServer({ sessions: [deskSession, other], ...options })
  const bystander = await bareClient({ port: server.port, sender: 'OTHER' })
  try {
    await bystander.logOn()
    await attack(server)
    bystander.say('1', [[112, 'still here']])
    await bystander.hears('|112=still here|')
  } finally {
    bystander.end()
    await server.engine.close()
  }
}

async function loggedOn(server: TestServer): Promise<BareClient> {
  const client = await bareClient({ port: server.port })
  await client.logOn()
  return client
}

test('a message with a tag value of 1 MB is given up at its head and ends the connection', async () => {
  await besides({}, async (server) => {
    const client = await loggedOn(server)
    client.raw(`8=FIX.4.4${soh}9=1048600${soh}35=B${soh}58=${'x'.repeat(1_048_576)}`)
    await client.closed()
    assert.equal((await server.happens('frame-too-large')).session, 'FIX.4.4:CEDAR->DESK')
  })
})

test('a tag that never ends is bounded, also without a length', async () => {
  await besides({}, async (server) => {
    const client = await loggedOn(server)
    client.raw(`8=FIX.4.4${soh}9=100${soh}35=B${soh}58=`)
    for (let sent = 0; sent < 8 && !client.isClosed(); sent += 1) client.raw('y'.repeat(131_072))
    await client.closed()
    await server.happens('frame-too-large')
  })
})

test('a message with 10,000 repeating group entries is judged and rejected, the session goes on', async () => {
  await besides({}, async (server) => {
    const client = await loggedOn(server)
    const lines = Array.from({ length: 10_000 }, (_, i) => [58, `line ${i}`] as const)
    client.say('B', [[148, 'news'], [33, '10000'], ...lines])
    assert.match(await client.hears('|35=3|'), /\|371=33\|/)
    client.say('B', [[148, 'news'], [33, '10001'], ...lines])
    client.say('1', [[112, 'alive']])
    await client.hears('|112=alive|')
    client.end()
  })
})

test('more fields than any message has are garbled, not parsed', async () => {
  await besides({}, async (server) => {
    const client = await loggedOn(server)
    client.say('B', [[148, 'news'], ...Array.from({ length: 20_000 }, () => [58, 'x'] as const)])
    await server.happens('garbled')
    client.end()
  })
})

test('slowloris: a Logon byte by byte is cut off at the logon timeout', async () => {
  await besides({ limits: { logonTimeoutMs: 150 } }, async (server) => {
    const client = await bareClient({ port: server.port })
    const logon = `8=FIX.4.4${soh}9=100${soh}35=A${soh}34=1${soh}`
    for (const byte of logon) {
      if (client.isClosed()) break
      client.raw(byte)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await client.closed()
    assert.match((await server.happens('not-a-logon')).detail, /no logon in time/)
  })
})

test('a connection that says nothing at all (half-open) is cut off too', async () => {
  await besides({ limits: { logonTimeoutMs: 100 } }, async (server) => {
    const client = await bareClient({ port: server.port })
    await client.closed()
  })
})

test('a session that falls silent is tested and cut off', async () => {
  await besides({}, async (server) => {
    const client = await bareClient({ port: server.port })
    client.say('A', [
      [98, '0'],
      [108, '1'],
    ])
    await client.hears('|112=TEST|')
    await client.closed()
    await server.happens('heartbeat-timeout')
  })
})

for (const [name, options] of [
  ['an unknown BeginString', { beginString: 'FIX.9.9' }],
  ['an unknown SenderCompID', { sender: 'MALLORY' }],
  ['an unknown TargetCompID', { target: 'ALDER' }],
] as const)
  test(`${name} ends the connection without a word`, async () => {
    await besides({}, async (server) => {
      const client = await bareClient({ port: server.port, ...options })
      client.say('A', [
        [98, '0'],
        [108, '30'],
      ])
      await client.closed()
      assert.deepEqual(client.received, [])
      await server.happens('unknown-session')
    })
  })

test('a replayed Logon is refused: its number was used', async () => {
  await besides({}, async (server) => {
    const first = await loggedOn(server)
    first.say('5')
    await first.closed()
    const replay = await bareClient({ port: server.port })
    replay.say(
      'A',
      [
        [98, '0'],
        [108, '30'],
      ],
      { seq: 1 },
    )
    await replay.hears('MsgSeqNum too low')
    await replay.closed()
  })
})

test('a second connection with the same CompIDs is closed, the first stays', async () => {
  await besides({}, async (server) => {
    const first = await loggedOn(server)
    const second = await bareClient({ port: server.port })
    second.say('A', [
      [98, '0'],
      [108, '30'],
    ])
    await second.closed()
    assert.deepEqual(second.received, [])
    first.say('1', [[112, 'first']])
    await first.hears('|112=first|')
    first.end()
  })
})

test('a flood of garbage is cut off before a Logon at once, after it when it does not stop', async () => {
  await besides({}, async (server) => {
    const stranger = await bareClient({ port: server.port })
    stranger.raw('GET / HTTP/1.1\r\n\r\n')
    await stranger.closed()
    const client = await loggedOn(server)
    const garbled = `8=FIX.4.4${soh}9=5${soh}35=0${soh}10=000${soh}`
    client.raw(garbled.repeat(50))
    client.say('1', [[112, 'alive']])
    await client.hears('|112=alive|')
    client.raw(garbled.repeat(2_000))
    await client.closed()
    await server.happens('noise')
  })
})

test('connections beyond the limit are closed', async () => {
  await besides({ limits: { connectionsMax: 3 } }, async (server) => {
    const clients = await Promise.all([1, 2, 3].map(() => bareClient({ port: server.port })))
    await server.happens('too-many-connections')
    for (const client of clients) client.end()
  })
})

test('a reader that does not read is cut off when too much waits for it; what it missed is resent', async () => {
  const limits = { unsentBytesPauseAbove: 65_536, unsentBytesMax: 1_048_576 }
  await besides({ limits }, async (server) => {
    const client = await loggedOn(server)
    client.socket.pause()
    const line = 'z'.repeat(10_000)
    const send = () =>
      server.engine.send('FIX.4.4:CEDAR->DESK', {
        msgType: 'B',
        body: [
          [148, 'n'],
          [33, '1'],
          [58, line],
        ],
      })
    for (let i = 0; i < 2_000 && !server.events.some((event) => event.what === 'slow-reader'); i += 1)
      await send()
    await server.happens('slow-reader')
    client.end()
    const again = await bareClient({ port: server.port, firstSeq: 2 })
    await again.logOn()
    again.say('2', [
      [7, '2'],
      [16, '3'],
    ])
    await again.hears('|34=3|43=Y|')
    again.end()
  })
})
