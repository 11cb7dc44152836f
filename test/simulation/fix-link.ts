import { instant, invariant, manualClock, type Clock } from '#core'
import {
  createFramer,
  defaultEngineLimits,
  Hub,
  loadSessions,
  memoryPersistence,
  parseMessage,
  type FixApplication,
  type FixBatch,
  type FixPersistence,
  type Link,
  type LinkListener,
  type SessionConfig,
} from '#transport'
import { news } from './stock-desk.ts'

/** Two FIX engines, a wire between them that can be cut, and stores that can fail at every commit. */
export type World = {
  /** An application message of that side; kept in `sent` when it is durable. */
  send(side: SideName): Promise<void>
  /** Carries at most so many bytes one way. */
  carry(from: SideName, bytesMax: number): Promise<void>
  connect(): Promise<void>
  cut(): Promise<void>
  /** The next commit of that side is the last thing that its process does. */
  crash(side: SideName, when: 'before-commit' | 'after-commit'): void
  advance(ms: number): Promise<void>
  /** Repairs everything and carries until nothing moves any more. */
  heal(): Promise<void>
  readonly sides: Readonly<Record<SideName, Side>>
}
export type SideName = 'acceptor' | 'initiator'

export type Side = {
  readonly config: SessionConfig
  readonly store: CrashingStore
  hub: Hub
  session: Opened['session']
  /** Committed application messages in their order, of the other side and of this one. */
  readonly received: string[]
  readonly sent: string[]
  listener: LinkListener | undefined
  readonly outbox: Uint8Array[]
  /** Numbers of application messages that have left, and those that left again without PossDupFlag. */
  readonly left: Set<string>
  readonly unmarked: string[]
}

type Opened = {
  readonly hub: Hub
  readonly session: NonNullable<Parameters<Hub['attach']>[1]>
}

type CrashingStore = FixPersistence & { crashAt: 'before-commit' | 'after-commit' | undefined; down: boolean }

const common = { beginString: 'FIX.4.4', heartBtIntSeconds: 10 } as const
const configs: Record<SideName, SessionConfig> = {
  acceptor: { ...common, role: 'acceptor', senderCompId: 'A', targetCompId: 'B' },
  initiator: { ...common, role: 'initiator', senderCompId: 'B', targetCompId: 'A' },
}

export async function newWorld(): Promise<World> {
  const clock = manualClock(instant(Date.UTC(2026, 10, 20, 14)))
  const sides = { acceptor: await newSide('acceptor', clock), initiator: await newSide('initiator', clock) }
  let counter = 0

  async function cut(): Promise<void> {
    for (const side of Object.values(sides)) {
      const { listener } = side
      side.listener = undefined
      side.outbox.length = 0
      listener?.closed()
    }
    await settle(sides)
  }

  async function connect(): Promise<void> {
    for (const name of ['acceptor', 'initiator'] as const) if (sides[name].store.down) await restart(name)
    if (sides.acceptor.listener || sides.initiator.listener) await cut()
    sides.acceptor.listener = sides.acceptor.hub.attach(linkOf(sides.acceptor))
    sides.initiator.listener = sides.initiator.hub.attach(linkOf(sides.initiator), sides.initiator.session)
    await settle(sides)
  }

  async function restart(name: SideName): Promise<void> {
    await cut()
    sides[name].store.down = false
    sides[name].store.crashAt = undefined
    Object.assign(sides[name], await openHub(sides[name].config, sides[name].store, clock))
  }

  async function carry(from: SideName, bytesMax: number): Promise<void> {
    const to = sides[from === 'acceptor' ? 'initiator' : 'acceptor']
    const chunk = takeBytes(sides[from].outbox, bytesMax)
    if (chunk && to.listener) to.listener.chunk(chunk)
    await settle(sides)
  }

  async function send(name: SideName): Promise<void> {
    const side = sides[name]
    if (side.store.down) return
    counter += 1
    const text = `${name} ${counter}`
    side.hub.attachOperations([{ sent: text }])
    side.hub.send(side.session, { msgType: 'B', body: news(text) })
    await settle(sides)
  }

  async function advance(ms: number): Promise<void> {
    clock.advance(ms)
    for (const side of Object.values(sides)) if (!side.store.down) side.hub.tick()
    await settle(sides)
  }

  async function heal(): Promise<void> {
    for (const side of Object.values(sides)) side.store.crashAt = undefined
    await connect()
    for (let round = 0; round < 4; round += 1) {
      await advance(4_000)
      await carryAll()
    }
  }

  async function carryAll(): Promise<void> {
    while (sides.acceptor.outbox.length + sides.initiator.outbox.length > 0) {
      await carry('acceptor', 1_000_000)
      await carry('initiator', 1_000_000)
    }
  }

  const crash = (name: SideName, when: 'before-commit' | 'after-commit'): void => {
    sides[name].store.crashAt = when
  }
  return { send, carry, connect, cut, crash, advance, heal, sides }
}

export async function newSide(name: SideName, clock: Clock): Promise<Side> {
  const received: string[] = []
  const sent: string[] = []
  const config = configs[name]
  const store = crashingStore((batch) => record(batch, received, sent))
  const opened = await openHub(config, store, clock)
  return {
    config,
    store,
    received,
    sent,
    listener: undefined,
    outbox: [],
    left: new Set(),
    unmarked: [],
    ...opened,
  }
}

/** A process starts over its store. */
export async function openHub(
  config: SessionConfig,
  persistence: FixPersistence,
  clock: Clock,
): Promise<Opened> {
  const sessions = await loadSessions([config], persistence, clock.now())
  const application: FixApplication = {
    onMessage: (turn, message) => turn.attach({ received: message.text(148) ?? '' }),
    onSession: () => undefined,
  }
  const hub = new Hub({ sessions, persistence, application, clock, limits: defaultEngineLimits })
  const [session] = sessions.values()
  invariant(session, 'the side has its session')
  return { hub, session }
}

function record(batch: FixBatch, received: string[], sent: string[]): void {
  for (const operation of batch.attachments) {
    invariant(typeof operation === 'object' && operation !== null, 'only our own operations are attached')
    if ('received' in operation) received.push(String(operation.received))
    if ('sent' in operation) sent.push(String(operation.sent))
  }
}

function crashingStore(onCommit: (batch: FixBatch) => void): CrashingStore {
  const memory = memoryPersistence()
  const store: CrashingStore = {
    crashAt: undefined,
    down: false,
    load: (session) => memory.load(session),
    messages: (session, from, to) => memory.messages(session, from, to),
    async commit(batch) {
      if (store.crashAt === 'before-commit') fail(store)
      await memory.commit(batch)
      onCommit(batch)
      if (store.crashAt === 'after-commit') fail(store)
    },
  }
  return store
}

function fail(store: CrashingStore): never {
  store.down = true
  throw new Error('the process dies here')
}

export function linkOf(side: Side): Link {
  return {
    remote: 'simulated',
    identity: undefined,
    write(bytes) {
      side.outbox.push(bytes)
      watchRepetitions(side, bytes)
    },
    bufferedBytes: () => 0,
    pause: () => undefined,
    resume: () => undefined,
    close: () => undefined,
  }
}

function watchRepetitions(side: Side, bytes: Uint8Array): void {
  for (const frame of createFramer().push(bytes)) {
    const message = parseMessage(frame.bytes)
    invariant(!('kind' in message), 'what we send can be read')
    const seq = message.text(34) ?? ''
    if (message.msgType !== 'B') continue
    if (side.left.has(seq) && message.text(43) !== 'Y') side.unmarked.push(seq)
    side.left.add(seq)
  }
}

export function takeBytes(outbox: Uint8Array[], bytesMax: number): Uint8Array | undefined {
  const whole = Buffer.concat(outbox)
  outbox.length = 0
  if (whole.length > bytesMax) outbox.push(whole.subarray(bytesMax))
  return whole.length === 0 ? undefined : whole.subarray(0, bytesMax)
}

async function settle(sides: Record<SideName, Side>): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(Object.values(sides).map((side) => side.hub.idle()))
    await new Promise((resolve) => setImmediate(resolve))
  }
}
