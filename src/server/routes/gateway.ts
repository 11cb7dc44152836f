import { formatInstant, refuse, type Clock, type Refusal } from '#core'
import type { HealthView } from '#gateway'
import { Type } from 'typebox'
import {
  Health,
  Identity,
  InstrumentList,
  Order,
  OrderList,
  Policy,
  QuoteList,
  Rfq,
  RfqList,
  TradeDetail,
  TradeList,
} from '../api.ts'
import { pageOf } from '../page.ts'
import { route, type Route } from '../route.ts'

const count = Type.Optional(
  Type.String({ pattern: '^[1-9][0-9]{0,2}$', description: 'items on a page, 1 to 200' }),
)
const cursor = Type.Optional(
  Type.String({ minLength: 1, maxLength: 64, description: '`next` of the page before' }),
)
const filter = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 128, description }))
const shut = { additionalProperties: false } as const
const pageQuery = Type.Object({ cursor, limit: count }, shut)
const requestQuery = Type.Object({ cursor, limit: count, quoteReqId: filter('QuoteReqID(131)') }, shut)
export const noQuery = Type.Object({}, shut)
export const byId = (description: string) =>
  Type.Object({ id: Type.String({ minLength: 1, maxLength: 128, description }) })

const same = <T extends { readonly quoteReqId: string }>(
  items: readonly T[],
  id: string | undefined,
): readonly T[] => (id === undefined ? items : items.filter((item) => item.quoteReqId === id))

const found = <T>(item: T | undefined, what: Refusal): T | Refusal => item ?? what

/** The door is a component too: it says under which condition it is safe. */
const withDoor = ({ ok, components }: HealthView, clock: Clock): Health => {
  const detail = 'loopback only: clients are not authenticated yet'
  return {
    ok,
    components: [
      ...components,
      { component: 'http api', ok: true, detail, asOf: formatInstant(clock.now()) },
    ],
  }
}

/** What the gateway is and knows. */
const stateRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/v1/identity',
    tag: 'gateway',
    summary: 'Who this gateway is: LEI, journal key, witnesses, peers, ledgers',
    query: noQuery,
    answer: Identity,
    handle: ({ gateway }) => gateway.identity(),
  }),
  route({
    method: 'GET',
    url: '/v1/health',
    tag: 'gateway',
    summary: 'Health of each component; 503 when one of them fails. The API listens on loopback only',
    query: noQuery,
    answer: Health,
    status: ({ ok }) => (ok ? 200 : 503),
    handle: ({ gateway, clock }) => withDoor(gateway.health(), clock),
  }),
  route({
    method: 'GET',
    url: '/v1/instruments',
    tag: 'trading',
    summary: 'Instruments that can be traded',
    query: noQuery,
    answer: InstrumentList,
    handle: ({ gateway }) => ({ items: gateway.instruments() }),
  }),
  route({
    method: 'GET',
    url: '/v1/policy',
    tag: 'gateway',
    summary: 'The policy set in force',
    query: noQuery,
    answer: Policy,
    handle: ({ gateway }) => gateway.policy(),
  }),
]

/** Requests, quotes, orders and trades, newest first. */
const tradingRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/v1/rfqs',
    tag: 'trading',
    summary: 'Requests for quote, newest first',
    query: pageQuery,
    answer: RfqList,
    handle: ({ gateway, query }) => pageOf(gateway.rfqs(), query),
  }),
  route({
    method: 'GET',
    url: '/v1/rfqs/:id',
    tag: 'trading',
    summary: 'One request for quote with its quotes',
    query: noQuery,
    params: byId('QuoteReqID(131)'),
    answer: Rfq,
    handle: ({ gateway, params }) =>
      found(
        gateway.rfqs().find((rfq) => rfq.quoteReqId === params.id),
        refuse('rfq-unknown', `No request for quote has this id`),
      ),
  }),
  route({
    method: 'GET',
    url: '/v1/quotes',
    tag: 'trading',
    summary: 'Quotes, newest first',
    query: requestQuery,
    answer: QuoteList,
    handle: ({ gateway, query }) => pageOf(same(gateway.quotes(), query.quoteReqId), query),
  }),
  route({
    method: 'GET',
    url: '/v1/orders',
    tag: 'trading',
    summary: 'Orders, newest first',
    query: pageQuery,
    answer: OrderList,
    handle: ({ gateway, query }) => pageOf(gateway.orders(), query),
  }),
  route({
    method: 'GET',
    url: '/v1/orders/:id',
    tag: 'trading',
    summary: 'One order',
    query: noQuery,
    params: byId('ClOrdID(11)'),
    answer: Order,
    handle: ({ gateway, params }) =>
      found(
        gateway.orders().find((order) => order.clOrdId === params.id),
        refuse('order-unknown', 'No order has this ClOrdID'),
      ),
  }),
  route({
    method: 'GET',
    url: '/v1/trades',
    tag: 'trading',
    summary: 'Trades, newest first',
    query: requestQuery,
    answer: TradeList,
    handle: ({ gateway, query }) => pageOf(same(gateway.trades(), query.quoteReqId), query),
  }),
  route({
    method: 'GET',
    url: '/v1/trades/:id',
    tag: 'trading',
    summary: 'One trade: its timeline, and the same trade as FIX, trade record and EIP-712',
    query: noQuery,
    params: byId('trade id or UTI'),
    answer: TradeDetail,
    handle: ({ gateway, params }) => gateway.trade(params.id),
  }),
]

export const readRoutes: readonly Route[] = [...stateRoutes, ...tradingRoutes]
