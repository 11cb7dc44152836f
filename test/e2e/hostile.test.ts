// Bad input at every door of two running gateways at once, while a desk trades: each is refused clearly, memory stays
// bounded, and the trade settles as if nothing had happened.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { isRefusal } from '#core'
import { pinPeer, tlsClientOptions } from '#crypto'
import { gatewayUri } from '#gateway'
import { openWorld, type World } from '../../src/sandbox/world.ts'
import { tradeOnce } from '../../src/sandbox/trading.ts'
import { auditJournal, disagreements, readSqliteJournal } from '../audit/journal.ts'
import { freePortBase, scratch } from './demo-run.ts'

const closedMsMax = 20_000
const grownBytesMax = 192 * 1024 * 1024

test('two gateways under attack at every door still trade', async (t) => {
  const dir = join(scratch(t), 'world')
  const progress = (line: string): void => t.diagnostic(line)
  const world = await openWorld({
    dir,
    portBase: await freePortBase(),
    kills: [],
    clock: 'sandbox',
    progress,
  })
  assert.ok(!isRefusal(world), JSON.stringify(world))
  t.after(() => world.stop())
  const before = memory(dir)
  const attacks = attacksOn(world)
  const trade = tradeOnce(progress, world.ports, world.ceremony, world.running)
  const outcomes = await Promise.all(
    attacks.map(async ({ title, run }) => [title, await run().then(() => 'refused', String)] as const),
  )
  const desk = await trade
  assert.ok(!isRefusal(desk), JSON.stringify(desk))
  assert.equal(desk.fact, 'filled')
  for (const [title, outcome] of outcomes) await t.test(title, () => assert.equal(outcome, 'refused'))
  await t.test('a logon that is said again is refused', () => replayedLogon(world.ports.fixCedar))
  await t.test('10,000 groups and a 1 MB tag are refused on a session that is logged on', () =>
    hugeMessages(world.ports.fixCedar),
  )
  await t.test('memory is bounded', () => checkMemory(t, before, memory(dir)))
  await world.stop()
  await t.test('both journals settled the trade and hold one history', () => checkJournals(dir))
})

type Attack = { readonly title: string; readonly run: () => Promise<void> }

function attacksOn({ ports, ceremony }: World): readonly Attack[] {
  const fix = ports.fixCedar
  return [
    {
      title: 'noise on the FIX port ends the connection',
      run: () => shut(fix, [Buffer.alloc(65_536, 0xfe)]),
    },
    { title: 'a frame of 1 MB ends the connection', run: () => shut(fix, [hugeFrame()]) },
    {
      title: 'a logon that comes byte by byte runs out of time',
      run: () => dripping(fix, logon('DESK', 'CEDAR', 1)),
    },
    { title: 'a wrong CompID is not let in', run: () => shut(fix, [logon('EVIL', 'CEDAR', 1)]) },
    { title: 'another version is not let in', run: () => shut(fix, [logon('DESK', 'CEDAR', 1, 'FIX.9.9')]) },
    {
      title: 'no certificate, no FIX session',
      run: () => noCertificate(ports.fixAlder, logon('CEDAR', 'ALDER', 1)),
    },
    { title: 'no certificate, no peer message', run: () => noCertificate(ports.peerAlder, httpPost) },
    { title: 'plain bytes on a TLS port end the connection', run: () => shut(ports.peerCedar, [httpPost]) },
    { title: 'slow HTTP requests do not keep others out', run: () => slowHttp(ports.consoleCedar) },
    {
      title: 'bad JSON of a known peer is refused with a code',
      run: () => badPeerMessages(ports.peerAlder, ceremony),
    },
  ]
}

const httpPost = Buffer.from('POST /peer/v1/confirmations HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}')

// ---- FIX

function message(
  type: string,
  seq: number,
  sender: string,
  target: string,
  body: string,
  begin = 'FIX.4.4',
): Buffer {
  const time = '20261120-14:00:01.000'
  const rest = `35=${type}|49=${sender}|56=${target}|34=${seq}|52=${time}|${body}`.replaceAll('|', '\x01')
  const head = `8=${begin}\x019=${Buffer.byteLength(rest)}\x01${rest}`
  const sum = [...Buffer.from(head)].reduce((total, byte) => (total + byte) % 256, 0)
  return Buffer.from(`${head}10=${String(sum).padStart(3, '0')}\x01`)
}

const logon = (sender: string, target: string, seq: number, begin?: string): Buffer =>
  message('A', seq, sender, target, '98=0|108=30|', begin)

const hugeFrame = (): Buffer => message('A', 1, 'DESK', 'CEDAR', `98=0|108=30|58=${'x'.repeat(1_000_000)}|`)

/** Sends, and hears nothing but the end. */
async function shut(port: number, pieces: readonly Buffer[]): Promise<void> {
  const heard = await conversation(connect(port, '127.0.0.1'), pieces)
  assert.doesNotMatch(heard, /35=A\||200 OK/, 'nobody was let in')
}

/** FIX fields end in `|` here, as they are written above. */
const readable = (chunk: Buffer): string => chunk.toString('latin1').replaceAll('\x01', '|')

function conversation(socket: Socket, pieces: readonly Buffer[], everyMs = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = ''
    let at = 0
    const say = (): void => {
      if (socket.destroyed || at >= pieces.length) return
      socket.write(pieces[at] ?? '')
      at += 1
      if (at < pieces.length) setTimeout(say, everyMs)
    }
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`the connection was still open after ${closedMsMax} ms; heard ${heard.slice(0, 100)}`))
    }, closedMsMax)
    socket.on('data', (chunk: Buffer) => (heard += readable(chunk)))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(heard)
    })
    say()
  })
}

const dripping = async (port: number, whole: Buffer): Promise<void> => {
  const bytes = [...whole].map((byte) => Buffer.of(byte))
  const heard = await conversation(connect(port, '127.0.0.1'), bytes, 400)
  assert.doesNotMatch(heard, /35=A\|/)
}

/** TLS 1.3 tells the client after its own Finished: what counts is that nothing is answered. */
function noCertificate(port: number, bytes: Buffer): Promise<void> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  return conversation(socket, [bytes]).then((heard) => assert.equal(heard, ''))
}

async function replayedLogon(port: number): Promise<void> {
  await shut(port, [logon('DESK', 'CEDAR', 1)])
}

/** A session of our own: the desk has gone, the numbers begin again. */
async function hugeMessages(port: number): Promise<void> {
  const session = await loggedOn(port)
  const groups = Array.from({ length: 10_000 }, () => '55=ETH|48=ETH-25JUN27-4000-C|').join('')
  session.socket.write(message('R', 2, 'DESK', 'CEDAR', `131=RFQ-HUGE|146=10000|${groups}`))
  await session.hears(/35=(3|j|AG|5)\|/, 'a reject')
  if (!session.socket.destroyed)
    session.socket.write(message('B', 3, 'DESK', 'CEDAR', `148=big|33=1|58=${'y'.repeat(1_000_000)}|`))
  await session.ends()
}

async function loggedOn(port: number) {
  const socket = connect(port, '127.0.0.1')
  let heard = ''
  socket.on('data', (chunk: Buffer) => (heard += readable(chunk)))
  socket.on('error', () => undefined)
  const until = async (done: () => boolean, what: string): Promise<void> => {
    for (const end = performance.now() + closedMsMax; !done(); await pause(20))
      assert.ok(performance.now() < end, `${what} did not come; heard ${heard.slice(-300)}`)
  }
  socket.write(message('A', 1, 'DESK', 'CEDAR', '98=0|108=30|141=Y|'))
  const hears = (pattern: RegExp, what: string): Promise<void> =>
    until(() => pattern.test(heard) || socket.destroyed, what)
  await hears(/35=A\|/, 'the logon')
  assert.match(heard, /35=A\|/)
  return { socket, hears, ends: () => until(() => socket.destroyed, 'the end') }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

// ---- HTTP

/** A hundred requests that never end, and one that is answered at once. */
async function slowHttp(port: number): Promise<void> {
  const slow = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'))
  for (const socket of slow) {
    socket.on('error', () => undefined)
    socket.write('GET /v1/trades HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ')
  }
  const drip = setInterval(() => slow.forEach((socket) => !socket.destroyed && socket.write('a')), 500)
  try {
    await pause(1_000)
    const began = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}/v1/identity`, {
      signal: AbortSignal.timeout(10_000),
    })
    assert.equal(answer.status, 200)
    assert.ok(performance.now() - began < 10_000)
    for (const end = performance.now() + 60_000; slow.some(({ destroyed }) => !destroyed); await pause(100))
      assert.ok(performance.now() < end, 'a slow request is ended')
  } finally {
    clearInterval(drip)
    for (const socket of slow) socket.destroy()
  }
}

/** CEDAR's own certificate and key, and nothing that ALDER should believe. */
async function badPeerMessages(port: number, ceremony: World['ceremony']): Promise<void> {
  const { tls } = ceremony.alder
  const pinned = pinPeer('ALDER', gatewayUri('ALDER'), tls.certificatePem, tls.pin)
  assert.ok(!isRefusal(pinned))
  const options = { ...tlsClientOptions(ceremony.cedar.tls, pinned), host: '127.0.0.1', port }
  const bodies: readonly (readonly [string, string])[] = [
    ['broken', '{"record":'],
    ['a member twice', '{"record":{},"record":{}}'],
    ['depth', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['a member nobody knows', '{"record":{},"more":1}'],
    ['no record', '{"record":{"payload":"","signatures":[]}}'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('latin1')],
  ]
  for (const [title, body] of bodies) {
    const { status, text } = await post(options, body)
    assert.ok(status >= 400 && status < 500, `${title}: ${status} ${text}`)
    assert.match(text, /PLK-\d{4}/, title)
  }
  const big = await post(options, `{"record":"${'x'.repeat(8_000_000)}"}`).catch(() => ({
    status: 0,
    text: '',
  }))
  assert.ok(big.status === 0 || big.status === 413, `8 MB: ${big.status}`)
}

function post(options: object, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request(
      { ...options, path: '/peer/v1/confirmations', method: 'POST', headers, agent: false },
      (answer) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
        answer.on('error', reject)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      },
    )
    sent.on('error', reject)
    sent.end(Buffer.from(body, 'latin1'))
  })
}

// ---- what is left

/** Resident bytes of the processes that run on configurations of this folder; empty where there is no /proc. */
function memory(dir: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  if (process.platform !== 'linux') return found
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ')
      const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      if (command.includes(dir) && command.includes('gateway') && kib !== undefined)
        found.set(pid, Number.parseInt(kib, 10) * 1_024)
    } catch {
      // The process has ended meanwhile.
    }
  return found
}

function checkMemory(
  t: TestContext,
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): void {
  for (const [pid, bytes] of before) {
    const grown = (after.get(pid) ?? 0) - bytes
    assert.ok(after.has(pid), `process ${pid} is still there`)
    assert.ok(grown < grownBytesMax, `process ${pid} has grown by ${grown} bytes`)
    t.diagnostic(`a gateway had ${bytes} resident bytes and has grown by ${grown}`)
  }
}

function checkJournals(dir: string): void {
  const [alder, cedar] = ['alder', 'cedar'].map((name) =>
    auditJournal(readSqliteJournal(join(dir, name, 'data/journal.db'), `${name}.example/journal`)),
  )
  assert.ok(alder && cedar)
  assert.deepEqual([...alder.problems, ...cedar.problems], [])
  assert.deepEqual(disagreements(alder.entries, cedar.entries), [])
  assert.ok(alder.entries.some(({ type }) => type === 'settlement.settled'))
}
