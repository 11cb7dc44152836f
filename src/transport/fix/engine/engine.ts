import { invariant, type Clock } from '#core'
import type { FixBody, SessionConfig, SessionKey } from '../session/index.ts'
import { createAdmin } from './admin.ts'
import type { FixApplication } from './application.ts'
import { Hub } from './hub.ts'
import { defaultEngineLimits, type EngineLimits } from './limits.ts'
import type { FixPersistence } from './persistence.ts'
import { loadSessions, type LiveSession, type SessionTable } from './sessions.ts'
import { Dialler, createListener, type Listening, type ListenOptions, type RemoteEnd } from './socket.ts'
import { viewOf, type SessionView } from './view.ts'

export type FixEngineOptions = {
  readonly sessions: readonly SessionConfig[]
  readonly persistence: FixPersistence
  readonly application: FixApplication
  readonly clock: Clock
  readonly limits?: Partial<EngineLimits>
  /** Told why the engine has stopped by itself. Nothing is said on any session from then on: open it again. */
  readonly onFailure?: (error: unknown) => void
}

export type FixEngine = {
  /** Accepts connections of acceptor sessions. Port 0 takes any free port; see the answer. */
  listen(options: ListenOptions): Promise<Listening>
  /** Keeps an initiator session connected to `remote`, again and again, until `close`. */
  connect(session: SessionKey, remote: RemoteEnd): void
  /**
   * Sends an application message. Its number and bytes are durable when the promise resolves (with the
   * MsgSeqNum); it reaches the counterparty now or after the next logon. Called within `onMessage`, it is
   * part of that message's batch.
   */
  send(
    session: SessionKey,
    body: FixBody,
    options?: { readonly attachments?: readonly unknown[] },
  ): Promise<number>
  sessions(): readonly SessionView[]
  readonly admin: ReturnType<typeof createAdmin>
  /** Resolves when nothing waits for the store. */
  idle(): Promise<void>
  /** Logs out, waits as long as the logout timeout for the answers, closes. */
  close(): Promise<void>
  /** Drops all connections as a crash would: nothing more is said or stored. */
  destroy(): void
}

/** Loads the sessions from the store and is then ready to listen and to connect. */
export async function createFixEngine(options: FixEngineOptions): Promise<FixEngine> {
  const limits = { ...defaultEngineLimits, ...options.limits }
  const { clock, persistence, application, onFailure } = options
  const table = await loadSessions(options.sessions, persistence, clock.now())
  const hub = new Hub({ sessions: table, persistence, application, clock, limits, onFailure })
  const listener = createListener(hub, limits)
  const dialler = new Dialler(hub, limits)
  const ticker = setInterval(() => hub.tick(), limits.tickMs)
  ticker.unref()
  const stop = async (): Promise<void> => {
    clearInterval(ticker)
    hub.stop()
    dialler.close()
    await listener.close()
  }
  return {
    listen: listener.listen,
    connect: (key, remote) => dialler.dial(initiator(table, key), remote),
    send: (key, body, { attachments = [] } = {}) => sendDurably(hub, known(table, key), body, attachments),
    sessions: () => [...table.values()].map(viewOf),
    admin: createAdmin(hub, table),
    idle: () => hub.idle(),
    async close() {
      dialler.refuse()
      listener.refuse()
      await logoutAll(hub, table, limits)
      await stop()
    },
    destroy: () => void stop(),
  }
}

async function sendDurably(
  hub: Hub,
  session: LiveSession,
  body: FixBody,
  attachments: readonly unknown[],
): Promise<number> {
  hub.attachOperations(attachments)
  const seq = hub.send(session, body)
  await hub.durable()
  return seq
}

/** Says goodbye to everybody and waits until they have answered or the logout timeouts have run out. */
async function logoutAll(hub: Hub, table: SessionTable, limits: EngineLimits): Promise<void> {
  for (const session of table.values())
    if (session.line) hub.apply(session, { kind: 'operator', command: { command: 'logout' } })
  while ([...table.values()].some((session) => session.line)) {
    if (hub.failed()) return
    await new Promise((resolve) => setTimeout(resolve, limits.tickMs / 4))
  }
  await hub.idle()
}

function known(table: SessionTable, key: SessionKey): LiveSession {
  const session = table.get(key)
  invariant(session, `no session ${key} is configured`)
  return session
}

function initiator(table: SessionTable, key: SessionKey): LiveSession {
  const session = known(table, key)
  invariant(session.config.role === 'initiator', `${key} is an acceptor`)
  return session
}
