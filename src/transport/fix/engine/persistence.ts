import type { Instant } from '#core'
import type { SavedSession, SessionKey, StoredMessage } from '../session/index.ts'

/**
 * The store port. What is kept: both numbers, the stored application messages, and when the numbers began, per
 * session. `commit` is all or nothing and durable when it resolves; the engine transmits only after that.
 */
export type FixPersistence = {
  load(session: SessionKey): Promise<SavedSession | undefined>
  commit(batch: FixBatch): Promise<void>
  /** Stored messages from `from` to `to`, both included, ascending; numbers without one are left out. */
  messages(session: SessionKey, from: number, to: number): Promise<readonly StoredMessage[]>
}

/** Several sessions' changes in the order in which they happened, and what the application attached to them. */
export type FixBatch = {
  readonly changes: readonly FixChange[]
  readonly attachments: readonly unknown[]
}

export type FixChange =
  | { readonly op: 'message'; readonly session: SessionKey; readonly seq: number; readonly bytes: Uint8Array }
  | { readonly op: 'nextIn'; readonly session: SessionKey; readonly value: number }
  | { readonly op: 'nextOut'; readonly session: SessionKey; readonly value: number }
  /** Both numbers are 1 and no message is stored any more. Also creates a session. */
  | { readonly op: 'reset'; readonly session: SessionKey; readonly createdAt: Instant }
  | { readonly op: 'enabled'; readonly session: SessionKey; readonly value: boolean }
