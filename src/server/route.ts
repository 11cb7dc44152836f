import { canonicalJson, isRefusal, type Clock, type Json, type Refusal } from '#core'
import type { GatewayApi, Principal } from '#gateway'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static, type TSchema } from 'typebox'
import { idOf, Problem, type Served } from './api.ts'
import { idempotencyKey, type Once, type Outcome, type StoredAnswer } from './idempotency.ts'
import { problemOf, problemType, sendRefusal } from './problem.ts'

/** Until client authentication exists, whoever reaches the loopback address is this one principal. */
export const loopbackPrincipal: Principal = { kind: 'api', id: 'loopback' }

export type Call<Q, P, B> = {
  readonly gateway: GatewayApi
  readonly clock: Clock
  readonly by: Principal
  readonly query: Q
  readonly params: P
  readonly body: B
  /** The idempotency key of a command, otherwise an empty text. */
  readonly key: string
}
type Method = 'GET' | 'POST' | 'DELETE'
type Handler<Q, P, B, A> = (call: Call<Q, P, B>) => A | Refusal | Promise<A | Refusal>

export type RouteShape<Q extends TSchema, P extends TSchema, B extends TSchema, A extends TSchema> = {
  readonly method: Method
  readonly url: string
  readonly tag: string
  readonly summary: string
  readonly query?: Q
  readonly params?: P
  readonly body?: B
  readonly answer: A
  /** HTTP status of success; 200 if absent. */
  readonly status?: (answer: Served<A>) => number
  readonly location?: (answer: Served<A>) => string
  /** Present on commands that run once per Idempotency-Key: what an earlier, cut-off run came to. */
  readonly resume?: (call: Call<Static<Q>, Static<P>, Static<B>>) => Served<A> | 'repeat' | 'in-doubt'
  readonly handle: Handler<Static<Q>, Static<P>, Static<B>, Served<A>>
}
/** A route after its types have been checked. */
export type Route = {
  readonly method: Method
  readonly url: string
  readonly schema: object
  readonly run: (context: RouteContext, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>
}
export type RouteContext = { readonly gateway: GatewayApi; readonly clock: Clock; readonly once: Once }

/** Checks a route against its schemas at compile time and gives it one shape. */
export function route<
  Q extends TSchema = TSchema,
  P extends TSchema = TSchema,
  B extends TSchema = TSchema,
  A extends TSchema = TSchema,
>(shape: RouteShape<Q, P, B, A>): Route {
  return {
    method: shape.method,
    url: shape.url,
    schema: schemaOf(shape),
    run: (context, request, reply) =>
      shape.resume === undefined
        ? runPlain(shape, context, request, reply)
        : runOnce(shape, shape.resume, context, request, reply),
  }
}

/** Registers routes. */
export function addRoutes(app: FastifyInstance, context: RouteContext, routes: readonly Route[]): void {
  for (const { method, url, schema, run } of routes)
    app.route({
      method,
      url,
      schema,
      handler: (request, reply) => run(context, request, reply),
    })
}

/** A named schema where it is used. */
export const refTo = (schema: TSchema): object => ({ $ref: `${idOf(schema)}#` })

/** The answers of every route: one of its own, and problem details for everything else. */
export const answers = (status: number, description: string, content: object): object => ({
  [status]: { description, content },
  default: { description: 'Refusal (RFC 9457)', content: { [problemType]: { schema: refTo(Problem) } } },
})

function schemaOf<Q extends TSchema, P extends TSchema, B extends TSchema, A extends TSchema>(
  shape: RouteShape<Q, P, B, A>,
): object {
  const success = shape.method === 'POST' && shape.location !== undefined ? 201 : 200
  return {
    tags: [shape.tag],
    summary: shape.summary,
    ...(shape.query === undefined ? {} : { querystring: shape.query }),
    ...(shape.params === undefined ? {} : { params: shape.params }),
    ...(shape.body === undefined ? {} : { body: refTo(shape.body) }),
    ...(shape.resume === undefined ? {} : { headers: keyHeader }),
    response: answers(success, 'Success', { 'application/json': { schema: refTo(shape.answer) } }),
  }
}

// The pattern is checked by idempotencyKey, which names the remedy; the document shows the header.
const keyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ description: 'required; 8 to 64 letters, digits, dots, dashes or underscores' }),
  ),
})

// The framework has checked all three against the schemas of this route, from which Q, P and B are derived.
const callOf = <Q, P, B>(
  context: RouteContext,
  request: FastifyRequest,
  key: string,
): Call<Q, P, B & Json> => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const { query, params, body } = request as FastifyRequest & Parsed<Q, P, B>
  const { gateway, clock } = context
  return { gateway, clock, by: loopbackPrincipal, key, query, params, body }
}
type Parsed<Q, P, B> = { readonly query: Q; readonly params: P; readonly body: B & Json }

async function runPlain<Q extends TSchema, P extends TSchema, B extends TSchema, A extends TSchema>(
  shape: RouteShape<Q, P, B, A>,
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const answer = await shape.handle(callOf<Static<Q>, Static<P>, Static<B>>(context, request, ''))
  // What was read may have been decided a moment ago: it is told once it is on disk.
  await context.gateway.durable()
  if (isRefusal(answer)) return sendRefusal(request, reply, answer)
  return sendStored(reply, storedAnswer(shape, answer), jsonType)
}

async function runOnce<Q extends TSchema, P extends TSchema, B extends TSchema, A extends TSchema>(
  shape: RouteShape<Q, P, B, A>,
  resume: NonNullable<RouteShape<Q, P, B, A>['resume']>,
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const key = idempotencyKey(request.headers['idempotency-key'])
  if (isRefusal(key)) return sendRefusal(request, reply, key)
  const call = callOf<Static<Q>, Static<P>, Static<B>>(context, request, key)
  const stored = await context.once({
    scope: `${call.by.id} ${key}`,
    fingerprint: `${shape.method} ${request.url}\n${canonicalJson(call.body)}`,
    run: async () => outcomeOf(shape, await shape.handle(call), request.url),
    resume: () => {
      const found = resume(call)
      return found === 'repeat' || found === 'in-doubt' ? found : storedAnswer(shape, found)
    },
  })
  return isRefusal(stored) ? sendRefusal(request, reply, stored) : sendStored(reply, stored, typeOf(stored))
}

function outcomeOf<Q extends TSchema, P extends TSchema, B extends TSchema, A extends TSchema>(
  shape: RouteShape<Q, P, B, A>,
  answer: Served<A> | Refusal,
  instance: string,
): Outcome {
  if (!isRefusal(answer)) return { answer: storedAnswer(shape, answer), keep: true }
  const problem = problemOf(answer, instance)
  return {
    answer: { http: problem.status, body: canonicalJson(problem) },
    keep: !problem.retryable,
  }
}

function storedAnswer<Q extends TSchema, P extends TSchema, B extends TSchema, A extends TSchema>(
  shape: RouteShape<Q, P, B, A>,
  answer: Served<A>,
): StoredAnswer {
  const body = canonicalJson(answer)
  const http = shape.status?.(answer) ?? (shape.location === undefined ? 200 : 201)
  return shape.location === undefined ? { http, body } : { http, body, location: shape.location(answer) }
}

const jsonType = 'application/json; charset=utf-8'
/** What was kept for a key is the answer, or the refusal, of a command. */
const typeOf = ({ http }: StoredAnswer): string => (http < 400 ? jsonType : problemType)

function sendStored(reply: FastifyReply, stored: StoredAnswer, type: string): FastifyReply {
  if (stored.location !== undefined) void reply.header('location', stored.location)
  return reply
    .code(stored.http)
    .header('cache-control', 'no-store')
    .header('content-type', type)
    .serializer((text: string) => text)
    .send(stored.body)
}
