import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer, TLSSocket } from 'node:tls'
import type { ConnectionOptions, TlsOptions } from 'node:tls'
import { invariant } from '#core'
import type { Hub } from './hub.ts'
import type { EngineLimits } from './limits.ts'
import type { Link, LinkIdentity } from './link.ts'
import type { LiveSession } from './sessions.ts'

/** Reads who a certificate is; the cryptographic layer knows how. `certificate` is DER. */
export type IdentityReader = (certificate: Uint8Array) => LinkIdentity

export type ListenOptions = {
  readonly host: string
  readonly port: number
  /** TLS with the options of the cryptographic layer (own key, TLS 1.3, client certificate required). */
  readonly tls?: { readonly options: TlsOptions; readonly identityOf: IdentityReader }
}

export type Listening = { readonly host: string; readonly port: number }

export type RemoteEnd = {
  readonly host: string
  readonly port: number
  readonly tls?: { readonly options: ConnectionOptions; readonly identityOf: IdentityReader }
}

/** How long a closed connection may take to send what was written, in milliseconds. */
const lingerMs = 2_000

export function createListener(hub: Hub, limits: EngineLimits) {
  const servers = new Set<Server>()
  const sockets = new Set<Socket>()

  function accept(socket: Socket, identityOf?: IdentityReader): void {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    adopt(hub, socket, identityOf)
  }

  async function listen(options: ListenOptions): Promise<Listening> {
    const { tls } = options
    const server = tls
      ? createTlsServer(tls.options, (socket) => accept(socket, tls.identityOf))
      : createServer((socket) => accept(socket))
    // The hub counts connections; those whose TLS handshake is not done yet are counted here.
    server.maxConnections = 2 * limits.connectionsMax
    servers.add(server)
    return bind(server, options)
  }

  /** No more new connections. */
  function refuse(): void {
    for (const server of servers) server.close()
  }

  async function close(): Promise<void> {
    const closed = [...servers].map(
      (server) => new Promise((resolve) => (server.listening ? server.close(resolve) : resolve(undefined))),
    )
    for (const socket of sockets) socket.destroy()
    await Promise.all(closed)
  }

  return { listen, refuse, close }
}

async function bind(server: Server, { host, port }: ListenOptions): Promise<Listening> {
  // A TLS handshake that fails is the caller's affair; the server goes on.
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  invariant(address !== null && typeof address === 'object', 'a TCP server has an address')
  return { host: address.address, port: address.port }
}

/** Connects initiators and connects them again when they are cut off. */
export class Dialler {
  readonly #hub: Hub
  readonly #limits: EngineLimits
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #sockets = new Set<Socket>()
  #isClosed = false

  constructor(hub: Hub, limits: EngineLimits) {
    this.#hub = hub
    this.#limits = limits
  }

  dial(session: LiveSession, remote: RemoteEnd): void {
    if (this.#isClosed) return
    if (!this.#hub.mayConnect(session)) return this.#dialLater(session, remote)
    const socket = call(remote)
    this.#sockets.add(socket)
    // A peer that accepts and then says nothing, not even its part of the TLS handshake.
    const giveUp = (): void => void socket.destroy(new Error('no answer in time'))
    const patience = setTimeout(giveUp, this.#limits.logonTimeoutMs)
    socket.once(remote.tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(patience)
      adopt(this.#hub, socket, remote.tls?.identityOf, session)
    })
    socket.on('error', (error) => this.#hub.connectFailed(session, error.message))
    socket.once('close', () => {
      clearTimeout(patience)
      this.#sockets.delete(socket)
      this.#dialLater(session, remote)
    })
  }

  /** No more new connections. */
  refuse(): void {
    this.#isClosed = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of this.#sockets) if (socket.connecting) socket.destroy()
  }

  close(): void {
    this.refuse()
    for (const socket of this.#sockets) socket.destroy()
  }

  #dialLater(session: LiveSession, remote: RemoteEnd): void {
    if (this.#isClosed) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.dial(session, remote)
    }, this.#limits.reconnectMs)
    this.#timers.add(timer)
  }
}

const call = ({ host, port, tls }: RemoteEnd): Socket =>
  tls ? connectTls({ ...tls.options, host, port }) : connectTcp({ host, port })

/** Makes a socket a link of the hub. */
function adopt(hub: Hub, socket: Socket, identityOf?: IdentityReader, session?: LiveSession): void {
  socket.setNoDelay(true)
  const listener = hub.attach(linkOf(socket, identityOf), session)
  socket.on('data', (chunk) => listener.chunk(chunk))
  socket.on('drain', () => listener.drained())
  socket.on('error', () => socket.destroy())
  socket.once('close', () => listener.closed())
}

function linkOf(socket: Socket, identityOf: IdentityReader | undefined): Link {
  return {
    remote: `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`,
    identity: identityOf && shownBy(socket, identityOf),
    write: (bytes) => void (socket.writable && socket.write(bytes)),
    bufferedBytes: () => socket.writableLength,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close() {
      if (socket.destroyed) return
      // A paused socket would never see the other side's end.
      socket.resume()
      socket.end()
      const timer = setTimeout(() => socket.destroy(), lingerMs)
      timer.unref()
      socket.once('close', () => clearTimeout(timer))
    },
  }
}

function shownBy(socket: Socket, identityOf: IdentityReader): LinkIdentity | undefined {
  invariant(socket instanceof TLSSocket, 'an identity comes with TLS')
  const certificate = socket.getPeerX509Certificate()
  return certificate && identityOf(certificate.raw)
}
