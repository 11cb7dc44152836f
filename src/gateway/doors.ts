// The doors of one gateway: FIX sessions, and the messages of other gateways.
import { isRefusal, refuse, type Clock, type Refusal } from '#core'
import { peerOf, spkiPin, tlsClientOptions, tlsServerOptions, type PinnedPeer } from '#crypto'
import type { Store } from '#journal'
import {
  createFixEngine,
  createPeerServer,
  type FixEngine,
  type PeerServer,
  type SessionConfig,
} from '#transport'
import type { FixSessionConfig, GatewayConfig } from './config.ts'
import { evidencePath, onEvidence, type EvidenceParts } from './evidence-exchange.ts'
import { createFixDesk } from './fix-desk.ts'
import { createFixStore } from './fix-store.ts'
import type { GatewayKeys } from './keys.ts'
import {
  confirmationsPath,
  instructionsPath,
  onConfirmation,
  onInstruction,
  type PeeringParts,
} from './peering.ts'
import { fixSessionKey } from './registry.ts'
import { cancelOpenQuotes } from './session-loss.ts'

export type Doors = {
  readonly config: GatewayConfig
  readonly clock: Clock
  readonly keys: Pick<GatewayKeys, 'tls'>
  readonly peers: readonly PinnedPeer[]
  readonly store: Store
  readonly peering: PeeringParts
}

/** The ports that were really taken, for configurations with port 0. */
export type Ports = { readonly peering: number; readonly fix: readonly number[] }

/**
 * The decisions of a lost session are carried out like any other; that they fail is a failure of the store. So is an
 * engine that has stopped by itself: while the process lived on, no session would be heard again.
 */
export async function openFix(
  { config, store, peering, clock }: Pick<Doors, 'config' | 'store' | 'peering' | 'clock'>,
  onFailure: (error: unknown) => void,
): Promise<FixEngine> {
  let engine: FixEngine | undefined
  let closing = false
  const desk = createFixDesk(
    peering,
    (session, body) => void engine?.send(session, body).catch(() => undefined),
  )
  engine = await createFixEngine({
    sessions: config.fix.sessions.map(engineSession),
    persistence: createFixStore(store, peering.loop.commitBatch),
    application: {
      onMessage: (turn, message, flags) => desk.onMessage(turn, message, flags),
      onSession: ({ what, session }) => {
        if (what === 'cancel-orders' && session !== undefined && !closing)
          cancelOpenQuotes(peering, session).catch(onFailure)
      },
    },
    clock,
    onFailure,
  })
  const opened = engine
  peering.outbox.bind((session, body, options) => opened.send(session, body, options))
  return {
    ...opened,
    close: () => {
      closing = true
      peering.outbox.close()
      return opened.close()
    },
  }
}

function engineSession(session: FixSessionConfig): SessionConfig {
  const { beginString, senderCompId, targetCompId, role, heartBtIntSeconds } = session
  const { pin, dropCopyOf, cancelOn } = session
  const config = { beginString, senderCompId, targetCompId, role, heartBtIntSeconds }
  return {
    ...config,
    ...(beginString === 'FIXT.1.1' ? { defaultApplVerId: '9' as const } : {}),
    ...(pin === undefined ? {} : { certificate: { pin } }),
    ...(dropCopyOf === undefined ? {} : { dropCopyOf }),
    ...(cancelOn === undefined ? {} : { cancelOn }),
  }
}

const linkIdentity = (certificate: Uint8Array): { pin: string; uris: string[] } => ({
  pin: spkiPin(certificate),
  uris: [],
})

export function openPeering(
  { keys, peers, peering }: Doors,
  evidence: EvidenceParts,
  onFailure: (error: unknown) => void,
): PeerServer {
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
    onFailure,
  })
}

export async function listenAll(
  { config, keys, peers }: Doors,
  engine: FixEngine,
  server: PeerServer,
): Promise<Ports | Refusal> {
  const peering = await server.listen(config.peering.host, config.peering.port)
  if (isRefusal(peering)) return peering
  const fix: number[] = []
  for (const { host, port, tls } of config.fix.acceptors) {
    const options = { options: tlsServerOptions(keys.tls, peers), identityOf: linkIdentity }
    const listening = await listenFix(engine, tls ? { host, port, tls: options } : { host, port })
    if (isRefusal(listening)) return listening
    fix.push(listening)
  }
  return { peering, fix }
}

async function listenFix(
  engine: FixEngine,
  where: Parameters<FixEngine['listen']>[0],
): Promise<number | Refusal> {
  try {
    const { port } = await engine.listen(where)
    return port
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    const { host, port } = where
    return refuse('port-in-use', `port ${port} on ${host} is in use`, { port: String(port) })
  }
}

export function dialAll({ config, keys, peers }: Doors, engine: FixEngine): void {
  for (const session of config.fix.sessions) {
    const pinned = peers.find((peer) => peer.name === session.party)
    if (session.role !== 'initiator' || !session.connect) continue
    const tls = pinned && { options: tlsClientOptions(keys.tls, pinned), identityOf: linkIdentity }
    engine.connect(fixSessionKey(session), { ...session.connect, ...(tls ? { tls } : {}) })
  }
}
