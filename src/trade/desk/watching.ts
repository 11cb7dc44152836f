// RFQRequest(35=AH), FIX 4.4 vol 3: a maker's desk asks to see the requests for quote in some options.
import { refuse, type Refusal } from '#core'
import type { DeskEvent } from './events.ts'
import type { DeskState } from './state.ts'

/** A session watches an option once: a later RFQReqID takes the place of the one before. */
export function watchRfqs(
  rfqReqId: string,
  session: string,
  securityIds: readonly string[],
): readonly DeskEvent[] {
  return [
    { type: 'rfq.watched', corr: session, body: { rfqReqId, session }, parts: { terms: { securityIds } } },
  ]
}

export function unwatchRfqs(
  state: DeskState,
  rfqReqId: string,
  session: string,
): readonly DeskEvent[] | Refusal {
  const watches = [...state.watchers.values()].some((sessions) => sessions.get(session) === rfqReqId)
  if (!watches) return refuse('rfq-unknown', `RFQReqID ${rfqReqId} watches nothing`)
  return [{ type: 'rfq.unwatched', corr: session, body: { rfqReqId, session }, parts: {} }]
}
