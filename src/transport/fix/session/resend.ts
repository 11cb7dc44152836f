import { invariant } from '#core'
import type { FixMessage } from '../wire/index.ts'
import { resendPageMax } from './config.ts'
import type { StoredMessage } from './io.ts'
import { note, sendGapFill, sendingTime, transmit } from './outbound.ts'
import { asPossDup } from './possdup.ts'
import { reject, valueIncorrect } from './reject.ts'
import { advance, positionOf, requestResend } from './sequence.ts'
import type { Turn } from './state.ts'

/**
 * ResendRequest(2) is answered whatever its number, even inside a gap of our own: if both sides waited for the
 * other's resend first, neither would ever finish (FIX 4.4 vol 2).
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
  else if (position === 'ahead' && state.gap === undefined) requestResend(turn, seq)
}

/** Resends `from` to `to`, page by page. While one resend runs, a further one is remembered. */
export function beginResend(turn: Turn, from: number, to: number): void {
  const { state } = turn
  const { resend } = state
  if (!resend) {
    fetchPage(turn, { next: from, to, fillFrom: undefined, again: undefined })
    return
  }
  const again = resend.again ?? { from, to }
  state.resend = { ...resend, again: { from: Math.min(again.from, from), to: Math.max(again.to, to) } }
}

/** A page of stored messages: application messages leave again, runs of administrative ones become gap fills. */
export function onStored(turn: Turn, fetch: number, messages: readonly StoredMessage[]): void {
  const { state } = turn
  const { resend } = state
  if (!resend || resend.fetch !== fetch) return
  let { next, fillFrom } = resend
  for (const { seq, bytes } of messages) {
    invariant(seq >= next && seq <= resend.pageTo, `stored message ${seq} was not asked for`)
    if (seq > next) fillFrom ??= next
    if (fillFrom !== undefined) sendGapFill(turn, fillFrom, seq)
    fillFrom = undefined
    transmit(turn, asPossDup(bytes, sendingTime(turn)))
    next = seq + 1
  }
  if (next <= resend.pageTo) fillFrom ??= next
  if (resend.pageTo < resend.to) {
    fetchPage(turn, { next: resend.pageTo + 1, to: resend.to, fillFrom, again: resend.again })
    return
  }
  if (fillFrom !== undefined) sendGapFill(turn, fillFrom, resend.to + 1)
  state.resend = undefined
  if (resend.again) beginResend(turn, resend.again.from, resend.again.to)
}

type Range = {
  readonly next: number
  readonly to: number
  readonly fillFrom: number | undefined
  readonly again: { readonly from: number; readonly to: number } | undefined
}

function fetchPage(turn: Turn, range: Range): void {
  const { state, outputs } = turn
  const pageTo = Math.min(range.to, range.next + resendPageMax - 1)
  state.fetches += 1
  state.resend = { ...range, fetch: state.fetches, pageTo }
  outputs.push({ kind: 'fetch', fetch: state.fetches, from: range.next, to: pageTo })
}
