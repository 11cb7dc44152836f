// Simulated time: what is to happen, in the order of its time and, at the same time, of its entry.
import { instant, manualClock, type Clock, type Instant } from '#core'

export type Agenda = {
  readonly start: Instant
  /** Milliseconds since the start. */
  now(): number
  after(ms: number, run: () => void): () => void
  /** Takes the next one, if it is not later than `until`. */
  next(until: number): (() => void) | undefined
  clock(skewMs: number): Clock
}

type Item = { readonly at: number; readonly no: number; readonly run: () => void }

export function createAgenda(start: Instant): Agenda {
  const clock = manualClock(start)
  const items: Item[] = []
  const cancelled = new Set<Item>()
  let no = 0
  const now = (): number => clock.now() - start
  return {
    start,
    now,
    after: (ms, run) => {
      const item = { at: now() + Math.max(0, Math.round(ms)), no: (no += 1), run }
      insert(items, item)
      return () => cancelled.add(item)
    },
    next: (until) => {
      for (;;) {
        const item = items[items.length - 1]
        if (!item || item.at > until) return undefined
        items.pop()
        if (cancelled.delete(item)) continue
        if (item.at > now()) clock.set(instant(start + item.at))
        return item.run
      }
    },
    clock: (skewMs) => ({ now: () => instant(clock.now() + skewMs) }),
  }
}

/** The soonest stands last. */
function insert(items: Item[], item: Item): void {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const other = items[middle]
    if (other && (other.at > item.at || (other.at === item.at && other.no > item.no))) low = middle + 1
    else high = middle
  }
  items.splice(low, 0, item)
}
