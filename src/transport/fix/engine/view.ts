import type { Instant } from '#core'
import type { Phase, SessionKey } from '../session/index.ts'
import type { LiveSession } from './sessions.ts'

/** A session as an operator sees it. */
export type SessionView = {
  readonly session: SessionKey
  readonly beginString: string
  readonly senderCompId: string
  readonly targetCompId: string
  readonly role: 'acceptor' | 'initiator'
  readonly enabled: boolean
  readonly phase: Phase
  /** Expected and given next: NextTargetMsgSeqNum and NextSenderMsgSeqNum. */
  readonly nextIn: number
  readonly nextOut: number
  readonly createdAt: Instant
  readonly heartBtIntMs: number
  readonly lastReceivedAt: Instant
  readonly lastSentAt: Instant
  readonly heldMessages: number
  /** The numbers that are missing, if any. */
  readonly gap?: { readonly from: number; readonly to: number }
  readonly remote?: string
}

export function viewOf(session: LiveSession): SessionView {
  const { config, state, line, key } = session
  return {
    session: key,
    beginString: config.beginString,
    senderCompId: config.senderCompId,
    targetCompId: config.targetCompId,
    role: config.role,
    enabled: state.enabled,
    phase: state.phase,
    nextIn: state.nextIn,
    nextOut: state.nextOut,
    createdAt: state.createdAt,
    heartBtIntMs: state.heartBtIntMs,
    lastReceivedAt: state.lastReceivedAt,
    lastSentAt: state.lastSentAt,
    heldMessages: state.held.size,
    ...(state.gap && { gap: { from: state.nextIn, to: state.gap.to } }),
    ...(line && { remote: line.link.remote }),
  }
}
