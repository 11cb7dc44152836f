import { invariant } from '#core'
import { parseMessage, type FixMessage } from '../wire/index.ts'
import { heldBytesMax, heldMessagesMax } from './config.ts'
import { note, sendAdministrative } from './outbound.ts'
import type { Turn } from './state.ts'
import { sessionDictionary } from './validity.ts'

/** Where a message stands against the number that is expected next. */
export type Position = 'next' | 'ahead' | 'behind'

export function positionOf(turn: Turn, seq: number): Position {
  if (seq === turn.state.nextIn) return 'next'
  return seq > turn.state.nextIn ? 'ahead' : 'behind'
}

/** The expected message was acted on: the next number is expected from now on. */
export function advance(turn: Turn, nextIn = turn.state.nextIn + 1): void {
  const { state } = turn
  state.nextIn = nextIn
  if (state.held.size > 0 && nextIn > state.heldTop) dropHeld(turn)
  if (state.gap) followGap(turn)
}

/** MsgSeqNum too high: hold the message and ask, once per gap, for what is missing before it. */
export function holdAhead(turn: Turn, seq: number, message: FixMessage | 'done'): void {
  hold(turn, seq, message)
  const { state } = turn
  if (state.gap) {
    state.gap = { ...state.gap, to: Math.max(state.gap.to, seq - 1) }
    return
  }
  note(turn, 'sequence-gap', `expected ${state.nextIn}, received ${seq}`)
  requestResend(turn, seq - 1)
}

/** ResendRequest(2) from the expected number on. `to` is the last number known to be missing. */
export function requestResend(turn: Turn, to: number): void {
  const { state } = turn
  const chunk = state.config.resendChunk ?? 0
  const end = chunk > 0 ? Math.min(state.nextIn + chunk - 1, to) : 0
  state.gap = { to, requestedTo: end === 0 ? Number.MAX_SAFE_INTEGER : end, progressAt: turn.now }
  state.firstRequest ??= state.nextOut
  sendAdministrative(turn, '2', [
    [7, `${state.nextIn}`],
    [16, `${end}`],
  ])
}

/** The held message whose turn has come. */
export function nextHeld(turn: Turn): FixMessage | 'done' | undefined {
  return turn.state.held.get(turn.state.nextIn)
}

function hold(turn: Turn, seq: number, message: FixMessage | 'done'): void {
  const { state } = turn
  if (state.held.has(seq)) return
  const bytes = message === 'done' ? 0 : message.bytes.length
  if (state.held.size >= heldMessagesMax || state.heldBytes + bytes > heldBytesMax) {
    note(turn, 'held-overflow', `${state.held.size} messages are held; ${seq} is dropped`)
    return
  }
  // The frame may be a view of a receive buffer that is used again: a held message owns its bytes.
  state.held = new Map(state.held).set(seq, message === 'done' ? message : copyOf(turn, message))
  state.heldBytes += bytes
  state.heldTop = Math.max(state.heldTop, seq)
}

function copyOf(turn: Turn, message: FixMessage): FixMessage {
  const copy = parseMessage(message.bytes.slice(), sessionDictionary(turn.state.config))
  invariant(!('kind' in copy), 'what was read once is read again')
  return copy
}

function dropHeld(turn: Turn): void {
  turn.state.held = new Map()
  turn.state.heldBytes = 0
  turn.state.heldTop = 0
}

/** The order has moved inside a gap: closed, the next chunk is due, or simply progress. */
function followGap(turn: Turn): void {
  const { state, now } = turn
  const gap = state.gap
  if (!gap) return
  if (state.nextIn > gap.to) state.gap = undefined
  else if (state.nextIn > gap.requestedTo) requestResend(turn, gap.to)
  else state.gap = { ...gap, progressAt: now }
}
