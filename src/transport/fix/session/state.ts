import type { Instant } from '#core'
import type { FixMessage } from '../wire/index.ts'
import type { SessionConfig } from './config.ts'
import { periodStart } from './schedule.ts'
import type { SessionOutput, StoredMessage } from './io.ts'

/**
 * disconnected → awaiting-logon (acceptor) or logon-sent (initiator) → active → logout-sent → disconnected.
 * `active` means that both Logons were exchanged.
 */
export type Phase = 'disconnected' | 'awaiting-logon' | 'logon-sent' | 'active' | 'logout-sent'

export type SessionState = {
  readonly config: SessionConfig
  readonly phase: Phase
  readonly enabled: boolean
  /** MsgSeqNum(34) that is expected next, and that is given next. Durable. */
  readonly nextIn: number
  readonly nextOut: number
  /** When the numbers last started at 1. Durable; decides scheduled resets. */
  readonly createdAt: Instant
  readonly heartBtIntMs: number
  /** When the phase began. */
  readonly phaseSince: Instant
  readonly lastSentAt: Instant
  readonly lastReceivedAt: Instant
  readonly testRequestPending: boolean
  readonly garbledRun: number
  /** Messages that arrived ahead of a gap, by number. `'done'` marks one that was already acted on. */
  readonly held: ReadonlyMap<number, FixMessage | 'done'>
  readonly heldBytes: number
  /** Highest number held. The map is dropped when the order has passed it. */
  readonly heldTop: number
  readonly gap: Gap | undefined
  readonly resend: Resend | undefined
  /** Our first ResendRequest on this connection: from its number on, gap fills stand for one number each. */
  readonly firstRequest: number | undefined
  readonly fetches: number
  /** First application message that was numbered and has not left: sent after the logon or the resend under way. */
  readonly unsentFrom: number | undefined
  /** We sent ResetSeqNumFlag=Y and wait for the counterparty's Logon that confirms it. */
  readonly resetSent: boolean
  /** The counterparty has logged out: the connection ends in order. */
  readonly loggedOut: boolean
}

/** Messages that we miss: up to `to`; asked for up to `requestedTo`. */
export type Gap = { readonly to: number; readonly requestedTo: number; readonly progressAt: Instant }

/** Messages that the counterparty misses: `next` to `to`, a run of administrative ones open since `fillFrom`. */
export type Resend = {
  readonly fetch: number
  readonly next: number
  readonly pageTo: number
  readonly to: number
  readonly fillFrom: number | undefined
  /** Asked for again meanwhile. */
  readonly again: { readonly from: number; readonly to: number } | undefined
  /** New messages that leave when the resend is done: none overtakes it. */
  readonly behind: readonly Behind[]
}

/** An administrative message is not in the store, where it could be read again. */
export type Behind = StoredMessage & { readonly isStored: boolean }

export type SavedSession = {
  readonly nextIn: number
  readonly nextOut: number
  readonly createdAt: Instant
  readonly enabled?: boolean
}

/** A session as it is before it is connected. `saved` is what the store knows of it. */
export function openSession(config: SessionConfig, saved: SavedSession): SessionState {
  return {
    config,
    phase: 'disconnected',
    enabled: saved.enabled ?? true,
    nextIn: saved.nextIn,
    nextOut: saved.nextOut,
    createdAt: saved.createdAt,
    heartBtIntMs: 0,
    phaseSince: saved.createdAt,
    lastSentAt: saved.createdAt,
    lastReceivedAt: saved.createdAt,
    fetches: 0,
    ...connectionState,
  }
}

/** What a lost connection forgets. */
export const connectionState = {
  testRequestPending: false,
  garbledRun: 0,
  held: new Map<number, FixMessage | 'done'>() as ReadonlyMap<number, FixMessage | 'done'>,
  heldBytes: 0,
  heldTop: 0,
  gap: undefined,
  resend: undefined,
  firstRequest: undefined,
  unsentFrom: undefined,
  resetSent: false,
  loggedOut: false,
} as const

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** One step in progress: a copy of the state that the step may change, and what it puts out. */
export type Turn = {
  readonly state: Mutable<SessionState>
  readonly outputs: SessionOutput[]
  readonly now: Instant
}

export function openTurn(state: SessionState, now: Instant): Turn {
  return { state: { ...state }, outputs: [], now }
}

/** Whether the session may be logged on: enabled, and within its schedule. */
export function isOpenAt({ config, enabled }: SessionState, at: Instant): boolean {
  return enabled && (config.schedule === undefined || periodStart(config.schedule, at) !== undefined)
}

/** The first held message is the next one in order: feed `{ kind: 'held' }`. */
export const heldIsNext = (state: SessionState): boolean =>
  state.held.size > 0 && state.phase !== 'disconnected' && state.held.has(state.nextIn)
