// Request for quote: asked by the taker's gateway, answered by the maker's. FIX 4.4 vol 3: QuoteRequest(R), Quote(S).
import { addMs, formatInstant, isRefusal, parseInstant, refuse, type Instant, type Refusal } from '#core'
import type { DeskContext } from './context.ts'
import type { DeskEvent } from './events.ts'
import { rfqKey, type DeskState, type Quote } from './state.ts'
import type { QuoteMark, QuoteTerms, RfqTerms } from './terms.ts'

/** FIX leaves the length of QuoteReqID, QuoteID and ClOrdID open; 64 characters is what venues accept. */
export const ID_CHARACTERS_MAX = 64

/** How long a quote can be good for. What hangs on it, a settlement above all, must end some day. */
export const QUOTE_LIFETIME_MS_MAX = 600_000

/** A request is quoted again and again, but not without end. */
export const QUOTES_PER_REQUEST_MAX = 100

const isNew = (state: DeskState, terms: RfqTerms): true | Refusal => {
  if (!isId(terms.quoteReqId))
    return refuse('field-invalid', `QuoteReqID must be 1 to ${ID_CHARACTERS_MAX} printable characters`)
  if (state.rfqs.has(rfqKey(terms.taker.name, terms.quoteReqId)))
    return refuse('duplicate-quote-req-id', `QuoteReqID ${terms.quoteReqId} was used before`)
  return true
}

export function requestQuote(state: DeskState, terms: RfqTerms): readonly DeskEvent[] | Refusal {
  const fresh = isNew(state, terms)
  if (fresh !== true) return fresh
  return [
    {
      type: 'rfq.requested',
      corr: rfqKey(terms.taker.name, terms.quoteReqId),
      body: { quoteReqId: terms.quoteReqId },
      parts: { terms },
    },
  ]
}

/** The maker's prices, computed from marks outside (risk) and recorded here with what they came from. */
export type Pricing = {
  readonly quoteId: string
  readonly bidPx: string
  readonly offerPx: string
  readonly mark: QuoteMark
  readonly lifetimeMs: number
}

export function answerRfq(
  state: DeskState,
  terms: RfqTerms,
  pricing: Pricing,
  context: DeskContext,
): readonly DeskEvent[] | Refusal {
  const fresh = isNew(state, terms)
  if (fresh !== true) return fresh
  const corr = rfqKey(terms.taker.name, terms.quoteReqId)
  const validUntilTime = formatInstant(addMs(context.now, pricing.lifetimeMs))
  if (state.quotes.has(pricing.quoteId)) return refuse('quote-used', 'the drawn QuoteID is in use; ask again')
  const { quoteReqId, orderQty, currency } = terms
  const { quoteId, bidPx, offerPx, mark } = pricing
  const sizes = { bidSize: orderQty, offerSize: orderQty }
  const quote: QuoteTerms = { quoteId, quoteReqId, bidPx, offerPx, ...sizes, currency, validUntilTime }
  return [
    { type: 'rfq.received', corr, body: { quoteReqId }, parts: { terms } },
    {
      type: 'quote.issued',
      corr,
      body: { quoteReqId, quoteId, validUntilTime },
      parts: { terms: quote, mark },
    },
  ]
}

/** A quote that arrives at the taker; it must answer a request that this gateway sent to that maker. */
export function receiveQuote(
  state: DeskState,
  quote: QuoteTerms,
  context: DeskContext,
  maker: string,
): readonly DeskEvent[] | Refusal {
  const corr = rfqKey(context.self.name, quote.quoteReqId)
  const rfq = state.rfqs.get(corr)
  if (!rfq || rfq.terms.maker.name !== maker)
    return refuse('quote-unknown', `no request ${quote.quoteReqId} was sent to ${maker}`)
  const bad = checkReceived(quote, context.now)
  if (bad) return bad
  if (state.quotes.has(quote.quoteId)) return refuse('quote-used', `QuoteID ${quote.quoteId} was sent before`)
  if (rfq.quoteIds.length >= QUOTES_PER_REQUEST_MAX)
    return refuse('limit-rate', `${quote.quoteReqId} was quoted ${QUOTES_PER_REQUEST_MAX} times`)
  const { quoteReqId, quoteId, validUntilTime } = quote
  return [
    { type: 'quote.received', corr, body: { quoteReqId, quoteId, validUntilTime }, parts: { terms: quote } },
  ]
}

function checkReceived({ quoteId, validUntilTime }: QuoteTerms, now: Instant): Refusal | undefined {
  if (!isId(quoteId))
    return refuse('field-invalid', `QuoteID must be 1 to ${ID_CHARACTERS_MAX} printable characters`)
  const until = parseInstant(validUntilTime)
  if (isRefusal(until)) return until
  return until <= now + QUOTE_LIFETIME_MS_MAX
    ? undefined
    : refuse('field-invalid', `ValidUntilTime ${validUntilTime} is more than ten minutes from now`)
}

/** The maker that was asked declines; nobody else can. */
export function refuseRfq(
  state: DeskState,
  quoteReqId: string,
  between: { readonly taker: string; readonly maker: string },
  refusal: Refusal,
): readonly DeskEvent[] | Refusal {
  const corr = rfqKey(between.taker, quoteReqId)
  if (state.rfqs.get(corr)?.terms.maker.name !== between.maker)
    return refuse('rfq-unknown', `no request ${quoteReqId} was sent to ${between.maker}`)
  const body = { quoteReqId, refusal: refusal.refusal }
  return [{ type: 'rfq.refused', corr, body, parts: { why: { detail: refusal.detail } } }]
}

/**
 * QuoteCancel(Z): by the maker who withdraws, or by the taker who declines (QuoteResponse 694=6). `by` is the
 * institution; a quote of two others is nobody else's to end.
 */
export function cancelQuote(
  state: DeskState,
  quoteId: string,
  by: string,
  policy?: DeskContext['policy'],
): readonly DeskEvent[] | Refusal {
  const quote = state.quotes.get(quoteId)
  if (!quote) return refuse('quote-unknown', `QuoteID ${quoteId} is not known`)
  const rfq = state.rfqs.get(quote.rfq)?.terms
  if (by !== rfq?.maker.name && by !== rfq?.taker.name)
    return refuse('quote-not-yours', `QuoteID ${quoteId} is a matter between others`)
  if (quote.status !== 'open') return notOpen(quote)
  const body = policy ? { quoteId, by, policy: policy.mark } : { quoteId, by }
  const parts = policy ? { policy: policy.inputs } : {}
  return [{ type: 'quote.canceled', corr: quote.rfq, body, parts }]
}

/** Why a quote that is no longer open can be neither taken nor withdrawn. */
export const notOpen = ({ status, terms }: Quote): Refusal =>
  status === 'canceled'
    ? refuse('quote-cancelled', `QuoteID ${terms.quoteId} was withdrawn`)
    : refuse('quote-used', `QuoteID ${terms.quoteId} is used already`)

export const isId = (text: string): boolean =>
  text.length > 0 && text.length <= ID_CHARACTERS_MAX && /^[\x21-\x7e]+$/.test(text)
