// The desk of a world: a FIX client that asks for quotes and lifts them, sometimes late, sometimes twice, sometimes in
// a size that policy does not permit. It never dies.
import { formatInstant, invariant, isRefusal, type Clock } from '#core'
import { otcLinearUsdc, parseInstrument, type Instrument } from '#trade'
import {
  defaultEngineLimits,
  Hub,
  loadSessions,
  memoryPersistence,
  readQuote,
  writeOrder,
  writeQuoteRequest,
  type FixMessage,
} from '#transport'
import type { Agenda } from './agenda.ts'
import { start } from './cast.ts'
import type { Chance } from './chance.ts'

export type SimDesk = {
  open(): Promise<void>
  hub(): Hub
  session(): Parameters<Hub['attach']>[1]
  /** Plans its requests. */
  schedule(): void
  /** Nothing that it asked waits for an answer. */
  isAnswered(): boolean
}

const key = 'FIX.4.4:DESK->CEDAR'
const quantities: readonly [string, ...string[]] = ['10', '10', '100', '100', '100', '40', '117']

export function openDesk(agenda: Agenda, chance: Chance): SimDesk {
  const clock: Clock = agenda.clock(0)
  const instrument = parseInstrument('ETH-25JUN27-4000-C', otcLinearUsdc, start)
  invariant(!isRefusal(instrument), 'the fixture is a listed option')
  const asked = new Map<string, { quantity: string; answered: boolean }>()
  const ordered = new Map<string, boolean>()
  let hub: Hub | undefined
  let session: Parameters<Hub['attach']>[1]
  let planned = 0

  const send = (body: Parameters<Hub['send']>[1]): void => {
    invariant(hub && session, 'the desk is open')
    hub.send(session, body)
  }
  const ask = (quoteReqId: string): void => {
    const quantity = chance.pick(quantities)
    asked.set(quoteReqId, { quantity, answered: false })
    send(writeQuoteRequest(rfq(quoteReqId, quantity, instrument), instrument))
  }
  const lift = (message: FixMessage): void => {
    const quote = readQuote(message)
    if (isRefusal(quote)) return
    const request = asked.get(quote.quoteReqId)
    if (!request || request.answered) return
    request.answered = true
    const clOrdId = `ORD-${quote.quoteReqId.slice(4)}`
    ordered.set(clOrdId, false)
    const ids = {
      clOrdId,
      quoteId: quote.quoteId,
      quoteReqId: quote.quoteReqId,
      principal: '',
      premiumMinor: '',
    }
    const { currency, offerPx: price } = quote
    const terms = {
      ...ids,
      securityId: instrument.securityId,
      orderQty: request.quantity,
      price,
      currency,
    } as const
    const order = (): void =>
      send(writeOrder({ ...terms, side: 'Buy' }, instrument, formatInstant(clock.now())))
    agenda.after(chance.hit(0.1) ? chance.int(5_000, 15_000) : chance.int(10, 2_000), order)
    if (chance.hit(0.15)) agenda.after(chance.int(2_000, 16_000), order)
    if (chance.hit(0.1))
      agenda.after(chance.int(2_000, 9_000), () => {
        ordered.set(`${clOrdId}B`, false)
        send(
          writeOrder(
            { ...terms, clOrdId: `${clOrdId}B`, side: 'Buy' },
            instrument,
            formatInstant(clock.now()),
          ),
        )
      })
  }
  const hear = (message: FixMessage): void => {
    if (message.msgType === 'S') return lift(message)
    const clOrdId = message.text(11)
    if (clOrdId !== undefined) ordered.set(clOrdId, true)
    const request = asked.get(message.text(131) ?? '')
    if (message.msgType === 'AG' && request) request.answered = true
    const rejected = message.msgType === 'j' ? message.text(379) : undefined
    if (rejected !== undefined && ordered.has(rejected)) ordered.set(rejected, true)
  }
  return {
    open: async () => {
      const config = { beginString: 'FIX.4.4', senderCompId: 'DESK', targetCompId: 'CEDAR' } as const
      const persistence = memoryPersistence()
      const sessions = await loadSessions(
        [{ ...config, role: 'initiator', heartBtIntSeconds: 30 }],
        persistence,
        clock.now(),
      )
      session = sessions.get(key)
      const application = {
        onMessage: (_turn: unknown, message: FixMessage) => hear(message),
        onSession: () => undefined,
      }
      hub = new Hub({ sessions, persistence, application, clock, limits: defaultEngineLimits })
    },
    hub: () => {
      invariant(hub, 'the desk is open')
      return hub
    },
    session: () => session,
    schedule: () => {
      planned = chance.hit(0.3) ? chance.int(2, 3) : 1
      for (let no = 1; no <= planned; no += 1) agenda.after(chance.int(500, 15_000), () => ask(`RFQ-${no}`))
    },
    isAnswered: () =>
      asked.size === planned &&
      [...asked.values()].every(({ answered }) => answered) &&
      [...ordered.values()].every(Boolean),
  }
}

function rfq(
  quoteReqId: string,
  orderQty: string,
  { securityId }: Instrument,
): Parameters<typeof writeQuoteRequest>[0] {
  const party = { name: 'CEDAR', lei: '' }
  return {
    quoteReqId,
    securityId,
    side: 'Buy',
    orderQty,
    currency: 'USDC',
    taker: party,
    maker: party,
    principal: '',
  }
}
