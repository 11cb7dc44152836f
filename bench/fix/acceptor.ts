import { systemClock } from '#core'
import { createFixEngine, type FixApplication, type FixMessage } from '#transport'
import { openFixStore, storeKinds, type StoreKind } from './store.ts'

/**
 * The acceptor of the round-trip measurement in a process of its own: answers each NewOrderSingle with an
 * ExecutionReport. Arguments: store kind, store path. Prints `READY port`; ends with its standard input.
 */
const [kind = 'memory', path = ''] = process.argv.slice(2)

const application: FixApplication = {
  onMessage(turn, order) {
    if (order.msgType === 'D') turn.reply({ msgType: '8', body: report(order) })
    else turn.reject({ reason: 3, text: 'Unsupported Message Type' })
  },
  onSession: () => undefined,
}

function report(order: FixMessage) {
  const id = order.text(11) ?? ''
  const quantity = order.text(38) ?? ''
  return [
    [37, `O${id}`],
    [11, id],
    [17, `E${id}`],
    [150, '0'],
    [39, '0'],
    [55, order.text(55) ?? ''],
    [54, order.text(54) ?? ''],
    [38, quantity],
    [151, quantity],
    [14, '0'],
    [6, '0'],
  ] as const
}

const isKind = (text: string): text is StoreKind => storeKinds.some((known) => known === text)
if (!isKind(kind)) throw new Error(`no such store: ${kind}`)

const engine = await createFixEngine({
  sessions: [
    {
      beginString: 'FIX.4.4',
      senderCompId: 'EX',
      targetCompId: 'GW',
      role: 'acceptor',
      resetOn: { logon: true },
    },
  ],
  persistence: openFixStore(kind, path),
  application,
  clock: systemClock,
})
const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`READY ${port}\n`)
process.stdin.resume()
process.stdin.once('end', () => process.exit(0))
