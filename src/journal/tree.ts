/**
 * The journal's Merkle tree in tiles of height 8: appends cost one node hash on average, proofs O(log n).
 *
 * In memory are the growing tile of each level and a bounded cache of full ones; a full tile that is not
 * cached is read through `TileSource`. Nothing here is durable: the journal stores the tiles that `append`
 * completes, and calls `truncate` when the store did not take them.
 */
import { invariant } from '#core'
import { emptyRoot, hashBytes, nodeHash, splitPoint } from './merkle.ts'
import { tileWidth, widthAt } from './tiles.ts'

/** Full tiles kept with their inner nodes, 16 KiB each. More than one commit can complete (see journal.ts). */
export const tilesCachedMax = 1_024

/** Reads a full tile: 8,192 bytes. */
export type TileSource = (level: number, n: number) => Uint8Array

export type FullTile = { readonly level: number; readonly n: number; readonly hashes: Uint8Array }

export type Tree = {
  size(): number
  /** Adds a leaf hash; returns the tiles that became full, lowest level first. */
  append(leaf: Uint8Array): readonly FullTile[]
  /** Forgets every leaf from `size` on. */
  truncate(size: number): void
  root(size: number): Uint8Array
  inclusionProof(index: number, size: number): Uint8Array[]
  consistencyProof(oldSize: number, size: number): Uint8Array[]
  /** The first `width` hashes of a tile. */
  tile(level: number, n: number, width: number): Uint8Array
}

/** All nodes of one tile: 256 hashes, then 128, 64 … 1. Only those over the first `count` hashes are valid. */
type Tile = { readonly n: number; readonly nodes: Uint8Array; count: number }

const tileHeight = 8
/** First node of each height inside a tile, counted in hashes. */
const heightOffsets = [0, 256, 384, 448, 480, 496, 504, 508, 510]
const tileNodes = 511

/**
 * A tree over `size` leaves. `source` has its full tiles; `edge` are the leaf hashes after the last full
 * tile of level 0.
 */
export function openTree(size: number, edge: readonly Uint8Array[], source: TileSource): Tree {
  return new TiledTree(size, edge, source)
}

class TiledTree implements Tree {
  readonly #source: TileSource
  readonly #cache = new Map<string, Tile>()
  /** The growing tile of each level. */
  readonly #edges: Tile[] = [newTile(0)]
  #size = 0

  constructor(size: number, edge: readonly Uint8Array[], source: TileSource) {
    this.#source = source
    for (let level = 0; level === 0 || size >= tileWidth ** level; level += 1)
      this.#edges[level] = this.#restoreEdge(level, size, edge)
    this.#size = size
  }

  size(): number {
    return this.#size
  }

  append(leaf: Uint8Array): readonly FullTile[] {
    this.#size += 1
    return this.#push(0, leaf)
  }

  truncate(size: number): void {
    invariant(size <= this.#size, 'a tree is truncated to a smaller one')
    for (const [level, growing] of this.#edges.entries()) {
      const n = Math.floor(size / tileWidth ** (level + 1))
      const count = widthAt(level, n, size)
      const tile = growing.n === n ? growing : count === 0 ? newTile(n) : this.#fullTile(level, n)
      for (let stale = n; stale < growing.n; stale += 1) this.#cache.delete(`${level}/${stale}`)
      tile.count = count
      this.#edges[level] = tile
    }
    this.#size = size
  }

  root(size: number): Uint8Array {
    invariant(size <= this.#size, 'a root is asked of a tree that exists')
    return size === 0 ? emptyRoot : this.#rangeHash(0, size)
  }

  inclusionProof(index: number, size: number): Uint8Array[] {
    invariant(index < size && size <= this.#size, 'an inclusion proof is asked of a leaf that exists')
    return this.#path(index, 0, size)
  }

  consistencyProof(oldSize: number, size: number): Uint8Array[] {
    invariant(oldSize <= size && size <= this.#size, 'a consistency proof is asked of trees that exist')
    return oldSize === 0 ? [] : this.#subproof(oldSize, 0, size, true)
  }

  tile(level: number, n: number, width: number): Uint8Array {
    invariant(width >= 1 && width <= widthAt(level, n, this.#size), 'a tile is asked that exists')
    return firstHashes(this.#tileAt(level, n), width)
  }

  #restoreEdge(level: number, size: number, edge: readonly Uint8Array[]): Tile {
    const n = Math.floor(size / tileWidth ** (level + 1))
    const tile = newTile(n)
    const count = widthAt(level, n, size)
    for (let i = 0; i < count; i += 1) {
      const hash = level === 0 ? edge[i] : tileRoot(this.#fullTile(level - 1, n * tileWidth + i))
      invariant(hash !== undefined, 'the edge of the tree is complete')
      addHash(tile, hash)
    }
    return tile
  }

  #push(level: number, hash: Uint8Array): FullTile[] {
    const tile = (this.#edges[level] ??= newTile(0))
    addHash(tile, hash)
    if (tile.count < tileWidth) return []
    this.#remember(level, tile)
    this.#edges[level] = newTile(tile.n + 1)
    const completed = { level, n: tile.n, hashes: firstHashes(tile, tileWidth) }
    return [completed, ...this.#push(level + 1, tileRoot(tile))]
  }

  #tileAt(level: number, n: number): Tile {
    const growing = this.#edges[level]
    return growing?.n === n ? growing : this.#fullTile(level, n)
  }

  #fullTile(level: number, n: number): Tile {
    const key = `${level}/${n}`
    const cached = this.#cache.get(key)
    this.#cache.delete(key)
    return this.#remember(level, cached ?? tileOf(n, this.#source(level, n)))
  }

  #remember(level: number, tile: Tile): Tile {
    this.#cache.set(`${level}/${tile.n}`, tile)
    const oldest = this.#cache.keys().next().value
    if (this.#cache.size > tilesCachedMax && oldest !== undefined) this.#cache.delete(oldest)
    return tile
  }

  /** Hash over the complete, aligned subtree number `index` of height `height`. */
  #subtree(height: number, index: number): Uint8Array {
    const inner = height % tileHeight
    const perTile = tileWidth >> inner
    const tile = this.#tileAt(Math.floor(height / tileHeight), Math.floor(index / perTile))
    const position = index % perTile
    invariant((position + 1) << inner <= tile.count, 'a node is read only when it is complete')
    return node(tile, inner, position).slice()
  }

  /** MTH(D[from:to]) of RFC 6962 §2.1, for a range as its recursion makes them. */
  #rangeHash(from: number, to: number): Uint8Array {
    const width = to - from
    const height = Math.round(Math.log2(width))
    if (2 ** height === width) return this.#subtree(height, from / width)
    const middle = from + splitPoint(width)
    return nodeHash(this.#rangeHash(from, middle), this.#rangeHash(middle, to))
  }

  /** PATH of RFC 6962 §2.1.1. */
  #path(index: number, from: number, to: number): Uint8Array[] {
    if (to - from === 1) return []
    const middle = from + splitPoint(to - from)
    return index < middle
      ? [...this.#path(index, from, middle), this.#rangeHash(middle, to)]
      : [...this.#path(index, middle, to), this.#rangeHash(from, middle)]
  }

  /** SUBPROOF of RFC 6962 §2.1.2; `known` says that the verifier has this range's hash as the old root. */
  #subproof(oldSize: number, from: number, to: number, known: boolean): Uint8Array[] {
    if (oldSize === to) return known ? [] : [this.#rangeHash(from, to)]
    const middle = from + splitPoint(to - from)
    return oldSize <= middle
      ? [...this.#subproof(oldSize, from, middle, known), this.#rangeHash(middle, to)]
      : [...this.#subproof(oldSize, middle, to, false), this.#rangeHash(from, middle)]
  }
}

function newTile(n: number): Tile {
  return { n, nodes: new Uint8Array(tileNodes * hashBytes), count: 0 }
}

function tileOf(n: number, hashes: Uint8Array): Tile {
  invariant(hashes.length === tileWidth * hashBytes, 'a full tile is 8,192 bytes')
  const tile = newTile(n)
  for (let i = 0; i < tileWidth; i += 1) addHash(tile, hashes.subarray(i * hashBytes, (i + 1) * hashBytes))
  return tile
}

/** Puts the next hash and every inner node that it completes. */
function addHash(tile: Tile, hash: Uint8Array): void {
  let position = tile.count
  tile.nodes.set(hash, position * hashBytes)
  for (let inner = 1; inner <= tileHeight && position % 2 === 1; inner += 1) {
    position = (position - 1) / 2
    const parent = nodeHash(node(tile, inner - 1, 2 * position), node(tile, inner - 1, 2 * position + 1))
    tile.nodes.set(parent, ((heightOffsets[inner] ?? 0) + position) * hashBytes)
  }
  tile.count += 1
}

/** A view; what leaves this module is copied. */
function node(tile: Tile, inner: number, position: number): Uint8Array {
  const at = ((heightOffsets[inner] ?? 0) + position) * hashBytes
  return tile.nodes.subarray(at, at + hashBytes)
}

function tileRoot(tile: Tile): Uint8Array {
  return node(tile, tileHeight, 0)
}

function firstHashes(tile: Tile, width: number): Uint8Array {
  return tile.nodes.slice(0, width * hashBytes)
}
