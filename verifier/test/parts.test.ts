// oxlint-disable typescript/no-unsafe-type-assertion -- the tests take JSON of their own making, and vectors, at their word
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  canonicalJson,
  entryPath,
  fromBase64,
  fromBase64Url,
  fromHex,
  merklePath,
  newFindings,
  nodeHash,
  parseCanonical,
  parseCheckpoint,
  parseNote,
  parseTrustPolicy,
  parseVerifierKey,
  readPack,
  satisfiesQuorum,
  toBase64,
  toBase64Url,
  toHex,
  TrustPolicyError,
  utf8,
  verifyPack,
  packBytesMax,
  lineBytesMax,
} from '../src/index.ts'
import type { Json } from '../src/index.ts'
import { isInstant, unixSeconds } from '../src/time.ts'
import { edKey, goodPack, logKeyOf, sha256, vkey, witnessKeys } from './build-pack.ts'

const bytesOf = (pack: string): Uint8Array => new TextEncoder().encode(pack)

test('canonical JSON is accepted in one spelling only', () => {
  for (const text of ['{"a":1,"b":[true,null,"é"]}', '"\\u0001\\n\\"\\\\"', '1e+21', '0.000001', '[]'])
    assert.notEqual(parseCanonical(text), undefined, text)
  const refused = [
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '{ }',
    '1.0',
    '-0',
    '"\\u00e9"',
    '"\\/"',
    '"\\ud800"',
    '1e400',
    '',
  ]
  for (const text of [...refused, '['.repeat(66) + ']'.repeat(66)])
    assert.equal(parseCanonical(text), undefined, text)
})

test('whatever is printed canonically reads back the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = canonicalJson(value as Json)
      assert.equal(canonicalJson(parseCanonical(text) as Json), text)
    }),
  )
})

test('base64, base64url and hexadecimal have one spelling each', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 99 }), (bytes) => {
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'))
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes)
      assert.deepEqual(fromBase64Url(toBase64Url(bytes)), bytes)
      assert.deepEqual(fromHex(toHex(bytes)), bytes)
    }),
  )
  for (const text of ['QQ', 'QR==', 'Q===', 'QQ==\n', 'Q Q=', '-_=='])
    assert.equal(fromBase64(text), undefined, text)
  for (const text of ['QR', 'QQ==', 'Q', '+/']) assert.equal(fromBase64Url(text), undefined, text)
  for (const text of ['A0', 'a', '0x', ' 0']) assert.equal(fromHex(text), undefined, text)
})

test('times are real times with three decimals', () => {
  for (const text of ['2026-11-20T14:00:00.412Z', '2028-02-29T23:59:59.999Z'])
    assert.ok(isInstant(text), text)
  for (const text of [
    '2026-02-29T00:00:00.000Z',
    '2026-11-20T14:00:00Z',
    '2026-11-20T24:00:00.000Z',
    '2026-11-20T14:00:60.000Z',
  ])
    assert.ok(!isInstant(text), text)
  assert.equal(unixSeconds('2026-11-20T14:01:10.000Z'), 1795183270n)
  assert.equal(unixSeconds('2026-11-20T14:01:10.001Z'), undefined)
})

test('a Merkle path shows each hash on the way to the root', () => {
  const leaves = Array.from({ length: 3 }, (_, n) => new Uint8Array(sha256(`leaf ${n}`)))
  const [a, b, c] = leaves as [Uint8Array, Uint8Array, Uint8Array]
  const steps = merklePath(c, 2, 3, [nodeHash(a, b)])
  assert.deepEqual(
    steps?.map(({ side, result }) => [side, toHex(result)]),
    [['left', toHex(nodeHash(nodeHash(a, b), c))]],
  )
  assert.deepEqual(merklePath(a, 0, 1, []), [])
  for (const [index, size, proof] of [
    [3, 3, []],
    [0, 3, [b]],
    [0, 1, [b]],
    [-1, 3, [b, c]],
    [0.5, 3, [b, c]],
    [0, 3, [b, c.subarray(1)]],
  ] as const)
    assert.equal(merklePath(a, index, size, proof), undefined, `${index} of ${size}`)
})

test('each entry of a pack has a path that ends in the signed root', () => {
  const pack = readPack(bytesOf(goodPack(3)), newFindings())
  assert.ok(pack && pack.entry.length > 30)
  for (const line of pack.entry) assert.equal(entryPath(pack, line)?.holds, true)
  const [line] = pack.entry
  assert.ok(line)
  assert.equal(entryPath(pack, { ...line, entry: `${line.entry} ` })?.holds, false)
  assert.equal(entryPath(pack, { ...line, proof: [] }), undefined)
})

test('notes and checkpoints are accepted in one form only', () => {
  const note = 'log.example\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— log.example AAAAAAA=\n'
  assert.ok(parseNote(note))
  assert.deepEqual(parseCheckpoint(parseNote(note)?.text ?? '')?.size, 7)
  for (const bad of [
    note.slice(0, -1),
    note.replace('—', '-'),
    note.replace('7', '7\t'),
    note.replace('\n\n', '\n'),
    `${note}\n`,
  ])
    assert.equal(parseNote(bad), undefined, JSON.stringify(bad))
  for (const bad of ['log\n07\nAAAA\n', 'log\n7\nAAAA\n', `${parseNote(note)?.text}\nmore\n`, '\n'])
    assert.equal(parseCheckpoint(bad), undefined, JSON.stringify(bad))
})

test('a verifier key must carry its own id and a known type', () => {
  const key = logKeyOf('alder')
  assert.equal(parseVerifierKey(key)?.kind, 'log')
  const { publicKey } = edKey('x')
  for (const bad of [
    key.replace(/\+.{8}\+/, '+00000000+'),
    key.slice(0, -1),
    vkey('a b', 1, publicKey),
    vkey('a', 2 as 1, publicKey),
  ])
    assert.equal(parseVerifierKey(bad), undefined, bad)
})

test('a trust policy needs a log, known members and one quorum', () => {
  const [one, two] = witnessKeys()
  const good = `log ${logKeyOf('alder')}\nwitness a ${one}\nwitness b ${two}\ngroup any-two any a b\nquorum any-two\n`
  const policy = parseTrustPolicy(good)
  assert.ok(satisfiesQuorum(policy, new Set(['b'])))
  assert.ok(!satisfiesQuorum(policy, new Set()))
  const strict = parseTrustPolicy(good.replace('any-two any', 'any-two 2'))
  assert.ok(!satisfiesQuorum(strict, new Set(['b'])))
  assert.ok(satisfiesQuorum(parseTrustPolicy(good.replace('quorum any-two', 'quorum none')), new Set()))
  for (const bad of [
    '',
    good.replace('log ', 'lag '),
    good.replace('quorum any-two\n', ''),
    `${good}quorum a\n`,
    good.replace('any a b', 'any a c'),
    good.replace('any a b', '3 a b'),
    good.replace('any a b', 'any a a'),
    good.replace(`witness a ${one}`, `witness a ${logKeyOf('alder')}`),
  ])
    assert.throws(() => parseTrustPolicy(bad), TrustPolicyError, bad)
})

test('a pack over 64 MiB is not read', async () => {
  const { problems } = await verifyPack(new Uint8Array(packBytesMax + 1))
  assert.deepEqual(
    problems.map(({ check, section }) => [check, section]),
    [['pack/limits', 'pack']],
  )
})

test('a line over 1 MiB is a line that cannot be read', async () => {
  const pack = goodPack(1).replace('"content":"', `"content":"${'x'.repeat(lineBytesMax)}`)
  const { problems } = await verifyPack(bytesOf(pack))
  assert.equal(problems[0]?.check, 'pack/syntax')
  assert.equal(problems[0]?.section, 'opening')
})

test('nothing that a file can hold makes the verifier throw', async () => {
  const lines = goodPack(1).split('\n')
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.string().map(utf8),
        fc.shuffledSubarray(lines, { minLength: 1 }).map((some) => bytesOf(`${some.join('\n')}\n`)),
        fc.jsonValue().map((value) => utf8(`${canonicalJson(value as Json)}\n`)),
      ),
      async (bytes) => {
        const report = await verifyPack(bytes)
        assert.equal(report.ok, false)
        assert.ok(report.problems.length > 0)
      },
    ),
    { numRuns: 60 },
  )
})
