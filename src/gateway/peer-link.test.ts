// The wire between gateways, client against server over mutual TLS on loopback, with the keys that crypto makes.
import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import { connect, type TLSSocket } from 'node:tls'
import { test } from 'node:test'
import { isRefusal, refuse, systemClock, type Json, type Refusal } from '#core'
import {
  createTlsIdentity,
  peerOf,
  pinPeer,
  systemRandom,
  tlsClientOptions,
  tlsRefusal,
  tlsServerOptions,
  type PinnedPeer,
  type TlsIdentity,
} from '#crypto'
import {
  createPeerClient,
  createPeerServer,
  type PeerClient,
  type PeerLimits,
  type PeerServerOptions,
} from '#transport'
import { known } from './testing.ts'

const real = { clock: systemClock, random: systemRandom }
const identity = (name: string): TlsIdentity => createTlsIdentity(name, `poundlock:${name}`, real)
const pinned = ({ name, uri, certificatePem, pin }: TlsIdentity): PinnedPeer =>
  known(pinPeer(name, uri, certificatePem, pin))
const [alder, cedar, birch] = [identity('ALDER'), identity('CEDAR'), identity('BIRCH')]

type Link = {
  readonly port: number
  readonly failures: unknown[]
  readonly client: (as: TlsIdentity, expects: TlsIdentity) => PeerClient
}

/** ALDER's door, which knows CEDAR. */
async function withServer(
  routes: PeerServerOptions['routes'],
  body: (link: Link) => Promise<void>,
  limits: Partial<PeerLimits> = {},
): Promise<void> {
  const peers = [pinned(cedar)]
  const failures: unknown[] = []
  const server = createPeerServer({
    tls: tlsServerOptions(alder, peers),
    identify: (socket) => {
      const peer = peerOf(socket, peers)
      return isRefusal(peer) ? peer : peer.name
    },
    routes,
    onFailure: (error) => failures.push(error),
    limits,
  })
  const port = known(await server.listen('127.0.0.1', 0))
  const clients: PeerClient[] = []
  const client: Link['client'] = (as, expects) => {
    const tls = tlsClientOptions(as, pinned(expects))
    const made = createPeerClient(`https://127.0.0.1:${port}`, tls, tlsRefusal, { answerMsMax: 3_000 })
    clients.push(made)
    return made
  }
  try {
    await body({ port, failures, client })
  } finally {
    await Promise.all(clients.map((one) => one.close()))
    await server.close()
  }
}

const code = (answer: Json | Refusal): string => (isRefusal(answer) ? answer.refusal : 'answered')

test('a pinned peer is named to the handler, and what the handler says comes back', () =>
  withServer({ '/echo': (peer, message) => Promise.resolve({ peer, message }) }, async ({ client }) => {
    const answer = await client(cedar, alder).post('/echo', { text: 'ä', n: [1, null, true] })
    assert.deepEqual(answer, { peer: 'CEDAR', message: { text: 'ä', n: [1, null, true] } })
  }))

test('a certificate that is not pinned gets nowhere, on either side', () =>
  withServer({ '/echo': () => assert.fail('nobody is let in') }, async ({ client }) => {
    assert.equal(code(await client(cedar, birch).post('/echo', {})), 'tls-pin-mismatch')
    assert.match(code(await client(birch, alder).post('/echo', {})), /^(?:tls-|peer-unreachable)/)
  }))

test('a refusal travels with its code and detail', () =>
  withServer(
    { '/no': () => Promise.resolve(refuse('confirmation-mismatch', 'the price differs')) },
    async ({ client }) => {
      const answer = await client(cedar, alder).post('/no', {})
      assert.ok(isRefusal(answer))
      assert.deepEqual([answer.refusal, answer.detail], ['confirmation-mismatch', 'the price differs'])
    },
  ))

test('a path that is no message, and names that every object has, are not found', () =>
  withServer({ '/echo': () => Promise.resolve({}) }, async ({ client }) => {
    const made = client(cedar, alder)
    for (const path of ['/', '/echo/', '/echo?x=1', '/constructor', '/__proto__'])
      assert.equal(code(await made.post(path, {})), 'not-found', path)
  }))

test('a body over the limit is refused by name, and the connection goes on', () =>
  withServer(
    { '/echo': (_peer, message) => Promise.resolve(message) },
    async ({ client }) => {
      const made = client(cedar, alder)
      assert.equal(code(await made.post('/echo', { text: 'x'.repeat(300_000) })), 'limit-bytes')
      assert.equal(code(await made.post('/echo', { text: 'x' })), 'answered')
    },
    { bodyBytesMax: 1_000 },
  ))

test('an answer over the limit of the client is a peer that cannot be understood', () =>
  withServer({ '/long': () => Promise.resolve({ text: 'x'.repeat(400_000) }) }, async ({ client }) => {
    assert.equal(code(await client(cedar, alder).post('/long', {})), 'peer-unreachable')
  }))

test('a handler that throws is reported here and told as a failure there', () =>
  withServer({ '/bug': () => Promise.reject(new Error('bug')) }, async ({ client, failures }) => {
    assert.equal(code(await client(cedar, alder).post('/bug', {})), 'internal')
    assert.equal(failures.length, 1)
  }))

test('a gateway that closes is no failure', () =>
  withServer(
    // oxlint-disable-next-line prefer-promise-reject-errors -- how a closed journal refuses
    { '/late': () => Promise.reject(refuse('shutting-down', 'closed')) },
    async ({ client, failures }) => {
      assert.equal(code(await client(cedar, alder).post('/late', {})), 'shutting-down')
      assert.deepEqual(failures, [])
    },
  ))

/** What comes back over a TLS connection of CEDAR until the server ends it. */
function raw(port: number, text: string, ended: (received: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({
      ...tlsClientOptions(cedar, pinned(alder)),
      host: '127.0.0.1',
      port,
    })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (ended(received)) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(received))
    socket.write(text)
  })
}
const post = (text: string): string =>
  `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: ${text.length}\r\n\r\n${text}`
const whole = (received: string): boolean => received.includes('\r\n\r\n') && received.endsWith('}')

test('bodies that are not strict JSON, and other methods, never reach a handler', () =>
  withServer({ '/echo': () => assert.fail('not reached') }, async ({ port }) => {
    assert.match(await raw(port, post('hello'), whole), /"refusal":"json-syntax"/)
    assert.match(await raw(port, post('{"a":1,"a":2}'), whole), /"refusal":"json-duplicate-key"/)
    const get = 'GET /echo HTTP/1.1\r\nHost: x\r\n\r\n'
    assert.match(await raw(port, get, whole), /^HTTP\/1\.1 405 [^]*"refusal":"method-not-allowed"/)
  }))

test('a body that does not arrive in time ends the connection, not the server', () =>
  withServer(
    { '/echo': (_peer, message) => Promise.resolve(message) },
    async ({ port, client, failures }) => {
      const slow = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"a'
      const received = await raw(port, slow, () => false)
      assert.match(received, /^(?:HTTP\/1\.1 408 |$)/)
      assert.deepEqual(await client(cedar, alder).post('/echo', {}), {})
      assert.deepEqual(failures, [])
    },
    { requestMsMax: 200 },
  ))

test('what answers without being a gateway is unreachable; a code that is not known here is still a refusal', async () => {
  const bodies = ['<html>', '"text"', '{"detail":"no code"}', '', '{"refusal":"of-tomorrow","detail":"d"}']
  const server = createServer(tlsServerOptions(alder, [pinned(cedar)]), (_request, response) => {
    response.writeHead(bodies.length === 4 ? 200 : 502).end(bodies.shift())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const tls = tlsClientOptions(cedar, pinned(alder))
  const client = createPeerClient(`https://127.0.0.1:${address.port}`, tls, tlsRefusal)
  assert.equal(code(await client.post('/x', {})), 'peer-unreachable')
  assert.equal(code(await client.post('/x', {})), 'answered', 'JSON under 200 is for the caller to judge')
  assert.equal(code(await client.post('/x', {})), 'peer-unreachable')
  assert.equal(code(await client.post('/x', {})), 'peer-unreachable')
  const unknown = await client.post('/x', {})
  assert.ok(isRefusal(unknown))
  assert.deepEqual([unknown.refusal, unknown.detail], ['peer-refused', 'of-tomorrow: d'])
  await client.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('a peer that is not there is unreachable, and a port in use is refused', () =>
  withServer({}, async ({ port }) => {
    const second = createPeerServer({
      tls: tlsServerOptions(alder, [pinned(cedar)]),
      identify: () => 'CEDAR',
      routes: {},
      onFailure: () => undefined,
    })
    assert.equal(code(await second.listen('127.0.0.1', port)), 'port-in-use')
    await second.close()
    const tls = tlsClientOptions(cedar, pinned(alder))
    const client = createPeerClient('https://127.0.0.1:9', tls, tlsRefusal)
    assert.equal(code(await client.post('/x', {})), 'peer-unreachable')
    await client.close()
  }))
