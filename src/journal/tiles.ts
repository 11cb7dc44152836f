/**
 * Names and bytes of the static resources of C2SP tlog-tiles (height 8).
 *
 * ```
 * checkpoint                      signed note
 * tile/<L>/<N>[.p/<W>]            W × 32 bytes: hashes at level L; a full tile has 256 and no suffix
 * tile/entries/<N>[.p/<W>]        (u16be length ‖ entry)*
 * N in groups of three digits, all but the last prefixed by x: 1234067 = x001/x234/067
 * ```
 * Pure. Only the canonical spelling of a path is understood.
 */
import { invariant, isRefusal, refuse, type Refusal } from '#core'

export const tileWidth = 256

/** Longest entry: the length in a bundle is a u16. */
export const entryBytesMax = 65_535

/** Highest tile level of tlog-tiles; level 6 already spans 2^56 leaves. */
export const tileLevelMax = 63

export type LogResource =
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'tile'; readonly level: number; readonly n: number; readonly width: number }
  | { readonly kind: 'entries'; readonly n: number; readonly width: number }

/** `x001/x234/067` for 1234067. */
export function tileIndexPath(n: number): string {
  invariant(Number.isSafeInteger(n) && n >= 0, 'a tile index is a non-negative integer')
  const digits = String(n)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const groups = padded.match(/\d{3}/g) ?? []
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
}

/** `width` 256 names the full tile, less names a partial one. */
export function tilePath(level: number, n: number, width: number = tileWidth): string {
  return `tile/${level}/${tileIndexPath(n)}${widthSuffix(width)}`
}

export function entriesPath(n: number, width: number = tileWidth): string {
  return `tile/entries/${tileIndexPath(n)}${widthSuffix(width)}`
}

function widthSuffix(width: number): string {
  invariant(Number.isInteger(width) && width >= 1 && width <= tileWidth, 'a tile is 1 to 256 hashes wide')
  return width === tileWidth ? '' : `.p/${width}`
}

/** Hashes in the partial tile at `level` of a tree of `size` leaves: floor(size / 256^level) mod 256. */
export function partialWidth(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level) % tileWidth
}

/** How many hashes of tile `n` at `level` a tree of `size` leaves has: 0 to 256. */
export function widthAt(level: number, n: number, size: number): number {
  const hashes = Math.floor(size / tileWidth ** level)
  return Math.max(0, Math.min(tileWidth, hashes - n * tileWidth))
}

const pathPattern =
  /^tile\/(?<level>entries|0|[1-9]\d?)\/(?<index>(?:x\d{3}\/){0,5}\d{3})(?:\.p\/(?<width>[1-9]\d{0,2}))?$/

/** Reads a path without a leading slash; undefined unless it is the canonical name of a resource. */
export function parseLogPath(path: string): LogResource | undefined {
  if (path === 'checkpoint') return { kind: 'checkpoint' }
  const groups = pathPattern.exec(path)?.groups
  if (groups === undefined) return undefined
  const n = Number((groups['index'] ?? '').replaceAll(/[x/]/g, ''))
  const width = groups['width'] === undefined ? tileWidth : Number(groups['width'])
  if (!Number.isSafeInteger(n) || (groups['width'] !== undefined && width >= tileWidth)) return undefined
  if (groups['level'] === 'entries') return canonical({ kind: 'entries', n, width }, path)
  const level = Number(groups['level'])
  if (level > tileLevelMax) return undefined
  return canonical({ kind: 'tile', level, n, width }, path)
}

function canonical(
  resource: Exclude<LogResource, { kind: 'checkpoint' }>,
  path: string,
): LogResource | undefined {
  const name =
    resource.kind === 'tile'
      ? tilePath(resource.level, resource.n, resource.width)
      : entriesPath(resource.n, resource.width)
  return name === path ? resource : undefined
}

/** u16be length before each entry; every entry must be at most 65,535 bytes. */
export function formatEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0))
  let at = 0
  for (const entry of entries) {
    invariant(entry.length <= entryBytesMax, 'an entry fits its u16 length')
    out[at] = entry.length >> 8
    out[at + 1] = entry.length & 0xff
    out.set(entry, at + 2)
    at += 2 + entry.length
  }
  return out
}

/** Refuses a bundle that ends inside an entry or holds more than 256 (`log-bundle-malformed`). */
export function parseEntryBundle(bundle: Uint8Array): Uint8Array[] | Refusal {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < bundle.length) {
    const entry = entryAt(bundle, at)
    if (isRefusal(entry)) return entry
    entries.push(entry)
    at += 2 + entry.length
    if (entries.length > tileWidth) return malformed('it holds more than 256 entries', at)
  }
  return entries
}

function entryAt(bundle: Uint8Array, at: number): Uint8Array | Refusal {
  const [high, low] = [bundle[at], bundle[at + 1]]
  if (high === undefined || low === undefined) return malformed('it ends inside a length', at)
  const end = at + 2 + high * 256 + low
  return end > bundle.length ? malformed('it ends inside an entry', at) : bundle.slice(at + 2, end)
}

function malformed(reason: string, at: number): Refusal {
  return refuse('log-bundle-malformed', `The entry bundle is malformed: ${reason}`, { offset: String(at) })
}
