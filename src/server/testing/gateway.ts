import { addMs, formatInstant, isJsonObject, isRefusal, parseJson, refuse } from '#core'
import type { Clock, JsonObject, Refusal } from '#core'
import type {
  FixSessionView,
  GatewayApi,
  HealthView,
  OperationResult,
  OrderView,
  PlaceOrderInput,
  QuoteView,
  RequestQuoteInput,
  RfqView,
  TimelineStep,
  TradeDetail,
  TradeStatus,
  TradeView,
} from '#gateway'
import * as fixture from './fixture.ts'
import { memoryJournal, type MemoryJournal } from './journal.ts'
import { sha256 } from './merkle.ts'
import { logKey, witnessKey } from './note.ts'

export type TypedDataHashes = {
  readonly domainHash: string
  readonly messageHash: string
  readonly digest: string
}
export type DoubleOptions = {
  readonly clock: Clock & { advance?(ms: number): void }
  /** EIP-712 hashing; without it the three hashes are digests of the parts, equal for equal data only. */
  readonly hashTypedData?: (data: JsonObject) => TypedDataHashes
  /** The pack that it hands out. */
  readonly pack?: string
  /** Settles each trade by itself, one step per so many milliseconds; otherwise the test calls `step`. */
  readonly stepMs?: number
}
export type GatewayDouble = GatewayApi & {
  readonly journal: MemoryJournal
  /** Takes the next step of the newest unfinished trade; false when there is none. */
  step(): boolean
  breakComponent(name: string, detail: string): void
}
type Draft = { readonly type: string; readonly body: JsonObject; readonly parts?: Record<string, string> }
type Trade = { view: TradeDetail; readonly steps: (() => void)[] }
type World = {
  readonly options: DoubleOptions
  readonly journal: MemoryJournal
  readonly rfqs: Map<string, RfqView>
  readonly quotes: Map<string, QuoteView>
  readonly orders: Map<string, OrderView>
  readonly trades: Map<string, Trade>
  health: HealthView
  session: FixSessionView
}

/**
 * CEDAR's gateway as the desk sees it, in memory: real leaves, proofs and notes over one option.
 * It stands in for the gateway in tests of the HTTP door, the console and the client examples.
 */
export function gatewayDouble(options: DoubleOptions): GatewayDouble {
  const keys = { log: logKey('cedar.example/journal'), witnesses: witnessNames.map(witnessKey) }
  const world = openWorld(options, memoryJournal('cedar.example/journal', options.clock, keys))
  const identity = identityOf(
    keys.log.vkey,
    keys.witnesses.map(({ vkey }) => vkey),
  )
  openedEntries(world, identity)
  return {
    journal: world.journal,
    identity: () => identity,
    health: () => world.health,
    instruments: () => [fixture.option],
    rfqs: () => [...world.rfqs.values()],
    quotes: () => [...world.quotes.values()],
    orders: () => [...world.orders.values()],
    trades: () => [...world.trades.values()].map(({ view }) => summaryOf(view)),
    trade: (id) => findTrade(world, id)?.view ?? refuse('trade-unknown', 'No trade has this id'),
    evidence: async (id) =>
      id !== undefined && findTrade(world, id) === undefined
        ? refuse('trade-unknown', 'No trade has this id')
        : (options.pack ?? '{"format":"poundlock.evidence/1"}\n'),
    policy: () => ({
      set: policySet,
      rules: [{ id: 'otc.options.tier1', text: 'permit (principal, action, resource);' }],
    }),
    fixSessions: () => [world.session],
    requestQuote: async (_, input) => requestQuote(world, input),
    placeOrder: async (_, input) => placeOrder(world, input),
    cancelOrder: async (_, clOrdId) =>
      world.orders.has(clOrdId)
        ? refuse('too-late-to-cancel', 'The order is filled', {
            journalIndex: `${world.orders.get(clOrdId)?.journalIndex}`,
          })
        : refuse('order-unknown', 'No order has this ClOrdID'),
    approveTrade: async (id) => {
      const trade = findTrade(world, id)
      return trade === undefined ? refuse('trade-unknown', 'No trade has this id') : summaryOf(trade.view)
    },
    operate: async (order) => operate(world, order),
    durable: () => Promise.resolve(),
    step: () => stepNewest(world),
    breakComponent: (name, detail) => {
      world.health = healthOf(world, name, detail)
    },
  }
}

function summaryOf(view: TradeDetail): TradeView {
  const { timeline, forms, ...trade } = view
  return timeline.length > 0 && forms !== undefined ? trade : view
}

/** Stand-in for EIP-712 hashing where the test does not look at it. */
const plainHashes = (data: JsonObject): TypedDataHashes => {
  const hash = (name: string): string => hex(JSON.stringify(data[name]))
  return {
    domainHash: hash('domain'),
    messageHash: hash('message'),
    digest: hex(hash('domain') + hash('message')),
  }
}

const hex = (text: string): string => `0x${sha256(Buffer.from(text)).toString('hex')}`
const policySet = hex('policy set')
const witnessNames = ['witness1.example', 'witness2.example']
const components = ['journal', 'witness quorum', 'peer ALDER', 'ledger lagoon', 'FIX DESK']

function identityOf(key: string, witnesses: readonly string[]): ReturnType<GatewayApi['identity']> {
  return {
    name: 'CEDAR',
    lei: fixture.cedarLei,
    version: '0.1.0',
    environment: 'sandbox',
    logOrigin: 'cedar.example/journal',
    logKey: key,
    witnesses,
    quorum: 2,
    settlementAddress: '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC',
    peers: [{ name: 'ALDER', lei: fixture.alderLei, url: 'https://127.0.0.1:7401' }],
    ledgers: [{ chainId: 'eip155:31337', name: 'lagoon', rpc: ['http://127.0.0.1:8545'] }],
  }
}

function openWorld(options: DoubleOptions, journal: MemoryJournal): World {
  const session: FixSessionView = {
    id: 'FIX.4.4:CEDAR->DESK',
    beginString: 'FIX.4.4',
    senderCompId: 'CEDAR',
    targetCompId: 'DESK',
    role: 'acceptor',
    state: 'enabled',
    loggedOn: true,
    nextSenderMsgSeqNum: 4,
    nextTargetMsgSeqNum: 4,
  }
  const empty = { rfqs: new Map(), quotes: new Map(), orders: new Map(), trades: new Map() }
  const world: World = { options, journal, ...empty, session, health: { ok: true, components: [] } }
  world.health = healthOf(world, '', '')
  return world
}

function healthOf(world: World, broken: string, why: string): HealthView {
  const asOf = formatInstant(world.options.clock.now())
  const all = components.map((component) => ({
    component,
    ok: component !== broken,
    detail: component === broken ? why : 'as it should be',
    asOf,
  }))
  return { ok: !components.includes(broken), components: all }
}

function append(world: World, corr: string, draft: Draft): number {
  world.options.clock.advance?.(37)
  const { index } = world.journal.append({ corr, ...draft })
  world.journal.cosign()
  return index
}

function openedEntries(world: World, identity: ReturnType<GatewayApi['identity']>): void {
  const { logOrigin, logKey: key, witnesses, quorum, version, lei } = identity
  append(world, 'gateway', {
    type: 'journal.opened',
    body: { origin: logOrigin, logKey: key, witnesses, quorum, version },
  })
  append(world, 'gateway', {
    type: 'key.registered',
    body: { keyId: 'cedar-record-1', algorithm: 'Ed25519', owner: lei, use: 'record' },
  })
  append(world, 'gateway', { type: 'policy.released', body: { set: policySet } })
}

function requestQuote(world: World, input: RequestQuoteInput): RfqView | Refusal {
  if (input.securityId !== fixture.option.securityId)
    return refuse('unknown-instrument', `${input.securityId} is not in the master`)
  if (input.orderQty !== fixture.size) return refuse('quantity-invalid', 'The maker quotes 100 contracts')
  const quoteReqId = input.quoteReqId ?? `RFQ-${world.rfqs.size + 1}`
  const quoteId = `Q-${hex(quoteReqId).slice(2, 8)}`
  const asked = append(world, quoteReqId, {
    type: 'rfq.requested',
    body: { rfqId: quoteReqId },
    parts: { terms: fixture.quoteRequestFix(input) },
  })
  const quoted = append(world, quoteReqId, {
    type: 'quote.received',
    body: { rfqId: quoteReqId, quoteId },
    parts: { terms: fixture.quoteFix(quoteReqId, quoteId) },
  })
  const quote = quoteOf(world, quoteReqId, quoteId, quoted)
  const { side, currency, orderQty, securityId } = input
  const rfq: RfqView = {
    quoteReqId,
    side,
    currency,
    orderQty,
    securityId,
    role: 'taker',
    counterparty: 'ALDER',
    status: 'quoted',
    quotes: [quote],
    journalIndex: asked,
  }
  world.quotes.set(quoteId, quote)
  world.rfqs.set(quoteReqId, rfq)
  return rfq
}

const quoteOf = (world: World, quoteReqId: string, quoteId: string, journalIndex: number): QuoteView => ({
  quoteId,
  quoteReqId,
  securityId: fixture.option.securityId,
  bidPx: fixture.bid,
  offerPx: fixture.offer,
  bidSize: fixture.size,
  offerSize: fixture.size,
  currency: 'USDC',
  validUntilTime: formatInstant(addMs(world.options.clock.now(), 10_000)),
  status: 'open',
  maker: 'ALDER',
  journalIndex,
})

function placeOrder(world: World, input: PlaceOrderInput): OrderView | Refusal {
  const quote = world.quotes.get(input.quoteId)
  const clOrdId = input.clOrdId ?? `ORD-${world.orders.size + 1}`
  const refusal = orderRefusal(world, quote, input, clOrdId)
  if (isRefusal(refusal) || quote === undefined) {
    const index = append(world, clOrdId, { type: 'command.refused', body: { command: 'placeOrder' } })
    const { refusal: code, detail } = refusal ?? refuse('quote-unknown', 'No quote has this id')
    return refuse(code, detail, { journalIndex: `${index}` })
  }
  return fill(world, quote, input, clOrdId)
}

function orderRefusal(
  world: World,
  quote: QuoteView | undefined,
  input: PlaceOrderInput,
  clOrdId: string,
): Refusal | undefined {
  if (quote === undefined) return refuse('quote-unknown', 'No quote has this id')
  if (world.orders.has(clOrdId)) return refuse('duplicate-cl-ord-id', `${clOrdId} was used before`)
  if (quote.status === 'used') return refuse('quote-used', 'The quote was already taken')
  if (input.price !== quote.offerPx) return refuse('price-not-quoted', `The quote offers at ${quote.offerPx}`)
  return undefined
}

function fill(world: World, quote: QuoteView, input: PlaceOrderInput, clOrdId: string): OrderView {
  const ids = idsOf(world, quote.quoteId, clOrdId)
  const placed = append(world, quote.quoteReqId, {
    type: 'order.placed',
    body: { orderId: clOrdId, quoteId: quote.quoteId },
    parts: { terms: fixture.orderFix(ids) },
  })
  const done = append(world, quote.quoteReqId, {
    type: 'trade.executed',
    body: { tradeId: ids.tradeId, orderId: clOrdId },
    parts: { terms: fixture.executionFix(ids) },
  })
  const order: OrderView = {
    clOrdId,
    orderId: ids.orderId,
    quoteId: quote.quoteId,
    securityId: quote.securityId,
    side: input.side,
    orderQty: input.orderQty,
    price: input.price,
    ordStatus: 'Filled',
    cumQty: fixture.size,
    avgPx: fixture.offer,
    execId: ids.execId,
    tradeId: ids.tradeId,
    journalIndex: placed,
  }
  world.orders.set(clOrdId, order)
  world.quotes.set(quote.quoteId, { ...quote, status: 'used' })
  openTrade(world, quote, ids, done)
  return order
}

function idsOf(world: World, quoteId: string, clOrdId: string): fixture.TradeIds {
  const now = world.options.clock.now()
  const execId = `E-${world.orders.size + 1}`
  return {
    tradeId: hex(clOrdId),
    uti: `${fixture.alderLei}${hex(execId).slice(2, 34).toUpperCase()}`,
    quoteId,
    clOrdId,
    orderId: `A-${1001 + world.orders.size}`,
    execId,
    executedAt: formatInstant(now),
    deadline: formatInstant(addMs(now, 70_000)),
    nonce: BigInt(hex(quoteId).slice(0, 18)).toString(),
  }
}

function openTrade(world: World, quote: QuoteView, ids: fixture.TradeIds, executed: number): void {
  const trade: Trade = { view: executedTrade(world, quote, ids, executed), steps: [] }
  trade.steps.push(...settlementSteps(world, trade, ids))
  world.trades.set(ids.tradeId, trade)
  if (world.options.stepMs !== undefined) runSteps(trade, world.options.stepMs)
}

function runSteps(trade: Trade, everyMs: number): void {
  const timer = setInterval(() => {
    trade.steps.shift()?.()
    if (trade.steps.length === 0) clearInterval(timer)
  }, everyMs)
  timer.unref()
}

function executedTrade(world: World, quote: QuoteView, ids: fixture.TradeIds, executed: number): TradeDetail {
  const at = (index: number): string => world.journal.entries(index, index + 1)[0]?.at ?? ''
  const step = (
    index: number,
    lane: TimelineStep['lane'],
    type: string,
    title: string,
    fix: string,
  ): TimelineStep => ({
    index,
    at: at(index),
    type,
    lane,
    title,
    digest: hex(fix),
    fix,
  })
  const { quoteReqId, journalIndex: quoted } = quote
  const timeline = [
    step(
      quoted - 1,
      'desk',
      'rfq.requested',
      'Desk asks for a quote',
      fixture.quoteRequestFix({ ...askOf(quoteReqId) }),
    ),
    step(
      quoted,
      'peer',
      'quote.received',
      'ALDER quotes 424.78 / 430.72',
      fixture.quoteFix(quoteReqId, ids.quoteId),
    ),
    step(executed - 1, 'desk', 'order.placed', 'Desk takes the offer', fixture.orderFix(ids)),
    step(executed, 'peer', 'trade.executed', 'ALDER fills 100 at 430.72', fixture.executionFix(ids)),
  ]
  return {
    tradeId: ids.tradeId,
    quoteReqId,
    role: 'taker',
    counterparty: 'ALDER',
    securityId: quote.securityId,
    side: 'Buy',
    quantity: fixture.size,
    price: fixture.offer,
    premium: fixture.premium,
    executedAt: ids.executedAt,
    status: 'executed',
    whatNow: 'Wait for ALDER to propose the trade record.',
    approvals: [],
    journalIndex: executed,
    timeline,
    forms: { fix: fixture.executionFix(ids) },
  }
}

const askOf = (quoteReqId: string): RequestQuoteInput => ({
  quoteReqId,
  securityId: fixture.option.securityId,
  side: 'Buy',
  orderQty: fixture.size,
  currency: 'USDC',
  to: 'ALDER',
})

function settlementSteps(world: World, trade: Trade, ids: fixture.TradeIds): (() => void)[] {
  const record = fixture.tradeRecord(ids)
  const recordHash = hex(JSON.stringify(record))
  const data = fixture.typedData(ids)
  const hashes = (world.options.hashTypedData ?? plainHashes)(data)
  const { uti, deadline, tradeId } = ids
  const txHash = hex(`tx ${tradeId}`)
  const settlement = { route: 'same-ledger', chainId: 'eip155:31337', ...hashes, deadline }
  const jws = { payload: 'eyJ2IjoxfQ', signatures: [{ protected: 'e30', signature: 'c2ln' }] }
  const advance =
    (
      status: TradeStatus,
      step: Partial<TimelineStep> & Pick<TimelineStep, 'lane' | 'title'>,
      body: JsonObject,
      add: Partial<TradeDetail>,
    ): (() => void) =>
    () =>
      takeStep(world, trade, status, step, { tradeId, ...body }, add)
  return [
    advance(
      'proposed',
      {
        lane: 'peer',
        title: 'ALDER proposes the trade record',
        digest: recordHash,
        signers: ['alder-record-1'],
      },
      { uti, recordHash },
      {
        uti,
        recordHash,
        forms: { fix: fixture.executionFix(ids), record },
        whatNow: 'Nothing: the gateway compares the record with its own execution.',
      },
    ),
    advance(
      'confirmed',
      {
        lane: 'gateway',
        title: 'Record countersigned',
        digest: recordHash,
        signers: ['alder-record-1', 'cedar-record-1'],
      },
      { uti, recordHash },
      {
        forms: { fix: fixture.executionFix(ids), record, recordJws: jws },
        whatNow: 'Nothing: the settlement instruction is being signed.',
      },
    ),
    advance(
      'instructed',
      {
        lane: 'gateway',
        title: 'Both parties signed the settlement instruction',
        digest: hashes.digest,
        signers: ['alder-settlement', 'cedar-settlement'],
      },
      { digest: hashes.digest, chainId: 'eip155:31337' },
      {
        settlement,
        forms: { fix: fixture.executionFix(ids), record, recordJws: jws, typedData: data },
        whatNow: 'Compare the digest with your counterparty over another channel.',
      },
    ),
    advance(
      'submitted',
      { lane: 'ledger', title: 'Transaction sent to lagoon', digest: txHash },
      { txHash, nonce: '0' },
      { settlement: { ...settlement, txHash }, whatNow: 'Wait for the transaction to be final.' },
    ),
    advance(
      'settled',
      { lane: 'ledger', title: 'Both legs moved in block 12', digest: txHash },
      { txHash, blockNumber: '12' },
      {
        settlement: { ...settlement, txHash, blockNumber: '12' },
        whatNow: 'Nothing to do. Download the evidence and keep it.',
      },
    ),
  ]
}

function takeStep(
  world: World,
  trade: Trade,
  status: TradeStatus,
  step: Partial<TimelineStep> & Pick<TimelineStep, 'lane' | 'title'>,
  body: JsonObject,
  add: Partial<TradeDetail>,
): void {
  const family = ['proposed', 'confirmed'].includes(status) ? 'trade' : 'settlement'
  const type = `${family}.${status}`
  const parts =
    status === 'proposed' || status === 'confirmed'
      ? { parts: { record: JSON.stringify(add.forms?.record) } }
      : {}
  const index = append(world, trade.view.quoteReqId, { type, body, ...parts })
  const at = world.journal.entries(index, index + 1)[0]?.at ?? ''
  trade.view = {
    ...trade.view,
    ...add,
    status,
    timeline: [...trade.view.timeline, { index, at, type, ...step }],
  }
}

function stepNewest(world: World): boolean {
  const open = [...world.trades.values()].findLast(({ steps }) => steps.length > 0)
  open?.steps.shift()?.()
  return open !== undefined
}

const findTrade = (world: World, id: string): Trade | undefined =>
  world.trades.get(id) ?? [...world.trades.values()].find(({ view }) => view.uti === id)

/** Carries the order out without looking at its signature: that is the gateway's affair, not the door's. */
function operate(world: World, order: JsonObject): OperationResult | Refusal {
  const payload = order['payload']
  const operation = typeof payload === 'string' ? parseJson(Buffer.from(payload, 'base64url')) : null
  if (isRefusal(operation) || !isJsonObject(operation)) return refuse('jws-malformed', 'No operation')
  const { session, action } = operation
  if (session !== world.session.id) return refuse('fix-session-unknown', 'No FIX session has this id')
  if (action === 'enable' || action === 'disable') world.session = { ...world.session, state: `${action}d` }
  return { session: world.session }
}
