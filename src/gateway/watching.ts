// A maker's own desk watches the requests for quote that come in.
import { isRefusal, parseInstant } from '#core'
import { unwatchRfqs, watchRfqs, type RfqTerms } from '#trade'
import type { Principal } from './api.ts'
import { stepOf, type DeskParts, type Step } from './desk.ts'

export function watch(
  parts: DeskParts,
  by: Principal,
  rfqReqId: string,
  securityIds: readonly string[],
): Step<{ rfqReqId: string }> {
  const decide = (): ReturnType<typeof watchRfqs> => watchRfqs(rfqReqId, by.id, securityIds)
  return stepOf(parts.loop.act({ name: 'WatchRfqs', by, corr: by.id, decide }), { rfqReqId })
}

export function unwatch(parts: DeskParts, by: Principal, rfqReqId: string): Step<{ rfqReqId: string }> {
  const { loop } = parts
  const decide = (): ReturnType<typeof unwatchRfqs> => unwatchRfqs(loop.state, rfqReqId, by.id)
  return stepOf(loop.act({ name: 'UnwatchRfqs', by, corr: by.id, decide }), { rfqReqId })
}

/** Requests to us in these options with a quote that can still be hit. */
export function openRequestsIn(parts: DeskParts, securityIds: readonly string[]): readonly RfqTerms[] {
  const { state } = parts.loop
  const now = parts.clock.now()
  const terms: RfqTerms[] = []
  for (const { terms: quote, rfq, status } of state.quotes.values()) {
    const request = state.rfqs.get(rfq)
    const until = parseInstant(quote.validUntilTime)
    if (status !== 'open' || request?.role !== 'maker' || isRefusal(until) || until < now) continue
    if (securityIds.includes(request.terms.securityId)) terms.push(request.terms)
  }
  return terms
}
