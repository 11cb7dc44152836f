import { refuse, type Refusal } from '#core'
import type { SessionCommand, SessionKey } from '../session/index.ts'
import type { Hub } from './hub.ts'
import type { LiveSession, SessionTable } from './sessions.ts'
import { viewOf, type SessionView } from './view.ts'

/** Highest number an operator may set; leaves room for a life of messages below 2^53. */
const seqMax = 1_000_000_000_000

/**
 * Session administration. Each command is durable when it resolves with the new view. Refusals:
 * `fix-session-unknown`, `fix-session-live` (numbers are set only while disconnected), `field-invalid`.
 */
export function createAdmin(hub: Hub, table: SessionTable) {
  async function command(key: SessionKey, wanted: SessionCommand): Promise<SessionView | Refusal> {
    const session = table.get(key)
    if (!session) return refuse('fix-session-unknown', `No session ${key.slice(0, 100)}`)
    const problem = problemOf(session, wanted)
    if (problem) return problem
    hub.apply(session, { kind: 'operator', command: wanted })
    await hub.durable()
    return viewOf(session)
  }
  return {
    view(key: SessionKey): SessionView | Refusal {
      const session = table.get(key)
      return session ? viewOf(session) : refuse('fix-session-unknown', `No session ${key.slice(0, 100)}`)
    },
    setNextIn: (key: SessionKey, seq: number) => command(key, { command: 'set-next-in', seq }),
    setNextOut: (key: SessionKey, seq: number) => command(key, { command: 'set-next-out', seq }),
    /** Both numbers to 1: by a Logon with ResetSeqNumFlag=Y when logged on, in the store alone otherwise. */
    reset: (key: SessionKey) => command(key, { command: 'reset' }),
    enable: (key: SessionKey) => command(key, { command: 'enable' }),
    /** Logs the session out and refuses its logons until it is enabled again, across restarts. */
    disable: (key: SessionKey) => command(key, { command: 'disable' }),
    logout: (key: SessionKey, text?: string) =>
      command(key, text === undefined ? { command: 'logout' } : { command: 'logout', text }),
  }
}

function problemOf(session: LiveSession, wanted: SessionCommand): Refusal | undefined {
  if (wanted.command !== 'set-next-in' && wanted.command !== 'set-next-out') return undefined
  if (session.line) return refuse('fix-session-live', `${session.key} is connected`)
  const isNumber = Number.isSafeInteger(wanted.seq) && wanted.seq >= 1 && wanted.seq <= seqMax
  return isNumber ? undefined : refuse('field-invalid', `Not a sequence number: ${wanted.seq}`)
}
