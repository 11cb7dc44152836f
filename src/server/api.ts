// The words of the HTTP API: one schema per thing. The same schema validates, documents and types it.
// Decimals and minor units are strings, times are RFC 3339 UTC, ids are the field's own.
// This module imports nothing of ours, so the console and the client examples can take types from it.
import { Type, type Static, type TSchema } from 'typebox'

type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

/** The static type of a schema, as readers see it: read only. */
export type Served<T extends TSchema> = DeepReadonly<Static<T>>

type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }

const shut = { additionalProperties: false } as const
const words = <const T extends readonly string[]>(values: T, description?: string) =>
  Type.Unsafe<T[number]>({
    type: 'string',
    enum: values,
    ...(description === undefined ? {} : { description }),
  })
const text = (description: string, maxLength = 256) => Type.String({ minLength: 1, maxLength, description })
const time = (description: string) => Type.String({ format: 'date-time', description })
const decimal = (description: string) =>
  Type.String({
    pattern: '^-?(0|[1-9][0-9]{0,37})(\\.[0-9]{1,18})?$',
    description: `${description}, an exact decimal`,
  })
const positive = (description: string) =>
  Type.String({
    pattern: '^(0|[1-9][0-9]{0,37})(\\.[0-9]{1,18})?$',
    description: `${description}, an exact decimal that is not negative`,
  })
const leafIndex = Type.Integer({ minimum: 0, description: 'leaf index in the journal' })
const json = Type.Unsafe<{ [key: string]: JsonValue }>({ type: 'object', additionalProperties: true })

/** Name of a schema. */
export const idOf = (schema: object): string => ('$id' in schema ? String(schema.$id) : '')

/** Refers to a named schema, so that the document holds each of them once. */
const ref = <T extends TSchema>(schema: T) => Type.Unsafe<Static<T>>({ $ref: `${idOf(schema)}#` })

export const Side = words(['Buy', 'Sell'], 'Side(54), as the client sees it')

export const RefusalNote = Type.Object(
  {
    code: Type.String({ description: 'stable name of the refusal' }),
    plk: Type.String({ description: 'stable number, PLK-nnnn' }),
    detail: Type.String(),
  },
  { $id: 'RefusalNote', ...shut },
)

/** RFC 9457 problem details, with the stable code, the remedy and the journal index where known. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'names the kind of problem' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String(),
    instance: Type.Optional(Type.String({ description: 'request target' })),
    code: Type.String({ description: 'stable number, PLK-nnnn' }),
    refusal: Type.String({ description: 'stable name of the refusal' }),
    remedy: Type.String({ description: 'what the client can do' }),
    retryable: Type.Boolean({ description: 'whether the same request can succeed later' }),
    meta: Type.Record(Type.String(), Type.String()),
    journalIndex: Type.Optional(leafIndex),
  },
  { $id: 'Problem', ...shut },
)

export const Identity = Type.Object(
  {
    name: Type.String(),
    lei: Type.String({ description: 'ISO 17442' }),
    version: Type.String(),
    environment: words(['sandbox', 'live']),
    logOrigin: Type.String({ description: 'origin line of the checkpoints' }),
    logKey: Type.String({ description: 'verifier key, C2SP signed-note' }),
    witnesses: Type.Array(Type.String()),
    quorum: Type.Integer({ minimum: 0 }),
    settlementAddress: Type.String(),
    peers: Type.Array(Type.Object({ name: Type.String(), lei: Type.String(), url: Type.String() }, shut)),
    ledgers: Type.Array(
      Type.Object(
        {
          chainId: Type.String({ description: 'CAIP-2' }),
          name: Type.String(),
          rpc: Type.Array(Type.String()),
        },
        shut,
      ),
    ),
  },
  { $id: 'Identity', ...shut },
)

export const Health = Type.Object(
  {
    ok: Type.Boolean(),
    components: Type.Array(
      Type.Object(
        {
          component: Type.String(),
          ok: Type.Boolean(),
          detail: Type.String(),
          asOf: time('when it was seen'),
        },
        shut,
      ),
    ),
  },
  { $id: 'Health', ...shut },
)

export const Instrument = Type.Object(
  {
    securityId: Type.String(),
    cfiCode: Type.String({ description: 'ISO 10962' }),
    underlying: Type.String(),
    putOrCall: words(['Put', 'Call']),
    strike: decimal('strike'),
    strikeCurrency: Type.String(),
    expiry: time('expiry'),
    exerciseStyle: words(['European']),
    settlMethod: words(['Cash']),
    premiumCurrency: Type.String(),
    multiplier: decimal('multiplier'),
    tick: decimal('smallest price step'),
  },
  { $id: 'Instrument', ...shut },
)

export const Quote = Type.Object(
  {
    quoteId: Type.String({ description: 'QuoteID(117)' }),
    quoteReqId: Type.String({ description: 'QuoteReqID(131)' }),
    securityId: Type.String(),
    bidPx: decimal('BidPx(132)'),
    offerPx: decimal('OfferPx(133)'),
    bidSize: decimal('BidSize(134)'),
    offerSize: decimal('OfferSize(135)'),
    currency: Type.String(),
    validUntilTime: time('ValidUntilTime(62)'),
    status: words(['open', 'used', 'expired', 'canceled']),
    maker: Type.String(),
    journalIndex: leafIndex,
  },
  { $id: 'Quote', ...shut },
)

export const Rfq = Type.Object(
  {
    quoteReqId: Type.String(),
    securityId: Type.String(),
    side: Side,
    orderQty: decimal('OrderQty(38)'),
    currency: Type.String(),
    role: words(['taker', 'maker']),
    counterparty: Type.String(),
    status: words(['requested', 'quoted', 'ordered', 'filled', 'refused', 'expired']),
    quotes: Type.Array(ref(Quote)),
    journalIndex: leafIndex,
  },
  { $id: 'Rfq', ...shut },
)

export const Order = Type.Object(
  {
    clOrdId: Type.String({ description: 'ClOrdID(11)' }),
    orderId: Type.Optional(Type.String({ description: 'OrderID(37)' })),
    quoteId: Type.String(),
    securityId: Type.String(),
    side: Side,
    orderQty: decimal('OrderQty(38)'),
    price: decimal('Price(44)'),
    ordStatus: words(['PendingNew', 'New', 'Filled', 'Rejected', 'Canceled'], 'OrdStatus(39)'),
    cumQty: decimal('CumQty(14)'),
    avgPx: decimal('AvgPx(6)'),
    refusal: Type.Optional(ref(RefusalNote)),
    execId: Type.Optional(Type.String({ description: 'ExecID(17)' })),
    tradeId: Type.Optional(Type.String()),
    journalIndex: leafIndex,
  },
  { $id: 'Order', ...shut },
)

const tradeFields = {
  tradeId: Type.String(),
  uti: Type.Optional(Type.String({ description: 'ISO 23897' })),
  quoteReqId: Type.String(),
  role: words(['taker', 'maker']),
  counterparty: Type.String(),
  securityId: Type.String(),
  side: Side,
  quantity: decimal('quantity'),
  price: decimal('price'),
  premium: Type.Object(
    {
      asset: Type.String({ description: 'CAIP-19' }),
      minor: Type.String({ pattern: '^-?[0-9]+$', description: 'smallest units of the asset' }),
      text: Type.String({ description: 'the same for people' }),
    },
    shut,
  ),
  executedAt: time('execution'),
  status: words([
    'executed',
    'proposed',
    'confirmed',
    'instructed',
    'submitted',
    'settled',
    'refused',
    'failed',
    'busted',
    'corrected',
  ]),
  whatNow: Type.String({ description: 'what a person can do now' }),
  recordHash: Type.Optional(Type.String()),
  approvals: Type.Array(Type.String(), { description: 'operators who approved the settlement' }),
  settlement: Type.Optional(
    Type.Object(
      {
        route: Type.String(),
        chainId: Type.String(),
        domainHash: Type.String({ description: 'EIP-712 domain separator' }),
        messageHash: Type.String({ description: 'EIP-712 hash of the message' }),
        digest: Type.String({ description: 'what both parties sign' }),
        txHash: Type.Optional(Type.String()),
        blockNumber: Type.Optional(Type.String()),
        deadline: time('last moment of settlement'),
      },
      shut,
    ),
  ),
  refusal: Type.Optional(ref(RefusalNote)),
  journalIndex: leafIndex,
}

export const Trade = Type.Object(tradeFields, { $id: 'Trade', ...shut })

export const TimelineStep = Type.Object(
  {
    index: leafIndex,
    at: time('when it was journalled'),
    type: Type.String({ description: 'journal entry type' }),
    lane: words(['desk', 'gateway', 'peer', 'ledger']),
    title: Type.String(),
    digest: Type.Optional(Type.String()),
    signers: Type.Optional(Type.Array(Type.String(), { description: 'key ids' })),
    fix: Type.Optional(Type.String({ description: 'FIX message, SOH shown as |' })),
  },
  { $id: 'TimelineStep', ...shut },
)

export const TradeDetail = Type.Object(
  {
    ...tradeFields,
    timeline: Type.Array(ref(TimelineStep)),
    forms: Type.Object(
      {
        fix: Type.Optional(Type.String()),
        record: Type.Optional(json),
        recordJws: Type.Optional(json),
        typedData: Type.Optional(json),
      },
      shut,
    ),
  },
  { $id: 'TradeDetail', ...shut },
)

export const Entry = Type.Object(
  {
    index: leafIndex,
    at: time('when it was journalled'),
    type: Type.String(),
    corr: Type.String({ description: 'what it belongs to' }),
    body: json,
    leaf: Type.String({ description: 'exact leaf bytes as text; SHA-256(0x00 ‖ UTF-8) is the leaf hash' }),
    leafHash: Type.String({ description: 'RFC 6962 leaf hash, base64' }),
    parts: Type.Record(
      Type.String(),
      Type.Object(
        {
          digest: Type.String({ description: 'salted digest, base64url' }),
          salt: Type.Optional(Type.String()),
          content: Type.Optional(Type.String()),
          erased: Type.Optional(Type.Literal(true)),
        },
        shut,
      ),
    ),
  },
  { $id: 'Entry', ...shut },
)

/** CloudEvents 1.0, JSON format. The id is the leaf index; parts are digests only. */
export const CloudEvent = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Type.String({ description: 'leaf index' }),
    source: Type.String({ description: 'journal of which it is a leaf' }),
    type: Type.String({ description: 'io.poundlock.<entry type>.v1' }),
    subject: Type.String(),
    time: time('when it was journalled'),
    datacontenttype: Type.Literal('application/json'),
    data: ref(Entry),
  },
  { $id: 'CloudEvent', ...shut },
)

export const Proof = Type.Object(
  {
    index: leafIndex,
    size: Type.Integer({ minimum: 1, description: 'tree size' }),
    leafHash: Type.String({ description: 'base64' }),
    proof: Type.Array(Type.String(), { description: 'RFC 6962 §2.1.1 path, leaf side first, base64' }),
    root: Type.String({ description: 'base64' }),
    checkpoint: Type.String({ description: 'signed note (C2SP tlog-checkpoint) with cosignatures' }),
  },
  { $id: 'Proof', ...shut },
)

export const LogState = Type.Object(
  {
    origin: Type.String(),
    size: Type.Integer({ minimum: 0 }),
    checkpoint: Type.String(),
    cosigned: Type.Optional(
      Type.Object(
        { size: Type.Integer({ minimum: 0 }), note: Type.String(), at: time('when the quorum was reached') },
        shut,
      ),
    ),
  },
  { $id: 'LogState', ...shut },
)

export const Policy = Type.Object(
  {
    set: Type.String({ description: 'hash of the policy set in force' }),
    rules: Type.Array(Type.Object({ id: Type.String(), text: Type.String() }, shut)),
  },
  { $id: 'Policy', ...shut },
)

export const FixSession = Type.Object(
  {
    id: Type.String(),
    beginString: Type.String(),
    senderCompId: Type.String(),
    targetCompId: Type.String(),
    role: words(['acceptor', 'initiator']),
    state: words(['enabled', 'disabled']),
    loggedOn: Type.Boolean(),
    nextSenderMsgSeqNum: Type.Integer({ minimum: 1 }),
    nextTargetMsgSeqNum: Type.Integer({ minimum: 1 }),
  },
  { $id: 'FixSession', ...shut },
)

const listOf = <T extends TSchema>(item: T, $id: string) =>
  Type.Object(
    {
      items: Type.Array(ref(item)),
      next: Type.Optional(Type.String({ description: 'cursor of the next page; absent on the last' })),
    },
    { $id, ...shut },
  )

export const InstrumentList = listOf(Instrument, 'InstrumentList')
export const QuoteList = listOf(Quote, 'QuoteList')
export const RfqList = listOf(Rfq, 'RfqList')
export const OrderList = listOf(Order, 'OrderList')
export const TradeList = listOf(Trade, 'TradeList')
export const FixSessionList = listOf(FixSession, 'FixSessionList')
export const EntryList = Type.Object(
  {
    size: Type.Integer({ minimum: 0, description: 'tree size when it was read' }),
    items: Type.Array(ref(Entry)),
    next: Type.Optional(Type.String({ description: 'where the next request goes on; absent at the end' })),
  },
  { $id: 'EntryList', ...shut },
)

export const RfqRequest = Type.Object(
  {
    quoteReqId: Type.Optional(text('QuoteReqID(131); made from the Idempotency-Key if absent', 64)),
    securityId: text('SecurityID(48)', 64),
    side: Side,
    orderQty: positive('OrderQty(38)'),
    currency: text('Currency(15)', 12),
    to: text('counterparty that is asked', 64),
  },
  { $id: 'RfqRequest', ...shut },
)

export const OrderRequest = Type.Object(
  {
    clOrdId: Type.Optional(text('ClOrdID(11); made from the Idempotency-Key if absent', 64)),
    quoteId: text('QuoteID(117)', 64),
    side: Side,
    orderQty: positive('OrderQty(38)'),
    price: positive('Price(44)'),
  },
  { $id: 'OrderRequest', ...shut },
)

/**
 * JWS General JSON (RFC 7515 §7.2.1) of an operator: over record hash, digest and trade id for an approval, over the
 * order itself for an operation.
 */
export const SignedStatement = Type.Object(
  {
    payload: text('base64url', 4_096),
    signatures: Type.Array(
      Type.Object({ protected: text('base64url', 1_024), signature: text('base64url', 8_192) }, shut),
      { minItems: 1, maxItems: 4 },
    ),
  },
  { $id: 'SignedStatement', ...shut },
)

/** What an operator's order changed: one of the three. */
export const OperationAnswer = Type.Object(
  {
    session: Type.Optional(ref(FixSession)),
    quote: Type.Optional(ref(Quote)),
    trade: Type.Optional(ref(Trade)),
  },
  { $id: 'OperationAnswer', ...shut },
)

/** All named schemas, for the document and the validator. */
export const schemas = [
  RefusalNote,
  Problem,
  Identity,
  Health,
  Instrument,
  Quote,
  Rfq,
  Order,
  Trade,
  TimelineStep,
  TradeDetail,
  Entry,
  CloudEvent,
  Proof,
  LogState,
  Policy,
  FixSession,
  InstrumentList,
  QuoteList,
  RfqList,
  OrderList,
  TradeList,
  FixSessionList,
  EntryList,
  RfqRequest,
  OrderRequest,
  SignedStatement,
  OperationAnswer,
] as const

export type Problem = Served<typeof Problem>
export type Identity = Served<typeof Identity>
export type Health = Served<typeof Health>
export type Instrument = Served<typeof Instrument>
export type Quote = Served<typeof Quote>
export type Rfq = Served<typeof Rfq>
export type Order = Served<typeof Order>
export type Trade = Served<typeof Trade>
export type TimelineStep = Served<typeof TimelineStep>
export type TradeDetail = Served<typeof TradeDetail>
export type Entry = Served<typeof Entry>
export type CloudEvent = Served<typeof CloudEvent>
export type Proof = Served<typeof Proof>
export type LogState = Served<typeof LogState>
export type Policy = Served<typeof Policy>
export type FixSession = Served<typeof FixSession>
export type EntryList = Served<typeof EntryList>
export type RfqRequest = Served<typeof RfqRequest>
export type OrderRequest = Served<typeof OrderRequest>
export type SignedStatement = Served<typeof SignedStatement>
export type OperationAnswer = Served<typeof OperationAnswer>
/** A page of a list; `next` is the cursor of the following page. */
export type Page<T> = { readonly items: readonly T[]; readonly next?: string }
