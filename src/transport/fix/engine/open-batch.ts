import type { SessionEvent } from './events.ts'
import type { OpenBatch } from './group-commit.ts'
import type { Line } from './line.ts'
import type { FixChange } from './persistence.ts'
import type { LiveSession } from './sessions.ts'

/** What has happened since the last batch was closed. */
export type Happenings = {
  readonly changes: FixChange[]
  readonly attachments: unknown[]
  readonly touched: Set<LiveSession>
  readonly lines: Set<Line>
  readonly events: SessionEvent[]
  readonly answers: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[]
}

export function newHappenings(): Happenings {
  return {
    changes: [],
    attachments: [],
    touched: new Set(),
    lines: new Set(),
    events: [],
    answers: [],
  }
}

export const isEmpty = (open: Happenings): boolean =>
  open.touched.size === 0 && open.lines.size === 0 && open.events.length === 0 && open.answers.length === 0

/** A batch as the group commit handles it. `depart` lets a line go on; `tell` brings events to the
 * application, `done` ends the release. */
export function asOpenBatch(
  open: Happenings,
  depart: (line: Line, departures: Line['departures']) => void,
  tell: (event: SessionEvent) => void,
  done: () => void,
): OpenBatch {
  const departing = new Map<Line, Line['departures']>()
  return {
    close() {
      for (const session of open.touched) addNumbers(open.changes, session)
      for (const line of open.lines) {
        departing.set(line, line.departures)
        line.departures = []
      }
      return { changes: open.changes, attachments: open.attachments }
    },
    release() {
      for (const [line, departures] of departing) depart(line, departures)
      for (const answer of open.answers) answer.resolve()
      for (const event of open.events) tell(event)
      done()
    },
    abandon(error) {
      for (const answer of open.answers) answer.reject(error)
    },
  }
}

/** Many messages of one batch move a number once. */
function addNumbers(changes: FixChange[], session: LiveSession): void {
  const { nextIn, nextOut } = session.state
  if (nextIn !== session.savedIn) changes.push({ op: 'nextIn', session: session.key, value: nextIn })
  if (nextOut !== session.savedOut) changes.push({ op: 'nextOut', session: session.key, value: nextOut })
  session.savedIn = nextIn
  session.savedOut = nextOut
}
