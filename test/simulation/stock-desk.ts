import type { Clock } from '#core'
import {
  createFramer,
  encodeMessage,
  fixTimestamp,
  parseMessage,
  type FixField,
  type FixMessage,
  type Framer,
} from '#transport'

/**
 * The other end as a stock engine is: after QuickFIX C++ 1.15 (Session.cpp). It rejects by its dictionary before it
 * looks at the number, so that what it rejects ahead of a gap is forgotten, and what it rejects within one does not
 * count towards the end of the resend that it asked for; until that end it does not ask again.
 */
export class StockDesk {
  readonly outbox: Uint8Array[] = []
  /** Application messages that were taken or rejected in their turn. */
  readonly taken: string[] = []
  /** What no counterparty may do to it. */
  readonly complaints: string[] = []
  nextIn = 1
  nextOut = 1
  readonly #clock: Clock
  readonly #sent = new Map<number, string>()
  readonly #queue = new Map<number, FixMessage>()
  #asked: { readonly from: number; readonly to: number } | undefined
  #isOn = false
  #framer: Framer = createFramer()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  sent(): readonly string[] {
    return [...this.#sent.values()]
  }

  connect(): void {
    this.disconnect()
    this.#framer = createFramer()
    this.#admin('A', [
      [98, '0'],
      [108, '30'],
    ])
  }

  disconnect(): void {
    this.#isOn = false
    this.#queue.clear()
    this.#asked = undefined
  }

  send(headline: string): void {
    const seq = this.nextOut
    this.#sent.set(seq, headline)
    this.nextOut += 1
    if (this.#isOn) this.#write(seq, 'B', news(headline))
  }

  read(bytes: Uint8Array): void {
    for (const frame of this.#framer.push(bytes)) {
      const message = parseMessage(frame.bytes.slice())
      if ('kind' in message) this.complaints.push(`garbled: ${message.reason}`)
      else this.#next(message)
    }
  }

  #next(message: FixMessage, fromQueue = false): void {
    if (isUnacceptable(message)) this.#reject(message)
    else this.#act(message)
    if (!fromQueue) this.#drain()
  }

  #drain(): void {
    for (let held = this.#queue.get(this.nextIn); held; held = this.#queue.get(this.nextIn)) {
      this.#queue.delete(this.nextIn)
      if (held.msgType === 'A') this.nextIn += 1
      else this.#next(held, true)
    }
  }

  #reject(message: FixMessage): void {
    if (seqOf(message) === this.nextIn) this.#take(message)
    this.#admin('3', [
      [45, `${seqOf(message)}`],
      [58, 'Tag appears more than once'],
    ])
  }

  #act(message: FixMessage): void {
    const { msgType } = message
    if (msgType === 'A') return this.#onLogon(message)
    if (msgType === '2') return this.#onResendRequest(message)
    if (msgType === '3' || msgType === '5')
      this.complaints.push(`${msgType}: ${message.text(58) ?? 'no reason'}`)
    if (!this.#verify(message)) return
    if (msgType === '4') return this.#onGapFill(message)
    this.#take(message)
    if (msgType === '1') this.#admin('0', [[112, message.text(112) ?? '']])
  }

  #onLogon(message: FixMessage): void {
    this.#isOn = true
    if (seqOf(message) > this.nextIn) this.#ahead(message)
    else this.nextIn += 1
  }

  /** Obeyed whatever its number, and counted only when it is next. */
  #onResendRequest(message: FixMessage): void {
    this.#resend(message.int(7) ?? 1)
    if (seqOf(message) === this.nextIn) this.nextIn += 1
  }

  #onGapFill(message: FixMessage): void {
    const next = message.int(36) ?? 0
    for (let seq = this.nextIn; seq < next; seq += 1) this.#queue.delete(seq)
    this.nextIn = Math.max(this.nextIn, next)
  }

  #verify(message: FixMessage): boolean {
    const seq = seqOf(message)
    if (seq > this.nextIn) this.#ahead(message)
    else if (seq < this.nextIn && message.text(43) !== 'Y') this.complaints.push(`${seq} is too low`)
    if (seq !== this.nextIn) return false
    if (this.#asked && seq >= this.#asked.to) this.#asked = undefined
    return true
  }

  #ahead(message: FixMessage): void {
    const seq = seqOf(message)
    this.#queue.set(seq, message)
    if (this.#asked && seq >= this.#asked.from) return
    this.#asked = { from: this.nextIn, to: seq - 1 }
    this.#admin('2', [
      [7, `${this.nextIn}`],
      [16, '0'],
    ])
  }

  #take(message: FixMessage): void {
    this.nextIn += 1
    if (message.msgType === 'B') this.taken.push(message.text(148) ?? '')
  }

  #resend(from: number): void {
    const end = this.nextOut
    let open = from
    for (let seq = from; seq < end; seq += 1) {
      const headline = this.#sent.get(seq)
      if (headline === undefined) continue
      if (open < seq) this.#gapFill(open, seq)
      this.#write(seq, 'B', news(headline), this.#possDup())
      open = seq + 1
    }
    if (open < end) this.#gapFill(open, end)
  }

  #gapFill(from: number, next: number): void {
    const body: FixField[] = [
      [36, `${next}`],
      [123, 'Y'],
    ]
    this.#write(from, '4', body, this.#possDup())
  }

  #possDup(): FixField[] {
    return [
      [43, 'Y'],
      [122, fixTimestamp(this.#clock.now())],
    ]
  }

  #admin(msgType: string, body: readonly FixField[]): void {
    this.nextOut += 1
    this.#write(this.nextOut - 1, msgType, body)
  }

  #write(seq: number, msgType: string, body: readonly FixField[], more: readonly FixField[] = []): void {
    const header: FixField[] = [
      [34, `${seq}`],
      [49, 'B'],
      [52, fixTimestamp(this.#clock.now())],
      [56, 'A'],
      ...more,
    ]
    this.outbox.push(encodeMessage({ beginString: 'FIX.4.4', header, msgType, body }))
  }
}

export const news = (headline: string): readonly FixField[] => [
  [148, headline],
  [33, '1'],
  [58, 'line'],
]

/** What its dictionary does not allow. */
const isUnacceptable = (message: FixMessage): boolean =>
  message.msgType === 'B' && (message.text(148) ?? '').startsWith('bad')

const seqOf = (message: FixMessage): number => message.int(34) ?? 0
