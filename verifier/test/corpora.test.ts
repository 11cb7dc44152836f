// oxlint-disable typescript/no-unsafe-type-assertion, typescript/no-unnecessary-type-parameters -- the tests take JSON of their own making, and vectors, at their word
// Vectors of others: transparency-dev (Merkle proofs), Go's sumdb (notes), Wycheproof (Ed25519).
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import {
  parseNote,
  parseVerifierKey,
  signatureOf,
  verifyEd25519,
  verifyInclusion,
  verifyNoteSignature,
} from '../src/index.ts'
import { pythonAbsent, runPython, script, withFile } from './python.ts'

const corpora =
  process.env['POUNDLOCK_CORPORA'] ?? new URL('../../../shared/corpora', import.meta.url).pathname

const find = (t: TestContext, path: string): string | undefined => {
  const file = join(corpora, path)
  if (existsSync(file)) return file
  t.skip(`${path} is not in POUNDLOCK_CORPORA`)
  return undefined
}
const json = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T
const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

type Inclusion = {
  leafIdx: number
  treeSize: number
  root: string
  leafHash: string
  proof: string[] | null
  desc: string
  wantErr: boolean
}

test('inclusion proofs are judged as transparency-dev judges them', (t) => {
  const folder = find(t, 'tlog/merkle-vectors/inclusion')
  if (!folder) return
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  )
  assert.ok(files.length > 50)
  for (const file of files) {
    const vector: Inclusion = json(join(folder, file))
    const { leafIdx, treeSize, root, leafHash, proof, wantErr } = vector
    const holds = verifyInclusion(
      base64(leafHash),
      leafIdx,
      treeSize,
      (proof ?? []).map(base64),
      base64(root),
    )
    assert.equal(holds, !wantErr, file)
  }
})

type GoVectors = {
  inclusion: { index: number; size: number; leafHash: string; root: string; proof: string[] }[]
  note: { vkey: string; cases: { name: string; go_ok: boolean; note_b64: string }[] }
}

test('inclusion proofs of Go’s sumdb hold, and for no other index', (t) => {
  const file = find(t, 'tlog/go-xmod-vectors.json')
  if (!file) return
  for (const { index, size, leafHash, root, proof } of json<GoVectors>(file).inclusion) {
    const at = (i: number): boolean =>
      verifyInclusion(base64(leafHash), i, size, proof.map(base64), base64(root))
    assert.ok(at(index), `${index} of ${size}`)
    assert.ok(!at(index + 1) && (index === 0 || !at(index - 1)), `not ${index} of ${size}`)
  }
})

test('what Go’s sumdb rejects as a signed note is rejected', (t) => {
  const file = find(t, 'tlog/go-xmod-vectors.json')
  if (!file) return
  const { vkey, cases } = json<GoVectors>(file).note
  const key = parseVerifierKey(vkey)
  assert.ok(key)
  for (const { name, go_ok: expected, note_b64: text } of cases) {
    const note = parseNote(Buffer.from(text, 'base64').toString('utf8'))
    const signature = note && signatureOf(note, key)
    const holds = Boolean(note && signature && verifyNoteSignature(note, key, signature))
    assert.ok(!holds || expected, `${name}: Go says ${expected}`)
    if (expected && Buffer.from(text, 'base64').every((byte) => byte < 0x80 || byte > 0xa0))
      assert.ok(holds, name)
  }
})

type Wycheproof = {
  testGroups: {
    publicKey: { pk: string }
    tests: { tcId: number; msg: string; sig: string; result: string }[]
  }[]
}

test('Ed25519 is verified as Wycheproof says, by both implementations', (t) => {
  const file = find(t, 'wycheproof/ed25519_test.json')
  if (!file) return undefined
  for (const { publicKey, tests } of json<Wycheproof>(file).testGroups)
    for (const { tcId, msg, sig, result } of tests)
      assert.equal(verifyEd25519(hex(publicKey.pk), hex(msg), hex(sig)), result === 'valid', `tcId ${tcId}`)
  const absent = pythonAbsent()
  if (absent) return t.diagnostic(`verify.py is not asked: ${absent}`)
  const { stdout, stderr } = runPython(['-c', wycheproofDriver, join(script, '..'), file])
  assert.equal(stderr, '')
  return assert.match(stdout, /^ok \d{2,}\n$/)
})

const wycheproofDriver = `
import json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import verify
count = 0
for group in json.load(open(sys.argv[2]))["testGroups"]:
    for case in group["tests"]:
        key = bytes.fromhex(group["publicKey"]["pk"])
        good = verify.ed25519_verify(key, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
        assert good == (case["result"] == "valid"), case["tcId"]
        count += 1
print("ok", count)
`

test('numbers print as RFC 8785 says, in Python too', async (t) => {
  const absent = pythonAbsent()
  if (absent) return t.skip(absent)
  const words = Array.from({ length: 2_000 }, (_, n) => {
    const view = new DataView(new ArrayBuffer(8))
    view.setBigUint64(0, BigInt.asUintN(64, BigInt(n + 1) * 0x9e3779b97f4a7c15n))
    return view.getFloat64(0)
  })
  const edges = [
    0,
    1e21,
    1e20,
    123456789012345680000,
    1e-6,
    1e-7,
    5e-324,
    1.7976931348623157e308,
    0.1,
    -1.5,
    2 ** 53,
  ]
  const texts = [...words, ...edges].filter(Number.isFinite).map(String)
  return withFile(JSON.stringify(texts), async (file) => {
    const { stdout, stderr } = runPython(['-c', numbersDriver, join(script, '..'), file])
    assert.equal(stderr, '')
    assert.equal(stdout, `ok ${texts.length}\n`)
  })
})

const numbersDriver = `
import json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import verify
texts = json.load(open(sys.argv[2]))
for text in texts:
    assert verify.canonical(verify.parse(text)) == text, text
print("ok", len(texts))
`
