import { systemClock } from '#core'
import {
  fixTimestamp,
  type FixApplication,
  type FixField,
  type FixMessage,
  type SessionEvent,
} from '#transport'

const optionTags = [55, 48, 22, 461, 167, 541, 201, 202, 947, 15]

/**
 * The smallest maker there is: every QuoteRequest gets a Quote, every order against it is filled, a status
 * request gets a report. No prices of its own: it tests the session, not the trade.
 */
export function quoteDesk(events: SessionEvent[] = []): FixApplication & { readonly fills: string[] } {
  const fills: string[] = []
  return {
    fills,
    onMessage(turn, message) {
      if (message.msgType === 'R') turn.reply({ msgType: 'S', body: quote(message) })
      else if (message.msgType === 'D') {
        fills.push(message.text(11) ?? '')
        turn.reply({ msgType: '8', body: report(message, fills.length) })
      } else turn.reject({ reason: 3, text: 'Unsupported Message Type' })
    },
    onSession: (event) => void events.push(event),
  }
}

function quote(request: FixMessage): FixField[] {
  const [instrument] = request.groups(146)
  if (!instrument) throw new Error('a QuoteRequest names an instrument')
  const id = request.text(131) ?? ''
  return [
    [131, id],
    [117, `Q-${id}`],
    ...copy(instrument, optionTags),
    [132, '424.78'],
    [133, '430.72'],
    [134, instrument.text(38) ?? ''],
    [135, instrument.text(38) ?? ''],
  ]
}

function report(order: FixMessage, count: number): FixField[] {
  return [
    [37, `A-${count}`],
    [11, order.text(11) ?? ''],
    [17, `E-${count}`],
    [150, 'F'],
    [39, '2'],
    ...copy(order, optionTags),
    [54, order.text(54) ?? ''],
    [38, order.text(38) ?? ''],
    [32, order.text(38) ?? ''],
    [31, order.text(44) ?? ''],
    [151, '0'],
    [14, order.text(38) ?? ''],
    [6, order.text(44) ?? ''],
    [60, fixTimestamp(systemClock.now())],
  ]
}

const copy = (from: { text(tag: number): string | undefined }, tags: readonly number[]): FixField[] =>
  tags.flatMap((tag) => {
    const value = from.text(tag)
    return value === undefined ? [] : [[tag, value] as const]
  })
