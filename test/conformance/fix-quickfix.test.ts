import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { systemClock } from '#core'
import {
  createFixEngine,
  fixTimestamp,
  memoryPersistence,
  type FixBody,
  type FixEngine,
  type Phase,
  type SessionConfig,
  type SessionEvent,
} from '#transport'
import { build, missing, startPeer, type Peer } from '../../scripts/peers/quickfix/peer.ts'
import { sqlitePersistence } from './fix/sqlite-persistence.ts'
import { quoteDesk } from './fix/quote-desk.ts'
import { suiteFolder } from './fix/suites.ts'

/** A stock QuickFIX C++ engine against ours, over loopback, with stores on disk and ResetOnLogon=N. */
const reason = missing()
const dictionaryFile = join(suiteFolder, '../../fix-dict/quickfix/FIX44.xml')
const dictionary = existsSync(dictionaryFile) ? dictionaryFile : undefined
let folder = ''
let client = ''
let roundtrip = ''

before(async () => {
  if (reason !== undefined) return
  folder = mkdtempSync(join(tmpdir(), 'poundlock-quickfix-'))
  client = await build('client', folder)
  roundtrip = await build('roundtrip', folder)
})
after(() => {
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const acceptor: SessionConfig = {
  beginString: 'FIX.4.4',
  senderCompId: 'CEDAR',
  targetCompId: 'DESK',
  role: 'acceptor',
}
const session = 'FIX.4.4:CEDAR->DESK'

/** Our engine over a store on disk, and a relay in front of it whose connections the test can cut. */
async function startServer(name: string, port = 0) {
  const persistence = sqlitePersistence(join(folder, `${name}.db`))
  const events: SessionEvent[] = []
  const application = quoteDesk(events)
  const engine = await createFixEngine({ sessions: [acceptor], persistence, application, clock: systemClock })
  const { port: bound } = await engine.listen({ host: '127.0.0.1', port })
  return { engine, application, events, port: bound, persistence }
}

async function startRelay(portOf: () => number) {
  const sockets = new Set<Socket>()
  const server = createServer((inbound) => {
    const outbound = connect(portOf(), '127.0.0.1')
    for (const [socket, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(socket)
      socket.pipe(other)
      socket.on('error', () => other.destroy())
      socket.once('close', () => (sockets.delete(socket), other.destroy()))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  const close = () => {
    cut()
    server.close()
  }
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { port: address.port, cut, close }
}

const desk = (name: string, port: number): Peer =>
  startPeer(client, 'client.cfg', {
    port,
    store: join(folder, `${name}-desk`),
    sender: 'DESK',
    target: 'CEDAR',
    ...(dictionary !== undefined && { dictionary }),
  })

async function trade(peer: Peer, id: string): Promise<void> {
  const since = peer.lines.length
  peer.say(`rfq RFQ-${id} ETH ETH-25JUN27-4000-C 100`)
  await peer.line(['IN app', '35=S', `131=RFQ-${id}`, '133=430.72'], { since })
  peer.say(`order ORD-${id}`)
  await peer.line(['IN app', '35=8', `11=ORD-${id}`, '39=2'], { since })
}

test('a stock QuickFIX desk logs on, gets a quote, trades and logs out', async (t: TestContext) => {
  if (reason !== undefined) return t.skip(reason)
  const server = await startServer('trade')
  const peer = desk('trade', server.port)
  try {
    await peer.line(['LOGON'])
    await trade(peer, '1')
    assert.deepEqual(server.application.fills, ['ORD-1'])
    await peer.quit()
    await server.engine.idle()
    assert.ok(server.events.some((event) => event.what === 'logged-out'))
    assert.ok(!peer.lines.some((line) => line.includes('35=3')), 'nothing was rejected')
  } finally {
    peer.kill()
    await server.engine.close()
    server.persistence.close()
  }
})

test('a cut connection is survived: the desk logs on again and what was missed is resent', async (t) => {
  if (reason !== undefined) return t.skip(reason)
  const server = await startServer('cut')
  const relay = await startRelay(() => server.port)
  const peer = desk('cut', relay.port)
  try {
    await peer.line(['LOGON'])
    await trade(peer, '1')
    relay.cut()
    await peer.line(['LOGOUT'])
    const since = peer.lines.length
    await phase(server.engine, 'disconnected')
    await server.engine.send(session, {
      msgType: 'B',
      body: [
        [148, 'sent while the desk was away'],
        [33, '1'],
        [58, 'x'],
      ],
    })
    await peer.line(['LOGON'], { since })
    const resent = await peer.line(['IN app', '35=B', '148=sent while the desk was away'], { since })
    assert.match(resent, /\|43=Y\|/)
    await trade(peer, '2')
    assert.deepEqual(server.application.fills, ['ORD-1', 'ORD-2'], 'each order once')
  } finally {
    peer.kill()
    relay.close()
    await server.engine.close()
    server.persistence.close()
  }
})

test('a restart of our engine over its store keeps the sequences and resends what was not delivered', async (t) => {
  if (reason !== undefined) return t.skip(reason)
  let server = await startServer('restart')
  const relay = await startRelay(() => server.port)
  const peer = desk('restart', relay.port)
  try {
    await peer.line(['LOGON'])
    await trade(peer, '1')
    // As kill -9 would: no logout, nothing more is stored.
    server.engine.destroy()
    await peer.line(['LOGOUT'])
    server.persistence.close()
    const since = peer.lines.length
    server = await startServer('restart')
    const [view] = server.engine.sessions()
    assert.ok(view && view.nextIn >= 4 && view.nextOut >= 4, 'the numbers were on disk')
    await server.engine.send(session, {
      msgType: 'B',
      body: [
        [148, 'after the restart'],
        [33, '1'],
        [58, 'x'],
      ],
    })
    await peer.line(['LOGON'], { since })
    await peer.line(['IN app', '35=B', '148=after the restart'], { since })
    await trade(peer, '2')
    assert.deepEqual(server.application.fills, ['ORD-2'], 'no order was played again')
  } finally {
    peer.kill()
    relay.close()
    await server.engine.close()
    server.persistence.close()
  }
})

test('our initiator trades with a QuickFIX acceptor, also after the acceptor was killed and started again', async (t) => {
  if (reason !== undefined) return t.skip(reason)
  const port = await freePort()
  const broker = () =>
    startPeer(
      roundtrip,
      'acceptor.cfg',
      {
        port,
        store: join(folder, 'broker'),
        sender: 'EX',
        target: 'GW',
        ...(dictionary !== undefined && { dictionary }),
      },
      ['acceptor'],
    )
  const reports: string[] = []
  const engine = await createFixEngine({
    sessions: [{ beginString: 'FIX.4.4', senderCompId: 'GW', targetCompId: 'EX', role: 'initiator' }],
    persistence: memoryPersistence(),
    application: {
      onMessage: (_turn, message) => void reports.push(message.text(11) ?? ''),
      onSession: () => undefined,
    },
    clock: systemClock,
    limits: { reconnectMs: 100 },
  })
  let peer = broker()
  try {
    await peer.line(['READY'])
    engine.connect('FIX.4.4:GW->EX', { host: '127.0.0.1', port })
    await phase(engine, 'active')
    await engine.send('FIX.4.4:GW->EX', option('1'))
    await until(() => reports.length === 1)
    peer.kill()
    await phase(engine, 'disconnected')
    await engine.send('FIX.4.4:GW->EX', option('2'))
    peer = broker()
    await until(() => reports.length === 2)
    assert.deepEqual(reports, ['1', '2'])
  } finally {
    await engine.close()
    peer.kill()
  }
})

const option = (id: string): FixBody => ({
  msgType: 'D',
  body: [
    [11, id],
    [55, 'ETH'],
    [48, 'ETH-25JUN27-4000-C'],
    [22, '8'],
    [54, '1'],
    [60, fixTimestamp(systemClock.now())],
    [38, '100'],
    [40, '2'],
    [44, '430.72'],
  ],
})

/** The engine has noticed: its one session is in that phase. */
const phase = (engine: FixEngine, wanted: Phase): Promise<void> =>
  until(() => engine.sessions()[0]?.phase === wanted)

async function until(isSo: () => boolean): Promise<void> {
  const endsAt = systemClock.now() + 15_000
  while (!isSo()) {
    assert.ok(systemClock.now() < endsAt, `it did not happen in time: ${isSo.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** QuickFIX cannot be asked which port it took, so one is found for it. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  await new Promise((resolve) => server.close(resolve))
  return address.port
}
