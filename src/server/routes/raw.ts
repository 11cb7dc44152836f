import { isRefusal, refuse } from '#core'
import type { GatewayApi } from '#gateway'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { CloudEvent } from '../api.ts'
import type { Metrics } from '../metrics.ts'
import { sendRefusal } from '../problem.ts'
import { answers, refTo } from '../route.ts'
import type { Streams } from '../stream.ts'
import { byId } from './gateway.ts'

export type RawContext = {
  readonly gateway: GatewayApi
  readonly streams: Streams
  readonly metrics: Metrics
}

type EventsQuery = { readonly from?: string }

const packType = 'application/vnd.poundlock.evidence'
const tilePattern = /^[a-z0-9/.]{1,200}$/
const indexPattern = /^(0|[1-9][0-9]{0,14})$/
const bytes = (type: string): object => ({ [type]: { schema: { type: 'string' } } })

/** Answers that are not JSON documents: event stream, evidence packs, log tiles, metrics, the API description. */
export function addRawRoutes(app: FastifyInstance, context: RawContext): void {
  addEvents(app, context)
  addEvidence(app, context)
  addTiles(app, context)
  addDescription(app, context)
}

function addEvents(app: FastifyInstance, { gateway, streams }: RawContext): void {
  const schema = {
    tags: ['journal'],
    summary:
      'Journal entries as server-sent events; the id is the leaf index, Last-Event-ID or `from` resumes',
    querystring: Type.Object({
      from: Type.Optional(Type.String({ maxLength: 16, description: 'first leaf index' })),
    }),
    headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 16 })) }),
    response: answers(200, 'Stream of CloudEvents', { 'text/event-stream': { schema: refTo(CloudEvent) } }),
  }
  app.get<{ Querystring: EventsQuery }>(
    '/v1/events',
    { schema, exposeHeadRoute: false },
    async (request, reply) => {
      const from = firstIndex(request, gateway.journal.size())
      if (isRefusal(from)) return sendRefusal(request, reply, from)
      if (streams.full())
        return sendRefusal(request, reply, refuse('limit-connections', 'All event streams are taken'))
      reply.hijack()
      streams.open(reply.raw, from)
      return reply
    },
  )
}

// Without a start a stream begins with the next entry. A start beyond the end belongs to another history.
function firstIndex(request: FastifyRequest<{ Querystring: EventsQuery }>, size: number) {
  const last = request.headers['last-event-id']
  const { from } = request.query
  const text = typeof last === 'string' ? last : from
  if (text === undefined) return size
  if (!indexPattern.test(text)) return refuse('query-invalid', 'A leaf index is a whole number')
  const first = parseInt(text, 10) + (typeof last === 'string' ? 1 : 0)
  return first > size ? refuse('range-invalid', `The journal has ${size} leaves`, { size: `${size}` }) : first
}

function addEvidence(app: FastifyInstance, { gateway }: RawContext): void {
  const response = answers(200, 'Evidence pack (spec/evidence-pack.md)', bytes(packType))
  const send = async (request: { readonly url: string }, reply: FastifyReply, id: string | undefined) => {
    const pack = await gateway.evidence(id)
    if (isRefusal(pack)) return sendRefusal(request, reply, pack)
    const name = (id ?? 'evidence').replace(/[^A-Za-z0-9._-]/g, '_')
    return reply
      .header('content-type', packType)
      .header('content-disposition', `attachment; filename="${name}.pack"`)
      .header('cache-control', 'no-store')
      .send(pack)
  }
  app.get(
    '/v1/evidence',
    { schema: { tags: ['journal'], summary: 'Evidence pack of the newest trade', response } },
    (request, reply) => send(request, reply, undefined),
  )
  app.get<{ Params: { id: string } }>(
    '/v1/trades/:id/evidence',
    {
      schema: {
        tags: ['trading'],
        summary: 'Evidence pack of one trade',
        params: byId('trade id or UTI'),
        response,
      },
    },
    (request, reply) => send(request, reply, request.params.id),
  )
}

/** C2SP tlog-tiles. A tile of a given width never changes; the checkpoint does. */
function addTiles(app: FastifyInstance, { gateway }: RawContext): void {
  const response = answers(200, 'C2SP static resource', bytes('application/octet-stream'))
  const send = (request: { readonly url: string }, reply: FastifyReply, path: string) => {
    const found = tilePattern.test(path) ? gateway.journal.resource(path) : undefined
    if (found === undefined)
      return sendRefusal(request, reply, refuse('not-found', 'The journal has no such resource'))
    const cache = path === 'checkpoint' ? 'no-cache' : 'public, max-age=31536000, immutable'
    return reply
      .header('content-type', found.contentType)
      .header('cache-control', cache)
      .send(Buffer.from(found.body))
  }
  app.get(
    '/log/checkpoint',
    { schema: { tags: ['journal'], summary: 'Checkpoint (C2SP tlog-checkpoint)', response } },
    (request, reply) => send(request, reply, 'checkpoint'),
  )
  app.get<{ Params: { '*': string } }>(
    '/log/tile/*',
    { schema: { tags: ['journal'], summary: 'Tiles and entry bundles (C2SP tlog-tiles)', response } },
    (request, reply) => send(request, reply, `tile/${request.params['*']}`),
  )
}

function addDescription(app: FastifyInstance, { metrics }: RawContext): void {
  app.get('/openapi.json', { schema: { tags: ['gateway'], summary: 'This description' } }, (_, reply) =>
    reply.header('cache-control', 'no-cache').send(app.swagger()),
  )
  const text = bytes('text/plain')
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['gateway'],
        summary: 'Counters (Prometheus text)',
        response: answers(200, 'Counters', text),
      },
    },
    (_, reply) =>
      reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(metrics.text()),
  )
}
