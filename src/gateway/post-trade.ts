// What our own desks hear of a co-signed trade, what they say to it, and how they divide a fill.
import {
  formatDecimal,
  formatInstant,
  fromMinor,
  invariant,
  isRefusal,
  parseInstant,
  refuse,
  type Refusal,
} from '#core'
import {
  acknowledgeTrade,
  allocateTrade,
  orderKey,
  parseInstrument,
  sameDecimal,
  tradeIdOf,
  type Acknowledgement,
  type AllocationTerms,
  type ExecutionTerms,
  type Instrument,
  type Side,
  type Trade,
} from '#trade'
import {
  writeConfirmation,
  writeTradeReport,
  type AllocationFields,
  type ConfirmedTrade,
  type ReportedTrade,
} from '#transport'
import type { Principal } from './api.ts'
import type { FixSessionConfig } from './config.ts'
import { refusedStep, stepOf, type DeskParts, type Step } from './desk.ts'
import { agreedForm } from './fix-route.ts'
import type { Acted, Command } from './loop.ts'
import type { Sending } from './outbox.ts'
import type { PeeringParts } from './peering.ts'
import { fixSessionKey } from './registry.ts'

/**
 * Makes a decision about a confirmation durable, and with it the TradeCaptureReport(AE) and the Confirmation(AK) to
 * the desks that may hear of the trade and want to.
 */
export async function durableAndReported(
  parts: PeeringParts,
  acted: Acted,
  tradeId: string,
): Promise<Refusal | undefined> {
  await parts.outbox.post(acted.bundle, acted.refused ? [] : reportsOf(parts, tradeId))
  return acted.refused
}

function reportsOf(parts: DeskParts, tradeId: string): readonly Sending[] {
  const trade = confirmedTrade(parts, tradeId)
  if (!trade) return []
  const bodies = [writeTradeReport(trade), writeConfirmation(trade)]
  return listeners(parts, tradeId).flatMap((session) =>
    bodies.map((body) => ({ session: fixSessionKey(session), body: agreedForm(session, body) })),
  )
}

/** Who wants to hear of it unasked; FIX 4.2 has neither message. */
const listeners = (parts: DeskParts, tradeId: string): readonly FixSessionConfig[] =>
  parts.registry
    .deskSessions()
    .filter(
      (session) =>
        session.tradeReports === true &&
        session.beginString !== 'FIX.4.2' &&
        mayHear(parts, fixSessionKey(session), tradeId),
    )

/** The maker's desks share its book; a taker's desk hears of the orders that it sent itself. */
export function mayHear({ loop, registry }: DeskParts, session: string, tradeId: string): boolean {
  const trade = loop.state.trades.get(tradeId)
  if (!trade || trade.role === 'maker') return trade !== undefined
  const order = loop.state.orders.get(orderKey(registry.self.name, trade.terms.clOrdId))
  return order?.terms.principal === session
}

const agreed: ReadonlySet<Trade['phase']> = new Set([
  'confirmed',
  'signed',
  'instructed',
  'submitted',
  'settled',
])

/** undefined unless both institutions have signed the record and it stands. */
export function reportedTrade(parts: DeskParts, tradeId: string): ReportedTrade | undefined {
  const trade = parts.loop.state.trades.get(tradeId)
  if (!trade || trade.uti === undefined || !agreed.has(trade.phase)) return undefined
  const { role, terms, uti } = trade
  const [own, other] = role === 'taker' ? [terms.taker, terms.maker] : [terms.maker, terms.taker]
  const instrument = instrumentOf(parts, terms)
  return { tradeId, execution: terms, uti, own, other, ownSide: ownSideOf(trade), instrument }
}

const ownSideOf = ({ role, terms }: Trade): Side =>
  role === 'taker' ? terms.side : terms.side === 'Buy' ? 'Sell' : 'Buy'

/** Listed when it was traded, whatever has expired since. */
function instrumentOf({ place }: DeskParts, terms: ExecutionTerms): Instrument {
  const tradedAt = parseInstant(terms.transactTime)
  invariant(!isRefusal(tradedAt), 'a fill has its time')
  const instrument = parseInstrument(terms.securityId, place.venue, tradedAt)
  invariant(!isRefusal(instrument), 'a fill is in an instrument that was checked')
  return instrument
}

function confirmedTrade(parts: DeskParts, tradeId: string): ConfirmedTrade | undefined {
  const trade = reportedTrade(parts, tradeId)
  const recordHash = parts.loop.state.trades.get(tradeId)?.recordHash
  if (!trade || recordHash === undefined) return undefined
  const { place, clock } = parts
  const account = place.accountOf(trade.own.lei)
  const premium = fromMinor(BigInt(trade.execution.premiumMinor), place.payToken.decimals)
  return {
    ...trade,
    recordHash,
    account: isRefusal(account) ? trade.own.name : `${place.chainId}:${account}`,
    premium: formatDecimal(premium),
    confirmedAt: formatInstant(clock.now()),
  }
}

export function acknowledge(
  parts: DeskParts,
  by: Principal,
  tradeId: string,
  said: { readonly acknowledgement: Acknowledgement; readonly text: string | undefined },
): Step<{ tradeId: string }> {
  const { loop } = parts
  const corr = loop.state.trades.get(tradeId)?.corr ?? tradeId
  const input = { name: 'AcknowledgeTrade', by, corr }
  if (!mayHear(parts, by.id, tradeId)) {
    const unknown = refuse('trade-unknown', `nothing was reported of ${tradeId}`)
    return refusedStep(loop.refuse(input, unknown), unknown)
  }
  const decide: Command['decide'] = (state) =>
    acknowledgeTrade(state, tradeId, said.acknowledgement, said.text)
  return stepOf(loop.act({ ...input, decide }), { tradeId })
}

/** The fill that an instruction names, if this desk may divide it. */
export function filledTrade(parts: DeskParts, by: Principal, fields: AllocationFields): Trade | Refusal {
  const { loop, registry } = parts
  const { clOrdId, execId } = fields
  const ordered =
    clOrdId === undefined ? undefined : loop.state.orders.get(orderKey(registry.self.name, clOrdId))
  const tradeId = ordered?.tradeId ?? (execId === undefined ? '' : tradeIdOf(registry.self, execId))
  const trade = loop.state.trades.get(tradeId)
  return trade && mayHear(parts, by.id, tradeId)
    ? trade
    : refuse('execution-unknown', `no fill of ${clOrdId ?? execId ?? 'an order that is not named'}`)
}

export function allocate(
  parts: DeskParts,
  by: Principal,
  trade: Trade,
  fields: AllocationFields,
): Step<{ terms: AllocationTerms }> {
  const { loop } = parts
  const input = { name: 'AllocateTrade', by, corr: trade.corr }
  const bad = differences(trade, fields)
  if (bad) return refusedStep(loop.refuse(input, bad), bad)
  const { allocId, shares } = fields
  const terms: AllocationTerms = { allocId, shares, principal: by.id }
  const counterparty = trade.role === 'taker' ? trade.terms.maker.name : trade.terms.taker.name
  const instrument = instrumentOf(parts, trade.terms)
  const authorised = parts.authorise.deal('AllocateTrade', { counterparty, instrument })
  const decide: Command['decide'] = (state, context) =>
    allocateTrade(state, trade.terms.tradeId, terms, context)
  return stepOf(loop.act({ ...input, authorised, decide }), { terms })
}

function differences(trade: Trade, fields: AllocationFields): Refusal | undefined {
  const { terms } = trade
  if (fields.product.securityId !== terms.securityId)
    return refuse('instrument-mismatch', `the fill is in ${terms.securityId}`)
  if (fields.side !== ownSideOf(trade))
    return refuse('side-invalid', `the fill is a ${ownSideOf(trade)} of ours`)
  if (!sameDecimal(fields.quantity, terms.lastQty))
    return refuse('quantity-invalid', `Quantity(53) ${fields.quantity}; filled were ${terms.lastQty}`)
  if (!sameDecimal(fields.avgPx, terms.lastPx))
    return refuse('price-not-quoted', `AvgPx(6) ${fields.avgPx}; filled at ${terms.lastPx}`)
  return undefined
}
