/** Text forms of values. Times are UTC and say so. */

/** `2026-11-20 14:00:03.131 UTC` */
export const timeText = (rfc3339: string): string => `${rfc3339.slice(0, 10)} ${clockText(rfc3339)} UTC`

/** `14:00:03.131`, for columns whose head says UTC. */
export const clockText = (rfc3339: string): string => rfc3339.slice(11).replace('Z', '')

/** `0x4ca5…d671` or the first and last characters of any id that is too long for its place. */
export const shortText = (id: string, keep = 6): string =>
  id.length <= keep * 2 + 3 ? id : `${id.slice(0, keep + (id.startsWith('0x') ? 2 : 0))}…${id.slice(-keep)}`

/** A digest in groups of four, for comparing it aloud: `4ca5 0d67 …`. A leading 0x stands alone. */
export const groupsOf = (digest: string): readonly string[] => {
  const [prefix, rest] = digest.startsWith('0x') ? ['0x', digest.slice(2)] : ['', digest]
  const groups = rest.match(/.{1,4}/g) ?? []
  return prefix === '' ? groups : [prefix, ...groups]
}

/** The time between two instants: `37 ms`, `1.204 s`, `2 min 3 s`. */
export function gapText(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from)
  if (ms < 1_000) return `${ms} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(3)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`
}

export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`

/** A read as a command line: the same bytes that this page was made from. */
export const curlOf = (path: string): string => `curl -s '${location.origin}${path}'`
