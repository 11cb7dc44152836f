import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { utf8 } from './bytes.ts'
import { canonicalJson, parseCanonicalJson } from './canonical.ts'
import { parseJson, type JsonLimits } from './json.ts'
import { isRefusal } from './refusal.ts'

const codeOf = (text: string | Uint8Array, limits: Partial<JsonLimits> = {}): string => {
  const parsed = parseJson(text, limits)
  return isRefusal(parsed) ? parsed.refusal : 'accepted'
}

const refused: readonly (readonly [string, string])[] = [
  ['', 'json-syntax'],
  [' ', 'json-syntax'],
  ['{}x', 'json-syntax'],
  ['[1,]', 'json-syntax'],
  ['{"a":1,}', 'json-syntax'],
  ['[1 2]', 'json-syntax'],
  ['{"a" 1}', 'json-syntax'],
  ['{a:1}', 'json-syntax'],
  ["'a'", 'json-syntax'],
  ['"abc', 'json-syntax'],
  ['"\\x41"', 'json-syntax'],
  ['"\\u12g4"', 'json-syntax'],
  ['"\\u12', 'json-syntax'],
  ['"\\', 'json-syntax'],
  ['"\u0001"', 'json-syntax'],
  ['"a\nb"', 'json-syntax'],
  ['01', 'json-syntax'],
  ['-01', 'json-syntax'],
  ['1.', 'json-syntax'],
  ['.5', 'json-syntax'],
  ['+1', 'json-syntax'],
  ['1e', 'json-syntax'],
  ['0x10', 'json-syntax'],
  ['NaN', 'json-syntax'],
  ['Infinity', 'json-syntax'],
  ['-', 'json-syntax'],
  ['tru', 'json-syntax'],
  ['nul', 'json-syntax'],
  ['\ufeff{}', 'json-syntax'],
  ['{"a":1}{"b":2}', 'json-syntax'],
  ['[', 'json-syntax'],
  ['{', 'json-syntax'],
  ['// no\n1', 'json-syntax'],
  ['\u00a01', 'json-syntax'],
  ['[1', 'json-syntax'],
  ['{"a":', 'json-syntax'],
  ['{"a":1,"a":2}', 'json-duplicate-key'],
  ['{"a":1,"\\u0061":2}', 'json-duplicate-key'],
  ['{"__proto__":1,"__proto__":2}', 'json-duplicate-key'],
  ['{"toString":1,"toString":2}', 'json-duplicate-key'],
  ['"\\ud800"', 'json-lone-surrogate'],
  ['"\\udc00\\ud800"', 'json-lone-surrogate'],
  ['{"\\udfff":1}', 'json-lone-surrogate'],
  ['1e400', 'json-number'],
  ['-1e400', 'json-number'],
  ['9007199254740993', 'json-number'],
  ['-9007199254740993', 'json-number'],
  ['12345678901234567890', 'json-number'],
  ['1e-400', 'json-number'],
  ['1' + '0'.repeat(400), 'json-number'],
]

test('what two parsers might read differently is refused by name', () => {
  for (const [text, code] of refused) assert.equal(codeOf(text), code, text)
  assert.equal(codeOf('"\ud800"'), 'json-lone-surrogate')
})

test('bytes that are not UTF-8 are refused', () => {
  assert.equal(codeOf(Uint8Array.of(0x22, 0xff, 0x22)), 'utf8-invalid')
  assert.equal(codeOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31)), 'json-syntax')
  assert.equal(codeOf(utf8('"é"')), 'accepted')
})

test('a refusal names the position', () => {
  const parsed = parseJson('{"a":1,"a":2}')
  assert.ok(isRefusal(parsed))
  assert.equal(parsed.meta['at'], '7')
})

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

test('limits hold exactly', () => {
  assert.equal(codeOf(nested(64)), 'accepted')
  assert.equal(codeOf(nested(65)), 'json-too-deep')
  assert.equal(codeOf('['.repeat(1_000_000)), 'json-too-deep')
  assert.equal(codeOf('[[],{}]', { depthMax: 2 }), 'accepted')
  assert.equal(codeOf('[1,2,3]', { membersMax: 3 }), 'accepted')
  assert.equal(codeOf('[1,{"a":1},3]', { membersMax: 3 }), 'json-too-many-members')
  assert.equal(codeOf('"é"', { bytesMax: 4 }), 'accepted')
  assert.equal(codeOf('"éa"', { bytesMax: 4 }), 'json-too-large')
  assert.equal(codeOf(utf8('"éa"'), { bytesMax: 4 }), 'json-too-large')
})

test('__proto__ and other names of Object.prototype are members like any other', () => {
  const parsed = parseJson('{"__proto__":{"admin":true},"constructor":1,"hasOwnProperty":2}')
  assert.ok(!isRefusal(parsed) && typeof parsed === 'object' && parsed !== null)
  assert.equal(Object.getPrototypeOf(parsed), Object.prototype)
  assert.equal('admin' in parsed, false)
  assert.deepEqual(Object.keys(parsed), ['__proto__', 'constructor', 'hasOwnProperty'])
  assert.equal(canonicalJson(parsed), '{"__proto__":{"admin":true},"constructor":1,"hasOwnProperty":2}')
})

test('a document that looks like a refusal is no refusal', () => {
  const parsed = parseJson('{"refusal":"internal","detail":"","meta":{}}')
  assert.equal(isRefusal(parsed), false)
})

test('integers at the edge of a double are kept or refused, never rounded', () => {
  assert.equal(parseJson('9007199254740991'), 9007199254740991)
  assert.equal(parseJson('9007199254740992'), 9007199254740992)
  assert.equal(parseJson('1152921504606846976'), 2 ** 60)
  assert.equal(codeOf('1152921504606846977'), 'json-number')
  assert.equal(parseJson('0e-400'), 0)
  assert.ok(Object.is(parseJson('-0'), -0))
})

test('parsing agrees with JSON.parse on whatever both accept', () => {
  const text = fc.oneof(
    fc.json(),
    fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0019eE+-. truefalsn'.split('')) }),
  )
  fc.assert(
    fc.property(text, (document) => {
      const ours = parseJson(document)
      if (!isRefusal(ours)) assert.deepEqual(ours, JSON.parse(document))
    }),
    { numRuns: 2_000 },
  )
})

/** Whatever the strict parser lets in. */
const acceptedJson = fc
  .json({ maxDepth: 5 })
  .map((text) => parseJson(text))
  .filter((value) => !isRefusal(value))

test('canonical text comes back as the same value and the same text', () => {
  fc.assert(
    fc.property(acceptedJson, (value) => {
      const text = canonicalJson(value)
      const parsed = parseCanonicalJson(text)
      assert.ok(!isRefusal(parsed))
      assert.equal(canonicalJson(parsed), text)
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
    }),
    { numRuns: 1_000 },
  )
})

test('the order in which members were set does not matter', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.integer()), (members) => {
      const reversed = Object.fromEntries(Object.entries(members).toReversed())
      assert.equal(canonicalJson(reversed), canonicalJson(members))
    }),
  )
})
