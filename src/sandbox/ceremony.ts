// The key ceremony and onboarding of the sandbox: every party makes its own keys in its own folder, shows the public
// halves to the others, and gets a configuration in which they are pinned.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  formatInstant,
  isRefusal,
  systemClock,
  toBase64Url,
  type Instant,
  type JsonObject,
  type Refusal,
} from '#core'
import { openKeyStore, systemRandom, type DigestSigner, type Signer } from '#crypto'
import { gatewayUri, openGatewayKeys, witnessVkey, type GatewayKeys } from '#gateway'
import { formatVkey, noteEd25519 } from '#journal'
import { sandboxContracts } from '#ledger'
import {
  alder,
  cedar,
  chains,
  fixture,
  operatorNames,
  witnessNames,
  type Member,
  type Ports,
} from './cast.ts'

export type Ceremony = {
  /** What the clocks showed at the start, and the real time then. */
  readonly startsAt: Instant
  readonly startedAt: Instant
  readonly deployer: DigestSigner
  readonly alder: GatewayKeys
  readonly cedar: GatewayKeys
  /** Paths of the configurations that the processes are started with. */
  readonly configs: {
    readonly alder: string
    readonly cedar: string
    readonly witnesses: readonly [string, string]
  }
  /** Operators' keys, by institution; each is a person with a key of their own. */
  readonly operators: Readonly<Record<string, readonly { readonly id: string; readonly signer: Signer }[]>>
}

export type Terms = { readonly startsAt: Instant; readonly quoteLifetimeMs: number }

export function holdCeremony(dir: string, ports: Ports, terms: Terms): Ceremony | Refusal {
  const { startsAt } = terms
  const real = { clock: systemClock, random: systemRandom }
  const alderKeys = openGatewayKeys(join(dir, 'alder/keys'), alder.name, real)
  if (isRefusal(alderKeys)) return alderKeys
  const cedarKeys = openGatewayKeys(join(dir, 'cedar/keys'), cedar.name, real)
  if (isRefusal(cedarKeys)) return cedarKeys
  const deployer = openKeyStore(join(dir, 'deployer/keys'), { deployer: 'secp256k1' })
  if (isRefusal(deployer)) return deployer
  const witnesses = witnessKeys(dir)
  if (isRefusal(witnesses)) return witnesses
  const operators = operatorKeys(dir)
  if (isRefusal(operators)) return operators
  const startedAt = systemClock.now()
  const clock = { startsAt: formatInstant(startsAt), at: formatInstant(startedAt) }
  const owner = deployer.digestSigner('deployer')
  const shared: Shared = { ...terms, dir, ports, clock, witnesses, operators, owner }
  const configs = writeConfigs(shared, alderKeys, cedarKeys)
  return {
    startsAt,
    startedAt,
    deployer: shared.owner,
    alder: alderKeys,
    cedar: cedarKeys,
    configs,
    operators,
  }
}

type Shared = Terms & {
  readonly dir: string
  readonly ports: Ports
  readonly clock: { readonly startsAt: string; readonly at: string }
  readonly witnesses: readonly string[]
  readonly operators: Ceremony['operators']
  readonly owner: DigestSigner
}

function writeConfigs(shared: Shared, alderKeys: GatewayKeys, cedarKeys: GatewayKeys): Ceremony['configs'] {
  const { dir, ports } = shared
  const alderSide = { member: alder, keys: alderKeys, port: ports.peerAlder }
  const cedarSide = { member: cedar, keys: cedarKeys, port: ports.peerCedar }
  const maker = {
    instruments: [fixture.securityId],
    forward: fixture.forward,
    vol: fixture.vol,
    halfSpreadVolPts: fixture.halfSpreadVolPts,
    quoteLifetimeMs: shared.quoteLifetimeMs,
  }
  const alderConfig = {
    ...gatewayConfig(shared, alderSide, cedarSide),
    fix: alderFix(ports, cedarKeys),
    maker,
  }
  const cedarConfig = { ...gatewayConfig(shared, cedarSide, alderSide), fix: cedarFix(ports, alderKeys) }
  const logs = [alderSide, cedarSide].map(({ member, keys }) => ({
    origin: member.logOrigin,
    keys: [formatVkey(member.logOrigin, noteEd25519, keys.journal.publicKey)],
  }))
  const witness = (index: 0 | 1, port: number): string => {
    const home = join(dir, `witness${index + 1}`)
    const paths = { dataDir: join(home, 'data'), keysDir: join(home, 'keys') }
    return write(home, { name: witnessNames[index], ...paths, port, clock: shared.clock, logs })
  }
  return {
    alder: write(join(dir, 'alder'), alderConfig),
    cedar: write(join(dir, 'cedar'), cedarConfig),
    witnesses: [witness(0, ports.witness1), witness(1, ports.witness2)],
  }
}

type Side = { readonly member: Member; readonly keys: GatewayKeys; readonly port: number }

function gatewayConfig(shared: Shared, own: Side, other: Side): JsonObject {
  const { dir, ports, clock, operators } = shared
  const { name, lei } = own.member
  const home = join(dir, name.toLowerCase())
  return {
    name,
    lei,
    environment: 'sandbox',
    dataDir: join(home, 'data'),
    keysDir: join(home, 'keys'),
    clock,
    journal: journalConfig(shared, own),
    peering: { host: loopback, port: own.port, peers: [peerOf(other, clock.startsAt)] },
    ledger: ledgerConfig(shared),
    operators: (operators[name] ?? []).map(({ id, signer }) => ({
      id,
      keyId: signer.keyId,
      publicKey: toBase64Url(signer.publicKey),
    })),
    settlementWindowMs: fixture.settlementWindowMs,
    checkpointEveryMs,
    api: { host: loopback, port: name === alder.name ? ports.consoleAlder : ports.consoleCedar },
  }
}

const loopback = '127.0.0.1'
const checkpointEveryMs = 100

function journalConfig({ ports, witnesses }: Shared, { member }: Side): JsonObject {
  const witnessPorts = [ports.witness1, ports.witness2]
  return {
    origin: member.logOrigin,
    quorum: witnesses.length,
    witnesses: witnesses.map((vkey, index) => ({
      name: witnessNames[index] ?? '',
      vkey,
      url: `http://${loopback}:${witnessPorts[index] ?? 0}`,
    })),
  }
}

function ledgerConfig({ ports, owner }: Shared): JsonObject {
  const { usdc, positions, settlement } = sandboxContracts(owner.address)
  const { id, name, confirmations } = chains.lagoon
  return {
    chainId: id,
    name,
    rpc: [`http://${loopback}:${ports.lagoon}`],
    agreeing: 1,
    confirmations,
    payToken: { address: usdc, symbol: 'USDC', decimals: 6 },
    optionPositions: positions,
    settlement,
  }
}

function peerOf({ member, keys, port }: Side, validFrom: string): JsonObject {
  const { record, settlement, tls } = keys
  return {
    name: member.name,
    lei: member.lei,
    url: `https://127.0.0.1:${port}`,
    uri: gatewayUri(member.name),
    certificate: tls.certificatePem,
    pin: tls.pin,
    recordKey: { keyId: record.keyId, publicKey: toBase64Url(record.publicKey), validFrom },
    settlementKey: { keyId: settlement.keyId, publicKey: toBase64Url(settlement.publicKey), validFrom },
    settlementAddress: settlement.address,
    policyTier: 'tier1',
  }
}

const fix44 = { beginString: 'FIX.4.4', heartBtIntSeconds: 30 } as const

/** ALDER: one TLS door for counterparties' gateways, each logon bound to its certificate. */
const alderFix = (ports: Ports, { tls }: GatewayKeys): JsonObject => {
  const parties = { senderCompId: alder.name, targetCompId: cedar.name, party: cedar.name, pin: tls.pin }
  return {
    acceptors: [{ host: loopback, port: ports.fixAlder, tls: true }],
    sessions: [{ ...fix44, ...parties, role: 'acceptor', use: 'counterparty' }],
  }
}

/** CEDAR: a plain loopback door for its own desk, and the way to ALDER. */
const cedarFix = (ports: Ports, { tls }: GatewayKeys): JsonObject => {
  const desk = { senderCompId: cedar.name, targetCompId: 'DESK', party: cedar.name }
  const parties = { senderCompId: cedar.name, targetCompId: alder.name, party: alder.name, pin: tls.pin }
  const connect = { host: loopback, port: ports.fixAlder }
  return {
    acceptors: [{ host: loopback, port: ports.fixCedar, tls: false }],
    sessions: [
      { ...fix44, ...desk, role: 'acceptor', use: 'desk' },
      { ...fix44, ...parties, role: 'initiator', use: 'counterparty', connect },
    ],
  }
}

function witnessKeys(dir: string): readonly string[] | Refusal {
  const vkeys: string[] = []
  for (const [index, name] of witnessNames.entries()) {
    const vkey = witnessVkey(join(dir, `witness${index + 1}/keys`), name)
    if (isRefusal(vkey)) return vkey
    vkeys.push(vkey)
  }
  return vkeys
}

function operatorKeys(dir: string): Ceremony['operators'] | Refusal {
  const operators: Record<string, { id: string; signer: Signer }[]> = {}
  for (const { name } of [alder, cedar]) {
    operators[name] = []
    for (const id of operatorNames) {
      const keys = openKeyStore(join(dir, name.toLowerCase(), id), { operator: 'Ed25519' })
      if (isRefusal(keys)) return keys
      operators[name].push({ id, signer: keys.signer('operator') })
    }
  }
  return operators
}

function write(home: string, config: JsonObject): string {
  mkdirSync(home, { recursive: true })
  const path = join(home, 'config.json')
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`)
  return path
}
