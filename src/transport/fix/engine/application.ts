import type { FixMessage } from '../wire/index.ts'
import type { DeliveryFlags, FixBody, SessionKey } from '../session/index.ts'
import type { SessionEvent } from './events.ts'

/** What the engine serves. Both are called synchronously, in order; a throw is a bug and stops the process. */
export type FixApplication = {
  /**
   * An application message, checked and in sequence. What is replied, sent (`engine.send`) and attached before
   * this returns is committed in one batch with the message's number.
   */
  onMessage(turn: FixTurn, message: FixMessage, flags: DeliveryFlags): void
  onSession(event: SessionEvent): void
}

export type FixTurn = {
  readonly session: SessionKey
  /** Sends on the same session; returns the MsgSeqNum given. */
  reply(body: FixBody): number
  /** Puts an operation of the application's own (journal drafts, rows) into the same durable batch. */
  attach(operation: unknown): void
  /** BusinessMessageReject(j) of the message. */
  reject(reject: BusinessReject): number
}

export type BusinessReject = {
  /** BusinessRejectReason(380): 0 other, 1 unknown id, 2 unknown security, 3 unsupported message type … */
  readonly reason: number
  readonly text: string
  /** BusinessRejectRefID(379). */
  readonly refId?: string
}
