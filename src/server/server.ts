import swagger from '@fastify/swagger'
import {
  canonicalJson,
  invariant,
  isRefusal,
  parseJson,
  refuse,
  type Clock,
  type Json,
  type Refusal,
} from '#core'
import type { GatewayApi } from '#gateway'
import fastify, { type FastifyInstance } from 'fastify'
import { schemas } from './api.ts'
import { loadFiles, type StaticFile } from './files.ts'
import { guardRequest, isLoopback, safetyHeaders } from './guard.ts'
import { createOnce, type IdempotencyStore } from './idempotency.ts'
import { requestsPerSocketMax, serverLimits, type ServerLimits } from './limits.ts'
import { brokenAnswers, limitConnections } from './sockets.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { RefusalError, refusalOf, sendRefusal } from './problem.ts'
import { addRoutes } from './route.ts'
import { commandRoutes } from './routes/commands.ts'
import { readRoutes } from './routes/gateway.ts'
import { logRoutes } from './routes/log.ts'
import { addRawRoutes } from './routes/raw.ts'
import { createStreams } from './stream.ts'

export type ServerOptions = {
  readonly gateway: GatewayApi
  readonly clock: Clock
  readonly idempotencyStore: IdempotencyStore
  /** Folder of the built console; without it `/` says how to build it. */
  readonly consoleDir?: string
  readonly limits?: Partial<ServerLimits>
}
export type Server = {
  /** Listens. Refuses `not-loopback` for an address that others could reach, `port-in-use`. */
  start(at: {
    readonly host: string
    readonly port: number
  }): Promise<{ readonly url: string; readonly port: number } | Refusal>
  stop(): Promise<void>
  /** For tests: requests without sockets. */
  readonly app: FastifyInstance
}

/**
 * The HTTP door of one gateway: REST under /v1, events, log tiles, the console.
 *
 * It does not authenticate clients yet, so it listens on loopback addresses only and answers to loopback
 * names only; whoever can open a socket on this machine may trade within the policy.
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const limits = { ...serverLimits, ...options.limits }
  const metrics = createMetrics(options.gateway)
  const streams = createStreams(options.gateway.journal, limits, metrics)
  const files = options.consoleDir === undefined ? new Map() : await loadFiles(options.consoleDir)
  const app = openApp(limits, metrics)
  guardApp(app, limits, metrics)
  await describeApp(app, options.gateway)
  const once = createOnce(options.idempotencyStore, options.clock)
  addRoutes(app, { gateway: options.gateway, clock: options.clock, once }, [
    ...readRoutes,
    ...commandRoutes,
    ...logRoutes,
  ])
  addRawRoutes(app, { gateway: options.gateway, streams, metrics })
  addConsole(app, files)
  app.addHook('preClose', async () => streams.closeAll())
  await app.ready()
  return { app, start: (at) => listen(app, at), stop: () => app.close() }
}

function openApp(limits: ServerLimits, metrics: Metrics): FastifyInstance {
  const answerBroken = brokenAnswers(metrics)
  const app = fastify({
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestMsMax,
    keepAliveTimeout: limits.keepAliveMsMax,
    maxRequestsPerSocket: requestsPerSocketMax,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersMsMax,
      connectionsCheckingInterval: limits.lateCheckMs,
      requireHostHeader: false,
    },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    clientErrorHandler: (error, socket) => answerBroken.answer(error, socket),
  })
  app.server.on('request', answerBroken.follow)
  limitConnections(app.server, limits.connectionsMax, metrics)
  return app
}

function guardApp(app: FastifyInstance, limits: ServerLimits, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(safetyHeaders)
    const refusal = guardRequest(request, limits.urlCharsMax)
    if (refusal !== undefined) throw new RefusalError(refusal)
  })
  app.addHook('onResponse', async (request, reply) => {
    metrics.answered(request.method, request.routeOptions.url ?? 'none', reply.statusCode)
  })
  app.setErrorHandler((error: Parameters<typeof refusalOf>[0], request, reply) => {
    const refusal = refusalOf(error)
    metrics.refused(refusal.refusal)
    return sendRefusal(request, reply, refusal)
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_: unknown, body: Buffer) => {
    const value = parseJson(body, { bytesMax: limits.bodyBytesMax })
    if (isRefusal(value)) throw new RefusalError(value)
    return value
  })
  app.setSerializerCompiler(() => (value: Json) => canonicalJson(value))
}

async function describeApp(app: FastifyInstance, gateway: GatewayApi): Promise<void> {
  for (const schema of schemas) app.addSchema(schema)
  const { version } = gateway.identity()
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Poundlock gateway',
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        description:
          'REST door of one gateway. Clients are not authenticated yet, so it listens on loopback only. ' +
          'Commands need an Idempotency-Key. Decimals and minor units are strings; times are RFC 3339 UTC.',
      },
    },
    refResolver: {
      buildLocalReference: (json, _, __, i) => (typeof json['$id'] === 'string' ? json['$id'] : `def-${i}`),
    },
  })
}

function addConsole(app: FastifyInstance, files: ReadonlyMap<string, StaticFile>): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    const file = files.get(path === '/' ? '/index.html' : path)
    if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD'))
      return sendRefusal(request, reply, missing(path))
    return reply.header('content-type', file.contentType).header('cache-control', file.cache).send(file.body)
  })
}

const missing = (path: string): Refusal =>
  path === '/'
    ? refuse('not-found', 'The console is not built; npm run build -w console builds it')
    : refuse('not-found', 'Nothing is served at this path; /openapi.json lists what is')

async function listen(
  app: FastifyInstance,
  at: { readonly host: string; readonly port: number },
): Promise<{ url: string; port: number } | Refusal> {
  if (!isLoopback(at.host))
    return refuse('not-loopback', `${at.host} can be reached from other machines`, { host: at.host })
  try {
    await app.listen({ host: at.host, port: at.port })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    return refuse('port-in-use', `Port ${at.port} is taken`, { port: `${at.port}` })
  }
  const address = app.server.address()
  invariant(typeof address === 'object' && address !== null, 'a listening server has an address')
  const { port } = address
  return { url: `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`, port }
}
