import { logonTimeoutMsDefault, logoutTimeoutMsDefault, resendRequestTimeoutMs } from './config.ts'
import { logout } from './logout.ts'
import { disconnect, note, sendAdministrative } from './outbound.ts'
import { resetSequences } from './reset.ts'
import { periodStart } from './schedule.ts'
import { requestResend } from './sequence.ts'
import type { Turn } from './state.ts'

/** FIX 4.4 vol 2: HeartBtInt plus "reasonable transmission time", as a share of HeartBtInt. */
const testRequestAfter = 1.2
const lostAfter = 2.4

/** Time has passed. Fed a few times a second; the finer it comes, the more exact the heartbeats. */
export function onTimer(turn: Turn): void {
  if (followSchedule(turn) === 'closed') return
  const { state, now } = turn
  const { config } = state
  const inPhaseMs = now - state.phaseSince
  const logonTimeoutMs = config.logonTimeoutMs ?? logonTimeoutMsDefault
  switch (state.phase) {
    case 'disconnected':
      return
    case 'awaiting-logon':
    case 'logon-sent':
      if (inPhaseMs >= logonTimeoutMs) lose(turn, 'logon-timeout')
      return
    case 'logout-sent':
      if (inPhaseMs >= (config.logoutTimeoutMs ?? logoutTimeoutMsDefault)) lose(turn, 'logout-timeout')
      return
    case 'active':
      if (state.resetSent && inPhaseMs >= logonTimeoutMs) return lose(turn, 'logon-timeout')
      keepAlive(turn)
      repeatResendRequest(turn)
  }
}

/** Heartbeat when we were silent, TestRequest when they were, disconnect when they stay so. */
function keepAlive(turn: Turn): void {
  const { state, now } = turn
  const interval = state.heartBtIntMs
  if (interval === 0) return
  const silentMs = now - state.lastReceivedAt
  if (silentMs >= lostAfter * interval) return lose(turn, 'heartbeat-timeout')
  if (silentMs >= testRequestAfter * interval && !state.testRequestPending) {
    sendAdministrative(turn, '1', [[112, 'TEST']])
    state.testRequestPending = true
    return
  }
  if (!state.testRequestPending && now - state.lastSentAt >= interval) sendAdministrative(turn, '0', [])
}

function repeatResendRequest(turn: Turn): void {
  const { gap } = turn.state
  if (gap && turn.now - gap.progressAt >= resendRequestTimeoutMs) requestResend(turn, gap.to)
}

/** Outside its schedule a session is logged out; in a new period its numbers start again at 1. */
function followSchedule(turn: Turn): 'open' | 'closed' {
  const { state, now } = turn
  const { schedule } = state.config
  if (!schedule) return 'open'
  const period = periodStart(schedule, now)
  if (period !== undefined && state.createdAt >= period) return 'open'
  if (state.phase === 'active') logout(turn, 'The session period has ended')
  if (period !== undefined && state.phase !== 'logout-sent')
    resetSequences(turn, 'a new session period begins')
  return state.phase === 'disconnected' ? 'closed' : 'open'
}

function lose(turn: Turn, why: 'logon-timeout' | 'logout-timeout' | 'heartbeat-timeout'): void {
  note(turn, why, `after ${turn.now - turn.state.phaseSince} ms`)
  disconnect(turn)
}
