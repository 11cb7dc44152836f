// Transparency logs against the data of others: transparency-dev/merkle proofs, Go's x/mod/sumdb, and a log that
// Tessera wrote. RFC 6962, RFC 9162, C2SP tlog-tiles, tlog-checkpoint, signed-note.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fromBase64, isRefusal, parseJson, toBase64, toHex, utf8, type Json } from '#core'
import { sha256 } from '#crypto'
import {
  entriesPath,
  formatEntryBundle,
  leafHash,
  merkleRoot,
  noteVerifier,
  openNote,
  openTree,
  parseCheckpoint,
  parseEntryBundle,
  parseLogPath,
  tilePath,
  verifyConsistency,
  verifyInclusion,
} from '#journal'

const corpora = resolve(import.meta.dirname, '../..', process.env['POUNDLOCK_CORPORA'] ?? '../shared/corpora')
const folder = join(corpora, 'tlog')

function available(t: TestContext, ...path: string[]): boolean {
  if (existsSync(join(folder, ...path))) return true
  t.skip(`no ${join('tlog', ...path)} in POUNDLOCK_CORPORA`)
  return false
}

/** Sizes in the vectors exceed 2^53: they are quoted before the strict parser sees them. */
function readVector(path: string): Record<string, Json> {
  const text = readFileSync(path, 'utf8').replaceAll(
    /("(?:leafIdx|treeSize|size[12]?)":\s*)(\d{16,})/g,
    '$1"$2"',
  )
  return objectOf(parsed(text))
}

function parsed(text: string): Json {
  const value = parseJson(text, { bytesMax: 10_000_000 })
  assert.ok(!isRefusal(value), isRefusal(value) ? value.detail : '')
  return value
}

function objectOf(value: Json | undefined): Record<string, Json> {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value))
  return Object.fromEntries(Object.entries(value))
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === null || value === undefined) return []
  assert.ok(Array.isArray(value))
  return value
}

function textOf(value: Json | undefined): string {
  assert.ok(typeof value === 'string')
  return value
}

function bytesOf(value: Json | undefined): Uint8Array {
  const bytes = fromBase64(value === null || value === undefined ? '' : textOf(value))
  assert.ok(!isRefusal(bytes))
  return bytes
}

function hashesOf(value: Json | undefined): Uint8Array[] {
  return listOf(value).map(bytesOf)
}

function numberOf(value: Json | undefined): bigint {
  assert.ok(typeof value === 'string' || typeof value === 'number')
  return BigInt(value)
}

function vectorsIn(name: string): { path: string; vector: Record<string, Json> }[] {
  const files = readdirSync(join(folder, 'merkle-vectors', name), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ path: file, vector: readVector(join(folder, 'merkle-vectors', name, file)) }))
}

test('transparency-dev inclusion vectors: every one is judged as it says', (t) => {
  if (!available(t, 'merkle-vectors')) return
  const vectors = vectorsIn('inclusion')
  for (const { path, vector } of vectors) {
    const { leafIdx, treeSize, leafHash: leaf, proof, root, wantErr } = vector
    const verified = verifyInclusion(
      numberOf(leafIdx),
      numberOf(treeSize),
      bytesOf(leaf),
      hashesOf(proof),
      bytesOf(root),
    )
    assert.equal(verified, wantErr === false, path)
  }
  assert.ok(vectors.length >= 60)
  t.diagnostic(`${vectors.length} inclusion vectors`)
})

test('transparency-dev consistency vectors: every one with 32-byte roots is judged as it says', (t) => {
  if (!available(t, 'merkle-vectors')) return
  const vectors = vectorsIn('consistency')
  const skipped: string[] = []
  for (const { path, vector } of vectors) {
    const { size1, size2, proof, root1, root2, wantErr } = vector
    const [oldRoot, newRoot] = [bytesOf(root1), bytesOf(root2)]
    if (wantErr === false && oldRoot.length !== 32) {
      skipped.push(path)
      continue
    }
    const verified = verifyConsistency(numberOf(size1), numberOf(size2), hashesOf(proof), oldRoot, newRoot)
    assert.equal(verified, wantErr === false, path)
  }
  assert.deepEqual(skipped, ['additional/sizes-are-equal-one-and-proof-is-empty.json'])
  assert.ok(vectors.length >= 60)
  t.diagnostic(`${vectors.length - 1} consistency vectors; one has 12-byte stand-in roots`)
})

function goTree(size: number) {
  const leaves = Array.from({ length: size }, (_, i) => leafHash(utf8(`entry-${i}`)))
  const tree = openTree(0, [], () => assert.fail('nothing is read back'))
  for (const leaf of leaves) tree.append(leaf)
  return { leaves, tree }
}

test("Go's x/mod/sumdb: roots, proofs and tiles are byte-equal", (t) => {
  if (!available(t, 'go-xmod-vectors.json')) return
  const vectors = readVector(join(folder, 'go-xmod-vectors.json'))
  const { tree, leaves } = goTree(300)
  const roots = listOf(vectors['roots_by_size'])
  for (const [size, root] of roots.entries()) {
    assert.equal(toBase64(tree.root(size)), root)
    assert.equal(toBase64(merkleRoot(leaves.slice(0, size))), root)
  }
  const inclusion = listOf(vectors['inclusion']).map(objectOf)
  for (const { index, size, proof, root, leafHash: leaf } of inclusion) {
    const [i, n] = [Number(numberOf(index)), Number(numberOf(size))]
    assert.deepEqual(tree.inclusionProof(i, n).map(toBase64), listOf(proof))
    assert.ok(verifyInclusion(i, n, bytesOf(leaf), hashesOf(proof), bytesOf(root)))
  }
  const consistency = listOf(vectors['consistency']).map(objectOf)
  for (const { size1, size2, proof, root1, root2 } of consistency) {
    const [older, newer] = [Number(numberOf(size1)), Number(numberOf(size2))]
    assert.deepEqual(tree.consistencyProof(older, newer).map(toBase64), listOf(proof))
    assert.ok(verifyConsistency(older, newer, hashesOf(proof), bytesOf(root1), bytesOf(root2)))
  }
  const tiles = Object.entries(objectOf(vectors['tiles_sha256_size300']))
  for (const [path, digest] of tiles) {
    const resource = parseLogPath(path)
    assert.ok(resource?.kind === 'tile', path)
    assert.equal(toHex(sha256(tree.tile(resource.level, resource.n, resource.width))), digest, path)
  }
  t.diagnostic(
    `${roots.length} roots, ${inclusion.length} inclusion and ${consistency.length} consistency proofs, ${tiles.length} tiles`,
  )
})

test("Go's note.Open and ours accept and reject the same notes", (t) => {
  if (!available(t, 'go-xmod-vectors.json')) return
  const note = objectOf(readVector(join(folder, 'go-xmod-vectors.json'))['note'])
  const key = noteVerifier(textOf(note['vkey']))
  assert.ok(!isRefusal(key))
  const cases = listOf(note['cases']).map(objectOf)
  for (const { name, note_b64: bytes, go_ok: accepted } of cases)
    assert.equal(!isRefusal(openNote(bytesOf(bytes), [key])), accepted, textOf(name))
  assert.ok(cases.length >= 12)
  t.diagnostic(`${cases.length} notes`)
})

test("Tessera's log: checkpoints open, and its tiles and bundles are the ones we would write", (t) => {
  if (!available(t, 'tessera-testlog')) return
  const log = join(folder, 'tessera-testlog')
  const key = noteVerifier(readFileSync(join(log, 'vkey.txt'), 'utf8').trim())
  assert.ok(!isRefusal(key))
  const sizes = readdirSync(log).flatMap(
    (file) => /^checkpoint\.(?<size>\d+)$/.exec(file)?.groups?.['size'] ?? [],
  )
  const largest = Math.max(...sizes.map(Number))
  const entries = parseEntryBundle(readFileSync(join(log, entriesPath(0, largest))))
  assert.ok(!isRefusal(entries))
  const leaves = entries.map(leafHash)
  let compared = 0
  for (const size of sizes.map(Number)) {
    const opened = openNote(readFileSync(join(log, `checkpoint.${size}`)), [key])
    assert.ok(!isRefusal(opened))
    const checkpoint = parseCheckpoint(opened.text)
    assert.ok(!isRefusal(checkpoint))
    assert.deepEqual([checkpoint.size, checkpoint.root], [size, merkleRoot(leaves.slice(0, size))])
    if (size === 0) continue
    const tile = Buffer.concat(leaves.slice(0, size))
    assert.deepEqual(readFileSync(join(log, tilePath(0, 0, size))), tile)
    const bundle = formatEntryBundle(entries.slice(0, size))
    assert.deepEqual(new Uint8Array(readFileSync(join(log, entriesPath(0, size)))), bundle)
    compared += 2
  }
  t.diagnostic(`${sizes.length} checkpoints, ${compared} tiles and bundles`)
})
