// The desk: a FIX 4.4 client of CEDAR's gateway in a process of its own. Asks for a quote, lifts the offer, waits for
// the fill, and says each step as one line of JSON. Any FIX 4.4 engine can take its place.
import { formatInstant, invariant, isRefusal, type Clock } from '#core'
import {
  createFixEngine,
  memoryPersistence,
  readExecutionReport,
  readQuote,
  readQuoteRequestReject,
  writeOrder,
  writeQuoteRequest,
  type FixEngine,
  type FixMessage,
} from '#transport'
import { otcLinearUsdc, parseInstrument, type Instrument, type QuoteTerms } from '#trade'
import { cedar, fixture } from './cast.ts'

export type DeskOptions = {
  readonly port: number
  readonly clock: Clock
  readonly quoteReqId: string
  readonly clOrdId: string
  readonly tell: (fact: DeskFact) => void
}
export type DeskFact =
  | { readonly fact: 'logged-on' }
  | { readonly fact: 'asked'; readonly quoteReqId: string }
  | ({ readonly fact: 'quoted' } & QuoteTerms)
  | { readonly fact: 'ordered'; readonly clOrdId: string; readonly price: string }
  | { readonly fact: 'filled'; readonly orderId: string; readonly execId: string; readonly price: string }
  | { readonly fact: 'refused'; readonly text: string }

const session = { beginString: 'FIX.4.4', senderCompId: 'DESK', targetCompId: cedar.name } as const
const key = 'FIX.4.4:DESK->CEDAR'

/** Trades the fixture once; resolves with the end of the story. */
export async function runDesk(options: DeskOptions): Promise<DeskFact> {
  const instrument = parseInstrument(fixture.securityId, otcLinearUsdc, options.clock.now())
  invariant(!isRefusal(instrument), 'the fixture is a listed option')
  const { promise: ended, resolve: finish } = Promise.withResolvers<DeskFact>()
  const story: Story = { options, instrument, asked: false, finish }
  const engine: FixEngine = await createFixEngine({
    sessions: [{ ...session, role: 'initiator', heartBtIntSeconds: 30 }],
    persistence: memoryPersistence(),
    clock: options.clock,
    limits: { reconnectMs: 200 },
    application: {
      onMessage: (_turn, message) => hear(story, engine, message),
      onSession: ({ what }) => {
        if (what === 'logged-on') ask(story, engine)
      },
    },
  })
  engine.connect(key, { host: '127.0.0.1', port: options.port })
  const fact = await ended
  await engine.close()
  return fact
}

type Story = {
  readonly options: DeskOptions
  readonly instrument: Instrument
  readonly finish: (fact: DeskFact) => void
  asked: boolean
}

function ask(story: Story, engine: FixEngine): void {
  const { options, instrument } = story
  options.tell({ fact: 'logged-on' })
  if (story.asked) return
  story.asked = true
  const party = { name: cedar.name, lei: cedar.lei }
  const { securityId, orderQty, currency } = fixture
  const { quoteReqId } = options
  const terms = {
    quoteReqId,
    securityId,
    side: 'Buy',
    orderQty,
    currency,
    taker: party,
    maker: party,
  } as const
  void engine.send(key, writeQuoteRequest({ ...terms, principal: '' }, instrument))
  options.tell({ fact: 'asked', quoteReqId })
}

function hear(story: Story, engine: FixEngine, message: FixMessage): void {
  if (message.msgType === 'S') return lift(story, engine, message)
  if (message.msgType === '8') return report(story, message)
  const text =
    message.msgType === 'AG' ? readQuoteRequestReject(message) : { text: message.text(58) ?? 'no text' }
  story.finish({ fact: 'refused', text: isRefusal(text) ? text.detail : text.text })
}

/** The desk lifts whatever was quoted: what is right is for policy and for people to say before. */
function lift({ options, instrument }: Story, engine: FixEngine, message: FixMessage): void {
  const quote = readQuote(message)
  if (isRefusal(quote)) return
  options.tell({ fact: 'quoted', ...quote })
  const { quoteId, quoteReqId, offerPx: price, currency } = quote
  const { securityId, orderQty } = fixture
  const ids = { clOrdId: options.clOrdId, quoteId, quoteReqId, securityId, principal: '', premiumMinor: '' }
  const order = { ...ids, side: 'Buy', orderQty, price, currency } as const
  void engine.send(key, writeOrder(order, instrument, formatInstant(options.clock.now())))
  options.tell({ fact: 'ordered', clOrdId: options.clOrdId, price })
}

function report({ finish }: Story, message: FixMessage): void {
  const said = readExecutionReport(message)
  if (isRefusal(said) || (said.kind !== 'rejected' && said.kind !== 'fill')) return
  if (said.kind === 'rejected') return finish({ fact: 'refused', text: said.text })
  const { orderId, execId, price } = said.fill
  finish({ fact: 'filled', orderId, execId, price })
}
