import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  compareBytes,
  concatBytes,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from './bytes.ts'
import { manualClock, offsetClock, systemClock } from './clock.ts'
import { addMs, formatInstant, instant, parseInstant } from './instant.ts'
import { invariant, InvariantError } from './invariant.ts'
import { seededRandom } from './random.ts'
import { isRefusal } from './refusal.ts'

const sandboxStart = instant(Date.UTC(2026, 10, 20, 14))

test('an instant is read from RFC 3339 UTC and printed with milliseconds', () => {
  assert.equal(parseInstant('2026-11-20T14:00:00Z'), sandboxStart)
  assert.equal(formatInstant(sandboxStart), '2026-11-20T14:00:00.000Z')
  assert.equal(parseInstant('2026-11-20T14:00:00.4Z'), sandboxStart + 400)
  assert.equal(parseInstant('2024-02-29T23:59:59.999Z'), Date.UTC(2024, 1, 29, 23, 59, 59, 999))
})

test('times that are not UTC, too fine or do not exist are refused', () => {
  const bad = [
    '',
    '2026-11-20',
    '2026-11-20T14:00Z',
    '2026-11-20T14:00:00',
    '2026-11-20T14:00:00+00:00',
    '2026-11-20T14:00:00.1234Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T23:59:60Z',
    '2026-11-31T00:00:00Z',
    '2026-11-20t14:00:00z',
    ' 2026-11-20T14:00:00Z',
    '+02026-11-20T14:00:00Z',
  ]
  for (const text of bad) {
    const at = parseInstant(text)
    assert.ok(isRefusal(at) && at.refusal === 'time-invalid', text)
  }
})

test('every instant survives its text', () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1000, 0), max: Date.UTC(9999, 0) }), (ms) => {
      assert.equal(parseInstant(formatInstant(instant(ms))), ms)
    }),
  )
  for (const ms of [1.5, NaN, Infinity, 253_402_300_800_000]) assert.throws(() => instant(ms), InvariantError)
})

test('a manual clock stands still, an offset clock starts where it is told', () => {
  const clock = manualClock(sandboxStart)
  assert.equal(clock.now(), sandboxStart)
  clock.advance(1_000)
  assert.equal(clock.now(), addMs(sandboxStart, 1_000))
  clock.set(sandboxStart)
  assert.equal(clock.now(), sandboxStart)
  const sandbox = offsetClock(sandboxStart)
  const first = sandbox.now()
  assert.ok(first >= sandboxStart && first < sandboxStart + 60_000)
  assert.ok(sandbox.now() >= first)
  assert.ok(systemClock.now() > Date.UTC(2024, 0))
})

test('hexadecimal, base64 and base64url give the bytes back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(fromHex(toHex(bytes)), bytes)
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes)
      assert.deepEqual(fromBase64Url(toBase64Url(bytes)), bytes)
    }),
  )
})

test('only the canonical spelling of bytes is accepted', () => {
  for (const text of ['0', '0g', '0x00', ' 00', '00\n']) assert.ok(isRefusal(fromHex(text)), text)
  for (const text of ['AA', 'AA=', 'AB==', 'A A=', 'AA==\n', 'AA==AA==', '-_==', 'AA==='])
    assert.ok(isRefusal(fromBase64(text)), text)
  for (const text of ['AA==', 'AB', 'A', 'A A', '+/', 'AA\n', 'AA.'])
    assert.ok(isRefusal(fromBase64Url(text)), text)
  assert.deepEqual(fromHex('Ff'), Uint8Array.of(255))
})

test('UTF-8 that is not well-formed is refused', () => {
  assert.equal(fromUtf8(utf8('é€😀\ufeff')), 'é€😀\ufeff')
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
    const text = fromUtf8(Uint8Array.from(bytes))
    assert.ok(isRefusal(text) && text.refusal === 'utf8-invalid')
  }
})

test('bytes join, compare and equal as values', () => {
  const joined = concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))
  assert.deepEqual(joined, Uint8Array.of(1, 2, 3))
  assert.equal(equalBytes(joined, Uint8Array.of(1, 2, 3)), true)
  assert.equal(equalBytes(joined, Uint8Array.of(1, 2)), false)
  assert.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0)
  assert.equal(fromHex('00') instanceof Buffer, false)
})

test('decoded bytes own their memory', () => {
  const bytes = fromBase64('AAAA')
  assert.ok(!isRefusal(bytes))
  assert.equal(bytes.buffer.byteLength, 3)
})

test('seeded bytes repeat, differ by seed and look even', () => {
  assert.deepEqual(seededRandom(7).bytes(33), seededRandom(7).bytes(33))
  assert.notDeepEqual(seededRandom(7).bytes(33), seededRandom(8).bytes(33))
  const source = seededRandom(1)
  assert.notDeepEqual(source.bytes(16), source.bytes(16))
  const mean = source.bytes(100_000).reduce((sum, byte) => sum + byte, 0) / 100_000
  assert.ok(mean > 126 && mean < 129, String(mean))
})

test('a broken invariant throws and a held one does not', () => {
  invariant(1, 'holds')
  for (const broken of [false, 0, '', null, undefined])
    assert.throws(() => invariant(broken, 'broken'), InvariantError)
})
