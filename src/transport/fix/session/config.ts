import type { ValidationOptions } from '../dictionary/index.ts'
import type { Schedule } from './schedule.ts'

export type BeginString = 'FIX.4.2' | 'FIX.4.4' | 'FIXT.1.1'

/** `FIX.4.4:CEDAR->DESK`: BeginString, our CompID, their CompID. Names one session for ever. */
export type SessionKey = string

/** What one session is, agreed with the counterparty. Durations are milliseconds unless the name says seconds. */
export type SessionConfig = {
  readonly beginString: BeginString
  /** SenderCompID(49) of what we send. */
  readonly senderCompId: string
  /** TargetCompID(56) of what we send. */
  readonly targetCompId: string
  readonly role: 'acceptor' | 'initiator'
  /** FIXT.1.1 only: DefaultApplVerID(1137). FIX.5.0SP2 (`9`) is the one that is supported. */
  readonly defaultApplVerId?: '9'
  /** HeartBtInt(108) that an initiator asks for. An acceptor echoes what it is asked. */
  readonly heartBtIntSeconds?: number
  /** Start again at sequence number 1 on these occasions. Off everywhere by default: numbers last for ever. */
  readonly resetOn?: { readonly logon?: boolean; readonly logout?: boolean; readonly disconnect?: boolean }
  /** Accept ResetSeqNumFlag(141)=Y from the counterparty. Default true. */
  readonly acceptReset?: boolean
  /** When the session may be logged on, and when its numbers start again. Default: always, never. */
  readonly schedule?: Schedule
  readonly sendingTimeToleranceMs?: number
  /** 'seconds' for old FIX.4.2 counterparties. Default 'milliseconds'. */
  readonly sendingTimePrecision?: 'seconds' | 'milliseconds'
  readonly logonTimeoutMs?: number
  readonly logoutTimeoutMs?: number
  /** Ask for at most this many messages in one ResendRequest; 0 asks for all (EndSeqNo 0). */
  readonly resendChunk?: number
  /** Put NextExpectedMsgSeqNum(789) on Logon and obey the counterparty's (FIX 4.4 vol 2, FIXT 1.1). */
  readonly nextExpectedMsgSeqNum?: boolean
  /** Put LastMsgSeqNumProcessed(369) on every message. */
  readonly lastMsgSeqNumProcessed?: boolean
  readonly validation?: ValidationOptions
  /**
   * Answer a garbled message that shows a MsgSeqNum with a Reject, which uses the number up. Default false: it is
   * ignored, as FIX 4.4 vol 2 has it, and its number is asked for again.
   */
  readonly rejectGarbled?: boolean
  /** The certificate that may log on with these CompIDs: its SPKI pin, its URI name, or both. */
  readonly certificate?: { readonly pin?: string; readonly uri?: string }
  /** Copy every ExecutionReport sent on these sessions to this one, with CopyMsgIndicator(797)=Y. */
  readonly dropCopyOf?: readonly SessionKey[]
  /** Say `cancel-orders` when the counterparty is lost, so that the application cancels its open orders. */
  readonly cancelOn?: 'disconnect' | 'disconnect-or-logout'
}

/** FIX 4.4 vol 2: "reasonable transmission time" and what counterparties expect in practice. */
export const sendingTimeToleranceMsDefault = 120_000
export const heartBtIntSecondsDefault = 30
export const heartBtIntSecondsMax = 86_400
export const logonTimeoutMsDefault = 10_000
export const logoutTimeoutMsDefault = 2_000
/** A gap that makes no progress for this long is asked for again. */
export const resendRequestTimeoutMs = 30_000
/** Most messages held back while a gap is open; what comes beyond is dropped and asked for again. */
export const heldMessagesMax = 2_000
export const heldBytesMax = 8_388_608
/** Most stored messages answered in one page of a resend. */
export const resendPageMax = 500
/** Most new messages kept in memory behind a resend; what comes beyond is read from the store when it is done. */
export const behindMessagesMax = 256
/** Garbled frames in a row before the line is held to be noise. */
export const garbledRunMax = 100

export function sessionKey(config: SessionIdentity): SessionKey {
  return `${config.beginString}:${config.senderCompId}->${config.targetCompId}`
}
export type SessionIdentity = {
  readonly beginString: string
  readonly senderCompId: string
  readonly targetCompId: string
}
