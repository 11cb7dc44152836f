// What decides in one gateway, without sockets, disk, clock or timers of its own: the loop, what stands around it,
// and the worker. A gateway gives it the real ports, a simulation its own.
import { isRefusal, type Clock, type Random, type Refusal } from '#core'
import type { Journal } from '#journal'
import type { Pdp } from '#policy'
import { parseInstrument } from '#trade'
import { createAuthoriser } from './authorise.ts'
import type { GatewayConfig } from './config.ts'
import type { GatewayKeys } from './keys.ts'
import { createLoop, type Probe } from './loop.ts'
import { createMaker } from './maker.ts'
import { createOutbox } from './outbox.ts'
import type { PeeringParts } from './peering.ts'
import { placeOf } from './place.ts'
import { createRegistry } from './registry.ts'
import { doers, type SettlingParts } from './settling.ts'
import { createWorker, type Later, type Worker } from './worker.ts'

export type CoreParts = {
  readonly config: GatewayConfig
  readonly clock: Clock
  readonly random: Random
  readonly keys: Pick<GatewayKeys, 'record' | 'settlement'>
  readonly journal: Journal
  readonly pdp: Pdp
  readonly ledger: SettlingParts['ledger']
  readonly peerClient: SettlingParts['peerClient']
  readonly later: Later
  readonly probe: Probe
  readonly onBug: (error: unknown) => void
}

export type GatewayCore = {
  readonly peering: PeeringParts
  readonly settling: SettlingParts
  readonly worker: Worker
}

/** Replays the journal. Refuses `config-invalid` for what it cannot price from. */
export function assembleCore(parts: CoreParts): GatewayCore | Refusal {
  const { config, ledger, peerClient, journal } = parts
  const maker = config.maker && createMaker(config.maker)
  if (isRefusal(maker)) return maker
  const peering = assemblePeering(parts, maker)
  const settling: SettlingParts = { ...peering, peerClient, ledger }
  const worker = createWorker({
    state: peering.loop.state,
    perform: async (kind, tradeId, trade) => {
      // The trade is as it was decided, perhaps not yet as it is on disk: its effects wait for that.
      await peering.loop.settled()
      return doers[kind](settling, { tradeId, trade })
    },
    onBug: parts.onBug,
    later: parts.later,
  })
  journal.onAppend(() => worker.wake())
  return { peering, settling, worker }
}

function assemblePeering(parts: CoreParts, maker: PeeringParts['maker']): PeeringParts {
  const { config, clock, random, keys, journal, pdp, probe, onBug } = parts
  const { settlement, record } = keys
  const own = {
    settlementAddress: settlement.address,
    recordKeyId: record.keyId,
    recordKey: record.publicKey,
  }
  const registry = createRegistry(config, own)
  const place = placeOf(config, registry)
  const loop = createLoop({ journal, clock, self: registry.self, probe, onFailure: onBug })
  const { chainId, payToken } = config.ledger
  const { decimals } = payToken
  const authorise = createAuthoriser({ pdp, registry, clock, state: () => loop.state, chainId, decimals })
  const desk = { loop, clock, random, registry, place, authorise, maker }
  return {
    ...desk,
    outbox: createOutbox((bundle) => loop.commit(bundle)),
    instrumentOf: (securityId) => parseInstrument(securityId, place.venue, clock.now()),
    recordSigner: record,
    settlementSigner: settlement,
    recordKeys: () => registry.recordKeys(clock.now()),
  }
}
