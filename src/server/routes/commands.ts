import {
  FixSessionList,
  OperationAnswer,
  Order,
  OrderRequest,
  Rfq,
  RfqRequest,
  SignedStatement,
  Trade,
} from '../api.ts'
import { route, type Route } from '../route.ts'
import { byId, noQuery } from './gateway.ts'

/** A client's own id, or one made from its key: the same command always carries the same id. */
const idOf = (own: string | undefined, key: string): string => own ?? `API-${key}`

/** What clients may ask the gateway to do. Each runs once per Idempotency-Key. */
export const commandRoutes: readonly Route[] = [
  route({
    method: 'POST',
    url: '/v1/rfqs',
    tag: 'trading',
    summary: 'Ask a maker for a quote',
    body: RfqRequest,
    answer: Rfq,
    location: ({ quoteReqId }) => `/v1/rfqs/${encodeURIComponent(quoteReqId)}`,
    resume: ({ gateway, body, key }) =>
      gateway.rfqs().find((rfq) => rfq.quoteReqId === idOf(body.quoteReqId, key)) ?? 'repeat',
    handle: ({ gateway, by, body, key }) =>
      gateway.requestQuote(by, { ...body, quoteReqId: idOf(body.quoteReqId, key) }),
  }),
  route({
    method: 'POST',
    url: '/v1/orders',
    tag: 'trading',
    summary: 'Take a quote at its price',
    body: OrderRequest,
    answer: Order,
    location: ({ clOrdId }) => `/v1/orders/${encodeURIComponent(clOrdId)}`,
    resume: ({ gateway, body, key }) =>
      gateway.orders().find((order) => order.clOrdId === idOf(body.clOrdId, key)) ?? 'repeat',
    handle: ({ gateway, by, body, key }) =>
      gateway.placeOrder(by, { ...body, clOrdId: idOf(body.clOrdId, key) }),
  }),
  route({
    method: 'DELETE',
    url: '/v1/orders/:id',
    tag: 'trading',
    summary: 'Cancel an order that is not filled yet; safe to repeat',
    query: noQuery,
    params: byId('ClOrdID(11)'),
    answer: Order,
    handle: ({ gateway, by, params }) => gateway.cancelOrder(by, params.id),
  }),
  route({
    method: 'POST',
    url: '/v1/trades/:id/approvals',
    tag: 'trading',
    summary: "An operator's signed approval of exactly this settlement",
    params: byId('trade id or UTI'),
    body: SignedStatement,
    answer: Trade,
    // The gateway counts each operator once, so a second run adds nothing.
    resume: () => 'repeat',
    handle: ({ gateway, params, body }) => gateway.approveTrade(params.id, body),
  }),
  route({
    method: 'GET',
    url: '/v1/fix/sessions',
    tag: 'fix',
    summary: 'FIX sessions with their sequence numbers',
    query: noQuery,
    answer: FixSessionList,
    handle: ({ gateway }) => ({ items: gateway.fixSessions() }),
  }),
  route({
    method: 'POST',
    url: '/v1/operations',
    tag: 'fix',
    summary: "An operator's signed order: FIX session administration, or ending a quote",
    body: SignedStatement,
    answer: OperationAnswer,
    // An order is carried out once; whether a cut-off one was is for the operator to look at.
    resume: () => 'in-doubt',
    handle: ({ gateway, body }) => gateway.operate(body),
  }),
]
