import { instant, manualClock } from '#core'
import type { Link } from '#transport'
import { linkOf, newSide, openHub, takeBytes, type Side } from './fix-link.ts'
import { news, StockDesk } from './stock-desk.ts'

/** Our engine as the acceptor of a stock engine that rejects some of our messages. */
export type StockWorld = {
  readonly gateway: Side
  readonly desk: StockDesk
  /** An application message of ours; kept in `gateway.sent` when it is durable. */
  send(kind: 'good' | 'bad'): void
  carry(to: 'gateway' | 'desk', bytesMax: number): void
  connect(): Promise<void>
  cut(): void
  /** Lets the engine and its store work for so many turns of the event loop, and no longer. */
  turns(count: number): Promise<void>
  /** Carries until nothing moves any more; connects first when the line is down, and only then. */
  finish(): Promise<void>
}

export async function newStockWorld(): Promise<StockWorld> {
  const clock = manualClock(instant(Date.UTC(2026, 10, 20, 14)))
  const gateway = await newSide('acceptor', clock)
  const desk = new StockDesk(clock)
  let counter = 0

  function cut(): void {
    const { listener } = gateway
    gateway.listener = undefined
    for (const { outbox } of [gateway, desk]) outbox.length = 0
    desk.disconnect()
    listener?.closed()
  }

  async function connect(): Promise<void> {
    cut()
    if (gateway.store.down) {
      gateway.store.down = false
      gateway.store.crashAt = undefined
      Object.assign(gateway, await openHub(gateway.config, gateway.store, clock))
    }
    const link: Link = { ...linkOf(gateway), close: () => (gateway.listener = undefined) }
    gateway.listener = gateway.hub.attach(link)
    desk.connect()
  }

  function send(kind: 'good' | 'bad'): void {
    if (gateway.store.down) return
    counter += 1
    const text = `${kind} ${counter}`
    gateway.hub.attachOperations([{ sent: text }])
    gateway.hub.send(gateway.session, { msgType: 'B', body: news(text) })
  }

  function carry(to: 'gateway' | 'desk', bytesMax: number): void {
    const chunk = takeBytes(to === 'gateway' ? desk.outbox : gateway.outbox, bytesMax)
    if (chunk && to === 'gateway') gateway.listener?.chunk(chunk)
    else if (chunk) desk.read(chunk)
  }

  async function carryAll(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet += 1) {
      if (gateway.outbox.length + desk.outbox.length > 0) quiet = 0
      carry('gateway', 1_000_000)
      carry('desk', 1_000_000)
      await turns(1)
    }
  }

  async function finish(): Promise<void> {
    gateway.store.crashAt = undefined
    if (!gateway.listener || gateway.store.down) await connect()
    await carryAll()
    send('good')
    desk.send('last')
    await carryAll()
  }
  return { gateway, desk, send, carry, connect, cut, turns, finish }
}

/** Longer than any commit and fetch of the memory store takes. */
const quietTurns = 12

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
