import { connect, type Socket } from 'node:net'
import { systemClock } from '#core'
import { createFramer } from '#transport'
import { closed, silence, type Wire } from './runner.ts'

type End = { socket: Socket; inbox: string[]; isClosed: boolean; wake: () => void }

const silenceMs = 10_000

/** A real port: any FIX acceptor with the identities of the suite, ours or another, in real time. */
export function tcpWire(port: number): Wire & { close(): void } {
  const ends = new Map<number, End>()
  const endOf = (connection: number): End => {
    const end = ends.get(connection)
    if (!end) throw new Error(`connection ${connection} was never opened`)
    return end
  }
  return {
    now: () => systemClock.now(),
    async connect(connection) {
      ends.set(connection, await open(port))
    },
    awaitConnection: () => Promise.reject(new Error('client cases run in memory only')),
    async disconnect(connection) {
      const { socket } = endOf(connection)
      await new Promise<void>((resolve) =>
        socket.destroyed ? resolve() : socket.destroy().once('close', resolve),
      )
    },
    async send(connection, bytes) {
      endOf(connection).socket.write(bytes)
    },
    receive: (connection) => receive(endOf(connection)),
    close() {
      for (const { socket } of ends.values()) socket.destroy()
    },
  }
}

async function open(port: number): Promise<End> {
  const socket = connect(port, '127.0.0.1')
  const framer = createFramer()
  const end: End = { socket, inbox: [], isClosed: false, wake: () => undefined }
  socket.on('data', (chunk) => {
    for (const frame of framer.push(chunk)) end.inbox.push(Buffer.from(frame.bytes).toString('latin1'))
    end.wake()
  })
  socket.on('error', () => undefined)
  socket.once('close', () => {
    end.isClosed = true
    end.wake()
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  return end
}

async function receive(end: End): Promise<string | typeof closed | typeof silence> {
  const endsAt = systemClock.now() + silenceMs
  while (end.inbox.length === 0 && !end.isClosed) {
    const leftMs = endsAt - systemClock.now()
    if (leftMs <= 0) return silence
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, leftMs)
      end.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
  return end.inbox.shift() ?? closed
}
