import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fromBase64Url, isRefusal, toBase64Url, utf8, type Refusal } from '#core'
import {
  addSignature,
  formatJws,
  jwsSignaturesMax,
  parseJws,
  signJws,
  verifyJws,
  type Jws,
  type KeyLookup,
  type VerifiedJws,
} from './jws.ts'
import { memoryKeyStore } from './keystore.ts'
import type { Signer } from './signature.ts'

const typ = 'poundlock-trade+json'
const keys = memoryKeyStore({ alder: 'Ed25519', cedar: 'Ed25519', satp: 'ES256' })
const [alder, cedar, satp] = [keys.signer('alder'), keys.signer('cedar'), keys.signer('satp')]
const payload = utf8('{"v":1}')
const known: KeyLookup = (kid) => [alder, cedar, satp].find(({ keyId }) => keyId === kid)?.publicKey
const noAlgorithm: KeyLookup = () => new Uint8Array(65)
const codeOf = (value: VerifiedJws | Jws | Refusal): string => (isRefusal(value) ? value.refusal : 'accepted')
const verdict = (jws: Jws, lookup = known): string => codeOf(verifyJws(jws, typ, lookup))

/** A signature with a header of the test's own making, signed correctly. */
function forged(header: string, signer: Signer = alder): Jws {
  const head = toBase64Url(utf8(header))
  const signature = toBase64Url(signer.sign(utf8(`${head}.${toBase64Url(payload)}`)))
  return { payload: toBase64Url(payload), signatures: [{ protected: head, signature }] }
}

test('two parties sign one payload and both signatures hold', () => {
  const both = addSignature(signJws(payload, typ, alder), typ, cedar)
  assert.deepEqual(verifyJws(both, typ, known), { payload, kids: [alder.keyId, cedar.keyId] })
  assert.equal(verdict(signJws(payload, typ, satp)), 'accepted')
})

test('the header is canonical JSON of alg, kid and typ', () => {
  const [signature] = signJws(payload, typ, alder).signatures
  assert.deepEqual(
    fromBase64Url(signature?.protected ?? ''),
    utf8(`{"alg":"Ed25519","kid":"${alder.keyId}","typ":"${typ}"}`),
  )
})

test('a changed payload, header or signature does not verify', () => {
  const jws = signJws(payload, typ, alder)
  assert.equal(verdict({ ...jws, payload: toBase64Url(utf8('{"v":2}')) }), 'signature-invalid')
  const other = signJws(utf8('other'), typ, alder)
  assert.equal(verdict({ ...jws, signatures: other.signatures }), 'signature-invalid')
  assert.equal(codeOf(verifyJws(jws, 'other+json', known)), 'jws-header')
  assert.equal(
    verdict(jws, () => undefined),
    'key-unknown',
  )
  assert.equal(
    verdict(jws, () => cedar.publicKey),
    'signature-invalid',
  )
})

test('one bad signature among good ones refuses the whole', () => {
  const both = addSignature(signJws(payload, typ, alder), typ, cedar)
  const [first, second] = both.signatures
  assert.ok(first !== undefined && second !== undefined)
  assert.equal(
    verdict({ ...both, signatures: [first, { ...second, signature: first.signature }] }),
    'signature-invalid',
  )
  assert.equal(verdict({ ...both, signatures: [first, first] }), 'jws-malformed')
  assert.equal(verdict({ ...both, signatures: [] }), 'jws-malformed')
})

test('more signatures than the limit are refused, though each of them holds', () => {
  const names = Array.from({ length: jwsSignaturesMax + 1 }, (_, at) => `key-${at}`)
  const many = memoryKeyStore(Object.fromEntries(names.map((name) => [name, 'Ed25519'] as const)))
  const signers = names.map(many.signer)
  const lookup: KeyLookup = (kid) => signers.find(({ keyId }) => keyId === kid)?.publicKey
  const signed = (count: number): Jws =>
    signers
      .slice(1, count)
      .reduce((jws, signer) => addSignature(jws, typ, signer), signJws(payload, typ, many.signer('key-0')))
  assert.equal(verdict(signed(jwsSignaturesMax), lookup), 'accepted')
  assert.equal(verdict(signed(jwsSignaturesMax + 1), lookup), 'jws-malformed')
})

test('the key decides the algorithm, never the header', () => {
  const kid = alder.keyId
  for (const alg of ['none', 'ES256', 'EdDSA', 'HS256', 'ed25519', ''])
    assert.equal(verdict(forged(`{"alg":"${alg}","kid":"${kid}","typ":"${typ}"}`)), 'jws-header', alg)
  assert.equal(verdict(forged(`{"alg":"Ed25519","kid":"${satp.keyId}","typ":"${typ}"}`, satp)), 'jws-header')
  assert.equal(verdict(signJws(payload, typ, alder), noAlgorithm), 'jws-header')
})

test('headers that are not canonical, or say more, are refused', () => {
  const kid = alder.keyId
  const more = [
    `{"alg":"Ed25519","crit":["b64"],"kid":"${kid}","typ":"${typ}"}`,
    `{"alg":"Ed25519","jku":"x","kid":"${kid}","typ":"${typ}"}`,
    `{"alg":"Ed25519","kid":"${kid}"}`,
    `{"alg":"Ed25519","kid":1,"typ":"${typ}"}`,
    '[]',
    '"x"',
  ]
  for (const header of more) assert.equal(verdict(forged(header)), 'jws-header', header)
  const loose = [
    `{"kid":"${kid}","alg":"Ed25519","typ":"${typ}"}`,
    `{ "alg":"Ed25519","kid":"${kid}","typ":"${typ}"}`,
    `{"alg":"Ed25519","alg":"Ed25519","kid":"${kid}","typ":"${typ}"}`,
    `{"alg":"Ed25519","kid":"${kid}","typ":"${'x'.repeat(2_000)}"}`,
    '',
  ]
  for (const header of loose) assert.equal(verdict(forged(header)), 'jws-malformed', header)
})

test('other spellings of the same bytes are refused', () => {
  const jws = signJws(payload, typ, alder)
  const [signature] = jws.signatures
  assert.ok(signature !== undefined)
  assert.equal(verdict({ ...jws, payload: `${jws.payload}==` }), 'jws-malformed')
  assert.equal(
    verdict({ ...jws, signatures: [{ ...signature, signature: `${signature.signature}==` }] }),
    'jws-malformed',
  )
  assert.equal(
    verdict({ ...jws, signatures: [{ ...signature, protected: `${signature.protected} ` }] }),
    'jws-malformed',
  )
  assert.equal(verdict({ ...jws, signatures: [{ ...signature, signature: '' }] }), 'signature-invalid')
})

test('the text of a JWS is canonical and has no unknown member', () => {
  const jws = addSignature(signJws(payload, typ, alder), typ, cedar)
  const text = formatJws(jws)
  assert.deepEqual(parseJws(text), jws)
  const bad = [
    '{}',
    '[]',
    '1',
    'x',
    ` ${text}`,
    text.replace('{"payload"', '{"header":{},"payload"'),
    text.replace('{"protected"', '{"header":{},"protected"'),
    '{"payload":"","signatures":{}}',
    '{"payload":1,"signatures":[]}',
    '{"payload":"","signatures":[1]}',
    '{"payload":"","signatures":[{"protected":1,"signature":""}]}',
  ]
  for (const one of bad) assert.equal(codeOf(parseJws(one)), 'jws-malformed', one)
})

test('no single changed character of a signed text is accepted', () => {
  const text = formatJws(addSignature(signJws(payload, typ, alder), typ, satp))
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 0x20, max: 0x7e }), (at, code) => {
      const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1)
      const parsed = parseJws(changed)
      const accepted = !isRefusal(parsed) && !isRefusal(verifyJws(parsed, typ, known))
      assert.equal(accepted, changed === text)
    }),
    { numRuns: 500 },
  )
})
