// event → state. The one place that changes a desk's state; total over the event types.
import { invariant, isRefusal, parseInstant } from '#core'
import type { DeskEvent, DeskEventOf, Why } from './events.ts'
import type {
  DeskState,
  Order,
  Position,
  Quote,
  RefusalMark,
  Rfq,
  Trade,
  TradePhase,
  UnderWay,
} from './state.ts'
import { makerOf } from './ordering.ts'
import { instructionKey, orderKey, rfqKey, usageKey } from './state.ts'
import type { ExecutionTerms, OrderTerms, PositionInstruction, RfqTerms, Role } from './terms.ts'

export function evolveDesk(state: DeskState, event: DeskEvent): void {
  if (isTradeEvent(event))
    return isAftercare(event) ? evolveAftercare(state, event) : evolveTrade(state, event)
  switch (event.type) {
    case 'rfq.requested':
      return putRfq(state, event.corr, 'taker', event.parts.terms)
    case 'rfq.received':
      return putRfq(state, event.corr, 'maker', event.parts.terms)
    case 'rfq.refused':
      return patch(state.rfqs, event.corr, { refused: refusalOf(event) })
    case 'quote.issued':
    case 'quote.received':
      return putQuote(state, event)
    case 'quote.canceled':
      return patch(state.quotes, event.body.quoteId, { status: 'canceled' })
    case 'rfq.watched':
      return watch(state, event.body, event.parts.terms.securityIds)
    case 'rfq.unwatched':
      return unwatch(state, event.body)
    case 'position.instructed':
      return instruct(state, event.parts.terms)
    case 'order.placed':
      return putOrder(state, {
        role: 'taker',
        terms: event.parts.terms,
        status: 'placed',
        policy: { mark: event.body.policy, inputs: event.parts.policy },
      })
    case 'order.refused':
      return refuseOrder(state, event)
    case 'trade.executed':
      return putTrade(state, event)
  }
}

/** What happens to a trade that is there. */
type TradeEvent = Exclude<Extract<DeskEvent, { body: { tradeId: string } }>, { type: 'trade.executed' }>

const isTradeEvent = (event: DeskEvent): event is TradeEvent =>
  'tradeId' in event.body && event.type !== 'trade.executed'

type Aftercare =
  | DeskEventOf<'trade.busted'>
  | DeskEventOf<'trade.corrected'>
  | DeskEventOf<'trade.allocated'>
  | DeskEventOf<'trade.acknowledged'>

const isAftercare = (event: TradeEvent): event is Aftercare =>
  event.type === 'trade.busted' ||
  event.type === 'trade.corrected' ||
  event.type === 'trade.allocated' ||
  event.type === 'trade.acknowledged'

function evolveTrade(state: DeskState, event: Exclude<TradeEvent, Aftercare>): void {
  const { body } = event
  const to = (phase: TradePhase, rest: Partial<Trade> = {}): void => enter(state, body.tradeId, phase, rest)
  switch (event.type) {
    case 'trade.proposed':
      return to('proposed', {
        uti: event.body.uti,
        recordHash: event.body.recordHash,
        record: event.parts.record,
      })
    case 'trade.confirmed':
      return to('confirmed', {
        uti: event.body.uti,
        recordHash: event.body.recordHash,
        record: event.parts.record,
      })
    case 'trade.approved':
      return approve(state, body.tradeId, event.body.operator)
    case 'trade.refused':
      to('refused', { refused: refusalOf(event) })
      return free(state, body.tradeId)
    case 'settlement.signed':
      return to('signed', { digest: event.body.digest, instruction: event.parts.instruction })
    case 'settlement.instructed':
      return to('instructed', { digest: event.body.digest, instruction: event.parts.instruction })
    case 'settlement.submitted':
      return to('submitted', { txHash: event.body.txHash })
    case 'settlement.settled':
      to('settled', { txHash: event.body.txHash, settledIn: event.body })
      return hold(state, body.tradeId)
    case 'settlement.failed':
      to('failed', { refused: refusalOf(event) })
      return free(state, body.tradeId)
  }
}

function evolveAftercare(state: DeskState, event: Aftercare): void {
  const { tradeId } = event.body
  switch (event.type) {
    case 'trade.busted':
      enter(state, tradeId, 'busted')
      return takeBack(state, tradeId, 'busted')
    case 'trade.corrected':
      enter(state, tradeId, 'corrected', { correctedBy: event.body.correctedBy })
      return takeBack(state, tradeId, 'filled')
    case 'trade.allocated':
      return patch(state.trades, tradeId, { allocation: event.parts.terms })
    case 'trade.acknowledged':
      return acknowledge(state, event.body)
  }
}

function enter(state: DeskState, tradeId: string, phase: TradePhase, rest: Partial<Trade> = {}): void {
  patch(state.trades, tradeId, { phase, ...rest })
  if (ended.has(phase)) state.open.delete(tradeId)
}

const ended: ReadonlySet<TradePhase> = new Set(['settled', 'refused', 'failed', 'busted', 'corrected'])

/** The order of a fill that stands no longer says so. */
function takeBack(state: DeskState, tradeId: string, status: Order['status']): void {
  const terms = state.trades.get(tradeId)?.terms
  invariant(terms, `${tradeId} is there to be taken back`)
  patch(state.orders, orderKey(terms.taker.name, terms.clOrdId), { status })
  free(state, tradeId)
}

/** A trade that ended without settling uses nothing of the day's limit. */
function free(state: DeskState, tradeId: string): void {
  const trade = state.trades.get(tradeId)
  invariant(trade, `${tradeId} has used the day's limit`)
  use(state, trade, -BigInt(trade.terms.premiumMinor))
}

function use(state: DeskState, { role, terms }: Pick<Trade, 'role' | 'terms'>, minor: bigint): void {
  const counterparty = role === 'maker' ? terms.taker : terms.maker
  const day = usageKey(counterparty.name, terms.transactTime)
  state.usage.set(day, (state.usage.get(day) ?? 0n) + minor)
}

function acknowledge(
  state: DeskState,
  { tradeId, ...said }: DeskEventOf<'trade.acknowledged'>['body'],
): void {
  const before = state.trades.get(tradeId)?.acknowledged ?? []
  patch(state.trades, tradeId, { acknowledged: [...before, said] })
}

const nothingHeld: Position = {
  longQty: 0n,
  shortQty: 0n,
  instructedQty: 0n,
  premiumMinor: 0n,
  lastPx: '0',
  currency: '',
  tradedAt: '',
  counterparties: [],
}

/** What has settled is held: bought by the taker who buys, or by the maker from a taker who sells. */
function hold(state: DeskState, tradeId: string): void {
  const trade = state.trades.get(tradeId)
  invariant(trade, `${tradeId} has settled`)
  const { role, terms } = trade
  const bought = (role === 'taker') === (terms.side === 'Buy')
  const before = state.positions.get(terms.securityId) ?? nothingHeld
  const quantity = BigInt(terms.lastQty)
  const premium = BigInt(terms.premiumMinor)
  const name = role === 'taker' ? terms.maker.name : terms.taker.name
  state.positions.set(terms.securityId, {
    ...before,
    longQty: before.longQty + (bought ? quantity : 0n),
    shortQty: before.shortQty + (bought ? 0n : quantity),
    premiumMinor: before.premiumMinor + (bought ? premium : -premium),
    lastPx: terms.lastPx,
    currency: terms.currency,
    tradedAt: terms.transactTime,
    counterparties: [...new Set([...before.counterparties, name])],
  })
}

function instruct(state: DeskState, terms: PositionInstruction): void {
  state.instructions.set(instructionKey(terms.principal, terms.posReqId), terms)
  const before = state.positions.get(terms.securityId)
  invariant(before, `${terms.securityId} is held`)
  patch(state.positions, terms.securityId, {
    instructedQty: before.instructedQty + BigInt(terms.quantity),
  })
}

type Watch = DeskEventOf<'rfq.watched'>['body']

function watch(state: DeskState, { session, rfqReqId }: Watch, securityIds: readonly string[]): void {
  for (const id of securityIds)
    state.watchers.set(id, new Map([...(state.watchers.get(id) ?? []), [session, rfqReqId]]))
}

function unwatch(state: DeskState, { session, rfqReqId }: Watch): void {
  for (const [id, sessions] of state.watchers) {
    if (sessions.get(session) !== rfqReqId) continue
    state.watchers.set(id, new Map([...sessions].filter(([name]) => name !== session)))
  }
}

function approve(state: DeskState, tradeId: string, operator: string): void {
  const approvals = state.trades.get(tradeId)?.approvals ?? []
  patch(state.trades, tradeId, { approvals: [...approvals, operator] })
}

function putRfq(state: DeskState, corr: string, role: Role, terms: RfqTerms): void {
  state.rfqs.set(rfqKey(terms.taker.name, terms.quoteReqId), { role, terms, corr, quoteIds: [] })
}

function putQuote(
  state: DeskState,
  event: DeskEventOf<'quote.issued'> | DeskEventOf<'quote.received'>,
): void {
  const { terms } = event.parts
  const rfq = state.rfqs.get(event.corr)
  invariant(rfq, `quote ${terms.quoteId} answers a request that is not there`)
  state.rfqs.set(event.corr, { ...rfq, quoteIds: [...rfq.quoteIds, terms.quoteId] })
  state.quotes.set(terms.quoteId, { terms, rfq: event.corr, status: 'open' } satisfies Quote)
}

function putOrder(state: DeskState, order: Order): void {
  const taker = takerOf(state, order.terms)
  state.orders.set(orderKey(taker, order.terms.clOrdId), order)
  if (order.status !== 'refused') patch(state.quotes, order.terms.quoteId, { status: 'used' })
  if (order.status === 'placed') reserve(state, orderKey(taker, order.terms.clOrdId), order.terms)
}

function reserve(state: DeskState, key: string, terms: OrderTerms): void {
  const maker = makerOf(state, terms)
  const until = parseInstant(state.quotes.get(terms.quoteId)?.terms.validUntilTime ?? '')
  invariant(maker !== undefined && !isRefusal(until), 'an order takes a quote')
  const others = state.underWay.get(maker) ?? new Map<string, UnderWay>()
  state.underWay.set(maker, others.set(key, { premiumMinor: BigInt(terms.premiumMinor), until }))
}

/** It is answered: filled, it uses the limit; refused, it does not. */
function release(state: DeskState, key: string, order: Order | undefined): void {
  const maker = order?.status === 'placed' ? makerOf(state, order.terms) : undefined
  if (maker !== undefined) state.underWay.get(maker)?.delete(key)
}

function refuseOrder(state: DeskState, event: DeskEventOf<'order.refused'>): void {
  const taker = takerOf(state, event.parts.terms)
  const key = orderKey(taker, event.body.clOrdId)
  const before = state.orders.get(key)
  const refused = refusalOf(event)
  release(state, key, before)
  state.orders.set(key, {
    role: before?.role ?? 'maker',
    terms: event.parts.terms,
    status: 'refused',
    refused,
  })
}

/** An order for a quote nobody knows still has its taker: the principal's institution. */
const takerOf = (state: DeskState, terms: OrderTerms): string => {
  const quote = state.quotes.get(terms.quoteId)
  const rfq: Rfq | undefined = quote && state.rfqs.get(quote.rfq)
  return rfq?.terms.taker.name ?? terms.principal
}

function putTrade(state: DeskState, event: DeskEventOf<'trade.executed'>): void {
  const { terms } = event.parts
  const { role, tradeId } = event.body
  const key = orderKey(terms.taker.name, terms.clOrdId)
  const placed = state.orders.get(key)
  release(state, key, placed)
  const order: Order = placed ?? { role, terms: orderOf(terms), status: 'placed' }
  state.orders.set(key, { ...order, status: 'filled', tradeId })
  patch(state.quotes, terms.quoteId, { status: 'used' })
  state.trades.set(tradeId, {
    role,
    corr: event.corr,
    terms,
    phase: 'executed',
    approvals: [],
    acknowledged: [],
  })
  state.open.add(tradeId)
  if (role === 'maker') state.tradesMade += 1
  use(state, { role, terms }, BigInt(terms.premiumMinor))
}

const orderOf = (terms: ExecutionTerms): OrderTerms => ({
  clOrdId: terms.clOrdId,
  quoteId: terms.quoteId,
  quoteReqId: terms.quoteReqId,
  securityId: terms.securityId,
  side: terms.side,
  orderQty: terms.lastQty,
  price: terms.lastPx,
  currency: terms.currency,
  premiumMinor: terms.premiumMinor,
  principal: terms.taker.name,
})

const refusalOf = ({ body, parts }: { body: { refusal: string }; parts: { why: Why } }): RefusalMark => ({
  refusal: body.refusal,
  detail: parts.why.detail,
})

function patch<T>(map: Map<string, T>, key: string, change: Partial<T>): void {
  const before = map.get(key)
  invariant(before, `${key} is there to be changed`)
  map.set(key, { ...before, ...change })
}
