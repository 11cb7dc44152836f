import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpsServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, createServer, type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls'
import { addMs, instant, isRefusal, manualClock, systemClock, type Refusal } from '#core'
import { systemRandom } from './random.ts'
import {
  createTlsIdentity, expectPeer, openTlsIdentity, peerOf, pinOfPublicKey, pinPeer, spkiPin, tlsClientOptions,
  tlsRefusal, tlsServerOptions, type PinnedPeer, type TlsIdentity,
} from './tls.ts'

const options = { clock: systemClock, random: systemRandom }
const dayMs = 86_400_000
const identity = (name: string, clock = systemClock, validityMs = dayMs): TlsIdentity =>
  createTlsIdentity(name, `urn:poundlock:gateway:${name}`, { clock, random: systemRandom, validityMs })
const peer = ({ name, uri, certificatePem, pin }: TlsIdentity): PinnedPeer => ({ name, uri, certificatePem, pin })
const codeOf = (value: Refusal | PinnedPeer): string => (isRefusal(value) ? value.refusal : `peer ${value.name}`)

const alder = identity('alder')
const cedar = identity('cedar')
const mallory = identity('mallory')

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
  const asked = await ask(listener.address() as AddressInfo, client)
  const outcome = { server: await served, client: asked }
  await new Promise((resolve) => listener.close(resolve))
  return outcome
}

const ask = (address: AddressInfo, client: ConnectionOptions): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ ...client, port: address.port, host: '127.0.0.1' })
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('error', (error) => resolve(tlsRefusal(error, socket).refusal))
    socket.on('close', () => resolve(text === '' ? 'cut' : text))
  })

test('a pinned pair of gateways shakes hands over TLS 1.3 and knows each other', async () => {
  const outcome = await handshake(tlsServerOptions(alder, [peer(cedar)]), tlsClientOptions(cedar, peer(alder)), (socket) =>
    peerOf(socket, [peer(cedar)]),
  )
  assert.deepEqual(outcome, { server: 'peer cedar', client: 'hello' })
})

test('a client refuses a server whose key is not the pinned one', async () => {
  const outcome = await handshake(tlsServerOptions(mallory, [peer(cedar)]), tlsClientOptions(cedar, peer(alder)), (socket) =>
    peerOf(socket, [peer(cedar)]),
  )
  assert.equal(outcome.client, 'tls-pin-mismatch')
})
