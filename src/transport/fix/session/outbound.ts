import { encodeMessage, type FixField } from '../wire/index.ts'
import { behindMessagesMax } from './config.ts'
import type { FixBody, SessionFactKind } from './io.ts'
import type { Behind, Turn } from './state.ts'
import { fixTimestamp } from './time.ts'

/** Messages of the session layer itself. On a resend they are replaced by a gap fill. */
const administrative: ReadonlySet<string> = new Set(['0', '1', '2', '3', '4', '5', 'A'])
export const isAdministrative = (msgType: string): boolean => administrative.has(msgType)

/** Gives the next number to an administrative message and puts it on the wire. */
export function sendAdministrative(
  turn: Turn,
  msgType: string,
  body: readonly FixField[],
  header: readonly FixField[] = [],
): void {
  const seq = turn.state.nextOut
  const bytes = encode(turn, { msgType, body, header }, seq)
  turn.state.nextOut = seq + 1
  if (msgType === 'A' || msgType === '5') transmit(turn, bytes)
  else transmitInOrder(turn, { seq, bytes, isStored: false })
}

/**
 * Gives the next number to an application message and keeps it. It leaves now if the session is logged on;
 * otherwise the counterparty asks for it after the next logon.
 */
export function sendApplication(turn: Turn, message: FixBody): void {
  const { state, outputs } = turn
  const seq = state.nextOut
  const bytes = encode(turn, message, seq)
  state.nextOut = seq + 1
  outputs.push({ kind: 'store', seq, bytes })
  if (state.phase === 'active' && !state.resetSent) transmitInOrder(turn, { seq, bytes, isStored: true })
  else if (state.phase === 'logon-sent' || state.resetSent) state.unsentFrom ??= seq
}

/**
 * A new message does not overtake a resend. The counterparty is in a gap until that is done: a message ahead of its
 * turn it may reject and forget (QuickFIX does, by its dictionary), a ResendRequest it obeys and does not count.
 */
function transmitInOrder(turn: Turn, message: Behind): void {
  const { state } = turn
  const { resend } = state
  if (!resend) return transmit(turn, message.bytes)
  if (state.unsentFrom === undefined && resend.behind.length < behindMessagesMax) {
    state.resend = { ...resend, behind: [...resend.behind, message] }
    state.lastSentAt = turn.now
    return
  }
  // Too many to keep: what is stored is read again, and the number of what is not is filled then.
  state.unsentFrom ??= message.seq
  if (!message.isStored) transmit(turn, message.bytes)
}

/**
 * SequenceReset-GapFill (35=4, 123=Y) in place of the administrative messages `from` to `next` - 1. It takes no
 * number of its own: it repeats the first one it replaces.
 */
export function sendGapFill(turn: Turn, from: number, next: number): void {
  const header = headerOf(turn, from)
  header.splice(1, 0, [43, 'Y'])
  header.push([122, sendingTime(turn)])
  const body: FixField[] = [
    [36, `${next}`],
    [123, 'Y'],
  ]
  transmit(turn, encodeMessage({ beginString: turn.state.config.beginString, header, msgType: '4', body }))
}

export function transmit(turn: Turn, bytes: Uint8Array): void {
  turn.outputs.push({ kind: 'transmit', bytes })
  turn.state.lastSentAt = turn.now
}

export function disconnect(turn: Turn): void {
  turn.outputs.push({ kind: 'disconnect' })
}

export function note(turn: Turn, what: SessionFactKind, detail: string): void {
  turn.outputs.push({ kind: 'event', event: { what, detail } })
}

/** SendingTime(52) of this step, in the precision of the session. */
export const sendingTime = (turn: Turn): string =>
  fixTimestamp(turn.now, turn.state.config.sendingTimePrecision)

function encode(turn: Turn, message: FixBody, seq: number): Uint8Array {
  const { config, nextIn } = turn.state
  const header = headerOf(turn, seq)
  if (message.header) header.push(...message.header)
  if (config.lastMsgSeqNumProcessed) header.push([369, `${nextIn - 1}`])
  return encodeMessage({
    beginString: config.beginString,
    header,
    msgType: message.msgType,
    body: message.body,
  })
}

/** The standard header fields that every message has, in ascending tags. */
function headerOf(turn: Turn, seq: number): FixField[] {
  const { config } = turn.state
  return [
    [34, `${seq}`],
    [49, config.senderCompId],
    [52, sendingTime(turn)],
    [56, config.targetCompId],
  ]
}
