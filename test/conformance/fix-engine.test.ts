import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { isRefusal, systemClock, type Refusal } from '#core'
import {
  createTlsIdentity,
  spkiPin,
  systemRandom,
  tlsClientOptions,
  tlsServerOptions,
  type TlsIdentity,
} from '#crypto'
import { memoryPersistence, type FixPersistence, type SessionConfig, type SessionView } from '#transport'
import { deskSession, testServer } from './fix/server.ts'
import { bareClient, until } from './fix/tcp-client.ts'

const key = 'FIX.4.4:CEDAR->DESK'
const identity = (name: string): TlsIdentity =>
  createTlsIdentity(name, `urn:poundlock:desk:${name}`, { clock: systemClock, random: systemRandom })
const viewOf = (view: SessionView | Refusal): SessionView => {
  assert.ok(!isRefusal(view))
  return view
}

test('an operator sees and sets the numbers of a session that is not connected, and only then', async () => {
  const { engine, port } = await testServer()
  const client = await bareClient({ port, firstSeq: 7 })
  try {
    assert.equal(viewOf(await engine.admin.setNextIn(key, 7)).nextIn, 7)
    assert.equal(viewOf(await engine.admin.setNextOut(key, 40)).nextOut, 40)
    await client.logOn()
    assert.match(await client.hears('|35=A|'), /\|34=40\|/)
    const live = await engine.admin.setNextIn(key, 1)
    assert.ok(isRefusal(live) && live.refusal === 'fix-session-live')
    const wrong = await engine.admin.setNextIn('FIX.4.4:NO->ONE', 1)
    assert.ok(isRefusal(wrong) && wrong.refusal === 'fix-session-unknown')
    const view = viewOf(engine.admin.view(key))
    assert.deepEqual([view.phase, view.nextIn, view.nextOut], ['active', 8, 41])
  } finally {
    client.end()
    await engine.close()
  }
})

test('a session that was disabled stays so over a restart, until it is enabled', async () => {
  const persistence = memoryPersistence()
  const first = await testServer({ persistence })
  await first.engine.admin.disable(key)
  await first.engine.close()
  const second = await testServer({ persistence })
  try {
    assert.equal(viewOf(second.engine.admin.view(key)).enabled, false)
    const refused = await bareClient({ port: second.port })
    refused.say('A', [
      [98, '0'],
      [108, '30'],
    ])
    await refused.closed()
    await second.engine.admin.enable(key)
    const client = await bareClient({ port: second.port })
    await client.logOn()
    client.end()
  } finally {
    await second.engine.close()
  }
})

test('an operator resets a live session: both sides go on at 2', async () => {
  const { engine, port } = await testServer()
  const client = await bareClient({ port })
  try {
    await client.logOn()
    await engine.admin.reset(key)
    await client.hears('|141=Y|')
    client.say(
      'A',
      [
        [98, '0'],
        [108, '30'],
        [141, 'Y'],
      ],
      { seq: 1 },
    )
    await until(() => viewOf(engine.admin.view(key)).nextIn === 2, 'the new number')
    assert.equal(viewOf(engine.admin.view(key)).nextOut, 2)
  } finally {
    client.end()
    await engine.close()
  }
})

test('nothing leaves before the commit that holds its number (I1)', async () => {
  const memory = memoryPersistence()
  const gate = Promise.withResolvers<void>()
  let commits = 0
  const persistence: FixPersistence = {
    ...memory,
    async commit(batch) {
      commits += 1
      // The first commit creates the session; the next one would let the Logon answer go.
      if (commits > 1) await gate.promise
      await memory.commit(batch)
    },
  }
  const { engine, port } = await testServer({ persistence })
  const client = await bareClient({ port })
  try {
    client.say('A', [
      [98, '0'],
      [108, '30'],
    ])
    await until(() => commits === 2, 'the commit')
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(client.received, [], 'the commit is not done yet')
    gate.resolve()
    await client.hears('|35=A|')
  } finally {
    client.end()
    await engine.close()
  }
})

test('a store that fails stops the engine and the owner hears why: nothing is sent, sends are refused', async () => {
  const memory = memoryPersistence()
  let commits = 0
  const persistence: FixPersistence = {
    ...memory,
    commit: async (batch) => {
      commits += 1
      if (commits > 2) throw new Error('disk full')
      await memory.commit(batch)
    },
  }
  const { engine, port, failures } = await testServer({ persistence })
  const client = await bareClient({ port })
  await client.logOn()
  client.say('1', [[112, 'unanswered']])
  await client.closed()
  assert.ok(!client.received.some((message) => message.includes('unanswered')))
  await assert.rejects(engine.send(key, { msgType: 'B', body: [] }), /engine has stopped/)
  assert.deepEqual(failures.map(String), ['Error: disk full'])
  await engine.close()
})

test('a store that cannot read a resend, or reads nonsense, stops the engine and the owner hears why', async () => {
  const nonsense = [{ seq: 900, bytes: new Uint8Array() }]
  const unreadable = [() => Promise.reject(new Error('bad block')), () => Promise.resolve(nonsense)]
  for (const messages of unreadable) {
    const { engine, port, failures } = await testServer({ persistence: { ...memoryPersistence(), messages } })
    const client = await bareClient({ port })
    await client.logOn()
    client.say('2', [
      [7, '1'],
      [16, '0'],
    ])
    await client.closed()
    assert.match(failures.map(String).join(), /^(Error: bad block|[A-Za-z.]*Error: .*900 was not asked for)$/)
    await engine.close()
  }
})

test('what onMessage attaches, replies and sends elsewhere is one batch with the number of the message', async () => {
  const memory = memoryPersistence()
  const batches: { ops: string[]; attachments: readonly unknown[] }[] = []
  const persistence: FixPersistence = {
    ...memory,
    async commit(batch) {
      batches.push({
        ops: batch.changes.map((change) => `${change.op} ${change.session}`),
        attachments: batch.attachments,
      })
      await memory.commit(batch)
    },
  }
  const makerKey = 'FIX.4.4:CEDAR->ALDER'
  const maker: SessionConfig = { ...deskSession, targetCompId: 'ALDER' }
  const server = await testServer({
    persistence,
    sessions: [deskSession, maker],
    onMessage(turn) {
      turn.attach('draft')
      turn.reply({
        msgType: 'B',
        body: [
          [148, 'reply'],
          [33, '1'],
          [58, 'x'],
        ],
      })
      void server.engine.send(
        makerKey,
        {
          msgType: 'B',
          body: [
            [148, 'on'],
            [33, '1'],
            [58, 'x'],
          ],
        },
        { attachments: ['more'] },
      )
    },
  })
  const client = await bareClient({ port: server.port })
  try {
    await client.logOn()
    client.say('B', [
      [148, 'in'],
      [33, '1'],
      [58, 'x'],
    ])
    await client.hears('|148=reply|')
    const batch = batches.find((one) => one.attachments.length > 0)
    assert.deepEqual(batch?.attachments, ['draft', 'more'])
    assert.deepEqual(
      batch.ops.toSorted(),
      [
        `message ${makerKey}`,
        `message ${key}`,
        `nextIn ${key}`,
        `nextOut ${makerKey}`,
        `nextOut ${key}`,
      ].toSorted(),
    )
  } finally {
    client.end()
    await server.engine.close()
  }
})

const report = (id: string) =>
  ({
    msgType: '8',
    body: [
      [37, id],
      [17, id],
      [150, '0'],
      [39, '0'],
      [55, 'ETH'],
      [54, '1'],
      [151, '1'],
      [14, '0'],
      [6, '0'],
    ],
  }) as const

test('a drop copy gets every ExecutionReport with CopyMsgIndicator, also those sent while it was away', async () => {
  const copy: SessionConfig = { ...deskSession, targetCompId: 'RISK', dropCopyOf: [key] }
  const { engine, port } = await testServer({ sessions: [deskSession, copy] })
  await engine.send(key, report('early'))
  const risk = await bareClient({ port, sender: 'RISK' })
  try {
    await risk.logOn()
    risk.say('2', [
      [7, '1'],
      [16, '0'],
    ])
    assert.match(await risk.hears('|37=early|'), /\|43=Y\|.*\|797=Y\|/)
    await engine.send(key, report('late'))
    assert.match(await risk.hears('|37=late|'), /\|797=Y\|/)
    await engine.send(key, {
      msgType: 'B',
      body: [
        [148, 'news'],
        [33, '1'],
        [58, 'x'],
      ],
    })
    await engine.idle()
    assert.ok(!risk.received.some((message) => message.includes('148=news')), 'only reports are copied')
  } finally {
    risk.end()
    await engine.close()
  }
})

test('a connection that is paused while much is uncommitted is read again after the commit', async () => {
  const { engine, port } = await testServer({
    sessions: [deskSession, { ...deskSession, targetCompId: 'AWAY' }],
    limits: { uncommittedMax: 3 },
    onMessage: () => void engine.send('FIX.4.4:CEDAR->AWAY', report('copy')),
  })
  const client = await bareClient({ port })
  try {
    await client.logOn()
    for (let i = 0; i < 200; i += 1)
      client.say('B', [
        [148, `${i}`],
        [33, '1'],
        [58, 'x'.repeat(1_000)],
      ])
    client.say('1', [[112, 'at the end']])
    await client.hears('|112=at the end|')
  } finally {
    client.end()
    await engine.close()
  }
})

const pinOnly = (certificate: Uint8Array) => ({ pin: spkiPin(certificate), uris: [] })

test('an initiator gives up a peer that accepts and never finishes the TLS handshake, and calls again', async () => {
  let calls = 0
  const mute = createServer((socket) => {
    calls += 1
    socket.resume()
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const address = mute.address()
  assert.ok(address !== null && typeof address === 'object')
  const [ours, theirs] = [identity('cedar'), identity('alder')]
  const server = await testServer({
    sessions: [{ ...deskSession, role: 'initiator' }],
    limits: { logonTimeoutMs: 50, reconnectMs: 10 },
  })
  try {
    server.engine.connect(key, {
      host: '127.0.0.1',
      port: address.port,
      tls: { options: tlsClientOptions(ours, theirs), identityOf: pinOnly },
    })
    assert.match((await server.happens('connect-failed')).detail, /no answer in time/)
    await until(() => calls >= 2, 'the next call')
  } finally {
    await server.engine.close()
    await new Promise((resolve) => mute.close(resolve))
  }
})

test('cancel on disconnect tells the application when the desk is lost', async () => {
  const server = await testServer({ sessions: [{ ...deskSession, cancelOn: 'disconnect' }] })
  const client = await bareClient({ port: server.port })
  await client.logOn()
  client.end()
  assert.equal((await server.happens('cancel-orders')).session, key)
  await server.engine.close()
})

test('over TLS 1.3 a session is open to its pinned certificate only, and not without TLS', async () => {
  const [gateway, desk, rival] = [identity('cedar'), identity('desk'), identity('rival')]
  const session: SessionConfig = { ...deskSession, certificate: { pin: desk.pin, uri: desk.uri } }
  const identityOf = (certificate: Uint8Array) => ({
    pin: spkiPin(certificate),
    uris: [uriOf(certificate, [desk, rival])],
  })
  const tls = { options: tlsServerOptions(gateway, [desk, rival]), identityOf }
  const server = await testServer({ sessions: [session], tls })
  try {
    const wrong = await bareClient({ port: server.port, tls: tlsClientOptions(rival, gateway) })
    wrong.say('A', [
      [98, '0'],
      [108, '30'],
    ])
    await wrong.closed()
    assert.deepEqual(wrong.received, [], 'no reply')
    assert.match((await server.happens('certificate-mismatch')).detail, /pin/)
    const right = await bareClient({ port: server.port, tls: tlsClientOptions(desk, gateway) })
    await right.logOn()
    right.end()
    const { port } = await server.engine.listen({ host: '127.0.0.1', port: 0 })
    const plain = await bareClient({ port })
    plain.say('A', [
      [98, '0'],
      [108, '30'],
    ])
    await plain.closed()
    assert.deepEqual(plain.received, [])
  } finally {
    await server.engine.close()
  }
})

const uriOf = (certificate: Uint8Array, known: readonly TlsIdentity[]): string =>
  known.find((one) => one.pin === spkiPin(certificate))?.uri ?? ''
