import { invariant } from '#core'
import type { SessionCommand } from './io.ts'
import { resetInSession } from './logon.ts'
import { logout } from './logout.ts'
import { disconnect, note } from './outbound.ts'
import { resetSequences } from './reset.ts'
import type { Turn } from './state.ts'

/**
 * What an operator asks. Numbers are set only while the session is not connected: set under a live
 * conversation they would contradict what the counterparty was told (`admin` of the engine refuses that).
 */
export function onOperator(turn: Turn, command: SessionCommand): void {
  const { state, outputs } = turn
  note(turn, 'operator', command.command)
  switch (command.command) {
    case 'reset':
      if (state.phase === 'active') resetInSession(turn, 'operator')
      else if (state.phase === 'disconnected') resetSequences(turn, 'operator')
      return
    case 'set-next-in':
      invariant(state.phase === 'disconnected', 'numbers are set while disconnected')
      state.nextIn = command.seq
      return
    case 'set-next-out':
      invariant(state.phase === 'disconnected', 'numbers are set while disconnected')
      state.nextOut = command.seq
      return
    case 'enable':
    case 'disable':
      state.enabled = command.command === 'enable'
      outputs.push({ kind: 'enabled', enabled: state.enabled })
      if (!state.enabled) leave(turn, 'The session is disabled by the operator')
      return
    case 'logout':
      leave(turn, command.text)
  }
}

function leave(turn: Turn, text: string | undefined): void {
  const { phase } = turn.state
  if (phase === 'active') logout(turn, text)
  else if (phase === 'awaiting-logon' || phase === 'logon-sent') disconnect(turn)
}
