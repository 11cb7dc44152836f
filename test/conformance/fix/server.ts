import { systemClock } from '#core'
import {
  createFixEngine,
  memoryPersistence,
  type EngineLimits,
  type FixApplication,
  type FixEngine,
  type FixPersistence,
  type ListenOptions,
  type SessionConfig,
  type SessionEvent,
} from '#transport'
import { until } from './tcp-client.ts'

export type TestServer = {
  readonly engine: FixEngine
  readonly port: number
  readonly events: readonly SessionEvent[]
  /** Why the engine has stopped by itself. */
  readonly failures: readonly unknown[]
  /** Waits for an event of that kind. */
  happens(what: SessionEvent['what']): Promise<SessionEvent>
}

export type TestServerOptions = {
  readonly sessions?: readonly SessionConfig[]
  readonly persistence?: FixPersistence
  readonly limits?: Partial<EngineLimits>
  readonly onMessage?: FixApplication['onMessage']
  readonly tls?: ListenOptions['tls']
}

export const deskSession: SessionConfig = {
  beginString: 'FIX.4.4',
  senderCompId: 'CEDAR',
  targetCompId: 'DESK',
  role: 'acceptor',
}

/** Our engine on a free port of loopback. */
export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const events: SessionEvent[] = []
  const failures: unknown[] = []
  const engine = await createFixEngine({
    sessions: options.sessions ?? [deskSession],
    persistence: options.persistence ?? memoryPersistence(),
    application: {
      onMessage: options.onMessage ?? (() => undefined),
      onSession: (event) => void events.push(event),
    },
    clock: systemClock,
    limits: { tickMs: 20, ...options.limits },
    onFailure: (error) => failures.push(error),
  })
  const listen = { host: '127.0.0.1', port: 0, ...(options.tls && { tls: options.tls }) }
  const { port } = await engine.listen(listen)
  return {
    engine,
    port,
    events,
    failures,
    async happens(what) {
      await until(() => events.some((event) => event.what === what), what)
      const event = events.find((one) => one.what === what)
      if (!event) throw new Error(`${what} has happened`)
      return event
    },
  }
}
