// One gateway with its real store and sockets, without a ledger that answers: what opens closes, what must not run
// does not, and a refused start leaves nothing open. Two of them with chains are the end-to-end tests.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  canonicalJson,
  isJsonObject,
  isRefusal,
  systemClock,
  toBase64Url,
  utf8,
  type Json,
  type JsonObject,
} from '#core'
import { systemRandom } from '#crypto'
import { parseGatewayConfig, type GatewayConfig } from './config.ts'
import { openGateway, type Gateway } from './gateway.ts'
import { gatewayUri, openGatewayKeys } from './keys.ts'
import { configJson, keysOf, known } from './testing.ts'

const real = { clock: systemClock, random: systemRandom }
const noFailure = (error: unknown): never => assert.fail(String(error))

async function inFolder(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'poundlock-gateway-'))
  try {
    await body(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** CEDAR with ALDER as its pinned peer, a plain desk acceptor, all ports free ones. */
function configIn(directory: string, changes: JsonObject = {}): GatewayConfig {
  const peerKeys = known(openGatewayKeys(join(directory, 'peer'), 'ALDER', real))
  const json = configJson('CEDAR', keysOf(), keysOf())
  const peering = json['peering']
  assert.ok(isJsonObject(peering) && Array.isArray(peering['peers']))
  const [peer] = peering['peers'].filter((one: Json) => isJsonObject(one))
  const { certificatePem: certificate, pin } = peerKeys.tls
  const pinned = { ...peer, certificate, pin, uri: gatewayUri('ALDER') }
  const session = {
    beginString: 'FIX.4.4',
    senderCompId: 'CEDAR',
    targetCompId: 'DESK',
    role: 'acceptor',
    use: 'desk',
    party: 'CEDAR',
    heartBtIntSeconds: 30,
  }
  const whole = {
    ...json,
    dataDir: join(directory, 'data'),
    keysDir: join(directory, 'keys'),
    fix: { acceptors: [{ host: '127.0.0.1', port: 0, tls: false }], sessions: [session] },
    peering: { ...peering, peers: [pinned] },
    ...changes,
  }
  return known(parseGatewayConfig(utf8(canonicalJson(whole))))
}

const open = (config: GatewayConfig) => openGateway({ config, onFailure: noFailure })
const opened = async (config: GatewayConfig): Promise<Gateway> => known(await open(config))

async function refusedAs(config: GatewayConfig, code: string): Promise<void> {
  const gateway = await open(config)
  assert.ok(isRefusal(gateway))
  assert.equal(gateway.refusal, code, gateway.detail)
}

test('a gateway opens on free ports, says who it is, closes, and opens again on the same journal', () =>
  inFolder(async (directory) => {
    const config = configIn(directory)
    const gateway = await opened(config)
    assert.ok(gateway.ports.peering > 0)
    assert.equal(gateway.ports.fix.length, 1)
    assert.equal(gateway.api.identity().name, 'CEDAR')
    const size = gateway.api.journal.size()
    assert.ok(size > 0)
    await gateway.close()
    const again = await opened(config)
    assert.equal(again.api.journal.size(), size)
    await again.close()
  }))

test('a store that another gateway has open, and a journal under another key, are refused', () =>
  inFolder(async (directory) => {
    const config = configIn(directory)
    const first = await opened(config)
    await refusedAs(config, 'store-locked')
    await first.close()
    await refusedAs({ ...config, keysDir: join(directory, 'others') }, 'config-invalid')
    await (await opened(config)).close()
  }))

test('a port in use is refused, at either door, and leaves the store free', () =>
  inFolder(async (directory) => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    assert.ok(address !== null && typeof address === 'object')
    const { port } = address
    const config = configIn(directory)
    await refusedAs({ ...config, peering: { ...config.peering, port } }, 'port-in-use')
    const acceptors = [{ host: '127.0.0.1', port, tls: false }]
    await refusedAs({ ...config, fix: { ...config.fix, acceptors } }, 'port-in-use')
    await (await opened(config)).close()
    await new Promise((resolve) => other.close(resolve))
  }))

test('a doubtful setting is refused before anything is written', () =>
  inFolder(async (directory) => {
    const config = configIn(directory)
    const [peer] = config.peering.peers
    assert.ok(peer)
    const pin = toBase64Url(new Uint8Array(32))
    const peers = [{ ...peer, pin }]
    await refusedAs({ ...config, peering: { ...config.peering, peers } }, 'tls-pin-mismatch')
    const maker = {
      instruments: [],
      forward: 'x',
      vol: '0.6',
      halfSpreadVolPts: '0.3',
      quoteLifetimeMs: 1_000,
    }
    await refusedAs({ ...config, maker }, 'config-invalid')
    const file = join(directory, 'file')
    writeFileSync(file, '')
    await refusedAs({ ...config, dataDir: join(file, 'data') }, 'file-unreadable')
    mkdirSync(join(directory, 'open'), { mode: 0o755 })
    writeFileSync(join(directory, 'open', 'journal.pem'), 'no key', { mode: 0o644 })
    await refusedAs({ ...config, keysDir: join(directory, 'open') }, 'file-unreadable')
  }))

test('witnesses whose keys cannot be read stop the start', () =>
  inFolder(async (directory) => {
    const witnesses = [{ name: 'w', vkey: 'none', url: 'http://127.0.0.1:1' }]
    const config = configIn(directory, { journal: { origin: 'cedar.example/journal', quorum: 1, witnesses } })
    await refusedAs(config, 'config-invalid')
  }))
