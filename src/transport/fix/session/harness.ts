import { invariant, instant, type Instant } from '#core'
import { encodeMessage, parseMessage, type FixField, type FixMessage } from '../wire/index.ts'
import type { SessionConfig } from './config.ts'
import type { SessionInput, SessionOutput, StoredMessage } from './io.ts'
import { heldIsNext, openSession, type SavedSession, type SessionState } from './state.ts'
import { step } from './step.ts'
import { fixTimestamp } from './time.ts'

/** For the tests of this folder: one machine, the counterparty's messages made by hand. */
export const startOfTest = instant(Date.UTC(2026, 10, 20, 14))

export const acceptorConfig: SessionConfig = {
  beginString: 'FIX.4.4',
  senderCompId: 'US',
  targetCompId: 'THEM',
  role: 'acceptor',
}
export const initiatorConfig: SessionConfig = { ...acceptorConfig, role: 'initiator' }

type Fetch = Extract<SessionOutput, { kind: 'fetch' }>

export class Machine {
  state: SessionState
  now: Instant = startOfTest
  readonly stored = new Map<number, Uint8Array>()
  /** Fetches wait for `answerFetch`. */
  isStoreSlow = false
  readonly #fetches: Fetch[] = []
  readonly #theirs: { beginString: string; next: number }

  constructor(config: SessionConfig, saved: Partial<SavedSession> = {}) {
    this.state = openSession(config, { nextIn: 1, nextOut: 1, createdAt: startOfTest, ...saved })
    this.#theirs = { beginString: config.beginString, next: saved.nextIn ?? 1 }
  }

  /** Feeds an input, answers its fetches from what was stored, drains what was held; returns the outputs. */
  feed(input: SessionInput): SessionOutput[] {
    const result = step(this.state, input, this.now)
    this.state = result.state
    const outputs = [...result.outputs]
    for (const output of result.outputs) {
      if (output.kind === 'store') this.stored.set(output.seq, output.bytes)
      if (output.kind === 'reset') this.stored.clear()
      if (output.kind === 'fetch') this.#fetches.push(output)
      if (output.kind === 'fetch' && !this.isStoreSlow) outputs.push(...this.answerFetch())
    }
    while (input.kind === 'message' && heldIsNext(this.state)) outputs.push(...this.feed({ kind: 'held' }))
    return outputs
  }

  /** A message of the counterparty under its next number, or under `seq`. */
  receive(
    msgType: string,
    body: readonly FixField[] = [],
    options: { seq?: number; header?: readonly FixField[] } = {},
  ): SessionOutput[] {
    const seq = options.seq ?? this.#theirs.next
    if (options.seq === undefined || options.seq >= this.#theirs.next) this.#theirs.next = seq + 1
    const header: FixField[] = [
      [34, `${seq}`],
      [49, 'THEM'],
      [52, fixTimestamp(this.now)],
      [56, 'US'],
      ...(options.header ?? []),
    ]
    return this.feed({
      kind: 'message',
      message: read(encodeMessage({ beginString: this.#theirs.beginString, header, msgType, body })),
    })
  }

  /** Connects and exchanges Logons. */
  logOn(body: readonly FixField[] = logonBody): SessionOutput[] {
    const connected = this.feed({ kind: 'connected' })
    return [...connected, ...this.receive('A', body)]
  }

  /** Lets time pass in steps of a tenth of a second. */
  wait(ms: number): SessionOutput[] {
    const outputs: SessionOutput[] = []
    for (let passed = 0; passed < ms; passed += 100) {
      this.now = instant(this.now + 100)
      outputs.push(...this.feed({ kind: 'timer' }))
    }
    return outputs
  }

  /** Answers the oldest fetch. */
  answerFetch(): SessionOutput[] {
    const oldest = this.#fetches.shift()
    invariant(oldest, 'something was fetched')
    const { fetch, from, to } = oldest
    const messages: StoredMessage[] = []
    for (let seq = from; seq <= to; seq += 1) {
      const bytes = this.stored.get(seq)
      if (bytes) messages.push({ seq, bytes })
    }
    return this.feed({ kind: 'stored', fetch, messages })
  }
}

export const logonBody: readonly FixField[] = [
  [98, '0'],
  [108, '30'],
]
export const news = (headline: string): readonly FixField[] => [
  [148, headline],
  [33, '1'],
  [58, 'line'],
]

export function read(bytes: Uint8Array): FixMessage {
  const message = parseMessage(bytes)
  invariant(!('kind' in message), 'a message of the test is well formed')
  return message
}

/** What left, as `A 1`, `8 2 dup`: type, number, repetition. */
export const left = (outputs: readonly SessionOutput[]): string[] =>
  outputs
    .filter((output) => output.kind === 'transmit')
    .map(({ bytes }) => read(bytes))
    .map((message) => `${message.msgType} ${message.text(34)}${message.text(43) === 'Y' ? ' dup' : ''}`)

export const sent = (outputs: readonly SessionOutput[]): FixMessage[] =>
  outputs.filter((output) => output.kind === 'transmit').map(({ bytes }) => read(bytes))

export const delivered = (outputs: readonly SessionOutput[]): string[] =>
  outputs
    .filter((output) => output.kind === 'deliver')
    .map(({ message }) => message.text(148) ?? message.msgType)

export const facts = (outputs: readonly SessionOutput[]): string[] =>
  outputs.filter((output) => output.kind === 'event').map(({ event }) => event.what)

export const isCut = (outputs: readonly SessionOutput[]): boolean =>
  outputs.some((output) => output.kind === 'disconnect')
