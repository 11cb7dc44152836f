// BusinessMessageReject(j) of what we sent: whoever asked must not wait for an answer for ever.
import type { MessageReader } from '#transport'
import { orderRejected } from './fix-ordering.ts'
import { requestRefused } from './fix-quoting.ts'
import type { Route } from './fix-route.ts'

/** RefMsgType(372) and BusinessRejectRefID(379) say what; one that names neither order nor request changes nothing. */
export function businessRejectArrived(route: Route, message: MessageReader): void {
  const refId = message.text(379)
  if (refId === undefined) return
  const text = message.text(58) ?? ''
  if (message.text(372) === 'D') orderRejected(route, message, { clOrdId: refId, text })
  if (message.text(372) === 'R') requestRefused(route, refId, text)
}
