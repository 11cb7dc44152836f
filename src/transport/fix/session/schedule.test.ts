import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant } from '#core'
import { periodStart, type Schedule } from './schedule.ts'

const at = (text: string) => instant(Date.parse(text))
const startOf = (schedule: Schedule, text: string): string | undefined => {
  const start = periodStart(schedule, at(text))
  return start === undefined ? undefined : new Date(start).toISOString()
}

test('a daily schedule over midnight belongs to the day on which it began', () => {
  const schedule: Schedule = { every: 'day', start: '22:00:00', end: '21:00:00' }
  assert.equal(startOf(schedule, '2026-11-20T20:59:59Z'), '2026-11-19T22:00:00.000Z')
  assert.equal(startOf(schedule, '2026-11-20T21:00:00Z'), undefined)
  assert.equal(startOf(schedule, '2026-11-20T22:00:00Z'), '2026-11-20T22:00:00.000Z')
})

test('equal times mean always open, with a new period at that time', () => {
  const schedule: Schedule = { every: 'day', start: '00:00:00', end: '00:00:00' }
  assert.equal(startOf(schedule, '2026-11-20T23:59:59Z'), '2026-11-20T00:00:00.000Z')
})

test('a weekly schedule runs from Sunday evening to Friday evening', () => {
  const schedule: Schedule = { every: 'week', startDay: 0, start: '22:00:00', endDay: 5, end: '21:00:00' }
  assert.equal(startOf(schedule, '2026-11-20T20:00:00Z'), '2026-11-15T22:00:00.000Z', 'a Friday')
  assert.equal(startOf(schedule, '2026-11-21T12:00:00Z'), undefined, 'a Saturday')
  assert.equal(startOf(schedule, '2026-11-22T22:00:00Z'), '2026-11-22T22:00:00.000Z')
})

test('a time of day that does not exist is a bug of the configuration', () => {
  assert.throws(() =>
    periodStart({ every: 'day', start: '24:00:00', end: '01:00:00' }, at('2026-11-20T00:00:00Z')),
  )
})
