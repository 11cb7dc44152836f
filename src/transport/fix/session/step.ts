import { invariant, type Instant } from '#core'
import type { FixMessage } from '../wire/index.ts'
import { onBehind } from './duplicate.ts'
import { onGarbled } from './garbled.ts'
import type { SessionInput, SessionOutput } from './io.ts'
import { onConnected, onFirstMessage, onLogonInSession } from './logon.ts'
import { logout, onLogout, refuse } from './logout.ts'
import { onOperator } from './operator.ts'
import { isAdministrative, note, sendAdministrative, sendApplication } from './outbound.ts'
import { reject, compIdProblem, sendingTimeProblem } from './reject.ts'
import { resetSequences } from './reset.ts'
import { onResendRequest, onStored } from './resend.ts'
import { advance, holdAhead, nextHeld, positionOf } from './sequence.ts'
import { onSequenceReset } from './sequence-reset.ts'
import { connectionState, openTurn, type SessionState, type Turn } from './state.ts'
import { onTimer } from './timers.ts'
import { hasCompIds, isTimely, validity } from './validity.ts'

export type Step = { readonly state: SessionState; readonly outputs: readonly SessionOutput[] }

/**
 * One step of a FIX session (FIX 4.4 vol 2, FIXT 1.1): pure, so that the same inputs at the same times give the
 * same bytes. The caller keeps `state.nextIn` and `state.nextOut` durable with what the step stores, and only
 * then transmits. After each message it feeds `held` while `heldIsNext`.
 */
export function step(state: SessionState, input: SessionInput, now: Instant): Step {
  const turn = openTurn(state, now)
  act(turn, input)
  return turn
}

function act(turn: Turn, input: SessionInput): void {
  switch (input.kind) {
    case 'connected':
      return onConnected(turn)
    case 'message':
      return onMessage(turn, input.message)
    case 'held':
      return onHeld(turn)
    case 'garbled':
      return onGarbled(turn, input.reason, input.bytes)
    case 'timer':
      return onTimer(turn)
    case 'send':
      return sendApplication(turn, input.message)
    case 'stored':
      return onStored(turn, input.fetch, input.messages)
    case 'disconnected':
      return onDisconnected(turn)
    case 'operator':
      return onOperator(turn, input.command)
  }
}

function onMessage(turn: Turn, message: FixMessage): void {
  const { state, now } = turn
  state.lastReceivedAt = now
  state.testRequestPending = false
  state.garbledRun = 0
  switch (state.phase) {
    case 'disconnected':
      return
    case 'awaiting-logon':
    case 'logon-sent':
      return onFirstMessage(turn, message)
    case 'active':
    case 'logout-sent':
      return onSessionMessage(turn, message)
  }
}

/** The checks in the order of FIX 4.4 vol 2: version, number, form, time, names; then what the message says. */
function onSessionMessage(turn: Turn, message: FixMessage): void {
  const { state } = turn
  const seq = message.int(34)
  if (message.text(8) !== state.config.beginString && message.msgType !== '5')
    return onOtherVersion(turn, seq)
  if (seq === undefined) return refuse(turn, 'Received message without MsgSeqNum')
  // What was sent before our reset arrived there belongs to the old sequences.
  if (state.resetSent && message.msgType !== 'A' && message.msgType !== '5') return
  const position = isOutsideOrder(message) ? 'next' : positionOf(turn, seq)
  const invalid = position === 'next' ? validity(state.config, message) : undefined
  if (invalid) return reject(turn, message, invalid)
  if (!isTimely(turn, message)) return rejectAndLogout(turn, message, sendingTimeProblem)
  if (!hasCompIds(turn, message)) return rejectAndLogout(turn, message, compIdProblem)
  if (position === 'ahead') return holdAhead(turn, seq, message)
  if (position === 'behind') return onBehind(turn, seq, message)
  process(turn, seq, message)
}

/** The message whose turn it is: by its type. */
function process(turn: Turn, seq: number, message: FixMessage): void {
  switch (message.msgType) {
    case '0':
      return advance(turn)
    case '1':
      return onTestRequest(turn, message)
    case '2':
      return onResendRequest(turn, seq, message)
    case '3':
      note(turn, 'rejected-by-counterparty', `${message.text(45) ?? ''}: ${message.text(58) ?? ''}`)
      return advance(turn)
    case '4':
      return onSequenceReset(turn, message)
    case '5':
      return onLogout(turn, message)
    case 'A':
      return onLogonInSession(turn, message)
    default:
      return deliver(turn, message)
  }
}

/** A held message was checked for time and names when it came; its form is checked now, in its turn. */
function onHeld(turn: Turn): void {
  const message = nextHeld(turn)
  invariant(message !== undefined, 'no held message is next')
  if (message === 'done') return advance(turn)
  const invalid = validity(turn.state.config, message)
  if (invalid) return reject(turn, message, invalid)
  process(turn, turn.state.nextIn, message)
}

/** Resend requests, logouts, logons and SequenceReset-Reset are acted on whatever their number. */
function isOutsideOrder(message: FixMessage): boolean {
  const { msgType } = message
  if (!isAdministrative(msgType)) return false
  return (
    msgType === '2' || msgType === '5' || msgType === 'A' || (msgType === '4' && message.text(123) !== 'Y')
  )
}

function deliver(turn: Turn, message: FixMessage): void {
  advance(turn)
  const flags = { possDup: message.text(43) === 'Y', possResend: message.text(97) === 'Y' }
  turn.outputs.push({ kind: 'deliver', message, flags })
}

/** TestRequest(1) is answered by a Heartbeat(0) with the same TestReqID(112). */
function onTestRequest(turn: Turn, message: FixMessage): void {
  advance(turn)
  if (turn.state.phase === 'active') sendAdministrative(turn, '0', [[112, message.text(112) ?? '']])
}

function onOtherVersion(turn: Turn, seq: number | undefined): void {
  if (seq === turn.state.nextIn) advance(turn)
  logout(turn, 'Incorrect BeginString')
}

function rejectAndLogout(turn: Turn, message: FixMessage, why: Parameters<typeof reject>[2]): void {
  reject(turn, message, why)
  logout(turn)
}

function onDisconnected(turn: Turn): void {
  const { state, now } = turn
  const wasOn = state.phase === 'active' || state.phase === 'logout-sent'
  const { loggedOut, config } = state
  Object.assign(state, connectionState)
  state.phase = 'disconnected'
  state.phaseSince = now
  note(turn, 'disconnected', wasOn ? 'was logged on' : 'was not logged on')
  if (!wasOn) return
  if (config.cancelOn === 'disconnect-or-logout' || (config.cancelOn === 'disconnect' && !loggedOut))
    note(turn, 'cancel-orders', loggedOut ? 'after logout' : 'connection lost')
  if (config.resetOn?.disconnect || (loggedOut && config.resetOn?.logout))
    resetSequences(turn, 'end of connection')
}
