// One gateway, put together: the only place where the layers meet. It opens what it needs from the store outwards
// and closes in the opposite order. Time, randomness and crash points are arguments.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isRefusal, refuse, systemClock, type Clock, type Random, type Refusal } from '#core'
import {
  digest,
  peerOf,
  spkiPin,
  systemRandom,
  tlsClientOptions,
  tlsRefusal,
  tlsServerOptions,
} from '#crypto'
import type { PinnedPeer } from '#crypto'
import { checkedOpen, openSqliteStore, type Journal, type Store } from '#journal'
import { createPdp, defaultPolicyFolder, loadPolicyFolder, type Pdp, type PolicySet } from '#policy'
import {
  createFixEngine,
  createPeerClient,
  createPeerServer,
  witnessClient,
  type FixEngine,
  type PeerClient,
  type PeerServer,
  type SessionConfig,
} from '#transport'
import type { GatewayApi } from './api.ts'
import { connectLedger, createEffectStore, type Chain } from './chain.ts'
import { configuredClock, type FixSessionConfig, type GatewayConfig } from './config.ts'
import { evidencePath, onEvidence, type EvidenceParts } from './evidence-exchange.ts'
import { assembleCore } from './core.ts'
import { createFixDesk } from './fix-desk.ts'
import { createFixStore } from './fix-store.ts'
import { createGatewayApi } from './gateway-api.ts'
import { openGatewayKeys, ownKeys, pinnedPeers, type GatewayKeys } from './keys.ts'
import type { Probe } from './loop.ts'
import { openingDrafts, peerKeys } from './opening.ts'
import {
  confirmationsPath,
  instructionsPath,
  onConfirmation,
  onInstruction,
  type PeeringParts,
} from './peering.ts'
import { createProjection, type Projection } from './projection.ts'
import { fixSessionKey } from './registry.ts'
import type { SettlingParts } from './settling.ts'
import { realLater, type Worker } from './worker.ts'
import { createRows, type Rows } from './rows.ts'
import { startWitnessing, witnessPolicyOf, type Witnessing } from './witnessing.ts'

export type GatewayOptions = {
  readonly config: GatewayConfig
  /** Called at each crash point; the sandbox may end the process there. */
  readonly probe?: Probe
  /** A storage failure or a bug: say so and end the process. Recovery is the next start. */
  readonly onFailure: (error: unknown) => void
}

export type Gateway = {
  readonly api: GatewayApi
  /** Durable rows for those who stand before the gateway (stored answers of the HTTP door). */
  readonly rows: Rows
  readonly clock: Clock
  /** The ports that were really taken, for configurations with port 0. */
  readonly ports: { readonly peering: number; readonly fix: readonly number[] }
  close(): Promise<void>
}

export const gatewayVersion = '0.1.0'

/** Refuses `config-invalid`, `file-unreadable`, `journal-corrupt`, `policy-invalid`, `port-in-use`. */
export async function openGateway(options: GatewayOptions): Promise<Gateway | Refusal> {
  const base = openBase(options)
  if (isRefusal(base)) return base
  const opened = await recordOpening(base)
  if (isRefusal(opened)) return opened
  const core = assemble(base, options)
  if (isRefusal(core)) return core
  return goOnline(core, options)
}

type Base = {
  readonly config: GatewayConfig
  readonly clock: Clock
  readonly random: Random
  readonly keys: GatewayKeys
  readonly peers: readonly PinnedPeer[]
  readonly store: Store
  readonly journal: Journal
  readonly policies: PolicySet
  readonly pdp: Pdp
}

function openBase({ config, onFailure }: GatewayOptions): Base | Refusal {
  const clock = configuredClock(config.clock)
  const random = systemRandom
  const keys = openGatewayKeys(config.keysDir, config.name, { clock: systemClock, random })
  if (isRefusal(keys)) return keys
  const peers = pinnedPeers(config)
  if (isRefusal(peers)) return peers
  const policies = loadPolicyFolder(defaultPolicyFolder)
  if (isRefusal(policies)) return policies
  const pdp = createPdp({ ...policies, digest })
  if (isRefusal(pdp)) return pdp
  mkdirSync(config.dataDir, { recursive: true })
  const store = openSqliteStore(join(config.dataDir, 'journal.db'))
  if (isRefusal(store)) return store
  const { origin } = config.journal
  const journal = checkedOpen({ store, origin, signer: keys.journal, clock, random, onFailure })
  if (isRefusal(journal)) return journal
  return { config, clock, random, keys, peers, store, journal, policies, pdp }
}

async function recordOpening({ journal, config, keys, clock, pdp }: Base): Promise<Refusal | undefined> {
  const now = clock.now()
  const records = [...ownKeys(keys, config.lei, now), ...peerKeys(config)]
  const drafts = openingDrafts(journal, { config, keys: records, policySet: pdp.set })
  if (drafts.length > 0) await journal.append(drafts)
  return undefined
}

type Core = Base & {
  readonly chain: Chain
  readonly peering: PeeringParts
  readonly settling: SettlingParts
  readonly clients: ReadonlyMap<string, PeerClient>
  readonly worker: Worker
  readonly projection: Projection
}

function assemble(base: Base, options: GatewayOptions): Core | Refusal {
  const { config, journal, store, keys } = base
  const clients = peerClients(base)
  const chain = connectLedger(config, keys.settlement, createEffectStore(store, journal))
  const core = assembleCore({
    ...base,
    ledger: chain,
    peerClient: (name) => clients.get(name) ?? refuse('peer-unknown', `no peer ${name} is registered`),
    later: realLater,
    probe: options.probe ?? (() => undefined),
    onBug: options.onFailure,
  })
  if (isRefusal(core)) return core
  return { ...base, ...core, chain, clients, projection: createProjection(journal) }
}

function peerClients({ config, keys, peers }: Base): ReadonlyMap<string, PeerClient> {
  const entries = config.peering.peers.flatMap(({ name, url }) => {
    const pinned = peers.find((peer) => peer.name === name)
    return pinned
      ? [[name, createPeerClient(url, tlsClientOptions(keys.tls, pinned), tlsRefusal)] as const]
      : []
  })
  return new Map(entries)
}

async function goOnline(core: Core, options: GatewayOptions): Promise<Gateway | Refusal> {
  const { config, journal, clock, worker, store } = core
  const engine = await openFix(core)
  const server = openPeering(core)
  const policy = witnessPolicyOf(config.journal)
  if (isRefusal(policy)) return policy
  const channel = witnessClient()
  const witnessing = startWitnessing(journal, policy, channel, config.checkpointEveryMs)
  const api = apiOf(core, engine, witnessing)
  const ports = await listenAll(core, engine, server)
  if (isRefusal(ports)) return ports
  dialAll(core, engine)
  core.chain.evm.recover().catch(options.onFailure)
  worker.wake()
  const close = async (): Promise<void> => {
    await worker.close()
    await engine.close()
    await server.close()
    await Promise.all([...core.clients.values()].map((client) => client.close()))
    await witnessing.close()
    channel.close()
    await journal.close()
    store.close()
  }
  return { api, rows: createRows(store, journal, 'door'), clock, ports, close }
}

function openFix(core: Core): Promise<FixEngine> {
  const { config, store, peering, clock } = core
  let engine: FixEngine | undefined
  const desk = createFixDesk(
    peering,
    (session, body) => void engine?.send(session, body).catch(() => undefined),
  )
  const opening = createFixEngine({
    sessions: config.fix.sessions.map(engineSession),
    persistence: createFixStore(store, peering.loop.commitBatch),
    application: { onMessage: desk.onMessage, onSession: () => undefined },
    clock,
  })
  return opening.then((opened) => (engine = opened))
}

function engineSession(session: FixSessionConfig): SessionConfig {
  const { beginString, senderCompId, targetCompId, role, heartBtIntSeconds, pin } = session
  return {
    ...{ beginString, senderCompId, targetCompId, role, heartBtIntSeconds },
    ...(beginString === 'FIXT.1.1' ? { defaultApplVerId: '9' as const } : {}),
    ...(pin === undefined ? {} : { certificate: { pin } }),
  }
}

const linkIdentity = (certificate: Uint8Array): { pin: string; uris: string[] } => ({
  pin: spkiPin(certificate),
  uris: [],
})

function openPeering(core: Core): PeerServer {
  const { keys, peers, peering } = core
  const evidence = evidenceParts(core)
  return createPeerServer({
    tls: tlsServerOptions(keys.tls, peers),
    identify: (socket) => {
      const peer = peerOf(socket, peers)
      return isRefusal(peer) ? peer : peer.name
    },
    routes: {
      [confirmationsPath]: (peer, message) => onConfirmation(peering, peer, message),
      [instructionsPath]: (peer, message) => onInstruction(peering, peer, message),
      [evidencePath]: (peer, message) => Promise.resolve(onEvidence(evidence, peer, message)),
    },
  })
}

function evidenceParts({ journal, projection, config, peering, clock, settling }: Core): EvidenceParts {
  return { journal, projection, config, state: peering.loop.state, clock, peerClient: settling.peerClient }
}

async function listenAll(
  core: Core,
  engine: FixEngine,
  server: PeerServer,
): Promise<Gateway['ports'] | Refusal> {
  const { config, keys, peers } = core
  const peering = await server.listen(config.peering.host, config.peering.port)
  if (isRefusal(peering)) return peering
  const fix: number[] = []
  for (const { host, port, tls } of config.fix.acceptors) {
    const options = { options: tlsServerOptions(keys.tls, peers), identityOf: linkIdentity }
    const listening = await engine.listen(tls ? { host, port, tls: options } : { host, port })
    fix.push(listening.port)
  }
  return { peering, fix }
}

function dialAll({ config, keys, peers }: Core, engine: FixEngine): void {
  for (const session of config.fix.sessions) {
    const pinned = peers.find((peer) => peer.name === session.party)
    if (session.role !== 'initiator' || !session.connect) continue
    const tls = pinned && { options: tlsClientOptions(keys.tls, pinned), identityOf: linkIdentity }
    engine.connect(fixSessionKey(session), { ...session.connect, ...(tls ? { tls } : {}) })
  }
}

function apiOf(core: Core, engine: FixEngine, witnessing: Witnessing): GatewayApi {
  const { config, journal, clock, chain, worker, peering, pdp, policies, keys } = core
  const evidence = evidenceParts(core)
  return createGatewayApi({
    config,
    identity: identityOf(config, journal, keys),
    peering,
    views: {
      desk: peering,
      projection: evidence.projection,
      waiting: worker.waiting,
      entries: (indices) => indices.flatMap((index) => journal.read(index, index + 1)),
    },
    evidence,
    health: { clock, journal, witnessing: () => witnessing, engine: () => engine, ledger: chain.state },
    engine: () => engine,
    pdp,
    policies: policies.policies,
  })
}

function identityOf(
  config: GatewayConfig,
  journal: Journal,
  keys: GatewayKeys,
): ReturnType<GatewayApi['identity']> {
  const { name, lei, environment, peering, ledger } = config
  const { witnesses, quorum } = config.journal
  return {
    ...{ name, lei, environment, quorum },
    version: gatewayVersion,
    logOrigin: journal.origin,
    logKey: journal.vkey,
    witnesses: witnesses.map(({ vkey }) => vkey),
    settlementAddress: keys.settlement.address,
    peers: peering.peers.map((peer) => ({ name: peer.name, lei: peer.lei, url: peer.url })),
    ledgers: [{ chainId: ledger.chainId, name: ledger.name, rpc: ledger.rpc }],
  }
}
