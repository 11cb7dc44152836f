import type { Instant } from '#core'

let lastSecond = -1
let lastText = ''

/**
 * UTCTimestamp of FIX: `20261120-14:00:00.412`, or without milliseconds. The text of a second is remembered:
 * a busy session stamps thousands of messages in each.
 */
export function fixTimestamp(at: Instant, precision: 'seconds' | 'milliseconds' = 'milliseconds'): string {
  const second = Math.floor(at / 1000)
  if (second !== lastSecond) {
    const iso = new Date(second * 1000).toISOString()
    lastText = `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}-${iso.slice(11, 19)}`
    lastSecond = second
  }
  if (precision === 'seconds') return lastText
  const ms = at - second * 1000
  return `${lastText}.${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}`
}
