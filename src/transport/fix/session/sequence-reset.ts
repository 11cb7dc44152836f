import type { FixMessage } from '../wire/index.ts'
import { note } from './outbound.ts'
import { reject, valueIncorrect } from './reject.ts'
import { advance } from './sequence.ts'
import type { Turn } from './state.ts'

/**
 * SequenceReset(4). Gap fill (123=Y) has been checked for its number and skips to NewSeqNo(36). Reset ignores
 * its own number. Neither may go back: that would ask for messages to be processed twice.
 */
export function onSequenceReset(turn: Turn, message: FixMessage): void {
  const { state } = turn
  const next = message.int(36) ?? 0
  const gapFill = message.text(123) === 'Y'
  const lowest = gapFill ? state.nextIn + 1 : state.nextIn
  if (next < lowest) return reject(turn, message, valueIncorrect)
  if (!gapFill) note(turn, 'sequence-reset', `the counterparty goes on at ${next}`)
  if (next > state.nextIn) advance(turn, next)
}
