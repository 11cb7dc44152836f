import type { Instant } from '#core'
import {
  openSession,
  sessionKey,
  type SessionConfig,
  type SessionKey,
  type SessionState,
} from '../session/index.ts'
import type { Line } from './line.ts'
import type { FixChange, FixPersistence } from './persistence.ts'

/** A session in the engine: its machine's state, its connection, and what of its numbers is durable or on its way. */
export type LiveSession = {
  readonly key: SessionKey
  readonly config: SessionConfig
  /** Drop-copy sessions that watch this one. */
  readonly copiedTo: LiveSession[]
  state: SessionState
  line: Line | undefined
  savedIn: number
  savedOut: number
}

export type SessionTable = ReadonlyMap<SessionKey, LiveSession>

/** Reads all sessions from the store; a session that is new there is created with the numbers 1 and 1. */
export async function loadSessions(
  configs: readonly SessionConfig[],
  persistence: FixPersistence,
  now: Instant,
): Promise<SessionTable> {
  const table = new Map<SessionKey, LiveSession>()
  const created: FixChange[] = []
  for (const config of configs) {
    const key = sessionKey(config)
    if (table.has(key)) throw new DuplicateSessionError(key)
    const known = await persistence.load(key)
    if (!known) created.push({ op: 'reset', session: key, createdAt: now })
    table.set(key, liveSession(key, config, known ?? { nextIn: 1, nextOut: 1, createdAt: now }))
  }
  if (created.length > 0) await persistence.commit({ changes: created, attachments: [] })
  wireDropCopies(table)
  return table
}

function liveSession(
  key: SessionKey,
  config: SessionConfig,
  saved: Parameters<typeof openSession>[1],
): LiveSession {
  return {
    key,
    config,
    copiedTo: [],
    state: openSession(config, saved),
    line: undefined,
    savedIn: saved.nextIn,
    savedOut: saved.nextOut,
  }
}

function wireDropCopies(table: SessionTable): void {
  for (const copy of table.values())
    for (const watched of copy.config.dropCopyOf ?? []) {
      const session = table.get(watched)
      if (!session) throw new UnknownWatchedSessionError(copy.key, watched)
      session.copiedTo.push(copy)
    }
}

export class DuplicateSessionError extends Error {
  override readonly name = 'FixEngine.DuplicateSessionError'
  constructor(key: SessionKey) {
    super(`${key} is configured twice`)
  }
}

export class UnknownWatchedSessionError extends Error {
  override readonly name = 'FixEngine.UnknownWatchedSessionError'
  constructor(copy: SessionKey, watched: SessionKey) {
    super(`${copy} is a drop copy of ${watched}, which is not configured`)
  }
}
