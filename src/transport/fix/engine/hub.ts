import type { Clock } from '#core'
import {
  heldIsNext,
  isOpenAt,
  sessionDictionary,
  step,
  type FixBody,
  type SessionFact,
  type SessionInput,
  type SessionKey,
  type SessionOutput,
} from '../session/index.ts'
import { parseMessage, type Frame } from '../wire/index.ts'
import { admit, certificateMismatch } from './admission.ts'
import type { FixApplication } from './application.ts'
import { copyOf } from './drop-copy.ts'
import type { LineFactKind, SessionEvent } from './events.ts'
import { GroupCommit, type OpenBatch } from './group-commit.ts'
import type { EngineLimits } from './limits.ts'
import { newLine, pause, resume, writeAll, type Departure, type Fetch, type Line } from './line.ts'
import type { Link, LinkListener } from './link.ts'
import { asOpenBatch, isEmpty, newHappenings, type Happenings } from './open-batch.ts'
import type { FixPersistence } from './persistence.ts'
import type { LiveSession, SessionTable } from './sessions.ts'
import { Turn } from './turn.ts'

export type HubOptions = {
  readonly sessions: SessionTable
  readonly persistence: FixPersistence
  readonly application: FixApplication
  readonly clock: Clock
  readonly limits: EngineLimits
  /** Told why the engine has stopped by itself: the store failed, or what it gave could not be used. */
  readonly onFailure?: ((error: unknown) => void) | undefined
}

/**
 * The engine without sockets: links in, links out, and a `tick` for time. Write order (I1): whatever a step puts
 * on a connection leaves after the commit of the batch that holds its number; so does every answer and event.
 */
export class Hub {
  readonly #options: HubOptions
  readonly #lines = new Set<Line>()
  readonly #commit: GroupCommit
  #open: Happenings = newHappenings()

  constructor(options: HubOptions) {
    this.#options = options
    this.#commit = new GroupCommit(
      options.persistence,
      () => this.#takeOpen(),
      (error) => this.#fail(error),
    )
  }

  /** Takes a link: one that called in, or (with a session) one that this session called out on. */
  attach(link: Link, session?: LiveSession): LinkListener {
    const line = newLine(link, this.#options.clock.now(), this.#options.limits)
    this.#lines.add(line)
    if (this.#lines.size > this.#options.limits.connectionsMax)
      this.#shut(line, 'too-many-connections', `${this.#lines.size} connections`)
    else if (session) this.#callOut(line, session)
    return {
      chunk: (bytes) => this.#onChunk(line, bytes),
      drained: () => this.#onDrained(line),
      closed: () => this.#onClosed(line),
    }
  }

  /** One input to the machine of a session. */
  apply(session: LiveSession, input: SessionInput): void {
    if (this.failed()) return
    const { state, outputs } = step(session.state, input, this.#options.clock.now())
    session.state = state
    if (outputs.length === 0 && state.nextIn === session.savedIn && state.nextOut === session.savedOut) return
    this.#open.touched.add(session)
    for (const output of outputs) this.#perform(session, output)
    this.#commit.request()
  }

  /** Numbers and keeps the message, copies an ExecutionReport to those who watch, and says the number given. */
  send(session: LiveSession, body: FixBody): number {
    const seq = session.state.nextOut
    this.apply(session, { kind: 'send', message: body })
    if (body.msgType === '8')
      for (const copy of session.copiedTo)
        this.apply(copy, { kind: 'send', message: copyOf(body, copy.config) })
    return seq
  }

  /** Puts operations of the application's own into the open batch. */
  attachOperations(operations: readonly unknown[]): void {
    this.#open.attachments.push(...operations)
  }

  /** Resolves when everything that has happened until now is durable; rejects when the store fails. */
  durable(): Promise<void> {
    if (this.failed()) return Promise.reject(new EngineStoppedError())
    return new Promise((resolve, reject) => {
      this.#open.answers.push({ resolve, reject })
      this.#commit.request()
    })
  }

  /** Time has passed: heartbeats, timeouts, schedules, and connections that never logged on. */
  tick(): void {
    if (this.failed()) return
    const now = this.#options.clock.now()
    for (const line of this.#lines)
      if (!line.session && now - line.openedAt >= this.#options.limits.logonTimeoutMs)
        this.#shut(line, 'not-a-logon', 'no logon in time')
    for (const session of this.#options.sessions.values()) this.apply(session, { kind: 'timer' })
  }

  /** An initiator that is disabled or outside its schedule does not call. */
  mayConnect(session: LiveSession): boolean {
    return isOpenAt(session.state, this.#options.clock.now())
  }

  connectFailed(session: LiveSession, detail: string): void {
    if (session.line) return
    this.#tellLater({ what: 'connect-failed', detail }, undefined, session.key)
    this.#commit.request()
  }

  failed(): boolean {
    return this.#commit.isStopped()
  }

  idle(): Promise<void> {
    return this.#commit.idle()
  }

  #fail(error: unknown): void {
    this.stop()
    this.#options.onFailure?.(error)
  }

  /** Drops all connections as they are; nothing more is said, answered or stored. */
  stop(): void {
    this.#commit.stop()
    for (const answer of this.#open.answers) answer.reject(new EngineStoppedError())
    for (const line of this.#lines) {
      line.closing = true
      line.link.close()
    }
    this.#lines.clear()
  }

  #takeOpen(): OpenBatch | undefined {
    if (isEmpty(this.#open)) return undefined
    const taken = this.#open
    this.#open = newHappenings()
    return asOpenBatch(
      taken,
      (line, departures) => this.#depart(line, departures),
      (event) => this.#options.application.onSession(event),
      () => this.#readOn(),
    )
  }

  #callOut(line: Line, session: LiveSession): void {
    const mismatch = certificateMismatch(session.config, line.link)
    if (mismatch !== undefined) this.#shut(line, 'certificate-mismatch', mismatch, session.key)
    else if (session.line) this.#shut(line, 'already-connected', session.key, session.key)
    else this.#join(line, session)
  }

  #join(line: Line, session: LiveSession): void {
    line.session = session
    session.line = line
    this.apply(session, { kind: 'connected' })
  }

  #onChunk(line: Line, bytes: Uint8Array): void {
    if (this.failed()) return
    for (const frame of line.framer.push(bytes)) {
      if (line.closing) return
      this.#onFrame(line, frame)
    }
    if (this.#isLoaded(line)) pause(line)
  }

  #onFrame(line: Line, frame: Frame): void {
    const session = line.session ?? this.#letIn(line, frame)
    if (!session) return
    if (frame.kind === 'garbled' && frame.reason === 'too-large')
      return this.#shut(line, 'frame-too-large', session.key, session.key)
    const message =
      frame.kind === 'message' ? parseMessage(frame.bytes, sessionDictionary(session.config)) : frame
    if ('kind' in message)
      return this.apply(session, { kind: 'garbled', reason: message.reason, bytes: message.bytes })
    this.apply(session, { kind: 'message', message })
    while (!line.closing && heldIsNext(session.state)) this.apply(session, { kind: 'held' })
  }

  /** The first frame of a connection that called in. */
  #letIn(line: Line, frame: Frame): LiveSession | undefined {
    const admission = admit(this.#options.sessions, line.link, frame)
    if ('refused' in admission) this.#shut(line, admission.refused, admission.detail)
    else this.#join(line, admission.session)
    return line.session
  }

  #perform(session: LiveSession, output: SessionOutput): void {
    const { key, line } = session
    const open = this.#open
    switch (output.kind) {
      case 'store':
        open.changes.push({ op: 'message', session: key, seq: output.seq, bytes: output.bytes })
        return
      case 'reset':
        open.changes.push({ op: 'reset', session: key, createdAt: output.createdAt })
        session.savedIn = 1
        session.savedOut = 1
        return
      case 'enabled':
        open.changes.push({ op: 'enabled', session: key, value: output.enabled })
        return
      case 'deliver': {
        const turn = new Turn(session, output.message, open, (body) => this.send(session, body))
        this.#options.application.onMessage(turn, output.message, output.flags)
        return turn.end()
      }
      case 'transmit':
        return this.#leave(line, { kind: 'bytes', bytes: output.bytes })
      case 'fetch':
        return this.#leave(line, { kind: 'fetch', fetch: output })
      case 'disconnect':
        return this.#leave(line, { kind: 'close' })
      case 'event':
        this.#tellLater(output.event, line, key)
    }
  }

  #leave(line: Line | undefined, departure: Departure): void {
    if (!line || line.closing) return
    line.departures.push(departure)
    this.#open.lines.add(line)
    if (departure.kind === 'close') line.closing = true
  }

  /** The batch of these departures is durable. */
  #depart(line: Line, departures: readonly Departure[]): void {
    if (!this.#lines.has(line)) return
    const run: Uint8Array[] = []
    for (const departure of departures) {
      if (departure.kind === 'bytes') {
        run.push(departure.bytes)
        continue
      }
      writeAll(line, run.splice(0))
      if (departure.kind === 'close') return this.#finish(line)
      this.#fetchPage(line, departure.fetch)
    }
    writeAll(line, run)
    if (line.link.bufferedBytes() > this.#options.limits.unsentBytesMax)
      this.#shut(line, 'slow-reader', `${line.link.bufferedBytes()} bytes are unsent`, line.session?.key)
  }

  /** A batch is durable: who was paused for it is read again. */
  #readOn(): void {
    for (const line of this.#lines) if (line.paused && !this.#isLoaded(line)) resume(line)
  }

  #fetchPage(line: Line, fetch: Fetch): void {
    const { session } = line
    if (!session || line.closing) return
    if (line.link.bufferedBytes() > this.#options.limits.unsentBytesPauseAbove) {
      line.deferred = fetch
      return
    }
    void this.#answerFetch(line, session, fetch)
  }

  async #answerFetch(line: Line, session: LiveSession, { fetch, from, to }: Fetch): Promise<void> {
    try {
      const messages = await this.#options.persistence.messages(session.key, from, to)
      if (session.line === line) this.apply(session, { kind: 'stored', fetch, messages })
    } catch (error) {
      this.#fail(error)
    }
  }

  #onDrained(line: Line): void {
    const { deferred } = line
    line.deferred = undefined
    if (deferred) this.#fetchPage(line, deferred)
    if (!this.#isLoaded(line)) resume(line)
  }

  #isLoaded(line: Line): boolean {
    const { unsentBytesPauseAbove, uncommittedMax } = this.#options.limits
    return line.link.bufferedBytes() > unsentBytesPauseAbove || this.#open.changes.length > uncommittedMax
  }

  /** Ends a connection at once: nothing of it is worth an answer. */
  #shut(line: Line, what: LineFactKind, detail: string, session?: SessionKey): void {
    this.#tellLater({ what, detail }, line, session)
    line.departures = []
    this.#finish(line)
    this.#commit.request()
  }

  /** The connection is over for the engine, whenever the socket has said goodbye. */
  #finish(line: Line): void {
    line.closing = true
    line.link.close()
    this.#onClosed(line)
  }

  #onClosed(line: Line): void {
    this.#lines.delete(line)
    line.closing = true
    const { session } = line
    if (!session || session.line !== line) return
    this.apply(session, { kind: 'disconnected' })
    session.line = undefined
  }

  #tellLater(
    fact: SessionFact | { readonly what: LineFactKind; readonly detail: string },
    line?: Line,
    session?: SessionKey,
  ): void {
    const event: SessionEvent = {
      ...fact,
      at: this.#options.clock.now(),
      ...(session !== undefined && { session }),
      ...(line && { remote: line.link.remote }),
    }
    this.#open.events.push(event)
  }
}

/** The engine was stopped, or a commit failed, so that it is not known what is durable. Open it again over the store. */
export class EngineStoppedError extends Error {
  override readonly name = 'FixEngine.EngineStoppedError'
  constructor() {
    super('the FIX engine has stopped')
  }
}
