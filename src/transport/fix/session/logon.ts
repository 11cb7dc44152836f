import { invariant } from '#core'
import type { FixField, FixMessage } from '../wire/index.ts'
import { heartBtIntSecondsDefault, heartBtIntSecondsMax, sessionKey } from './config.ts'
import { refuseTooLow } from './duplicate.ts'
import { refuse } from './logout.ts'
import { disconnect, note, sendAdministrative } from './outbound.ts'
import { beginResend, sendUnsent } from './resend.ts'
import { resetSequences } from './reset.ts'
import { advance, holdAhead } from './sequence.ts'
import { isOpenAt, type Turn } from './state.ts'
import { hasCompIds, isTimely, validity } from './validity.ts'

/** A connection is up: the initiator speaks first, the acceptor waits for a Logon(A). */
export function onConnected(turn: Turn): void {
  const { state, now } = turn
  const { config } = state
  invariant(state.phase === 'disconnected', `${sessionKey(config)} is connected already`)
  state.phaseSince = now
  state.lastReceivedAt = now
  state.lastSentAt = now
  if (config.role === 'acceptor') {
    state.phase = 'awaiting-logon'
    return
  }
  if (!isOpen(turn)) return refuseLogon(turn, 'the session is disabled or outside its schedule')
  state.phase = 'logon-sent'
  state.heartBtIntMs = (config.heartBtIntSeconds ?? heartBtIntSecondsDefault) * 1000
  if (config.resetOn?.logon) resetSequences(turn, 'ResetOnLogon')
  state.resetSent = config.resetOn?.logon === true
  sendLogon(turn, state.resetSent)
}

/** The first message of a connection. Whatever is wrong with it ends the connection, mostly without a word. */
export function onFirstMessage(turn: Turn, message: FixMessage): void {
  const { state } = turn
  if (message.msgType === '5' && state.phase === 'logon-sent') return onLogonAnsweredByLogout(turn, message)
  if (message.msgType !== 'A')
    return refuseLogon(turn, `the first message is ${message.msgType}, not a Logon`)
  if (message.text(8) !== state.config.beginString) return refuseLogon(turn, `BeginString ${message.text(8)}`)
  const invalid = validity(state.config, message)
  if (invalid) return refuseLogon(turn, `${invalid.text} ${invalid.refTagId ?? ''}`)
  if (!hasCompIds(turn, message)) return refuseLogon(turn, 'CompID problem')
  if (!isTimely(turn, message)) return refuseLogon(turn, 'SendingTime accuracy problem')
  if (!isOpen(turn)) return refuseLogon(turn, 'the session is disabled or outside its schedule')
  const refusal = refusedTerms(turn, message)
  if (refusal !== undefined) {
    note(turn, 'logon-refused', refusal)
    return refuse(turn, refusal)
  }
  acceptLogon(turn, message)
}

/** A Logon on a session that is logged on resets both sequences, or has no business here. */
export function onLogonInSession(turn: Turn, message: FixMessage): void {
  const { state } = turn
  if (message.text(141) !== 'Y' || state.config.acceptReset === false)
    return refuse(turn, 'Logon on a session that is logged on')
  if (!state.resetSent) {
    resetSequences(turn, 'ResetSeqNumFlag from the counterparty')
    sendLogon(turn, true)
  }
  state.resetSent = false
  takeLogonNumber(turn, message)
  sendUnsent(turn)
}

/** Resets both sequences while logged on, by a Logon with ResetSeqNumFlag(141)=Y. */
export function resetInSession(turn: Turn, why: string): void {
  resetSequences(turn, why)
  turn.state.resetSent = true
  turn.state.phaseSince = turn.now
  sendLogon(turn, true)
}

const isOpen = (turn: Turn): boolean => isOpenAt(turn.state, turn.now)

function acceptLogon(turn: Turn, message: FixMessage): void {
  const { state, now } = turn
  const acceptor = state.config.role === 'acceptor'
  const asksReset = message.text(141) === 'Y'
  if (asksReset && !state.resetSent) resetSequences(turn, 'ResetSeqNumFlag from the counterparty')
  else if (acceptor && state.config.resetOn?.logon) resetSequences(turn, 'ResetOnLogon')
  const seq = message.int(34) ?? 0
  if (seq < state.nextIn) return refuseTooLow(turn, seq)
  const resendFrom = expectedByCounterparty(turn, message)
  if (acceptor) {
    state.heartBtIntMs = (message.int(108) ?? 0) * 1000
    sendLogon(turn, asksReset, seq)
  }
  state.phase = 'active'
  state.phaseSince = now
  state.resetSent = false
  note(turn, 'logged-on', `HeartBtInt ${state.heartBtIntMs / 1000}`)
  if (resendFrom !== undefined) beginResend(turn, resendFrom.from, resendFrom.to)
  takeLogonNumber(turn, message)
  sendUnsent(turn)
}

/** The Logon itself is acted on, also when it is ahead of a gap. */
function takeLogonNumber(turn: Turn, message: FixMessage): void {
  const { state } = turn
  const seq = message.int(34) ?? 0
  if (seq === state.nextIn) return advance(turn)
  if (seq < state.nextIn) return
  // With NextExpectedMsgSeqNum on both sides the counterparty resends without being asked.
  if (state.config.nextExpectedMsgSeqNum && message.has(789) && state.gap === undefined)
    state.gap = { to: seq - 1, requestedTo: Number.MAX_SAFE_INTEGER, progressAt: turn.now }
  holdAhead(turn, seq, 'done')
}

/** NextExpectedMsgSeqNum(789) of the counterparty below our next number: what it names is resent unasked. */
function expectedByCounterparty(turn: Turn, message: FixMessage): { from: number; to: number } | undefined {
  const { state } = turn
  const expected = message.int(789)
  if (!state.config.nextExpectedMsgSeqNum || expected === undefined) return undefined
  // The initiator's own Logon is in its count; the acceptor's is not sent yet.
  const to = state.nextOut - 1
  return expected <= to ? { from: expected, to } : undefined
}

/** What may be asked of us in a Logon, beyond its form. Undefined: agreed. */
function refusedTerms(turn: Turn, message: FixMessage): string | undefined {
  const { config, nextOut } = turn.state
  const heartBtInt = message.int(108) ?? 0
  if (heartBtInt < 0) return 'HeartBtInt must not be negative'
  if (heartBtInt > heartBtIntSecondsMax) return `HeartBtInt must not exceed ${heartBtIntSecondsMax}`
  if (message.int(98) !== 0) return 'EncryptMethod must be 0'
  if (config.beginString === 'FIXT.1.1' && message.text(1137) !== '9') return 'DefaultApplVerID must be 9'
  if (message.text(141) === 'Y' && config.acceptReset === false) return 'ResetSeqNumFlag is not accepted'
  const expected = message.int(789)
  if (
    config.nextExpectedMsgSeqNum &&
    expected !== undefined &&
    expected > nextOut &&
    message.text(141) !== 'Y'
  )
    return `NextExpectedMsgSeqNum too high, expecting at most ${nextOut} but received ${expected}`
  return undefined
}

function sendLogon(turn: Turn, reset: boolean, received?: number): void {
  const { config, heartBtIntMs, nextIn } = turn.state
  const body: FixField[] = [
    [98, '0'],
    [108, `${heartBtIntMs / 1000}`],
  ]
  if (reset) body.push([141, 'Y'])
  if (config.nextExpectedMsgSeqNum) body.push([789, `${received === nextIn ? nextIn + 1 : nextIn}`])
  if (config.beginString === 'FIXT.1.1') body.push([1137, config.defaultApplVerId ?? '9'])
  sendAdministrative(turn, 'A', body)
}

function onLogonAnsweredByLogout(turn: Turn, message: FixMessage): void {
  const { state } = turn
  if (message.int(34) === state.nextIn) advance(turn)
  refuseLogon(turn, `the counterparty answered with Logout: ${message.text(58) ?? ''}`)
}

function refuseLogon(turn: Turn, why: string): void {
  note(turn, 'logon-refused', why)
  disconnect(turn)
}
