import type { Instant } from '#core'
import type { FixField, FixMessage } from '../wire/index.ts'

/** What an application sends: header fields of its own (97, 115, 128 …) and the body, both in order. */
export type FixBody = {
  readonly msgType: string
  readonly body: readonly FixField[]
  readonly header?: readonly FixField[]
}

export type StoredMessage = { readonly seq: number; readonly bytes: Uint8Array }

/** What an operator may ask of a session (FIX session administration). */
export type SessionCommand =
  | { readonly command: 'reset' }
  | { readonly command: 'set-next-in'; readonly seq: number }
  | { readonly command: 'set-next-out'; readonly seq: number }
  | { readonly command: 'enable' }
  | { readonly command: 'disable' }
  | { readonly command: 'logout'; readonly text?: string }

export type SessionInput =
  | { readonly kind: 'connected' }
  | { readonly kind: 'message'; readonly message: FixMessage }
  | { readonly kind: 'garbled'; readonly reason: string; readonly bytes: Uint8Array }
  /** The first held message is now the next one: process it (see `heldIsNext`). */
  | { readonly kind: 'held' }
  | { readonly kind: 'timer' }
  | { readonly kind: 'send'; readonly message: FixBody }
  /** Answers a `fetch`: the stored messages of that range, ascending; numbers that are absent were administrative. */
  | { readonly kind: 'stored'; readonly fetch: number; readonly messages: readonly StoredMessage[] }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'operator'; readonly command: SessionCommand }

export type SessionOutput =
  /** Keep the bytes of an application message under its number, for resending. */
  | { readonly kind: 'store'; readonly seq: number; readonly bytes: Uint8Array }
  /** Both numbers start again at 1 and stored messages are gone. */
  | { readonly kind: 'reset'; readonly createdAt: Instant }
  | { readonly kind: 'enabled'; readonly enabled: boolean }
  | { readonly kind: 'transmit'; readonly bytes: Uint8Array }
  | { readonly kind: 'deliver'; readonly message: FixMessage; readonly flags: DeliveryFlags }
  /** Asks for stored messages `from` to `to`, both included; answered by `stored` with the same `fetch`. */
  | { readonly kind: 'fetch'; readonly fetch: number; readonly from: number; readonly to: number }
  /** Close the connection after what was transmitted has left. */
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'event'; readonly event: SessionFact }

export type DeliveryFlags = { readonly possDup: boolean; readonly possResend: boolean }

export type SessionFact = { readonly what: SessionFactKind; readonly detail: string }
export type SessionFactKind =
  | 'logged-on'
  | 'logged-out'
  | 'disconnected'
  | 'cancel-orders'
  | 'logon-refused'
  | 'logon-timeout'
  | 'logout-timeout'
  | 'heartbeat-timeout'
  | 'sequence-too-low'
  | 'sequence-gap'
  | 'sequence-reset'
  | 'resend-requested'
  | 'message-rejected'
  | 'rejected-by-counterparty'
  | 'garbled'
  | 'noise'
  | 'held-overflow'
  | 'operator'
