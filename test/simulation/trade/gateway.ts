// One gateway of the world: its disk and what it has sent to the ledger outlive its process; everything else is made
// anew at each start, by the same code as in production.
import { invariant, isRefusal, seededRandom, type Clock, type Json, type Refusal } from '#core'
import { openJournal, type Journal } from '#journal'
import { Hub, defaultEngineLimits, loadSessions, type FixPersistence, type SessionConfig } from '#transport'
import { takeApproval, approvalOf } from '../../../src/gateway/approving.ts'
import { assembleCore, type GatewayCore } from '../../../src/gateway/core.ts'
import { createFixDesk } from '../../../src/gateway/fix-desk.ts'
import { createFixStore } from '../../../src/gateway/fix-store.ts'
import { ownKeys } from '../../../src/gateway/keys.ts'
import { createLoop } from '../../../src/gateway/loop.ts'
import { openingDrafts, peerKeys } from '../../../src/gateway/opening.ts'
import { onConfirmation, onInstruction } from '../../../src/gateway/peering.ts'
import { instructionOf, recordFromJws } from '../../../src/gateway/sealing.ts'
import type { SettlementLedger } from '../../../src/gateway/settling.ts'
import type { DeskState } from '#trade'
import type { Agenda } from './agenda.ts'
import { pdp, type Actor } from './cast.ts'
import type { CrashAt, Disk } from './disk.ts'

export type Life = {
  readonly clock: Clock
  readonly journal: Journal
  readonly core: GatewayCore
  readonly hub: Hub
  readonly sessions: Awaited<ReturnType<typeof loadSessions>>
  alive: boolean
}

/** What a mutant may put in the place of a port, to show that the auditor notices. */
export type Wrappers = {
  readonly journal?: (journal: Journal) => Journal
  readonly persistence?: (persistence: FixPersistence) => FixPersistence
  readonly ledger?: (ledger: SettlementLedger) => SettlementLedger
  /** Of the peer's handlers: what arrives before it is looked at. */
  readonly incoming?: (path: string, message: Json) => Json
}

export type World = {
  readonly agenda: Agenda
  readonly wrappers: Wrappers
  readonly bug: (who: string, error: unknown) => void
  /** Asked at each write. */
  readonly crashAt: (name: Actor['name']) => CrashAt | undefined
  readonly post: (
    from: Actor['name'],
    life: () => Life | undefined,
    path: string,
    message: Json,
  ) => Promise<Json | Refusal>
  readonly ledgerOf: (name: Actor['name'], life: () => Life | undefined) => SettlementLedger
  readonly died: (name: Actor['name']) => void
}

export type SimGateway = {
  readonly actor: Actor
  readonly disk: Disk
  life: Life | undefined
  start(): Promise<void>
  /** The process ends here and now. */
  kill(): void
  handle(path: string, message: Json): Promise<Json | Refusal>
  /** Operators look at what waits for them and approve it. */
  approve(): Promise<void>
  /** What a replay of the disk makes of it. */
  replayed(): DeskState
}

export function createSimGateway(
  actor: Actor,
  disk: Disk,
  skewMs: number,
  seed: number,
  world: World,
): SimGateway {
  let lives = 0
  const gateway: SimGateway = {
    actor,
    disk,
    life: undefined,
    start: async () => {
      lives += 1
      try {
        gateway.life = await begin(gateway, world, skewMs, seed * 31 + lives)
      } catch (error) {
        if (!isDeath(error)) world.bug(actor.name, error)
      }
    },
    kill: () => {
      const { life } = gateway
      gateway.life = undefined
      if (!life) return
      life.alive = false
      life.hub.stop()
      void life.core.worker.close()
      world.died(actor.name)
    },
    handle: (path, message) => handle(gateway, path, world.wrappers.incoming?.(path, message) ?? message),
    approve: () => approveAll(gateway),
    replayed: () => replay(gateway, world),
  }
  return gateway
}

const isDeath = (error: unknown): boolean => error instanceof Error && error.name === 'ProcessDied'

async function begin(gateway: SimGateway, world: World, skewMs: number, seed: number): Promise<Life> {
  const { actor, disk } = gateway
  const { config, keys, member } = actor
  const clock = world.agenda.clock(skewMs)
  let born: Life | undefined
  let dead = false
  const death = (): void => {
    dead = true
    gateway.kill()
  }
  const store = disk.mount(
    () => (dead || born?.alive === false ? 'before' : world.crashAt(actor.name)),
    death,
  )
  const onBug = (error: unknown): void => {
    if (!isDeath(error) && !dead && born?.alive !== false) world.bug(actor.name, error)
  }
  const random = seededRandom(seed)
  const origin = member.logOrigin
  const journal = openJournal({ store, origin, signer: keys.journal, clock, random, onFailure: onBug })
  const records = [
    // oxlint-disable-next-line no-unsafe-type-assertion -- lines here have no TLS, and its key is not registered
    ...ownKeys({ ...keys, tls: undefined as never }, config.lei, clock.now()),
    ...peerKeys(config),
  ]
  const drafts = openingDrafts(journal, { config, keys: records, policySet: pdp.set })
  invariant(!isRefusal(drafts), 'the journal is that of this gateway')
  if (drafts.length > 0) await journal.append(drafts)
  const life = (): Life | undefined => (dead || born?.alive === false ? undefined : born)
  const ledger = world.ledgerOf(actor.name, life)
  const core = assembleCore({
    config,
    clock,
    random,
    keys,
    pdp,
    onBug,
    journal: world.wrappers.journal?.(journal) ?? journal,
    ledger: world.wrappers.ledger?.(ledger) ?? ledger,
    peerClient: () => ({
      post: (path, message) => world.post(actor.name, life, path, message),
      close: () => Promise.resolve(),
    }),
    later: (ms, run) => world.agenda.after(ms, () => life() && run()),
    probe: () => undefined,
  })
  invariant(!isRefusal(core), 'the simulation has a good configuration')
  const { hub, sessions } = await openFix(core, store, clock, config.fix.sessions, world)
  born = { clock, journal, core, hub, sessions, alive: !dead }
  core.worker.wake()
  return born
}

async function openFix(
  core: GatewayCore,
  store: Parameters<typeof createFixStore>[0],
  clock: Clock,
  configs: Actor['config']['fix']['sessions'],
  world: World,
): Promise<Pick<Life, 'hub' | 'sessions'>> {
  const plain = createFixStore(store, core.peering.loop.commitBatch)
  const persistence = world.wrappers.persistence?.(plain) ?? plain
  const sessions = await loadSessions(configs.map(engineSession), persistence, clock.now())
  const desk = createFixDesk(core.peering, (key, body) => {
    const session = sessions.get(key)
    invariant(session, `${key} is configured`)
    hub.send(session, body)
    hub.durable().catch(() => undefined)
  })
  const application = { onMessage: desk.onMessage, onSession: () => undefined }
  const hub: Hub = new Hub({ sessions, persistence, application, clock, limits: defaultEngineLimits })
  return { hub, sessions }
}

function engineSession(session: Actor['config']['fix']['sessions'][number]): SessionConfig {
  const { beginString, senderCompId, targetCompId, role, heartBtIntSeconds } = session
  return { beginString, senderCompId, targetCompId, role, heartBtIntSeconds }
}

function handle({ life, actor }: SimGateway, path: string, message: Json): Promise<Json | Refusal> {
  invariant(life, 'only the living answer')
  const peer = actor.name === 'ALDER' ? 'CEDAR' : 'ALDER'
  const handler = path.endsWith('/confirmations') ? onConfirmation : onInstruction
  return handler(life.core.peering, peer, message)
}

async function approveAll({ life, actor }: SimGateway): Promise<void> {
  if (!life) return
  const { peering } = life.core
  for (const [tradeId, trade] of peering.loop.state.trades) {
    if (!trade.record || trade.recordHash === undefined || trade.approvals.length >= 2) continue
    const { digest } = instructionOf(recordFromJws(trade.record, peering.place)).hashes
    const operator = actor.operators[trade.approvals.length]
    invariant(operator, 'there are two operators')
    const approval = approvalOf({ tradeId, recordHash: trade.recordHash, digest }, operator)
    await takeApproval(peering, actor.config.operators, tradeId, approval)
  }
}

function replay({ actor, disk }: SimGateway, world: World): DeskState {
  const clock = world.agenda.clock(0)
  const { keys, member } = actor
  const options = {
    store: disk.copy(),
    origin: member.logOrigin,
    signer: keys.journal,
    clock,
    random: seededRandom(1),
  }
  const self = { name: member.name, lei: member.lei }
  const onFailure = (error: unknown): void => world.bug(actor.name, error)
  return createLoop({ journal: openJournal(options), clock, self, probe: () => undefined, onFailure }).state
}
