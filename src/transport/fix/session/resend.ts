import { invariant } from '#core'
import type { FixMessage } from '../wire/index.ts'
import { resendPageMax } from './config.ts'
import type { StoredMessage } from './io.ts'
import { note, sendGapFill, sendingTime, transmit } from './outbound.ts'
import { asPossDup } from './possdup.ts'
import { reject, valueIncorrect } from './reject.ts'
import { advance, holdAhead, positionOf } from './sequence.ts'
import type { Resend, Turn } from './state.ts'

/**
 * ResendRequest(2) is answered whatever its number, even inside a gap of our own: if both sides waited for the
 * other's resend first, neither would ever finish (FIX 4.4 vol 2). One ahead of the gap has had its turn.
 */
export function onResendRequest(turn: Turn, seq: number, message: FixMessage): void {
  const { state } = turn
  const from = message.int(7) ?? 0
  const asked = message.int(16) ?? 0
  if (from < 1 || (asked !== 0 && asked < from))
    return reject(turn, message, { ...valueIncorrect, refTagId: from < 1 ? 7 : 16 })
  const last = state.nextOut - 1
  note(turn, 'resend-requested', `${from} to ${asked === 0 ? 'the end' : asked}`)
  if (from <= last) beginResend(turn, from, asked === 0 ? last : Math.min(asked, last))
  const position = positionOf(turn, seq)
  if (position === 'next') advance(turn)
  else if (position === 'ahead') holdAhead(turn, seq, 'done')
}

/** Resends `from` to `to`, page by page. While one resend runs, a further one is remembered. */
export function beginResend(turn: Turn, from: number, to: number): void {
  const { state } = turn
  const { resend } = state
  if (!resend) return fetchPage(turn, { next: from, to, fillFrom: undefined, again: undefined, behind: [] })
  const again = resend.again ?? { from, to }
  state.resend = { ...resend, again: { from: Math.min(again.from, from), to: Math.max(again.to, to) } }
}

/** Application messages that were numbered and have not left are sent now, marked as repetitions. */
export function sendUnsent(turn: Turn): void {
  const { state } = turn
  const from = state.unsentFrom
  state.unsentFrom = undefined
  if (from !== undefined && from < state.nextOut) beginResend(turn, from, state.nextOut - 1)
}

/** A page of stored messages: application messages leave again, runs of administrative ones become gap fills. */
export function onStored(turn: Turn, fetch: number, messages: readonly StoredMessage[]): void {
  const { resend } = turn.state
  if (!resend || resend.fetch !== fetch) return
  const open = resendPage(turn, resend, messages)
  const isLast = resend.pageTo >= resend.to
  // What is filled number by number leaves with its page, so that no step puts out more than a page.
  const isFilled = isLast || isAfterRequest(turn, resend.pageTo)
  if (open !== undefined && isFilled) fill(turn, open, resend.pageTo + 1)
  if (isLast) return endResend(turn, resend)
  const { to, again, behind } = resend
  fetchPage(turn, { next: resend.pageTo + 1, to, fillFrom: isFilled ? undefined : open, again, behind })
}

/** Returns the first of the administrative messages that the page ends with, if it does. */
function resendPage(turn: Turn, resend: Resend, messages: readonly StoredMessage[]): number | undefined {
  let { next, fillFrom } = resend
  for (const { seq, bytes } of messages) {
    invariant(seq >= next && seq <= resend.pageTo, `stored message ${seq} was not asked for`)
    if (seq > next) fillFrom ??= next
    if (fillFrom !== undefined) fill(turn, fillFrom, seq)
    fillFrom = undefined
    transmit(turn, asPossDup(bytes, sendingTime(turn)))
    next = seq + 1
  }
  return next <= resend.pageTo ? (fillFrom ?? next) : fillFrom
}

/** What waited behind the resend leaves, unless it was asked for meanwhile and the next resend brings it. */
function endResend(turn: Turn, { again, behind }: Resend): void {
  turn.state.resend = undefined
  const coveredTo = again?.to ?? 0
  const due = again ? behind.filter(({ seq, isStored }) => seq <= coveredTo && !isStored) : behind
  for (const { bytes } of due) transmit(turn, bytes)
  if (!again) return sendUnsent(turn)
  const still = behind.filter(({ seq }) => seq > coveredTo)
  fetchPage(turn, { next: again.from, to: again.to, fillFrom: undefined, again: undefined, behind: still })
}

/**
 * In place of the administrative messages `from` to `next` - 1. A counterparty in a gap holds what it hears ahead of
 * it, but a ResendRequest it obeys at once and does not hold. Once it has taken what it held before one, a gap fill
 * that begins there and reaches beyond is too low for it and dropped; so none reaches over a request of ours.
 */
function fill(turn: Turn, from: number, next: number): void {
  const split = Math.min(next, Math.max(from, turn.state.firstRequest ?? next))
  if (from < split) sendGapFill(turn, from, split)
  for (let seq = split; seq < next; seq += 1) sendGapFill(turn, seq, seq + 1)
}

const isAfterRequest = ({ state: { firstRequest } }: Turn, seq: number): boolean =>
  firstRequest !== undefined && seq >= firstRequest

function fetchPage(turn: Turn, range: Omit<Resend, 'fetch' | 'pageTo'>): void {
  const { state, outputs } = turn
  const pageTo = Math.min(range.to, range.next + resendPageMax - 1)
  state.fetches += 1
  state.resend = { ...range, fetch: state.fetches, pageTo }
  outputs.push({ kind: 'fetch', fetch: state.fetches, from: range.next, to: pageTo })
}
