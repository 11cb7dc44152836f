import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { systemClock } from '#core'
import { createFramer, encodeMessage, fixTimestamp, type FixField } from '#transport'

/** A bare counterparty on a socket: says exactly what a test wants, right or wrong. */
export type BareClient = {
  readonly socket: Socket
  readonly received: readonly string[]
  readonly isClosed: () => boolean
  raw(bytes: string | Uint8Array): void
  /** A well-formed message under the next number. */
  say(msgType: string, body?: readonly FixField[], options?: { seq?: number }): void
  logOn(): Promise<void>
  /** Waits for a message that holds the text (SOH shown as `|`). */
  hears(text: string): Promise<string>
  closed(): Promise<void>
  end(): void
}

export type BareClientOptions = {
  readonly port: number
  readonly sender?: string
  readonly target?: string
  readonly beginString?: string
  readonly tls?: ConnectionOptions
  readonly firstSeq?: number
}

export async function bareClient(options: BareClientOptions): Promise<BareClient> {
  const { port, sender = 'DESK', target = 'CEDAR', beginString = 'FIX.4.4' } = options
  const received: string[] = []
  const socket = options.tls
    ? connectTls({ ...options.tls, host: '127.0.0.1', port })
    : connect(port, '127.0.0.1')
  const framer = createFramer()
  let next = options.firstSeq ?? 1
  let isClosed = false
  socket.on('data', (chunk) => {
    for (const frame of framer.push(chunk))
      received.push(Buffer.from(frame.bytes).toString('latin1').replaceAll('\u0001', '|'))
  })
  socket.on('error', () => undefined)
  socket.once('close', () => {
    isClosed = true
  })
  await until(() => !socket.connecting || isClosed, 'the connection')
  const client: BareClient = {
    socket,
    received,
    isClosed: () => isClosed,
    raw: (bytes) => void socket.write(bytes),
    say(msgType, body = [], { seq = next } = {}) {
      next = seq + 1
      const header: FixField[] = [
        [34, `${seq}`],
        [49, sender],
        [52, fixTimestamp(systemClock.now())],
        [56, target],
      ]
      socket.write(encodeMessage({ beginString, header, msgType, body }))
    },
    async logOn() {
      client.say('A', [
        [98, '0'],
        [108, '30'],
      ])
      await client.hears('|35=A|')
    },
    async hears(text) {
      await until(() => received.some((message) => message.includes(text)), text)
      return received.find((message) => message.includes(text)) ?? ''
    },
    closed: () => until(() => isClosed, 'the end of the connection'),
    end: () => void socket.destroy(),
  }
  return client
}

const patienceMs = 10_000

export async function until(isSo: () => boolean, what: string): Promise<void> {
  const endsAt = systemClock.now() + patienceMs
  while (!isSo()) {
    if (systemClock.now() > endsAt) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
