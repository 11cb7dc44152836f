import type { FixMessage } from '../wire/index.ts'
import { disconnect, note, sendAdministrative } from './outbound.ts'
import { advance } from './sequence.ts'
import type { Turn } from './state.ts'

/** Starts the Logout(5) handshake: the counterparty answers with its own, or the timeout closes the line. */
export function logout(turn: Turn, text?: string): void {
  const { state, now } = turn
  if (state.phase === 'logout-sent') return
  sendAdministrative(turn, '5', text === undefined ? [] : [[58, text]])
  state.phase = 'logout-sent'
  state.phaseSince = now
}

/** The last word on a connection that cannot go on: Logout with the reason, no wait for an answer. */
export function refuse(turn: Turn, text: string): void {
  sendAdministrative(turn, '5', [[58, text]])
  disconnect(turn)
}

/** A Logout is obeyed whatever its number: nothing that is missing can be had after it. */
export function onLogout(turn: Turn, message: FixMessage): void {
  const { state } = turn
  if (message.int(34) === state.nextIn) advance(turn)
  if (state.phase === 'active') sendAdministrative(turn, '5', [])
  note(turn, 'logged-out', message.text(58) ?? '')
  // Recorded before the connection ends, so that its end is known to be an orderly one.
  state.phase = 'logout-sent'
  state.phaseSince = turn.now
  state.loggedOut = true
  disconnect(turn)
}
