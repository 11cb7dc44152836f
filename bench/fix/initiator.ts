import { invariant, systemClock } from '#core'
import { createFixEngine, fixTimestamp, type FixBody } from '#transport'
import { openFixStore, storeKinds, type StoreKind } from './store.ts'

/**
 * Our initiator of the round-trip measurement in a process of its own: sends `count` option orders, at most
 * `window` of them unanswered, after a warm-up. Arguments: port, store kind, store path, count, window, warm-up.
 * Prints the JSON line that `roundtrip.cpp` prints.
 */
const [port = '', kind = '', path = '', ...numbers] = process.argv.slice(2)
const [count = 0, window = 1, warmUp = 0] = numbers.map((text) => Number.parseInt(text, 10))
const isKind = (text: string): text is StoreKind => storeKinds.some((known) => known === text)
invariant(isKind(kind), `no such store: ${kind}`)

const session = 'FIX.4.4:GW->EX'
const total = warmUp + count
const sentAt = new Float64Array(total)
const tookUs = new Float64Array(total)
let sent = 0
let answered = 0
const done = Promise.withResolvers<void>()

const engine = await createFixEngine({
  sessions: [
    {
      beginString: 'FIX.4.4',
      senderCompId: 'GW',
      targetCompId: 'EX',
      role: 'initiator',
      resetOn: { logon: true },
    },
  ],
  persistence: openFixStore(kind, path),
  application: {
    onMessage(_turn, report) {
      const id = report.int(11) ?? 0
      tookUs[id] = (performance.now() - (sentAt[id] ?? 0)) * 1000
      answered += 1
      if (answered === total) done.resolve()
      else sendMore()
    },
    onSession: (event) => void (event.what === 'logged-on' && sendMore()),
  },
  clock: systemClock,
})
engine.connect(session, { host: '127.0.0.1', port: Number.parseInt(port, 10) })
await done.promise
print()
await engine.close()
process.exit(0)

/** Within `onMessage` what is sent shares the batch of the report, as it would in a gateway. */
function sendMore(): void {
  while (sent < total && sent - answered < window) {
    sentAt[sent] = performance.now()
    void engine.send(session, order(sent))
    sent += 1
  }
}

function order(id: number): FixBody {
  return {
    msgType: 'D',
    body: [
      [11, `${id}`],
      [54, '1'],
      [60, fixTimestamp(systemClock.now())],
      [40, '2'],
      [55, 'ETH'],
      [48, 'ETH-25JUN27-4000-C'],
      [22, '8'],
      [167, 'OPT'],
      [461, 'OCECCN'],
      [541, '20270625'],
      [201, '1'],
      [202, '4000'],
      [15, 'USD'],
      [38, '100'],
      [44, '430.72'],
    ],
  }
}

function print(): void {
  const seconds = (performance.now() - (sentAt[warmUp] ?? 0)) / 1000
  const sorted = tookUs.slice(warmUp).toSorted()
  const at = (share: number): number => Math.round(sorted[Math.floor(count * share)] ?? 0)
  const line = {
    n: count,
    window,
    seconds,
    perSecond: Math.round(count / seconds),
    p50Us: at(0.5),
    p99Us: at(0.99),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
