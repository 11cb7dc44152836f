import { connectionState, type Turn } from './state.ts'
import { note } from './outbound.ts'

/** Both sequences start again at 1; what was stored or held belongs to the old ones. */
export function resetSequences(turn: Turn, why: string): void {
  const { state, outputs, now } = turn
  state.nextIn = 1
  state.nextOut = 1
  state.createdAt = now
  const { held, heldBytes, heldTop, gap, resend, firstRequest, unsentFrom } = connectionState
  Object.assign(state, { held, heldBytes, heldTop, gap, resend, firstRequest, unsentFrom })
  outputs.push({ kind: 'reset', createdAt: now })
  note(turn, 'sequence-reset', why)
}
