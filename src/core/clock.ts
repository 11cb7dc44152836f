import { instant, type Instant } from './instant.ts'

/** The only source of time. Pure code takes an `Instant`, shells take a `Clock`. */
export type Clock = { readonly now: () => Instant }
export type ManualClock = Clock & {
  readonly set: (at: Instant) => void
  readonly advance: (ms: number) => void
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => instant(Date.now()) }

/** A clock that shows `startsAt` now and runs at real speed, whatever the machine's clock does. */
export function offsetClock(startsAt: Instant): Clock {
  const startedMs = performance.now()
  return { now: () => instant(startsAt + Math.floor(performance.now() - startedMs)) }
}

/** A clock that stands still until it is told. */
export function manualClock(start: Instant): ManualClock {
  let at = start
  return {
    now: () => at,
    set: (next) => {
      at = next
    },
    advance: (ms) => {
      at = instant(at + ms)
    },
  }
}
