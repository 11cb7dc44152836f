import { refuse, type Refusal } from '#core'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Metrics } from './metrics.ts'
import { rawProblem } from './problem.ts'

export type BrokenAnswers = {
  /** To be called with every request, so that its answer is not overtaken by one to later bytes. */
  readonly follow: (request: IncomingMessage, response: ServerResponse) => void
  readonly answer: (error: { readonly code?: string }, socket: Socket) => void
}

/** Bytes that are no request, or come too slowly, still get an answer that says why, and end the connection. */
export function brokenAnswers(metrics: Metrics): BrokenAnswers {
  const newest = new WeakMap<Socket, { request: IncomingMessage; response: ServerResponse }>()
  return {
    follow: (request, response) => void newest.set(request.socket, { request, response }),
    answer: (error, socket) => {
      metrics.dropped('malformed')
      if (error.code === 'ECONNRESET' || !socket.writable) {
        socket.destroy()
        return
      }
      const last = newest.get(socket)
      const end = (): void => void socket.end(rawProblem(brokenRequest(error.code)), () => socket.destroy())
      // A whole request before the broken bytes gets its own answer first: nobody may take one for the other.
      if (last?.request.complete === true && !last.response.writableFinished)
        last.response.once('finish', end)
      else end()
    },
  }
}

function brokenRequest(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW')
    return refuse('http-headers-too-large', 'The header block is longer than this server accepts')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return refuse('request-timeout', 'The request did not arrive in time')
  return refuse('http-malformed', 'The bytes are not an HTTP/1.1 request')
}

/** Answers connections beyond the limit at once and closes them. */
export function limitConnections(server: Server, connectionsMax: number, metrics: Metrics): void {
  let open = 0
  server.on('connection', (socket: Socket) => {
    open += 1
    socket.on('close', () => {
      open -= 1
    })
    if (open <= connectionsMax) return
    metrics.dropped('connections')
    socket.end(rawProblem(refuse('limit-connections', 'Too many open connections')), () => socket.destroy())
  })
}
