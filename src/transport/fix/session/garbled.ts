import { garbledRunMax } from './config.ts'
import { disconnect, note, sendAdministrative } from './outbound.ts'
import { advance } from './sequence.ts'
import type { Turn } from './state.ts'

/** Garbled: as if it had never come (FIX 4.4 vol 2). Before the Logon, or without end, it is not FIX at all. */
export function onGarbled(turn: Turn, reason: string, bytes: Uint8Array): void {
  const { state } = turn
  if (state.phase === 'disconnected') return
  state.garbledRun += 1
  note(turn, 'garbled', reason)
  if (state.phase === 'awaiting-logon' || state.phase === 'logon-sent') {
    note(turn, 'logon-refused', 'the first message is garbled')
    disconnect(turn)
  } else if (state.garbledRun >= garbledRunMax) {
    note(turn, 'noise', `${state.garbledRun} garbled messages in a row`)
    disconnect(turn)
  } else if (state.config.rejectGarbled) rejectGarbled(turn, bytes)
}

/** What can be read of the number decides: without one there is nothing to refer to. */
function rejectGarbled(turn: Turn, bytes: Uint8Array): void {
  const fields = Buffer.from(bytes).toString('latin1').split('\u0001')
  const seq = fields.find((field) => /^34=\d{1,15}$/.test(field))?.slice('34='.length)
  if (seq === undefined) return
  if (Number.parseInt(seq, 10) === turn.state.nextIn) advance(turn)
  sendAdministrative(turn, '3', [
    [45, seq],
    [58, 'Message failed basic validity check'],
  ])
}
