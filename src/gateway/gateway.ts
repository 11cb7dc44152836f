// One gateway, put together: the only place where the layers meet. It opens what it needs from the store outwards
// and closes in the opposite order. Time, randomness and crash points are arguments.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isRefusal, refuse, systemClock, type Clock, type Random, type Refusal } from '#core'
import { digest, systemRandom, tlsClientOptions, tlsRefusal } from '#crypto'
import type { PinnedPeer } from '#crypto'
import { checkedOpen, openSqliteStore, type Journal, type Store, type WitnessPolicy } from '#journal'
import { createPdp, defaultPolicyFolder, loadPolicyFolder, type Pdp, type PolicySet } from '#policy'
import { createPeerClient, witnessClient, type FixEngine, type PeerClient } from '#transport'
import type { GatewayApi } from './api.ts'
import { connectLedger, createEffectStore, type Chain } from './chain.ts'
import { configuredClock, type GatewayConfig } from './config.ts'
import { assembleCore } from './core.ts'
import { dialAll, listenAll, openFix, openPeering, type Ports } from './doors.ts'
import type { EvidenceParts } from './evidence-exchange.ts'
import { createGatewayApi } from './gateway-api.ts'
import { openGatewayKeys, ownKeys, pinnedPeers, type GatewayKeys } from './keys.ts'
import type { Probe } from './loop.ts'
import { openingDrafts, peerKeys } from './opening.ts'
import type { PeeringParts } from './peering.ts'
import { createProjection, type Projection } from './projection.ts'
import { createRows, type Rows } from './rows.ts'
import type { SettlingParts } from './settling.ts'
import { startWitnessing, witnessPolicyOf, type Witnessing } from './witnessing.ts'
import { realLater, type Worker } from './worker.ts'

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
  readonly ports: Ports
  readonly close: () => Promise<void>
}

export const gatewayVersion = '0.1.0'

/**
 * Refuses `config-invalid`, `file-unreadable`, `tls-…` (a pin that is not its certificate's), `store-locked`,
 * `store-unsafe`, `journal-corrupt`, `policy-invalid`, `port-in-use`; what was opened by then is closed again.
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway | Refusal> {
  const opened: Opened = []
  const gateway = await open(options, opened)
  if (isRefusal(gateway)) await closeAll(opened)
  return gateway
}

/** How to close what has been opened, in the order of opening. */
type Opened = (() => Promise<unknown> | void)[]

async function closeAll(opened: Opened): Promise<void> {
  for (const close of opened.toReversed()) await close()
}

async function open(options: GatewayOptions, opened: Opened): Promise<Gateway | Refusal> {
  const base = openBase(options, opened)
  if (isRefusal(base)) return base
  const unrecorded = await recordOpening(base)
  if (unrecorded) return unrecorded
  const core = assemble(base, options, opened)
  if (isRefusal(core)) return core
  return goOnline(core, options, opened)
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

type Stored = Pick<Base, 'store' | 'journal'>

function openBase({ config, onFailure }: GatewayOptions, opened: Opened): Base | Refusal {
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
  const { origin } = config.journal
  const journalOf = (store: Store): Journal | Refusal =>
    checkedOpen({ store, origin, signer: keys.journal, clock, random, onFailure })
  const stored = openStored(config.dataDir, journalOf, opened)
  return isRefusal(stored) ? stored : { config, clock, random, keys, peers, policies, pdp, ...stored }
}

function openStored(
  directory: string,
  journalOf: (store: Store) => Journal | Refusal,
  opened: Opened,
): Stored | Refusal {
  const unmade = makeDirectory(directory)
  if (unmade) return unmade
  const store = openSqliteStore(join(directory, 'journal.db'))
  if (isRefusal(store)) return store
  opened.push(() => store.close())
  const journal = journalOf(store)
  if (isRefusal(journal)) return journal
  opened.push(() => journal.close())
  return { store, journal }
}

function makeDirectory(directory: string): Refusal | undefined {
  try {
    mkdirSync(directory, { recursive: true })
    return undefined
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return refuse('file-unreadable', `${directory} cannot be made: ${why}`)
  }
}

async function recordOpening({ journal, config, keys, clock, pdp }: Base): Promise<Refusal | undefined> {
  const now = clock.now()
  const records = [...ownKeys(keys, config.lei, now), ...peerKeys(config)]
  const drafts = openingDrafts(journal, { config, keys: records, policySet: pdp.set })
  if (isRefusal(drafts)) return drafts
  if (drafts.length > 0) await journal.append(drafts)
  return undefined
}

type Core = Base & {
  readonly chain: Chain
  readonly peering: PeeringParts
  readonly settling: SettlingParts
  readonly worker: Worker
  readonly projection: Projection
}

function assemble(base: Base, options: GatewayOptions, opened: Opened): Core | Refusal {
  const { config, journal, store, keys } = base
  const clients = peerClients(base)
  const closeClients = (): Promise<unknown> =>
    Promise.all([...clients.values()].map((client) => client.close()))
  opened.push(closeClients)
  const effects = createEffectStore(store, journal)
  const timing = { later: realLater, onBug: options.onFailure }
  const chain = connectLedger(config, keys.settlement, effects, timing)
  opened.push(() => chain.close())
  const core = assembleCore({
    ...base,
    ledger: chain,
    peerClient: (name) => clients.get(name) ?? refuse('peer-unknown', `no peer ${name} is registered`),
    later: realLater,
    probe: options.probe ?? (() => undefined),
    onBug: options.onFailure,
  })
  if (isRefusal(core)) return core
  // Work under way may be waiting for a peer: it is told that nobody will answer.
  opened.push(() => Promise.all([core.worker.close(), closeClients()]))
  return { ...base, ...core, chain, projection: createProjection(journal) }
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

async function goOnline(core: Core, options: GatewayOptions, opened: Opened): Promise<Gateway | Refusal> {
  const { config, journal, clock, worker, store } = core
  const policy = witnessPolicyOf(config.journal)
  if (isRefusal(policy)) return policy
  const engine = await openFix(core, options.onFailure)
  opened.push(() => engine.close())
  const server = openPeering(core, evidenceParts(core), options.onFailure)
  opened.push(() => server.close())
  const witnessing = openWitnessing(core, policy, options, opened)
  const api = apiOf(core, engine, witnessing)
  const ports = await listenAll(core, engine, server)
  if (isRefusal(ports)) return ports
  dialAll(core, engine)
  core.chain.evm.recover().catch(options.onFailure)
  worker.wake()
  const rows = createRows(store, journal, 'door')
  return { api, rows, clock, ports, close: () => closeAll(opened) }
}

function openWitnessing(
  { journal, config }: Core,
  policy: WitnessPolicy,
  { onFailure }: GatewayOptions,
  opened: Opened,
): Witnessing {
  const channel = witnessClient()
  opened.push(() => channel.close())
  const everyMs = config.checkpointEveryMs
  const witnessing = startWitnessing({ journal, policy, channel, everyMs, later: realLater, onFailure })
  opened.push(() => witnessing.close())
  return witnessing
}

function evidenceParts({ journal, projection, config, peering, clock, settling }: Core): EvidenceParts {
  return { journal, projection, config, state: peering.loop.state, clock, peerClient: settling.peerClient }
}

function apiOf(core: Core, engine: FixEngine, witnessing: Witnessing): GatewayApi {
  const { config, store, journal, clock, chain, worker, peering, pdp, policies, keys } = core
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
    rows: createRows(store, journal, 'operations'),
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
    name,
    lei,
    environment,
    quorum,
    version: gatewayVersion,
    logOrigin: journal.origin,
    logKey: journal.vkey,
    witnesses: witnesses.map(({ vkey }) => vkey),
    settlementAddress: keys.settlement.address,
    peers: peering.peers.map((peer) => ({ name: peer.name, lei: peer.lei, url: peer.url })),
    ledgers: [{ chainId: ledger.chainId, name: ledger.name, rpc: ledger.rpc }],
  }
}
