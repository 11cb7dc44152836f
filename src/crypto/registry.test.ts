import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addMs,
  fromHex,
  instant,
  isRefusal,
  leiCheckDigits,
  parseLei,
  toHex,
  type Lei,
  type Refusal,
} from '#core'
import { memoryKeyStore } from './keystore.ts'
import {
  checkPublicKey,
  emptyKeyRegistry,
  endKey,
  keyRecordJson,
  parseKeyRecord,
  registerKey,
  type KeyRecord,
  type KeyRegistry,
} from './registry.ts'

const start = instant(Date.UTC(2026, 10, 20, 14))
const [alder, cedar] = [lei('5299000POUNDLOCK0A'), lei('5299000POUNDLOCK0C')]
const keys = memoryKeyStore({ one: 'Ed25519', two: 'Ed25519', tls: 'ES256' })
const evm = memoryKeyStore({ settlement: 'secp256k1' }).digestSigner('settlement')
const codeOf = (value: KeyRegistry | KeyRecord | Refusal | undefined): string =>
  isRefusal(value) ? value.refusal : 'accepted'

function lei(base: string): Lei {
  const text = parseLei(base + leiCheckDigits(base))
  assert.ok(!isRefusal(text))
  return text
}

function record(name: 'one' | 'two' | 'tls', more: Partial<KeyRecord> = {}): KeyRecord {
  const { keyId, algorithm, publicKey } = keys.signer(name)
  return { keyId, algorithm, publicKey, owner: alder, use: 'record', validFrom: start, ...more }
}

function registered(...records: readonly KeyRecord[]): KeyRegistry {
  return records.reduce<KeyRegistry>((registry, one) => {
    const next = registerKey(registry, one)
    assert.ok(!isRefusal(next))
    return next
  }, emptyKeyRegistry)
}

test('a key is found from its first instant until before its end', () => {
  const one = record('one', { validTo: addMs(start, 1_000) })
  const { find } = registered(one)
  assert.equal(codeOf(find(one.keyId, addMs(start, -1))), 'key-expired')
  assert.equal(find(one.keyId, start), one)
  assert.equal(find(one.keyId, addMs(start, 999)), one)
  assert.equal(codeOf(find(one.keyId, addMs(start, 1_000))), 'key-expired')
  assert.equal(codeOf(find('other', start)), 'key-unknown')
  assert.equal(codeOf(find('__proto__', start)), 'key-unknown')
})

test('a key serves one owner and one use', () => {
  const one = record('one')
  const { findFor } = registered(one)
  assert.equal(findFor(one.keyId, start, alder, 'record'), one)
  assert.equal(codeOf(findFor(one.keyId, start, cedar, 'record')), 'key-use')
  assert.equal(codeOf(findFor(one.keyId, start, alder, 'journal')), 'key-use')
})

test('a rotation overlaps, then the old key ends, and the past still verifies', () => {
  const [one, two] = [record('one'), record('two', { validFrom: addMs(start, 1_000) })]
  const both = registered(one, two)
  const ended = endKey(both, one.keyId, addMs(start, 2_000))
  assert.ok(!isRefusal(ended))
  const idsAt = (ms: number): string[] =>
    ended.current(alder, 'record', addMs(start, ms)).map(({ keyId }) => keyId)
  assert.deepEqual(idsAt(0), [one.keyId])
  assert.deepEqual(idsAt(1_500), [one.keyId, two.keyId])
  assert.deepEqual(idsAt(2_000), [two.keyId])
  assert.equal(codeOf(ended.find(one.keyId, start)), 'accepted')
  assert.equal(codeOf(endKey(ended, one.keyId, addMs(start, 3_000))), 'key-conflict')
  assert.equal(codeOf(endKey(ended, 'other', start)), 'key-unknown')
  assert.equal(both.records.get(one.keyId), one)
})

test('an id or a key is registered once', () => {
  const registry = registered(record('one'))
  assert.equal(codeOf(registerKey(registry, record('one'))), 'key-conflict')
  assert.equal(codeOf(registerKey(registry, record('two', { keyId: record('one').keyId }))), 'key-conflict')
  assert.equal(codeOf(registerKey(registry, record('one', { keyId: 'again', owner: cedar }))), 'key-conflict')
  assert.equal(codeOf(registerKey(registry, record('two', { validTo: start }))), 'key-invalid')
})

test('keys on which verifiers disagree are not registered', () => {
  // The eight points of small order (RFC 7748 §6.1 lists them for Curve25519) and encodings ≥ p.
  const small = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ]
  for (const hex of small) assert.equal(codeOf(checkPublicKey('Ed25519', bytes(hex))), 'key-invalid', hex)
  assert.equal(codeOf(checkPublicKey('Ed25519', new Uint8Array(31))), 'key-invalid')
  assert.equal(codeOf(checkPublicKey('ES256', bytes(`02${'ff'.repeat(32)}`))), 'key-invalid')
  assert.equal(codeOf(checkPublicKey('ES256', bytes(`04${'00'.repeat(32)}`))), 'key-invalid')
  assert.equal(codeOf(checkPublicKey('secp256k1', bytes(`02${'ff'.repeat(32)}`))), 'key-invalid')
  assert.equal(codeOf(checkPublicKey('secp256k1', keys.signer('one').publicKey)), 'key-invalid')
  assert.equal(checkPublicKey('Ed25519', keys.signer('one').publicKey), undefined)
  assert.equal(checkPublicKey('ES256', keys.signer('tls').publicKey), undefined)
  assert.equal(checkPublicKey('secp256k1', evm.publicKey), undefined)
})

test('a record survives its journal form, and no other form is accepted', () => {
  const full = record('tls', { use: 'tls', validTo: addMs(start, 1_000) })
  assert.deepEqual(parseKeyRecord(keyRecordJson(full)), full)
  const json = keyRecordJson(record('one'))
  assert.equal(toHex(record('one').publicKey).length, 64)
  assert.deepEqual(parseKeyRecord(json), record('one'))
  const bad: readonly (readonly [Parameters<typeof parseKeyRecord>[0], string])[] = [
    [null, 'json-shape'],
    [[], 'json-shape'],
    [{}, 'json-shape'],
    [{ ...json, extra: '' }, 'json-shape'],
    [{ ...json, use: 'any' }, 'json-shape'],
    [{ ...json, algorithm: 'toString' }, 'json-shape'],
    [{ ...json, keyId: 'a b' }, 'json-shape'],
    [{ ...json, keyId: 1 }, 'json-shape'],
    [{ ...json, owner: 'X' }, 'id-lei'],
    [{ ...json, publicKey: '=' }, 'encoding-invalid'],
    [{ ...json, validFrom: 'now' }, 'time-invalid'],
    [{ ...json, validTo: 'now' }, 'time-invalid'],
  ]
  for (const [value, code] of bad) assert.equal(codeOf(parseKeyRecord(value)), code)
})

function bytes(hex: string): Uint8Array {
  const value = fromHex(hex)
  assert.ok(!isRefusal(value))
  return value
}
