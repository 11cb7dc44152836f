import type { Instant } from '#core'
import type { SessionFactKind, SessionKey } from '../session/index.ts'

/** Something that happened to a session or to a connection that never became one. */
export type SessionEvent = {
  readonly what: SessionFactKind | LineFactKind
  readonly detail: string
  readonly at: Instant
  readonly session?: SessionKey
  readonly remote?: string
}

/** What happens to connections rather than to sessions. */
export type LineFactKind =
  | 'too-many-connections'
  | 'unknown-session'
  | 'already-connected'
  | 'certificate-mismatch'
  | 'not-a-logon'
  | 'frame-too-large'
  | 'slow-reader'
  | 'connect-failed'
