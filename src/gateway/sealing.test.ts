import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  canonicalJson,
  fromBase64Url,
  isJsonObject,
  isRefusal,
  parseJson,
  utf8,
  type Json,
  type JsonObject,
} from '#core'
import type { KeyLookup } from '#crypto'
import { otcLinearUsdc } from '#trade'
import {
  checkInstructionSignature,
  compareWithExecution,
  countersignRecord,
  instructionOf,
  openRecord,
  recordFromJws,
  recordOf,
  sealInstruction,
  sealRecord,
  type SettlementPlace,
} from './sealing.ts'
import { textMember } from './shape.ts'
import { addresses, execution, keysOf, known } from './testing.ts'

const keys = { ALDER: keysOf(), CEDAR: keysOf() }
const accounts: Readonly<Record<string, string>> = {
  '5299000POUNDLOCK0A94': keys.ALDER.digestSigner('settlement').address,
  '5299000POUNDLOCK0C88': keys.CEDAR.digestSigner('settlement').address,
}
const place: SettlementPlace = {
  venue: otcLinearUsdc,
  chainId: 'eip155:31337',
  contract: addresses.settlement,
  positions: addresses.positions,
  payToken: {
    id: `eip155:31337/erc20:${addresses.usdc}`,
    symbol: 'USDC',
    decimals: 6,
    address: addresses.usdc,
  },
  windowMs: 60_000,
  accountOf: (lei) => accounts[lei] ?? '',
  seriesIdOf: () => 42n,
}
const [alder, cedar] = [keys.ALDER.signer('record'), keys.CEDAR.signer('record')]
const lookup: KeyLookup = (kid) => [alder, cedar].find(({ keyId }) => keyId === kid)?.publicKey

const open = (jws: JsonObject, signers: readonly string[] = [alder.keyId]) =>
  openRecord(canonicalJson(jws), signers, lookup, place)

test('a record is sealed, opened, countersigned and opened again; its hash never changes', () => {
  const record = known(recordOf(execution(), place))
  const sealed = sealRecord(record, alder)
  const opened = known(open(sealed.record))
  assert.deepEqual(opened.record, record)
  assert.equal(opened.recordHash, sealed.recordHash)
  const both = countersignRecord(opened, cedar)
  assert.equal(both.recordHash, sealed.recordHash)
  assert.deepEqual(known(open(both.record, [alder.keyId, cedar.keyId])).payload, opened.payload)
  assert.deepEqual(recordFromJws(both.record, place), record)
  assert.equal(compareWithExecution(record, execution(), place), undefined)
})

test('a record with an unexpected, a missing or a broken signature is not opened', () => {
  const sealed = sealRecord(known(recordOf(execution(), place)), alder)
  const both = countersignRecord(known(open(sealed.record)), cedar)
  const code = (jws: JsonObject, signers?: readonly string[]): string => {
    const opened = open(jws, signers)
    return isRefusal(opened) ? opened.refusal : 'opened'
  }
  assert.equal(code(both.record), 'signature-invalid')
  assert.equal(code(sealed.record, [alder.keyId, cedar.keyId]), 'signature-invalid')
  assert.equal(code(sealed.record, [cedar.keyId]), 'signature-invalid')
  const payload = textMember(sealed.record, 'payload')
  assert.equal(code({ ...sealed.record, payload: `${payload.slice(0, -4)}AAAA` }), 'signature-invalid')
  assert.equal(code({ ...sealed.record, more: 1 }), 'jws-malformed')
})

test('a signed text that is no valid record is not opened', () => {
  const record = known(recordOf(execution(), place))
  for (const change of [{ price: '430.721' }, { quantity: '101' }, { tradeDate: '2026-11-21' }]) {
    const opened = open(sealRecord({ ...record, ...change }, alder).record)
    assert.ok(isRefusal(opened))
    assert.equal(opened.refusal, 'trade-record-invalid')
  }
})

test('a record that differs from our execution is found by comparison', () => {
  const theirs = known(recordOf(execution({ clOrdId: 'ORD-2' }), place))
  assert.equal(compareWithExecution(theirs, execution(), place)?.refusal, 'confirmation-mismatch')
})

test('an instruction is signed by each side over one digest, and a signature counts for its own side only', () => {
  const record = known(recordOf(execution(), place))
  const first = sealInstruction(record, 'deliverer', keys.ALDER.digestSigner('settlement'))
  const { signatures } = first.instruction
  const both = sealInstruction(record, 'receiver', keys.CEDAR.digestSigner('settlement'), signatures)
  assert.equal(both.digest, first.digest)
  assert.equal(both.digest, instructionOf(record).hashes.digest)
  const { deliverer = '', receiver = '' } = both.instruction.signatures
  assert.equal(checkInstructionSignature(record, 'deliverer', deliverer), undefined)
  assert.equal(checkInstructionSignature(record, 'receiver', receiver), undefined)
  assert.equal(checkInstructionSignature(record, 'receiver', deliverer)?.refusal, 'signature-invalid')
  const other = known(recordOf(execution({ execId: 'E-2', tradeId: 'ALDER/E-2' }), place))
  assert.equal(checkInstructionSignature(other, 'deliverer', deliverer)?.refusal, 'signature-invalid')
  assert.equal(checkInstructionSignature(record, 'deliverer', '0xq')?.refusal, 'encoding-invalid')
})

test('hash, bytes and settlement digest of the published record are ours', () => {
  const path = new URL('../../spec/vectors/trade-record.json', import.meta.url)
  const vectors = object(known(parseJson(readFileSync(path))))
  const asset = object(vectors['premiumAsset'])
  const id = textMember(asset, 'id')
  const settlement = object(object(vectors['record'])['settlement'])
  const there: SettlementPlace = {
    ...place,
    payToken: { ...place.payToken, id, address: `0x${textMember(settlement, 'payToken').slice(2)}` },
  }
  const published: KeyLookup = (kid) => {
    const key = list(vectors['keys']).find((one) => textMember(one, 'keyId') === kid)
    return key && known(fromBase64Url(textMember(key, 'publicKey')))
  }
  const kids = list(vectors['keys']).map((key) => textMember(key, 'keyId'))
  const opened = known(openRecord(jwsText(vectors['confirmation']), kids, published, there))
  assert.equal(opened.recordHash, vectors['recordHash'])
  assert.deepEqual(Buffer.from(opened.payload), Buffer.from(utf8(textMember(vectors, 'canonical'))))
  assert.equal(instructionOf(opened.record).hashes.digest, vectors['settlementDigest'])
})

const jwsText = (value: Json | undefined): string =>
  typeof value === 'string' ? value : canonicalJson(object(value))

function object(value: Json | undefined): JsonObject {
  assert.ok(isJsonObject(value))
  return value
}

const list = (value: Json | undefined): readonly JsonObject[] => {
  assert.ok(Array.isArray(value))
  return value.map((one: Json) => object(one))
}
