// The door for other gateways: HTTPS/1.1 over mutual TLS 1.3 (TLS options come from crypto), one POST a message.
import { createServer, type Server, type ServerOptions } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
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
import { peerBodyBytesMax, peerConnectionsMax, peerHeaderBytesMax, peerRequestMsMax } from './limits.ts'

/** Answers one message of an authenticated peer. What it returns is sent; a refusal becomes a problem document. */
export type PeerHandler = (peer: string, message: Json) => Promise<Json | Refusal>

export type PeerServerOptions = {
  readonly tls: ServerOptions
  /** Name of the peer at the other end of this connection; a certificate that is not pinned is refused. */
  readonly identify: (socket: TLSSocket) => string | Refusal
  readonly routes: Readonly<Record<string, PeerHandler>>
}

export type PeerServer = {
  listen(host: string, port: number): Promise<number | Refusal>
  close(): Promise<void>
}

export function createPeerServer(options: PeerServerOptions): PeerServer {
  const server = createServer({
    ...options.tls,
    maxHeaderSize: peerHeaderBytesMax,
    requestTimeout: peerRequestMsMax,
    headersTimeout: peerRequestMsMax,
  })
  server.maxConnections = peerConnectionsMax
  server.on('request', (request, response) => void answer(options, request, response))
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return { listen: (host, port) => listen(server, host, port), close: () => close(server) }
}

async function answer(
  options: PeerServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const outcome = await handle(options, request)
  const refused = isRefusal(outcome)
  const status = refused ? REFUSALS[outcome.refusal].http : 200
  const text = canonicalJson(refused ? (toProblem(outcome) as Json) : outcome)
  response.writeHead(status, {
    'content-type': refused ? 'application/problem+json' : 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

async function handle(options: PeerServerOptions, request: IncomingMessage): Promise<Json | Refusal> {
  const peer = options.identify(request.socket as TLSSocket)
  if (isRefusal(peer)) return peer
  const route = options.routes[request.url ?? '']
  if (!route) return refuse('not-found', `no such peer message ${request.url ?? ''}`)
  if (request.method !== 'POST') return refuse('method-not-allowed', 'peer messages are POSTed')
  const body = await readBody(request)
  if (isRefusal(body)) return body
  const message = parseJson(body)
  return isRefusal(message) ? message : route(peer, message)
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | Refusal> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > peerBodyBytesMax)
        return refuse('limit-bytes', `a peer message has at most ${peerBodyBytesMax} bytes`)
      chunks.push(chunk)
    }
  } catch {
    return refuse('request-timeout', 'the request did not arrive whole')
  }
  return Buffer.concat(chunks)
}

function listen(server: Server, host: string, port: number): Promise<number | Refusal> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE'
        ? resolve(refuse('port-in-use', `port ${port} on ${host} is in use`, { port: String(port) }))
        : reject(error),
    )
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
