import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpsServer, request } from 'node:https'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, createServer, type ConnectionOptions, TLSSocket, type TlsOptions } from 'node:tls'
import { addMs, instant, isRefusal, manualClock, systemClock, type Refusal } from '#core'
import { systemRandom } from './random.ts'
import {
  createTlsIdentity,
  expectPeer,
  openTlsIdentity,
  peerOf,
  pinOfPublicKey,
  pinPeer,
  spkiPin,
  tlsClientOptions,
  tlsRefusal,
  tlsServerOptions,
  type PinnedPeer,
  type TlsIdentity,
} from './tls.ts'

const options = { clock: systemClock, random: systemRandom }
const dayMs = 86_400_000
const identity = (name: string, clock = systemClock, validityMs = dayMs): TlsIdentity =>
  createTlsIdentity(name, `urn:poundlock:gateway:${name}`, { clock, random: systemRandom, validityMs })
const peer = ({ name, uri, certificatePem, pin }: TlsIdentity): PinnedPeer => ({
  name,
  uri,
  certificatePem,
  pin,
})
const codeOf = (value: Refusal | PinnedPeer): string =>
  isRefusal(value) ? value.refusal : `peer ${value.name}`

const alder = identity('alder')
const cedar = identity('cedar')
const mallory = identity('mallory')

function portOf(server: Server): number {
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

function tlsSocketOf(socket: unknown): TLSSocket {
  assert.ok(socket instanceof TLSSocket)
  return socket
}

type Outcome = { server: string; client: string }

/** One handshake over loopback, and what each side made of it. */
async function handshake(
  server: TlsOptions,
  client: ConnectionOptions,
  judge: (socket: TLSSocket) => Refusal | PinnedPeer,
): Promise<Outcome> {
  const listener = createServer(server)
  const served = new Promise<string>((resolve) => {
    listener.on('secureConnection', (socket) => {
      socket.on('error', () => undefined)
      const judged = judge(socket)
      resolve(codeOf(judged))
      if (isRefusal(judged)) socket.destroy()
      else socket.end('hello')
    })
    listener.on('tlsClientError', (error, socket) => resolve(tlsRefusal(error, socket).refusal))
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const asked = await ask(portOf(listener), client)
  const outcome = { server: await served, client: asked }
  await new Promise((resolve) => listener.close(resolve))
  return outcome
}

const ask = (port: number, client: ConnectionOptions): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ ...client, port, host: '127.0.0.1' })
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('error', (error) => resolve(tlsRefusal(error, socket).refusal))
    socket.on('close', () => resolve(text === '' ? 'cut' : text))
  })

test('a pinned pair of gateways shakes hands over TLS 1.3 and knows each other', async () => {
  const outcome = await handshake(
    tlsServerOptions(alder, [peer(cedar)]),
    tlsClientOptions(cedar, peer(alder)),
    (socket) => peerOf(socket, [peer(cedar)]),
  )
  assert.deepEqual(outcome, { server: 'peer cedar', client: 'hello' })
})

test('a client refuses a server whose key is not the pinned one', async () => {
  const outcome = await handshake(
    tlsServerOptions(mallory, [peer(cedar)]),
    tlsClientOptions(cedar, peer(alder)),
    (socket) => peerOf(socket, [peer(cedar)]),
  )
  assert.equal(outcome.client, 'tls-pin-mismatch')
})

test('a server cuts off a client whose key is not pinned', async () => {
  const outcome = await handshake(
    tlsServerOptions(alder, [peer(cedar)]),
    tlsClientOptions(mallory, peer(alder)),
    (socket) => peerOf(socket, [peer(cedar)]),
  )
  assert.equal(outcome.server, 'tls-pin-mismatch')
  assert.notEqual(outcome.client, 'hello')
})

test('a server cuts off a client without a certificate', async () => {
  const anonymous: ConnectionOptions = {
    ca: [alder.certificatePem],
    minVersion: 'TLSv1.3',
    checkServerIdentity: () => undefined,
  }
  const outcome = await handshake(tlsServerOptions(alder, [peer(cedar)]), anonymous, (socket) =>
    peerOf(socket, [peer(cedar)]),
  )
  assert.deepEqual(outcome, { server: 'tls-certificate-missing', client: 'tls-certificate-missing' })
})

test('an expired certificate of a pinned key is refused on both sides', async () => {
  const past = manualClock(addMs(systemClock.now(), -10 * dayMs))
  const old = identity('cedar', past)
  const asClient = await handshake(
    tlsServerOptions(alder, [peer(old)]),
    tlsClientOptions(old, peer(alder)),
    (socket) => peerOf(socket, [peer(old)]),
  )
  assert.equal(asClient.server, 'tls-certificate-expired')
  const asServer = await handshake(
    tlsServerOptions(old, [peer(cedar)]),
    tlsClientOptions(cedar, peer(old)),
    (socket) => peerOf(socket, [peer(cedar)]),
  )
  assert.equal(asServer.client, 'tls-certificate-expired')
})

test('a certificate that is not valid yet is refused', async () => {
  const early = identity('cedar', manualClock(addMs(systemClock.now(), dayMs)))
  const outcome = await handshake(
    tlsServerOptions(alder, [peer(early)]),
    tlsClientOptions(early, peer(alder)),
    (socket) => peerOf(socket, [peer(early)]),
  )
  assert.equal(outcome.server, 'tls-certificate-expired')
})

test('one admitted peer cannot speak for another', async () => {
  const birch = identity('birch')
  const peers = [peer(cedar), peer(birch)]
  const outcome = await handshake(
    tlsServerOptions(alder, peers),
    tlsClientOptions(birch, peer(alder)),
    (socket) => expectPeer(socket, peers, 'cedar'),
  )
  assert.equal(outcome.server, 'tls-identity-mismatch')
})

test('a pinned key under another URI is refused on both sides', async () => {
  const renamed = { ...peer(cedar), uri: 'urn:poundlock:gateway:birch' }
  const asClient = await handshake(
    tlsServerOptions(alder, [renamed]),
    tlsClientOptions(cedar, peer(alder)),
    (socket) => peerOf(socket, [renamed]),
  )
  assert.equal(asClient.server, 'tls-identity-mismatch')
  const other = { ...peer(alder), uri: 'urn:poundlock:gateway:birch' }
  const asServer = await handshake(
    tlsServerOptions(alder, [peer(cedar)]),
    tlsClientOptions(cedar, other),
    (socket) => peerOf(socket, [peer(cedar)]),
  )
  assert.equal(asServer.client, 'tls-identity-mismatch')
})

test('an admitted certificate that the caller of peerOf did not list is refused', async () => {
  const outcome = await handshake(
    tlsServerOptions(alder, [peer(cedar)]),
    tlsClientOptions(cedar, peer(alder)),
    (socket) => peerOf(socket, []),
  )
  assert.equal(outcome.server, 'tls-pin-mismatch')
})

test('TLS 1.2 is refused', async () => {
  const old: ConnectionOptions = {
    ca: [alder.certificatePem],
    maxVersion: 'TLSv1.2',
    checkServerIdentity: () => undefined,
  }
  const outcome = await handshake(tlsServerOptions(alder, [peer(cedar)]), old, (socket) =>
    peerOf(socket, [peer(cedar)]),
  )
  assert.deepEqual(outcome, { server: 'tls-version', client: 'tls-version' })
})

test('the same options serve HTTPS', async () => {
  const server = createHttpsServer(tlsServerOptions(alder, [peer(cedar)]), (message, response) => {
    response.end(codeOf(peerOf(tlsSocketOf(message.socket), [peer(cedar)])))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  const body = await new Promise<string>((resolve, reject) => {
    const client = tlsClientOptions(cedar, peer(alder))
    const sent = request({ ...client, host: '127.0.0.1', port, agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => resolve(chunk.toString()))
    })
    sent.on('error', reject)
    sent.end()
  })
  assert.equal(body, 'peer cedar')
  await new Promise((resolve) => server.close(resolve))
})

test('nobody listening is peer-unreachable, and a plain server is no TLS peer', async () => {
  const listener = createServer()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const port = portOf(listener)
  await new Promise((resolve) => listener.close(resolve))
  assert.equal(await ask(port, tlsClientOptions(cedar, peer(alder))), 'peer-unreachable')
})

test('the certificate is what its terms say and signs itself', () => {
  const certificate = new X509Certificate(alder.certificatePem)
  assert.equal(certificate.subject, 'CN=alder')
  assert.equal(certificate.subjectAltName, 'URI:urn:poundlock:gateway:alder')
  assert.equal(certificate.ca, false)
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  assert.ok(certificate.verify(certificate.publicKey))
  const late = createTlsIdentity('x'.repeat(64), `urn:${'x'.repeat(300)}`, {
    clock: manualClock(instant(Date.UTC(2049, 11, 31, 23))),
    random: { bytes: (length) => new Uint8Array(length).fill(0xff) },
  })
  const read = new X509Certificate(late.certificatePem)
  assert.equal(read.validFrom, 'Dec 31 22:55:00 2049 GMT')
  assert.equal(read.validTo, 'Dec 31 23:00:00 2050 GMT')
  assert.equal(read.serialNumber, 'FF'.repeat(16))
})

test('the pin of a certificate is the pin of its registered key', () => {
  assert.equal(spkiPin(alder.certificatePem), alder.pin)
  assert.equal(spkiPin(new X509Certificate(alder.certificatePem).raw), alder.pin)
  assert.equal(pinOfPublicKey(alder.publicKey), alder.pin)
  assert.notEqual(cedar.pin, alder.pin)
})

test('a peer is pinned only if certificate, pin and URI belong together', () => {
  const pin = (pem: string, uri = alder.uri): string => codeOf(pinPeer('alder', uri, pem, alder.pin))
  assert.equal(pin(alder.certificatePem), 'peer alder')
  assert.equal(pin(mallory.certificatePem), 'tls-pin-mismatch')
  assert.equal(pin(alder.certificatePem, cedar.uri), 'tls-identity-mismatch')
  assert.equal(pin('no certificate'), 'tls-handshake')
})

test('an identity on disk keeps its key, and renews its certificate for the same key', () => {
  const directory = mkdtempSync(join(tmpdir(), 'poundlock-tls-'))
  try {
    const at = manualClock(instant(Date.UTC(2026, 10, 20)))
    const open = (): TlsIdentity => {
      const opened = openTlsIdentity(directory, 'alder-tls', alder.uri, { ...options, clock: at })
      assert.ok(!isRefusal(opened))
      return opened
    }
    const first = open()
    assert.equal(open().certificatePem, first.certificatePem)
    at.advance(364.5 * dayMs)
    const renewed = open()
    assert.notEqual(renewed.certificatePem, first.certificatePem)
    assert.equal(renewed.pin, first.pin)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('an identity carries no private key, and a copy of it cannot act', () => {
  assert.doesNotMatch(Object.values(alder).join(), /PRIVATE/)
  assert.throws(() => tlsServerOptions({ ...alder }, []), /used as it was created/)
})
