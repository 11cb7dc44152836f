import { formatInstant, invariant, isRefusal, offsetClock } from '#core'
import { sandboxStart } from '#sandbox'
import { otcLinearUsdc, parseInstrument, type QuoteTerms } from '#trade'
import {
  createFixEngine,
  memoryPersistence,
  readQuote,
  writeOrder,
  writeQuoteRequest,
  type DeskBody,
  type FixMessage,
} from '#transport'

/**
 * The taker of the measurement in a process of its own. First asks for all quotes, at most `window` of them
 * unanswered, then takes them all in the same way. Arguments: port, count, window, warm-up. Prints one JSON line.
 */
const numbers = process.argv.slice(2).map((text) => Number.parseInt(text, 10))
const [port = 0, count = 0, window = 1, warmUp = 0] = numbers
const total = warmUp + count
/** Far out of the money: its premium is so small that no daily limit is met. */
const securityId = 'ETH-25JUN27-12000-C'
const orderQty = '1'
const currency = 'USDC'
const session = 'FIX.4.4:CEDAR->ALDER'
const clock = offsetClock(sandboxStart)
const instrument = parseInstrument(securityId, otcLinearUsdc, clock.now())
invariant(!isRefusal(instrument), 'the option of the measurement is listed')
const option = instrument
const party = { name: 'CEDAR', lei: '' }

type Phase = {
  readonly body: (index: number) => DeskBody
  readonly indexOf: (message: FixMessage) => number
  readonly sentAt: Float64Array
  readonly tookUs: Float64Array
  readonly done: PromiseWithResolvers<void>
  sent: number
  answered: number
}

const quotes: QuoteTerms[] = []
let phase: Phase = newPhase(request, quoted)
const engine = await createFixEngine({
  sessions: [{ beginString: 'FIX.4.4', senderCompId: 'CEDAR', targetCompId: 'ALDER', role: 'initiator' }],
  persistence: memoryPersistence(),
  application: {
    onMessage: (_turn, message) => heard(message),
    onSession: ({ what }) => void (what === 'logged-on' && sendMore()),
  },
  clock,
})
engine.connect(session, { host: '127.0.0.1', port })
await phase.done.promise
const quoting = resultOf(phase)
phase = newPhase(order, filled)
sendMore()
await phase.done.promise
process.stdout.write(`${JSON.stringify({ quote: quoting, order: resultOf(phase) })}\n`)
await engine.close()
process.exit(0)

function newPhase(body: Phase['body'], indexOf: Phase['indexOf']): Phase {
  const times = { sentAt: new Float64Array(total), tookUs: new Float64Array(total) }
  return { body, indexOf, ...times, done: Promise.withResolvers(), sent: 0, answered: 0 }
}

function sendMore(): void {
  while (phase.sent < total && phase.sent - phase.answered < window) {
    phase.sentAt[phase.sent] = performance.now()
    void engine.send(session, phase.body(phase.sent))
    phase.sent += 1
  }
}

function heard(message: FixMessage): void {
  const index = phase.indexOf(message)
  phase.tookUs[index] = (performance.now() - (phase.sentAt[index] ?? 0)) * 1_000
  phase.answered += 1
  if (phase.answered === total) phase.done.resolve()
  else sendMore()
}

function request(index: number): DeskBody {
  const terms = { quoteReqId: String(index), securityId, side: 'Buy', orderQty, currency } as const
  return writeQuoteRequest({ ...terms, taker: party, maker: party, principal: '' }, option)
}

function quoted(message: FixMessage): number {
  const quote = message.msgType === 'S' ? readQuote(message) : undefined
  invariant(
    quote !== undefined && !isRefusal(quote),
    `a quote, not ${message.msgType} ${message.text(58) ?? ''}`,
  )
  const index = Number.parseInt(quote.quoteReqId, 10)
  quotes[index] = quote
  return index
}

function order(index: number): DeskBody {
  const quote = quotes[index]
  invariant(quote, 'it was quoted')
  const { quoteId, quoteReqId, offerPx: price } = quote
  const ids = { clOrdId: String(index), quoteId, quoteReqId, securityId, principal: '', premiumMinor: '' }
  const terms = { ...ids, side: 'Buy', orderQty, price, currency } as const
  return writeOrder(terms, option, formatInstant(clock.now()))
}

function filled(message: FixMessage): number {
  invariant(message.text(150) === 'F', `a fill, not ${message.msgType} ${message.text(58) ?? ''}`)
  return message.int(11) ?? 0
}

function resultOf({ sentAt, tookUs }: Phase): object {
  const seconds = (performance.now() - (sentAt[warmUp] ?? 0)) / 1_000
  const sorted = tookUs.slice(warmUp).toSorted()
  const at = (share: number): number => Math.round(sorted[Math.floor(count * share)] ?? 0)
  return { perSecond: Math.round(count / seconds), p50Us: at(0.5), p99Us: at(0.99) }
}
