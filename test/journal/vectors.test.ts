// spec/journal-entry.md against spec/vectors/journal.json, which is made without our journal.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fromBase64, fromHex, isRefusal, toBase64, toHex, utf8, type Refusal } from '#core'
import { digest } from '#crypto'
import {
  checkWitnessed,
  entriesPath,
  formatEntryBundle,
  leafHash,
  merkleRoot,
  openTree,
  parseEntry,
  parseEntryBundle,
  parseLogPath,
  parseReceipt,
  parseWitnessPolicy,
  tilePath,
  verifyConsistency,
  verifyInclusion,
  verifyPart,
  verifyReceipt,
} from '#journal'
import { journalVectors } from '../../scripts/vectors/journal.ts'

type Part = { index: number; part: string; salt: string; content: string; digest: string }
type Inclusion = { index: number; size: number; proof: string[]; why?: string }
type Consistency = { oldSize: number; size: number; proof: string[]; why?: string }
type NoteCase = { name: string; note: string; reason?: string }
type ReceiptCase = { receipt: string; leaf: string; reason?: string; why?: string }
type VectorFile = {
  origin: string
  digest: { label: string; parts: string[]; digest: string }[]
  entries: { index: number; leaf: string; leafHash: string }[]
  refusedEntries: { why: string; leaf: string }[]
  parts: Part[]
  refusedParts: (Part & { why: string })[]
  logRoots: { size: number; root: string }[]
  tree: {
    roots: { size: number; root: string }[]
    inclusion: Inclusion[]
    consistency: Consistency[]
    refusedInclusion: Inclusion[]
    refusedConsistency: Consistency[]
  }
  notes: { policy: string; accepted: NoteCase[]; refused: NoteCase[] }
  receipts: { accepted: ReceiptCase[]; refused: ReceiptCase[] }
  tiles: {
    paths: { level: number | 'entries'; n: number; width: number; path: string }[]
    tile: string
    entryBundle: string
  }
}

const text = readFileSync(join(import.meta.dirname, '../../spec/vectors/journal.json'), 'utf8')
const file: VectorFile = JSON.parse(text)
const treeLeaves = Array.from({ length: 600 }, (_, i) => leafHash(utf8(`entry-${i}`)))
const tree = openTree(0, [], () => assert.fail('nothing is read back'))
for (const leaf of treeLeaves) tree.append(leaf)

function ok<T>(value: T | Refusal): T {
  assert.ok(!isRefusal(value), isRefusal(value) ? value.detail : '')
  return value
}

function codeOf(value: unknown): string {
  return isRefusal(value) ? value.refusal : 'accepted'
}

const hashes = (proof: readonly string[]): Uint8Array[] => proof.map((line) => ok(fromBase64(line)))

test('the journal vectors are what their generator gives', () => {
  assert.equal(text, journalVectors())
})

test('the digest rule gives every digest', () => {
  for (const { label, parts, digest: expected } of file.digest)
    assert.equal(toHex(digest(label, ...parts.map((part) => ok(fromHex(part))))), expected)
  const distinct = new Set(file.digest.map((vector) => vector.digest))
  assert.equal(distinct.size, file.digest.length)
})

test('entries are read and hashed, and altered ones are refused', () => {
  for (const { index, leaf, leafHash: expected } of file.entries) {
    const entry = ok(parseEntry(utf8(leaf)))
    assert.deepEqual([entry.seq, entry.log], [index, file.origin])
    assert.equal(toHex(leafHash(utf8(leaf))), expected)
  }
  const original = file.entries[1]?.leaf
  for (const { why, leaf } of file.refusedEntries) {
    assert.notEqual(leaf, original, why)
    assert.equal(codeOf(parseEntry(utf8(leaf))), 'verification-failed', why)
  }
})

test('parts open, and altered openings do not', () => {
  for (const { index, part, salt, content, digest: expected } of file.parts) {
    const entry = ok(parseEntry(utf8(file.entries[index]?.leaf ?? '')))
    assert.equal(entry.parts[part], expected)
    assert.ok(verifyPart(expected, part, { salt, content }))
  }
  for (const { why, part, salt, content, digest: expected } of file.refusedParts)
    assert.ok(!verifyPart(expected, part, { salt, content }), why)
})

test('the roots of the log at every size, and of a larger tree, are the stated ones', () => {
  const leaves = file.entries.map(({ leaf }) => leafHash(utf8(leaf)))
  for (const { size, root } of file.logRoots) assert.equal(toHex(merkleRoot(leaves.slice(0, size))), root)
  for (const { size, root } of file.tree.roots) {
    assert.equal(toHex(tree.root(size)), root)
    assert.equal(toHex(merkleRoot(treeLeaves.slice(0, size))), root)
  }
})

test('proofs are the stated ones and verify; altered ones do not', () => {
  for (const { index, size, proof } of file.tree.inclusion) {
    assert.deepEqual(tree.inclusionProof(index, size).map(toBase64), proof)
    assert.ok(verifies({ index, size, proof }))
  }
  for (const vector of file.tree.refusedInclusion) assert.ok(!verifies(vector), vector.why)
  for (const { oldSize, size, proof } of file.tree.consistency) {
    assert.deepEqual(tree.consistencyProof(oldSize, size).map(toBase64), proof)
    assert.ok(continues({ oldSize, size, proof }))
  }
  for (const vector of file.tree.refusedConsistency) assert.ok(!continues(vector), vector.why)
})

function verifies({ index, size, proof }: Inclusion): boolean {
  const leaf = treeLeaves[index] ?? assert.fail('the leaf exists')
  return verifyInclusion(index, size, leaf, hashes(proof), tree.root(size))
}

function continues({ oldSize, size, proof }: Consistency): boolean {
  return verifyConsistency(oldSize, size, hashes(proof), tree.root(oldSize), tree.root(size))
}

test('checkpoints count or are refused for the stated reason', () => {
  const policy = ok(parseWitnessPolicy(file.notes.policy))
  for (const { name, note } of file.notes.accepted) {
    const { checkpoint } = ok(checkWitnessed(policy, note))
    assert.deepEqual([checkpoint.origin, checkpoint.size], [file.origin, file.entries.length], name)
    assert.equal(toHex(checkpoint.root), file.logRoots.at(-1)?.root)
  }
  for (const { name, note, reason } of file.notes.refused)
    assert.equal(codeOf(checkWitnessed(policy, note)), reason, name)
})

test('receipts prove the stated leaf only', () => {
  const policy = ok(parseWitnessPolicy(file.notes.policy))
  const check = ({ receipt, leaf }: ReceiptCase): unknown => {
    const parsed = parseReceipt(receipt)
    return isRefusal(parsed) ? parsed : verifyReceipt(parsed, utf8(leaf), policy)
  }
  for (const vector of file.receipts.accepted) assert.equal(codeOf(check(vector)), 'accepted')
  for (const vector of file.receipts.refused) assert.equal(codeOf(check(vector)), vector.reason, vector.why)
})

test('tile paths, tiles and entry bundles are the stated ones', () => {
  for (const { level, n, width, path } of file.tiles.paths) {
    assert.equal(level === 'entries' ? entriesPath(n, width) : tilePath(level, n, width), path)
    assert.notEqual(parseLogPath(path), undefined)
  }
  const leaves = file.entries.map(({ leaf }) => utf8(leaf))
  assert.equal(toBase64(formatEntryBundle(leaves)), file.tiles.entryBundle)
  assert.deepEqual(ok(parseEntryBundle(ok(fromBase64(file.tiles.entryBundle)))), leaves)
  assert.equal(toBase64(Buffer.concat(leaves.map(leafHash))), file.tiles.tile)
})
