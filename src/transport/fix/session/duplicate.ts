import { Reason, sessionReject } from '../dictionary/index.ts'
import type { FixMessage } from '../wire/index.ts'
import { logout } from './logout.ts'
import { disconnect, note, sendAdministrative } from './outbound.ts'
import { reject, sendingTimeProblem } from './reject.ts'
import type { Turn } from './state.ts'

/**
 * MsgSeqNum too low. With PossDupFlag it is a repetition: ignored if its OrigSendingTime is in order. Without,
 * the two sides disagree and only an operator can tell who is right (FIX 4.4 vol 2, "MsgSeqNum too low").
 */
export function onBehind(turn: Turn, seq: number, message: FixMessage): void {
  if (message.text(43) !== 'Y') return refuseTooLow(turn, seq)
  if (message.msgType === '4') return
  const original = message.timestamp(122)
  const sending = message.timestamp(52)
  if (original === undefined) return reject(turn, message, sessionReject(Reason.requiredMissing, 122))
  if (sending !== undefined && original > sending) {
    reject(turn, message, sendingTimeProblem)
    logout(turn)
  }
}

export function refuseTooLow(turn: Turn, seq: number): void {
  const text = `MsgSeqNum too low, expecting ${turn.state.nextIn} but received ${seq}`
  note(turn, 'sequence-too-low', text)
  sendAdministrative(turn, '5', [[58, text]])
  disconnect(turn)
}
