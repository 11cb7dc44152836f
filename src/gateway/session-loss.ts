// Cancel on disconnect: a session that was agreed to has been lost, and its open quotes end with it.
import { isRefusal, parseInstant } from '#core'
import { cancelQuote, type Quote, type Rfq } from '#trade'
import { writePass, writeQuoteCancel, type DeskBody, type SessionKey } from '#transport'
import type { FixSessionConfig } from './config.ts'
import type { PeeringParts } from './peering.ts'
import { fixSessionKey } from './registry.ts'

/**
 * Quotes that we gave the lost counterparty are withdrawn, quotes that the lost desk asked for are passed on. What is
 * executed stands. The other institution hears of it, a lost one when it is back.
 */
export async function cancelOpenQuotes(parts: PeeringParts, key: SessionKey): Promise<void> {
  const session = parts.registry.session(key)
  if (!session) return
  await Promise.all(
    [...parts.loop.state.quotes.values()].flatMap((quote) => {
      const rfq = parts.loop.state.rfqs.get(quote.rfq)
      return rfq && isOpen(parts, quote) && isOf(session, rfq) ? [end(parts, quote, rfq)] : []
    }),
  )
}

function isOpen({ clock }: PeeringParts, { status, terms }: Quote): boolean {
  const until = parseInstant(terms.validUntilTime)
  return status === 'open' && !isRefusal(until) && clock.now() <= until
}

const isOf = (session: FixSessionConfig, { role, terms }: Rfq): boolean =>
  session.use === 'desk'
    ? role === 'taker' && terms.principal === fixSessionKey(session)
    : session.use === 'counterparty' && role === 'maker' && terms.taker.name === session.party

function end(parts: PeeringParts, { terms }: Quote, rfq: Rfq): Promise<void> {
  const { loop, registry } = parts
  const { self } = registry
  const acted = loop.act({
    name: 'CancelQuote',
    by: { kind: 'gateway', id: self.name },
    corr: rfq.corr,
    decide: (state) => cancelQuote(state, terms.quoteId, self.name),
  })
  const other = rfq.role === 'maker' ? rfq.terms.taker : rfq.terms.maker
  const session = registry.sessionOf(other.name)
  const body = acted.refused ? undefined : farewell(parts, terms.quoteId, rfq)
  return parts.outbox.post(acted.bundle, session && body ? [{ session: fixSessionKey(session), body }] : [])
}

function farewell(parts: PeeringParts, quoteId: string, { role, terms }: Rfq): DeskBody | undefined {
  if (role === 'maker') return writeQuoteCancel(quoteId, terms.quoteReqId)
  const instrument = parts.instrumentOf(terms.securityId)
  return isRefusal(instrument) ? undefined : writePass(`L-${quoteId}`, quoteId, instrument)
}
