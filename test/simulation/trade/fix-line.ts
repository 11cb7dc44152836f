// The FIX connection between two engines: bytes in order, late, cut at any point, made again after a while. What was
// lost comes again with PossDupFlag(43), because the engines ask for it.
import type { Hub, Link, LinkListener } from '#transport'
import type { Agenda } from './agenda.ts'
import type { Chance } from './chance.ts'

export type End = {
  readonly name: string
  /** The engine of the process that lives now. */
  hub(): Hub | undefined
  /** For the one that calls out. */
  session?(): Parameters<Hub['attach']>[1]
  /** Whatever leaves, as it leaves. */
  saw(bytes: Uint8Array): void
}

export type FixLine = {
  /** Calls again if there is no connection and both are there. */
  connect(): void
  cut(): void
  /** The process at that end has died: the other one sees the connection end. */
  lost(name: string): void
}

type Side = { readonly end: End; listener: LinkListener | undefined; lastAt: number }
type Connection = { up: boolean; readonly sides: readonly [Side, Side] }

export function createFixLine(
  ends: readonly [End, End],
  { agenda, chance, delayMs }: { agenda: Agenda; chance: Chance; delayMs: () => number },
): FixLine {
  let now: Connection | undefined

  const over = (connection: Connection, silent?: string): void => {
    if (!connection.up) return
    connection.up = false
    if (now === connection) now = undefined
    for (const { end, listener } of connection.sides) if (end.name !== silent) listener?.closed()
  }
  const link = (connection: Connection, from: 0 | 1): Link => {
    const side = connection.sides[from]
    const other = connection.sides[from === 0 ? 1 : 0]
    const deliver = (run: () => void): void => {
      const at = Math.max(side.lastAt, agenda.now() + delayMs())
      side.lastAt = at
      agenda.after(at - agenda.now(), () => connection.up && run())
    }
    return {
      remote: other.end.name,
      identity: undefined,
      write: (bytes) => {
        if (!connection.up) return
        side.end.saw(bytes)
        const whole = bytes.slice()
        const split = chance.int(0, whole.length)
        deliver(() => other.listener?.chunk(whole.subarray(0, split)))
        deliver(() => other.listener?.chunk(whole.subarray(split)))
      },
      bufferedBytes: () => 0,
      pause: () => undefined,
      resume: () => undefined,
      close: () => deliver(() => over(connection, side.end.name)),
    }
  }
  return {
    connect: () => {
      const [acceptor, initiator] = ends.map((end) => end.hub())
      if (now || !acceptor || !initiator) return
      const connection: Connection = {
        up: true,
        sides: [
          { end: ends[0], listener: undefined, lastAt: 0 },
          { end: ends[1], listener: undefined, lastAt: 0 },
        ],
      }
      now = connection
      connection.sides[0].listener = acceptor.attach(link(connection, 0))
      connection.sides[1].listener = initiator.attach(link(connection, 1), ends[1].session?.())
    },
    cut: () => now && over(now),
    lost: (name) => now && over(now, name),
  }
}
