// The door for other gateways: HTTPS/1.1 over mutual TLS 1.3 (TLS options come from crypto), one POST a message.
import { createServer, type Server, type ServerOptions } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import {
  canonicalJson,
  isRefusal,
  parseJson,
  refuse,
  REFUSALS,
  toProblem,
  type Json,
  type Refusal,
} from '#core'
import { peerLimits, type PeerLimits } from './limits.ts'

/** Answers one message of an authenticated peer. What it returns is sent; a refusal becomes a problem document. */
export type PeerHandler = (peer: string, message: Json) => Promise<Json | Refusal>

export type PeerServerOptions = {
  readonly tls: ServerOptions
  /** Name of the peer at the other end of this connection; a certificate that is not pinned is refused. */
  readonly identify: (socket: TLSSocket) => string | Refusal
  readonly routes: Readonly<Record<string, PeerHandler>>
  /** A handler that threw: a bug. The peer is told `internal`. */
  readonly onFailure: (error: unknown) => void
  readonly limits?: Partial<PeerLimits>
}

export type PeerServer = {
  /** The port that was taken (0 takes any free one). Refuses `port-in-use`. */
  readonly listen: (host: string, port: number) => Promise<number | Refusal>
  readonly close: () => Promise<void>
}

/** How often connections are looked at for requests that take too long. */
const checkMs = 1_000

export function createPeerServer(options: PeerServerOptions): PeerServer {
  const limits = { ...peerLimits, ...options.limits }
  const server = createServer({
    ...options.tls,
    maxHeaderSize: limits.headerBytesMax,
    requestTimeout: limits.requestMsMax,
    headersTimeout: limits.requestMsMax,
    connectionsCheckingInterval: Math.min(checkMs, limits.requestMsMax),
  })
  server.maxConnections = limits.connectionsMax
  server.on('request', (request, response) => {
    void handle(options, limits, request)
      .catch((error: unknown) => failed(options, error))
      .then((outcome) => answer(response, outcome))
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return { listen: (host, port) => listen(server, host, port), close: () => close(server) }
}

function answer(response: ServerResponse, outcome: Json | Refusal): void {
  const refused = isRefusal(outcome)
  const text = canonicalJson(refused ? toProblem(outcome) : outcome)
  response.writeHead(refused ? REFUSALS[outcome.refusal].http : 200, {
    'content-type': refused ? 'application/problem+json' : 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

async function handle(
  options: PeerServerOptions,
  limits: PeerLimits,
  request: IncomingMessage,
): Promise<Json | Refusal> {
  const peer = identify(options, request)
  if (isRefusal(peer)) return peer
  const path = request.url ?? ''
  const route = Object.hasOwn(options.routes, path) ? options.routes[path] : undefined
  if (!route) return refuse('not-found', `no such peer message ${path}`)
  if (request.method !== 'POST') return refuse('method-not-allowed', 'peer messages are POSTed')
  const body = await readBody(request, limits.bodyBytesMax)
  if (isRefusal(body)) return body
  const message = parseJson(body)
  return isRefusal(message) ? message : route(peer, message)
}

function identify(options: PeerServerOptions, { socket }: IncomingMessage): string | Refusal {
  return socket instanceof TLSSocket
    ? options.identify(socket)
    : refuse('tls-handshake', 'the connection is not TLS')
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | Refusal> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    // The rest of a body that is refused is still read, within the time for a request: the peer can hear why.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const part = Buffer.from(chunk)
      bytes += part.length
      if (bytes > bytesMax) return tooLarge(request, bytesMax)
      chunks.push(part)
    }
  } catch {
    return refuse('request-timeout', 'the request did not arrive whole')
  }
  return Buffer.concat(chunks)
}

function tooLarge(request: IncomingMessage, bytesMax: number): Refusal {
  request.resume()
  return refuse('limit-bytes', `a peer message has at most ${bytesMax} bytes`)
}

function failed({ onFailure }: PeerServerOptions, error: unknown): Refusal {
  if (isRefusal(error) && error.refusal === 'shutting-down') return error
  onFailure(error)
  return refuse('internal', 'the message could not be dealt with')
}

function listen(server: Server, host: string, port: number): Promise<number | Refusal> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error)
      return resolve(refuse('port-in-use', `port ${port} on ${host} is in use`, { port: String(port) }))
    })
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
