/**
 * Where the journal keeps what in a store, and how it checks that when it opens.
 *
 * ```
 * log <origin>         leaf hash[32] ‖ leaf
 * journal/head         <origin>                       u64be size ‖ last leaf hash[32]
 * journal/tile         <origin> <level>/<n, 14 digits>    a full tile, 8,192 bytes
 * journal/part         <origin> <seq, 16 digits>/<name>   see entry.ts
 * journal/cosigned     <origin>                       canonical JSON {at, note, size}
 * ```
 * The stored leaf hash finds accidents, not attackers: who can write the file can write both. Against them
 * stand the witnesses.
 */
import { concatBytes, equalBytes, refuse, toHex, type Refusal } from '#core'
import { hashBytes, leafHash } from './merkle.ts'
import type { Store, StoreOp } from './store/store.ts'
import { tilePath, tileWidth } from './tiles.ts'
import { openTree, type FullTile, type Tree } from './tree.ts'

const headTable = 'journal/head'
const tileTable = 'journal/tile'
export const partTable = 'journal/part'
export const cosignedTable = 'journal/cosigned'

/** Every table of the journal starts so; nobody else may write there. */
export const journalTablePrefix = 'journal/'

export function partKey(origin: string, seq: number, name: string): string {
  return `${origin} ${String(seq).padStart(16, '0')}/${name}`
}

function tileKey(origin: string, level: number, n: number): string {
  return `${origin} ${level}/${String(n).padStart(14, '0')}`
}

export function entryOp(origin: string, index: number, hash: Uint8Array, leaf: Uint8Array): StoreOp {
  return { op: 'log.append', log: origin, index, bytes: concatBytes(hash, leaf) }
}

export function tileOp(origin: string, { level, n, hashes }: FullTile): StoreOp {
  return { op: 'row.put', table: tileTable, key: tileKey(origin, level, n), value: hashes }
}

export function headOp(origin: string, size: number, lastHash: Uint8Array): StoreOp {
  return { op: 'row.put', table: headTable, key: origin, value: encodeHead(size, lastHash) }
}

function encodeHead(size: number, lastHash: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + hashBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(size))
  bytes.set(lastHash, 8)
  return bytes
}

/** The leaf at `index`, checked against its stored hash. Refuses `journal-corrupt`. */
export function leafOf(stored: Uint8Array, index: number): { hash: Uint8Array; leaf: Uint8Array } | Refusal {
  const hash = stored.slice(0, hashBytes)
  const leaf = stored.slice(hashBytes)
  return equalBytes(leafHash(leaf), hash) ? { hash, leaf } : corruptEntry(index, 'its bytes were changed')
}

/**
 * Rebuilds the tree of a stored journal. The last `recheckEntries` entries are hashed again and every tile they
 * complete is compared; older ones are taken from their tiles. Refuses `journal-corrupt`, naming the first bad
 * entry (`meta.index`) or tile.
 */
export function restoreTree(store: Store, origin: string, recheckEntries: number): Tree | Refusal {
  const size = store.logSize(origin)
  const start = Math.floor(Math.max(0, size - recheckEntries) / tileWidth) * tileWidth
  const missing = missingTile(store, origin, start)
  if (missing !== undefined) return missing
  const tree = openTree(start, [], (level, n) => readTile(store, origin, level, n))
  let last = new Uint8Array(hashBytes)
  for (let from = start; from < size; from += tileWidth) {
    const hashes = recheckBundle(store, origin, tree, from, Math.min(size, from + tileWidth))
    if (!(hashes instanceof Uint8Array)) return hashes
    last = hashes.slice(-hashBytes)
  }
  return checkHead(store, origin, size, last) ?? tree
}

/** Appends entries `from` to `to` to the tree after checking them; returns their hashes. */
function recheckBundle(
  store: Store,
  origin: string,
  tree: Tree,
  from: number,
  to: number,
): Uint8Array | Refusal {
  const bundle = store.logRead(origin, from, to)
  const hashes: Uint8Array[] = []
  for (let index = from; index < to; index += 1) {
    const stored = bundle[index - from]
    const checked = stored === undefined ? corruptEntry(index, 'it is missing') : leafOf(stored, index)
    if (!('leaf' in checked)) return checked
    hashes.push(checked.hash)
    for (const tile of tree.append(checked.hash)) {
      const damaged = compareTile(store, origin, tile, index)
      if (damaged !== undefined) return damaged
    }
  }
  return concatBytes(...hashes)
}

function compareTile(store: Store, origin: string, tile: FullTile, index: number): Refusal | undefined {
  const stored = store.get(tileTable, tileKey(origin, tile.level, tile.n))
  if (stored !== undefined && equalBytes(stored, tile.hashes)) return undefined
  const first = tile.level === 0 ? firstDifference(stored, tile) : index
  return corrupt(`Its ${tilePath(tile.level, tile.n)} is not the hash of its entries`, first)
}

function firstDifference(stored: Uint8Array | undefined, { n, hashes }: FullTile): number {
  let i = 0
  const same = (at: number) =>
    stored !== undefined &&
    toHex(stored.subarray(at, at + hashBytes)) === toHex(hashes.subarray(at, at + hashBytes))
  while (i < tileWidth - 1 && same(i * hashBytes)) i += 1
  return n * tileWidth + i
}

/** The tree needs every tile that is full at `size`, the highest levels' included. */
function missingTile(store: Store, origin: string, size: number): Refusal | undefined {
  for (let level = 0; tileWidth ** (level + 1) <= size; level += 1) {
    const full = Math.floor(size / tileWidth ** (level + 1))
    for (let n = 0; n < full; n += 1)
      if (store.get(tileTable, tileKey(origin, level, n))?.length !== tileWidth * hashBytes)
        return corrupt(`Its ${tilePath(level, n)} is missing`, n * tileWidth ** (level + 1))
  }
  return undefined
}

function readTile(store: Store, origin: string, level: number, n: number): Uint8Array {
  const tile = store.get(tileTable, tileKey(origin, level, n))
  if (tile === undefined)
    throw new JournalCorrupt(corrupt(`Its ${tilePath(level, n)} is missing`, n * tileWidth))
  return tile
}

function checkHead(store: Store, origin: string, size: number, last: Uint8Array): Refusal | undefined {
  const head = store.get(headTable, origin)
  if (size === 0 && head === undefined) return undefined
  if (head !== undefined && equalBytes(head, encodeHead(size, last))) return undefined
  const headSize = head?.length === 8 + hashBytes ? Number(new DataView(head.buffer).getBigUint64(0)) : 0
  return corrupt(`Its head says ${headSize} entries, its log has ${size}`, Math.min(headSize, size))
}

function corruptEntry(index: number, reason: string): Refusal {
  return corrupt(`Entry ${index} is damaged: ${reason}`, index)
}

export function corrupt(reason: string, index: number): Refusal {
  return refuse('journal-corrupt', `The journal is damaged. ${reason}`, { index: String(index) })
}

/** Thrown where a damaged journal is found: the process must not go on with it. */
export class JournalCorrupt extends Error {
  override readonly name = 'JournalCorrupt'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.detail)
    this.refusal = refusal
  }
}
