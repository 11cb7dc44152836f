import type { Instant } from '#core'
import { createFramer, type Framer } from '../wire/index.ts'
import type { EngineLimits } from './limits.ts'
import type { Link } from './link.ts'
import type { LiveSession } from './sessions.ts'

/** What leaves on a connection once its batch is durable, in this order. */
export type Departure =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'fetch'; readonly fetch: Fetch }
  | { readonly kind: 'close' }

export type Fetch = { readonly fetch: number; readonly from: number; readonly to: number }

/** One connection. It has a session from its Logon on (an initiator from the start). */
export type Line = {
  readonly link: Link
  readonly framer: Framer
  readonly openedAt: Instant
  session: LiveSession | undefined
  /** Waits for the open batch. */
  departures: Departure[]
  paused: boolean
  /** Its end is decided: what still arrives is not read. */
  closing: boolean
  /** A page of a resend that waits until the reader has caught up. */
  deferred: Fetch | undefined
}

export function newLine(link: Link, openedAt: Instant, limits: EngineLimits): Line {
  return {
    link,
    framer: createFramer({ messageBytesMax: limits.messageBytesMax }),
    openedAt,
    session: undefined,
    departures: [],
    paused: false,
    closing: false,
    deferred: undefined,
  }
}

export function pause(line: Line): void {
  if (line.paused) return
  line.paused = true
  line.link.pause()
}

export function resume(line: Line): void {
  if (!line.paused) return
  line.paused = false
  line.link.resume()
}

/** One write for a run of messages: a system call costs more than a copy. */
export function writeAll(line: Line, run: readonly Uint8Array[]): void {
  const [first] = run
  if (first === undefined) return
  line.link.write(run.length === 1 ? first : Buffer.concat(run))
}
