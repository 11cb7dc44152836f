import { invariant, type Instant } from '#core'

/**
 * When a session is open, in UTC. `start` and `end` are `HH:MM:SS`; an end at or before the start lies on the
 * next day (daily) or in the next week (weekly), so equal times mean "always, with a reset at that time".
 * Days of the week: 0 is Sunday.
 */
export type Schedule =
  | { readonly every: 'day'; readonly start: string; readonly end: string }
  | {
      readonly every: 'week'
      readonly startDay: number
      readonly start: string
      readonly endDay: number
      readonly end: string
    }

const dayMs = 86_400_000
const weekMs = 7 * dayMs
/** 1970-01-04 was the first Sunday. */
const firstSundayMs = 3 * dayMs

/** The start of the period that `at` lies in, or undefined when the session is closed at that time. */
export function periodStart(schedule: Schedule, at: Instant): number | undefined {
  const { cycleMs, originMs, openMs, lengthMs } = shape(schedule)
  const sinceOpen = modulo(at - originMs - openMs, cycleMs)
  return sinceOpen < lengthMs ? at - sinceOpen : undefined
}

function shape(schedule: Schedule) {
  const weekly = schedule.every === 'week'
  const cycleMs = weekly ? weekMs : dayMs
  const openMs = (weekly ? schedule.startDay * dayMs : 0) + timeOfDayMs(schedule.start)
  const closeMs = (weekly ? schedule.endDay * dayMs : 0) + timeOfDayMs(schedule.end)
  return {
    cycleMs,
    originMs: weekly ? firstSundayMs : 0,
    openMs,
    lengthMs: modulo(closeMs - openMs, cycleMs) || cycleMs,
  }
}

function timeOfDayMs(text: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/.exec(text)
  invariant(match, `not a time of day: ${text}`)
  const [hours, minutes, seconds] = match.slice(1).map((digits) => Number.parseInt(digits, 10))
  return ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000
}

const modulo = (value: number, by: number): number => ((value % by) + by) % by
