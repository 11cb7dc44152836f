import { Reason, sessionReject, type SessionReject } from '../dictionary/index.ts'
import type { FixField, FixMessage } from '../wire/index.ts'
import { note, sendAdministrative } from './outbound.ts'
import { advance } from './sequence.ts'
import type { Turn } from './state.ts'

/** Highest SessionRejectReason(373) of FIX.4.2; later ones are left out there. */
const fix42ReasonMax = 11

/** OnBehalfOf… becomes DeliverTo… and the reverse (FIX 4.4 vol 1, third-party routing). */
const reverseRoute: readonly (readonly [from: number, to: number])[] = [
  [128, 115],
  [129, 116],
  [115, 128],
  [116, 129],
  [145, 144],
  [144, 145],
]

/**
 * Reject(3). The rejected message is used up: its number is not expected again. A Logon or SequenceReset
 * moves the order by its own rules.
 */
export function reject(turn: Turn, message: FixMessage, why: SessionReject): void {
  const seq = message.int(34)
  if (seq === turn.state.nextIn && message.msgType !== 'A' && message.msgType !== '4') advance(turn)
  note(turn, 'message-rejected', `${message.msgType} ${seq ?? '?'}: ${why.text}`)
  sendAdministrative(turn, '3', rejectBody(turn, message, why), routeBack(message))
}

export const sendingTimeProblem: SessionReject = sessionReject(10)
export const compIdProblem: SessionReject = sessionReject(9)
export const valueIncorrect: SessionReject = sessionReject(Reason.incorrectValue)

function rejectBody(turn: Turn, message: FixMessage, why: SessionReject): FixField[] {
  const body: FixField[] = [
    [45, `${message.int(34) ?? 0}`],
    [58, why.text],
  ]
  if (why.refTagId !== undefined) body.push([371, `${why.refTagId}`])
  body.push([372, message.msgType])
  if (turn.state.config.beginString !== 'FIX.4.2' || why.sessionRejectReason <= fix42ReasonMax)
    body.push([373, `${why.sessionRejectReason}`])
  return body
}

/** Routing header fields of an answer to `message`, in ascending tags. Empty values are not returned. */
export function routeBack(message: FixMessage): FixField[] {
  const fields: FixField[] = []
  for (const [from, to] of reverseRoute) {
    const value = message.text(from)
    if (value) fields.push([to, value])
  }
  return fields.toSorted((a, b) => a[0] - b[0])
}
