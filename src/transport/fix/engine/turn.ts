import type { FixField, FixMessage } from '../wire/index.ts'
import { routeBack, type FixBody } from '../session/index.ts'
import type { BusinessReject, FixTurn } from './application.ts'
import type { Happenings } from './open-batch.ts'
import type { LiveSession } from './sessions.ts'

export function createTurn(
  session: LiveSession,
  message: FixMessage,
  open: Happenings,
  send: (session: LiveSession, body: FixBody) => number,
): FixTurn {
  return {
    session: session.key,
    reply: (body) => send(session, body),
    attach: (operation) => {
      open.attachments.push(operation)
    },
    reject: (reject) => send(session, businessReject(message, reject)),
  }
}

/** BusinessMessageReject(j), sent back the way the message came (OnBehalfOf… and DeliverTo… swapped). */
function businessReject(message: FixMessage, reject: BusinessReject): FixBody {
  const body: FixField[] = [
    [45, message.text(34) ?? '0'],
    [58, reject.text],
    [372, message.msgType],
  ]
  if (reject.refId !== undefined) body.push([379, reject.refId])
  body.push([380, `${reject.reason}`])
  return { msgType: 'j', header: routeBack(message), body }
}
