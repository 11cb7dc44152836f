import { invariant, type Clock } from '#core'
import { parseMessage, type Frame } from '../wire/index.ts'
import {
  heldIsNext,
  sessionDictionary,
  step,
  type FixBody,
  type SessionFact,
  type SessionInput,
  type SessionKey,
  type SessionOutput,
} from '../session/index.ts'
import { admit, certificateMismatch } from './admission.ts'
import type { FixApplication } from './application.ts'
import { copyOf } from './drop-copy.ts'
import type { LineFactKind, SessionEvent } from './events.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import type { EngineLimits } from './limits.ts'
import { newLine, pause, resume, writeAll, type Departure, type Fetch, type Line } from './line.ts'
import type { Link, LinkListener } from './link.ts'
import { asOpenBatch, isEmpty, newHappenings } from './open-batch.ts'
import type { FixPersistence } from './persistence.ts'
import type { LiveSession, SessionTable } from './sessions.ts'
import { createTurn } from './turn.ts'

export type HubOptions = {
  readonly sessions: SessionTable
  readonly persistence: FixPersistence
  readonly application: FixApplication
  readonly clock: Clock
  readonly limits: EngineLimits
}

/** The engine without sockets: links in, links out, and a `tick` for time. */
export type Hub = ReturnType<typeof createHub>

/**
 * Runs all sessions. Write order (I1): whatever a step puts on a connection leaves after the commit of the
 * batch that holds its number; so does every answer and every event.
 */
export function createHub(options: HubOptions) {
  const { sessions, persistence, application, clock, limits } = options
  const lines = new Set<Line>()
  let open = newHappenings()
  const commit: GroupCommit = createGroupCommit(persistence, takeOpen, stopAll)

  function takeOpen() {
    if (isEmpty(open)) return undefined
    const taken = open
    open = newHappenings()
    return asOpenBatch(taken, depart, (event) => application.onSession(event))
  }

  /** A link for a session of ours to call out on, or (no session) one that called in. */
  function attach(link: Link, session?: LiveSession): LinkListener {
    const line = newLine(link, clock.now(), limits)
    lines.add(line)
    const listener = listen(line)
    if (lines.size > limits.connectionsMax) {
      shut(line, 'too-many-connections', `${lines.size} connections`)
      return listener
    }
    if (!session) return listener
    const mismatch = certificateMismatch(session.config, link)
    if (mismatch !== undefined) shut(line, 'certificate-mismatch', `${session.key}: ${mismatch}`, session.key)
    else if (session.line) shut(line, 'already-connected', session.key, session.key)
    else open_(line, session)
    return listener
  }

  function listen(line: Line): LinkListener {
    return {
      chunk: (bytes) => onChunk(line, bytes),
      drained: () => onDrained(line),
      closed: () => onClosed(line),
    }
  }

  function open_(line: Line, session: LiveSession): void {
    line.session = session
    session.line = line
    apply(session, { kind: 'connected' })
  }

  function onChunk(line: Line, bytes: Uint8Array): void {
    if (commit.failed()) return
    for (const frame of line.framer.push(bytes)) {
      if (line.closing) return
      onFrame(line, frame)
    }
    if (isLoaded(line)) pause(line)
  }

  function onFrame(line: Line, frame: Frame): void {
    if (!line.session && !letIn(line, frame)) return
    const session = line.session
    invariant(session, 'a line that was let in has a session')
    if (frame.kind === 'garbled' && frame.reason === 'too-large')
      return shut(line, 'frame-too-large', session.key, session.key)
    const message =
      frame.kind === 'message' ? parseMessage(frame.bytes, sessionDictionary(session.config)) : frame
    if ('kind' in message) return apply(session, { kind: 'garbled', reason: message.reason })
    apply(session, { kind: 'message', message })
    while (!line.closing && heldIsNext(session.state)) apply(session, { kind: 'held' })
  }

  /** The first frame of a connection that called in. */
  function letIn(line: Line, frame: Frame): boolean {
    const admission = admit(sessions, line.link, frame)
    if ('refused' in admission) {
      shut(line, admission.refused, admission.detail)
      return false
    }
    open_(line, admission.session)
    return true
  }

  function apply(session: LiveSession, input: SessionInput): void {
    const { state, outputs } = step(session.state, input, clock.now())
    session.state = state
    if (outputs.length === 0 && state.nextIn === session.savedIn && state.nextOut === session.savedOut) return
    open.touched.add(session)
    for (const output of outputs) perform(session, output)
    commit.request()
  }

  function perform(session: LiveSession, output: SessionOutput): void {
    const { key } = session
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
      case 'deliver':
        application.onMessage(createTurn(session, output.message, open, send), output.message, output.flags)
        return
      case 'transmit':
        return leave(session.line, { kind: 'bytes', bytes: output.bytes })
      case 'fetch':
        return leave(session.line, { kind: 'fetch', fetch: output })
      case 'disconnect':
        return leave(session.line, { kind: 'close' })
      case 'event':
        tellLater(output.event, session.line, key)
    }
  }

  function leave(line: Line | undefined, departure: Departure): void {
    if (!line || line.closing) return
    line.departures.push(departure)
    open.lines.add(line)
    if (departure.kind === 'close') line.closing = true
  }

  /** Numbers and keeps the message, copies an ExecutionReport to those who watch, and says the number given. */
  function send(session: LiveSession, body: FixBody): number {
    const seq = session.state.nextOut
    apply(session, { kind: 'send', message: body })
    if (body.msgType === '8')
      for (const copy of session.copiedTo) apply(copy, { kind: 'send', message: copyOf(body, copy.config) })
    return seq
  }

  /** The batch of these departures is durable. */
  function depart(line: Line, departures: readonly Departure[]): void {
    const run: Uint8Array[] = []
    for (const departure of departures) {
      if (departure.kind === 'bytes') run.push(departure.bytes)
      else {
        writeAll(line, run.splice(0))
        if (departure.kind === 'close') return finish(line)
        fetchPage(line, departure.fetch)
      }
    }
    writeAll(line, run)
    if (line.link.bufferedBytes() > limits.unsentBytesMax)
      shut(line, 'slow-reader', 'unsent output', line.session?.key)
    else if (!isLoaded(line)) resume(line)
  }

  function fetchPage(line: Line, fetch: Fetch): void {
    const session = line.session
    if (!session || line.closing) return
    if (line.link.bufferedBytes() > limits.unsentBytesPauseAbove) {
      line.deferred = fetch
      return
    }
    persistence.messages(session.key, fetch.from, fetch.to).then(
      (messages) => {
        if (session.line === line) apply(session, { kind: 'stored', fetch: fetch.fetch, messages })
      },
      () => stopAll(),
    )
  }

  function onDrained(line: Line): void {
    const { deferred } = line
    line.deferred = undefined
    if (deferred) fetchPage(line, deferred)
    if (!isLoaded(line)) resume(line)
  }

  const isLoaded = (line: Line): boolean =>
    line.link.bufferedBytes() > limits.unsentBytesPauseAbove || open.changes.length > limits.uncommittedMax

  /** Ends a connection at once: nothing of it is worth an answer. */
  function shut(line: Line, what: LineFactKind, detail: string, session?: SessionKey): void {
    tellLater({ what, detail }, line, session)
    line.closing = true
    line.departures = []
    finish(line)
    commit.request()
  }

  /** The connection is over for the engine, whenever the socket has said goodbye. */
  function finish(line: Line): void {
    line.closing = true
    line.link.close()
    onClosed(line)
  }

  function onClosed(line: Line): void {
    lines.delete(line)
    line.closing = true
    const { session } = line
    if (!session || session.line !== line) return
    apply(session, { kind: 'disconnected' })
    session.line = undefined
  }

  function tellLater(
    fact: SessionFact | { what: LineFactKind; detail: string },
    line?: Line,
    session?: SessionKey,
  ): void {
    const event: SessionEvent = {
      ...fact,
      at: clock.now(),
      ...(session !== undefined && { session }),
      ...(line && { remote: line.link.remote }),
    }
    open.events.push(event)
  }

  function tick(): void {
    if (commit.failed()) return
    const now = clock.now()
    for (const line of lines)
      if (!line.session && now - line.openedAt >= limits.logonTimeoutMs)
        shut(line, 'not-a-logon', 'no logon in time')
    for (const session of sessions.values()) apply(session, { kind: 'timer' })
  }

  /** Resolves when everything that has happened until now is durable. */
  function durable(): Promise<void> {
    if (commit.failed()) return Promise.reject(new StoreFailedError())
    return new Promise((resolve, reject) => {
      open.answers.push({ resolve, reject })
      commit.request()
    })
  }

  function stopAll(): void {
    for (const line of lines) {
      line.closing = true
      line.link.close()
    }
    lines.clear()
  }

  function tellConnectFailed(session: LiveSession, detail: string): void {
    if (session.line) return
    tellLater({ what: 'connect-failed', detail }, undefined, session.key)
    commit.request()
  }

  return {
    attach,
    send,
    apply,
    durable,
    tick,
    stopAll,
    tellConnectFailed,
    idle: commit.idle,
    failed: commit.failed,
    openBatch: () => open,
  }
}

/** A commit failed: what is durable is unknown, so the engine has stopped. Open it again over the store. */
export class StoreFailedError extends Error {
  override readonly name = 'FixEngine.StoreFailedError'
  constructor() {
    super('the FIX store failed; the engine has stopped')
  }
}
