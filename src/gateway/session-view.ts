import type { SessionView } from '#transport'
import type { FixSessionView } from './api.ts'

export const sessionView = (view: SessionView): FixSessionView => ({
  id: view.session,
  beginString: view.beginString,
  senderCompId: view.senderCompId,
  targetCompId: view.targetCompId,
  role: view.role,
  state: view.enabled ? 'enabled' : 'disabled',
  loggedOn: view.phase === 'active',
  nextSenderMsgSeqNum: view.nextOut,
  nextTargetMsgSeqNum: view.nextIn,
})
