// The gateway as its API: views over the state, and the commands that do not come over FIX.
import { formatInstant, isRefusal, refuse, toBase64, toHex, type Refusal } from '#core'
import { leafHash, logResource, type JournalEntry } from '#journal'
import { rfqKey } from '#trade'
import { writeOrder, writeQuoteRequest, type FixEngine } from '#transport'
import type {
  EntryView,
  GatewayApi,
  IdentityView,
  JournalView,
  OrderView,
  PlaceOrderInput,
  Principal,
  ProofView,
  RequestQuoteInput,
  RfqView,
} from './api.ts'
import { takeApproval } from './approving.ts'
import type { GatewayConfig } from './config.ts'
import { askForQuote, orderFromDesk } from './desk.ts'
import { evidenceOf, type EvidenceParts } from './evidence-exchange.ts'
import type { Acted } from './loop.ts'
import { healthOf, type HealthParts } from './health.ts'
import type { PeeringParts } from './peering.ts'
import { operate } from './operating.ts'
import { fixSessionKey } from './registry.ts'
import type { Rows } from './rows.ts'
import { sessionView } from './session-view.ts'
import {
  findTrade,
  instrumentView,
  orderView,
  quoteView,
  rfqView,
  tradeDetail,
  tradeView,
  type ViewParts,
} from './views.ts'
import type { Pdp } from '#policy'

export type ApiParts = {
  readonly config: GatewayConfig
  readonly identity: IdentityView
  readonly peering: PeeringParts
  readonly views: ViewParts
  readonly evidence: EvidenceParts
  readonly health: HealthParts
  readonly engine: () => FixEngine
  readonly pdp: Pdp
  readonly policies: Readonly<Record<string, string>>
  readonly rows: Rows
}

export function createGatewayApi(parts: ApiParts): GatewayApi {
  const { views, peering } = parts
  const { state } = peering.loop
  return {
    identity: () => parts.identity,
    health: () => healthOf(parts.health),
    instruments: () => knownInstruments(parts),
    rfqs: () => [...state.rfqs.values()].map((rfq) => rfqView(views, rfq)),
    quotes: () => [...state.quotes.values()].map((quote) => quoteView(views, quote)),
    orders: () => [...state.orders.values()].map((order) => orderView(views, order)),
    trades: () => [...state.trades].map(([id, trade]) => tradeView(views, id, trade)),
    trade: (id) => found(views, id, ({ tradeId, trade }) => tradeDetail(views, tradeId, trade)),
    journal: journalView(parts),
    evidence: async (id) => {
      const pick = id === undefined ? lastTrade(views) : findTrade(views, id)
      return pick ? evidenceOf(parts.evidence, pick.tradeId, pick.trade) : unknownTrade(id ?? 'to prove yet')
    },
    policy: () => ({
      set: parts.pdp.set,
      rules: Object.entries(parts.policies).map(([id, text]) => ({ id, text })),
    }),
    fixSessions: () => parts.engine().sessions().map(sessionView),
    requestQuote: (by, input) => requestQuote(parts, by, input),
    placeOrder: (by, input) => placeOrder(parts, by, input),
    cancelOrder: (by, clOrdId) => cancelOrder(parts, by, clOrdId),
    approveTrade: async (id, approval) => {
      const pick = findTrade(views, id)
      if (!pick) return unknownTrade(id)
      const refused = await takeApproval(peering, parts.config.operators, pick.tradeId, approval)
      const now = state.trades.get(pick.tradeId)
      return refused ?? tradeView(views, pick.tradeId, now ?? pick.trade)
    },
    operate: (order) => operate(parts, order),
    durable: () => peering.loop.settled(),
  }
}

type Pick = NonNullable<ReturnType<typeof findTrade>>

const unknownTrade = (id: string): Refusal => refuse('trade-unknown', `no trade ${id}`)

function found<T>(views: ViewParts, id: string, then: (pick: Pick) => T): T | Refusal {
  const pick = findTrade(views, id)
  return pick ? then(pick) : unknownTrade(id)
}

function lastTrade({ desk }: ViewParts): Pick | undefined {
  const last = [...desk.loop.state.trades].at(-1)
  return last && { tradeId: last[0], trade: last[1] }
}

/** Instruments that were asked for: the venue's whole grid of strikes is not listed. */
function knownInstruments({ peering }: ApiParts): ReturnType<GatewayApi['instruments']> {
  const ids = new Set([...peering.loop.state.rfqs.values()].map(({ terms }) => terms.securityId))
  return [...ids].flatMap((id) => {
    const instrument = peering.instrumentOf(id)
    return isRefusal(instrument) ? [] : [instrumentView(instrument)]
  })
}

async function requestQuote(
  parts: ApiParts,
  by: Principal,
  input: RequestQuoteInput,
): Promise<RfqView | Refusal> {
  const { peering, views } = parts
  const session = peering.registry.sessionOf(input.to)
  if (!session) return refuse('peer-unknown', `no maker ${input.to} is reachable`)
  const quoteReqId = input.quoteReqId ?? `R-${toHex(peering.random.bytes(8))}`
  const { securityId, side, orderQty, currency } = input
  const request = { quoteReqId, side, orderQty, currency, product: { securityId, currency } }
  const asked = askForQuote(peering, by, request, input.to)
  if (asked.refused) return durableRefusal(parts, asked.acted, asked.refused)
  const body = writeQuoteRequest(asked.value.terms, asked.value.instrument)
  await parts.engine().send(fixSessionKey(session), body, { attachments: [asked.acted.bundle] })
  const rfq = peering.loop.state.rfqs.get(rfqKey(peering.registry.self.name, quoteReqId))
  return rfq ? rfqView(views, rfq) : refuse('rfq-unknown', quoteReqId)
}

async function placeOrder(
  parts: ApiParts,
  by: Principal,
  input: PlaceOrderInput,
): Promise<OrderView | Refusal> {
  const { peering, views } = parts
  const quote = peering.loop.state.quotes.get(input.quoteId)
  const rfq = quote && peering.loop.state.rfqs.get(quote.rfq)?.terms
  if (!quote || !rfq) return refuse('quote-unknown', `QuoteID ${input.quoteId} is not known`)
  const clOrdId = input.clOrdId ?? `C-${toHex(peering.random.bytes(8))}`
  // Looked for before anything is decided: what has been decided must also be made durable.
  const session = peering.registry.sessionOf(rfq.maker.name)
  if (!session) return refuse('peer-unknown', `no session to ${rfq.maker.name}`)
  const { currency } = quote.terms
  const { quoteId, side, orderQty, price } = input
  const product = { securityId: rfq.securityId, currency }
  const placed = orderFromDesk(peering, by, { clOrdId, quoteId, side, orderQty, price, currency, product })
  if (placed.refused) return durableRefusal(parts, placed.acted, placed.refused)
  const body = writeOrder(placed.value.terms, placed.value.instrument, formatInstant(peering.clock.now()))
  await parts.engine().send(fixSessionKey(session), body, { attachments: [placed.acted.bundle] })
  const order = peering.loop.state.orders.get(rfqKey(peering.registry.self.name, clOrdId))
  return order ? orderView(views, order) : refuse('order-unknown', clOrdId)
}

async function durableRefusal({ peering }: ApiParts, acted: Acted, refusal: Refusal): Promise<Refusal> {
  await peering.loop.commit(acted.bundle)
  return refusal
}

/** Quotes fill whole and at once; an order is either in flight or done. */
async function cancelOrder(parts: ApiParts, by: Principal, clOrdId: string): Promise<OrderView | Refusal> {
  const { peering } = parts
  const corr = rfqKey(peering.registry.self.name, clOrdId)
  const order = peering.loop.state.orders.get(corr)
  const refusal = order
    ? refuse('too-late-to-cancel', `order ${clOrdId} is ${order.status}`)
    : refuse('order-unknown', `no order ${clOrdId}`)
  const acted = peering.loop.refuse({ name: 'CancelOrder', by, corr }, refusal)
  return durableRefusal(parts, acted, refusal)
}

function journalView({ evidence }: ApiParts): JournalView {
  const { journal } = evidence
  return {
    origin: journal.origin,
    size: () => journal.size(),
    entries: (from, to) => journal.read(from, Math.min(to, journal.size())).map(entryView),
    proof: (index, size = journal.size()) => proofOf(journal, index, size),
    checkpoint: () => journal.checkpoint(),
    cosigned: () => {
      const cosigned = journal.latestCosigned()
      return cosigned && { ...cosigned, at: formatInstant(cosigned.at) }
    },
    resource: (path) => logResource(journal, path),
    follow: (listener) => journal.onAppend((entries) => entries.map(entryView).forEach(listener)),
  }
}

function entryView(entry: JournalEntry): EntryView {
  const parts: Record<string, EntryView['parts'][string]> = {}
  for (const [name, digest] of Object.entries(entry.parts)) {
    const opened = entry.opened[name]
    parts[name] =
      opened === undefined
        ? { digest }
        : opened === 'erased'
          ? { digest, erased: true }
          : { digest, ...opened }
  }
  const { seq, type, corr, body } = entry
  const leaf = Buffer.from(entry.bytes).toString('utf8')
  const hash = toBase64(leafHash(entry.bytes))
  return { index: seq, at: formatInstant(entry.at), type, corr, body, leaf, leafHash: hash, parts }
}

function proofOf(journal: EvidenceParts['journal'], index: number, size: number): ProofView | Refusal {
  if (size > journal.size() || index >= size)
    return refuse('not-found', `no entry ${index} in a tree of ${size}`)
  const cosigned = journal.latestCosigned()
  const entry = journal.read(index, index + 1)[0]
  if (!entry) return refuse('not-found', `no entry ${index}`)
  return {
    index,
    size,
    leafHash: toBase64(leafHash(entry.bytes)),
    proof: journal.inclusionProof(index, size).map(toBase64),
    root: toBase64(journal.rootAt(size)),
    checkpoint: cosigned?.size === size ? cosigned.note : journal.checkpoint(),
  }
}
