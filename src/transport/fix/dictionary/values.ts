/**
 * The legal values of all fields with a closed list, as one open-addressing hash table over (tag, bytes):
 * asking about a field of a message allocates nothing.
 */
export type ValueTable = {
  /** 1 at the tags that have a closed list. */
  readonly closed: Uint8Array
  readonly slots: Int32Array
  readonly tags: Int32Array
  readonly starts: Int32Array
  readonly pool: Uint8Array
}

/** From tag → list of values. */
export function valueTable(lists: ReadonlyMap<number, readonly string[]>, tagMax: number): ValueTable {
  const rows = [...lists].flatMap(([tag, list]) => list.map((value) => ({ tag, value })))
  const pool = Buffer.from(rows.map((row) => row.value).join(''), 'latin1')
  const table = {
    closed: new Uint8Array(tagMax + 1),
    slots: new Int32Array(powerOfTwoFrom(rows.length * 2)),
    tags: Int32Array.from(rows, (row) => row.tag),
    starts: new Int32Array(rows.length + 1),
    pool,
  }
  rows.forEach(({ tag, value }, row) => {
    const start = table.starts[row]!
    table.starts[row + 1] = start + value.length
    table.closed[tag] = 1
    insert(table, row, hash(tag, pool, start, start + value.length))
  })
  return table
}

export function isValue(
  table: ValueTable,
  tag: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const mask = table.slots.length - 1
  for (let slot = hash(tag, bytes, start, end) & mask; ; slot = (slot + 1) & mask) {
    const row = table.slots[slot]! - 1
    if (row < 0) return false
    if (table.tags[row] === tag && sameBytes(table, row, bytes, start, end)) return true
  }
}

function insert(table: ValueTable, row: number, hashed: number): void {
  const mask = table.slots.length - 1
  let slot = hashed & mask
  while (table.slots[slot] !== 0) slot = (slot + 1) & mask
  table.slots[slot] = row + 1
}

function sameBytes(table: ValueTable, row: number, bytes: Uint8Array, start: number, end: number): boolean {
  let at = table.starts[row]!
  if (table.starts[row + 1]! - at !== end - start) return false
  for (let i = start; i < end; i++) if (bytes[i] !== table.pool[at++]) return false
  return true
}

/** FNV-1a. Long values are hashed by their first bytes: no legal value is longer than that. */
function hash(tag: number, bytes: Uint8Array, start: number, end: number): number {
  let hashed = 0x811c9dc5 ^ tag
  const last = Math.min(end, start + hashedBytesMax)
  for (let i = start; i < last; i++) hashed = Math.imul(hashed ^ bytes[i]!, 0x01000193)
  return (hashed ^ (hashed >>> 15)) >>> 0
}

const hashedBytesMax = 24

function powerOfTwoFrom(least: number): number {
  let size = 16
  while (size < least) size *= 2
  return size
}
