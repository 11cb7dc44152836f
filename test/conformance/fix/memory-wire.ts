import { instant, manualClock, type ManualClock } from '#core'
import {
  createFramer,
  defaultEngineLimits,
  loadSessions,
  memoryPersistence,
  type FixApplication,
  type Framer,
  Hub,
  type Link,
  type LinkListener,
  type SessionConfig,
} from '#transport'
import { closed, silence, type Wire } from './runner.ts'

type End = { listener: LinkListener; inbox: string[]; isClosed: boolean }

const start = instant(Date.UTC(2026, 10, 20, 14, 0, 0, 250))
const tickMs = 100
/** Virtual time after which nothing is expected to come any more: longer than any heartbeat of the suite. */
const silenceMs = 90_000

/** The engine without sockets, with a clock that moves only while the runner waits. */
export async function memoryWire(
  sessions: readonly SessionConfig[],
  application: FixApplication,
): Promise<Wire> {
  const clock = manualClock(start)
  const persistence = memoryPersistence()
  const table = await loadSessions(sessions, persistence, clock.now())
  const hub = new Hub({ sessions: table, persistence, application, clock, limits: defaultEngineLimits })
  const ends = new Map<number, End>()

  async function receive(connection: number): Promise<string | typeof closed | typeof silence> {
    const end = endOf(ends, connection)
    for (let waitedMs = 0; waitedMs < silenceMs; waitedMs += tickMs) {
      await settle(hub)
      const next = end.inbox.shift()
      if (next !== undefined) return next
      if (end.isClosed) return closed
      advance(clock, hub)
    }
    return silence
  }

  return {
    now: () => clock.now(),
    async connect(connection) {
      ends.set(connection, newEnd(hub))
      await settle(hub)
    },
    async awaitConnection(connection) {
      const initiator = [...table.values()].find((session) => session.config.role === 'initiator')
      ends.set(connection, newEnd(hub, initiator))
      await settle(hub)
    },
    async disconnect(connection) {
      endOf(ends, connection).listener.closed()
      await settle(hub)
    },
    async send(connection, bytes) {
      endOf(ends, connection).listener.chunk(bytes)
      await settle(hub)
    },
    receive,
  }
}

function newEnd(hub: Hub, session?: Parameters<Hub['attach']>[1]): End {
  const framer: Framer = createFramer()
  const end: Omit<End, 'listener'> = { inbox: [], isClosed: false }
  const link: Link = {
    remote: 'memory',
    identity: undefined,
    write(bytes) {
      for (const frame of framer.push(bytes)) end.inbox.push(Buffer.from(frame.bytes).toString('latin1'))
    },
    bufferedBytes: () => 0,
    pause: () => undefined,
    resume: () => undefined,
    close: () => {
      end.isClosed = true
    },
  }
  return Object.assign(end, { listener: hub.attach(link, session) })
}

function endOf(ends: Map<number, End>, connection: number): End {
  const end = ends.get(connection)
  if (!end) throw new Error(`connection ${connection} was never opened`)
  return end
}

function advance(clock: ManualClock, hub: Hub): void {
  clock.advance(tickMs)
  hub.tick()
}

/** Until nothing is on its way to the store or back from it. */
async function settle(hub: Hub): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await hub.idle()
    await new Promise((resolve) => setImmediate(resolve))
  }
}
