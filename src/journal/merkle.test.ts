// RFC 6962 §2.1 and RFC 9162 §2.1.3–2.1.4 as properties of trees of every size up to 600.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { concatBytes, toHex, utf8 } from '#core'
import { sha256 } from '#crypto'
import { emptyRoot, leafHash, merkleRoot, nodeHash, verifyConsistency, verifyInclusion } from './merkle.ts'
import { openTree, type Tree } from './tree.ts'

const leavesMax = 600
const leaves = Array.from({ length: leavesMax }, (_, i) => leafHash(utf8(`entry-${i}`)))
const noTiles = (): Uint8Array => assert.fail('nothing is read back')

function treeOf(count: number): Tree {
  const tree = openTree(0, [], noTiles)
  for (const leaf of leaves.slice(0, count)) tree.append(leaf)
  return tree
}

const full = treeOf(leavesMax)
const sizes = fc.integer({ min: 1, max: leavesMax })
const pairs = fc.tuple(sizes, sizes).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)

function flipped(hash: Uint8Array, bit: number): Uint8Array {
  const copy = hash.slice()
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

test('leaf, node and empty tree hashes are those of RFC 6962', () => {
  assert.equal(toHex(emptyRoot), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  assert.equal(
    toHex(leafHash(new Uint8Array(0))),
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  )
  assert.equal(
    toHex(leafHash(utf8('L123456'))),
    '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
  )
  const [left, right] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  assert.deepEqual(nodeHash(left, right), sha256(concatBytes(Uint8Array.of(1), left, right)))
})

test('the tiled tree has the root of the definition at every size', () => {
  for (let size = 0; size <= leavesMax; size += 1)
    assert.deepEqual(full.root(size), merkleRoot(leaves.slice(0, size)), `size ${size}`)
})

test('every inclusion proof verifies, and no altered one does', () => {
  const cases = pairs.chain(([index, size]) =>
    fc.record({ index: fc.constant(index - 1), size: fc.constant(size), bit: fc.nat(255), at: fc.nat(20) }),
  )
  fc.assert(
    fc.property(cases, ({ index, size, bit, at }) => {
      const leaf = leaves[index] ?? assert.fail()
      const proof = full.inclusionProof(index, size)
      const root = full.root(size)
      assert.ok(verifyInclusion(index, size, leaf, proof, root))
      assert.ok(verifyInclusion(BigInt(index), BigInt(size), leaf, proof, root))
      assert.ok(!verifyInclusion(index, size, flipped(leaf, bit), proof, root))
      assert.ok(!verifyInclusion(index, size, leaf, proof, flipped(root, bit)))
      assert.ok(!verifyInclusion(index, size, leaf, [...proof, leaf], root))
      assert.ok(!verifyInclusion(size, size, leaf, proof, root))
      assert.ok(!verifyInclusion(-1, size, leaf, proof, root))
      if (proof.length === 0) return
      const spot = at % proof.length
      const altered = proof.map((hash, i) => (i === spot ? flipped(hash, bit) : hash))
      assert.ok(!verifyInclusion(index, size, leaf, altered, root))
      assert.ok(!verifyInclusion(index, size, leaf, proof.slice(1), root))
      assert.ok(!verifyInclusion(index, size, leaf, proof.slice(0, -1), root))
    }),
    { numRuns: 500 },
  )
})

test('an inclusion proof is of its own index only', () => {
  const leaf = leaves[100] ?? assert.fail()
  const proof = full.inclusionProof(100, leavesMax)
  const accepted = [...leaves.keys()].filter((index) =>
    verifyInclusion(index, leavesMax, leaf, proof, full.root(leavesMax)),
  )
  assert.deepEqual(accepted, [100])
})

test('an index at or beyond the size is refused before anything else', () => {
  const root = full.root(1)
  assert.ok(verifyInclusion(0, 1, root, [], root))
  assert.ok(!verifyInclusion(1, 1, root, [], root))
  assert.ok(!verifyInclusion(2n ** 64n, 1, root, [], root))
  assert.ok(!verifyInclusion(0, 0, emptyRoot, [], emptyRoot))
})

test('every consistency proof verifies, and no altered one does', () => {
  fc.assert(
    fc.property(pairs, fc.nat(255), fc.nat(20), ([oldSize, size], bit, at) => {
      const proof = full.consistencyProof(oldSize, size)
      const [oldRoot, root] = [full.root(oldSize), full.root(size)]
      assert.ok(verifyConsistency(oldSize, size, proof, oldRoot, root))
      assert.ok(!verifyConsistency(oldSize, size, proof, flipped(oldRoot, bit), root))
      assert.ok(!verifyConsistency(oldSize, size, proof, oldRoot, flipped(root, bit)))
      assert.ok(!verifyConsistency(oldSize, size, [...proof, root], oldRoot, root))
      if (oldSize < size) assert.ok(!verifyConsistency(size, oldSize, proof, root, oldRoot))
      if (proof.length === 0) return
      const spot = at % proof.length
      const altered = proof.map((hash, i) => (i === spot ? flipped(hash, bit) : hash))
      assert.ok(!verifyConsistency(oldSize, size, altered, oldRoot, root))
      assert.ok(!verifyConsistency(oldSize, size, proof.slice(1), oldRoot, root))
    }),
    { numRuns: 500 },
  )
})

test('from an empty tree nothing is proved, and hashes of another length are refused', () => {
  const root = full.root(5)
  assert.ok(!verifyConsistency(0, 5, [], emptyRoot, root))
  assert.ok(verifyConsistency(0, 0, [], emptyRoot, emptyRoot))
  assert.ok(!verifyConsistency(0, 0, [], emptyRoot, root))
  assert.ok(!verifyConsistency(1, 1, [], utf8('short'), utf8('short')))
  assert.ok(!verifyInclusion(0, 1, utf8('short'), [], utf8('short')))
})

test('a truncated tree is the tree it was, and grows again as if nothing had been', () => {
  fc.assert(
    fc.property(pairs, ([kept, size]) => {
      const tree = treeOf(size)
      tree.truncate(kept)
      assert.deepEqual(tree.root(kept), full.root(kept))
      for (const leaf of leaves.slice(kept, size)) tree.append(leaf)
      assert.deepEqual(tree.root(size), full.root(size))
      assert.deepEqual(tree.inclusionProof(0, size), full.inclusionProof(0, size))
    }),
    { numRuns: 60 },
  )
})

test('a tree over more leaves than memory caches reads its tiles back', () => {
  const tiles = new Map<string, Uint8Array>()
  const size = 70_000
  const tree = openTree(0, [], noTiles)
  const leaf = leaves[0] ?? assert.fail()
  for (let i = 0; i < size; i += 1)
    for (const tile of tree.append(leaf)) tiles.set(`${tile.level}/${tile.n}`, tile.hashes)
  assert.equal(tiles.size, 274)
  let reads = 0
  const edge = Array.from({ length: 70_000 % 256 }, () => leaf)
  const reopened = openTree(size, edge, (level, n) => {
    reads += 1
    return tiles.get(`${level}/${n}`) ?? assert.fail(`tile ${level}/${n}`)
  })
  assert.deepEqual(reopened.root(size), tree.root(size))
  const opening = reads
  const proof = reopened.inclusionProof(12_345, size)
  assert.ok(verifyInclusion(12_345, size, leaf, proof, tree.root(size)))
  assert.ok(reads - opening <= 3, `a proof read ${reads - opening} tiles`)
})
