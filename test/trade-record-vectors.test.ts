import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fromBase64Url, isRefusal, parseLei, toHex, utf8, type Asset, type Refusal } from '#core'
import { digest, hashTypedData, parseJws, verifyJws } from '#crypto'
import {
  chainTradeId,
  findVenue,
  parseTradeRecord,
  recordHashOf,
  settlementInstructionOf,
  tradeRecordBytes,
  tradeRecordType,
  utiOf,
  type TradeRecord,
} from '#trade'
import { tradeRecordVectors } from '../scripts/vectors/trade-record.ts'

type VectorFile = {
  readonly venue: string
  readonly premiumAsset: Asset
  readonly keys: readonly { readonly keyId: string; readonly publicKey: string; readonly owner: string }[]
  readonly uti: { maker: string; taker: string; execId: string; uti: string; tradeId: string }
  readonly record: TradeRecord
  readonly canonical: string
  readonly recordHash: string
  readonly proposal: string
  readonly confirmation: string
  readonly settlementDigest: string
  readonly refusedRecords: readonly { readonly why: string; readonly path: string; readonly text: string }[]
  readonly refusedStatements: readonly { readonly why: string; readonly jws: string }[]
}

const text = readFileSync(join(import.meta.dirname, '../spec/vectors/trade-record.json'), 'utf8')
const file: VectorFile = JSON.parse(text)
const venue = findVenue(file.venue)
assert.ok(venue)
const context = { venue, premiumAsset: file.premiumAsset, digest }

function value<T>(result: T | Refusal): T {
  assert.ok(!isRefusal(result), isRefusal(result) ? result.detail : '')
  return result
}

function publicKeyOf(kid: string): Uint8Array | undefined {
  const key = file.keys.find(({ keyId }) => keyId === kid)
  return key === undefined ? undefined : value(fromBase64Url(key.publicKey))
}

test('the trade record vectors are what their generator gives', () => {
  assert.equal(text, tradeRecordVectors())
})

test('the record of the vectors reads, writes and hashes as they say', () => {
  const bytes = utf8(file.canonical)
  const record = value(parseTradeRecord(bytes, context))
  assert.deepEqual(record, file.record)
  assert.deepEqual(tradeRecordBytes(record), bytes)
  assert.equal(recordHashOf(bytes, digest), file.recordHash)
})

test('UTI and chain id of the vectors follow from maker, taker and ExecID', () => {
  const { maker, taker, execId, uti, tradeId } = file.uti
  const generated = utiOf({ maker: value(parseLei(maker)), taker: value(parseLei(taker)), execId }, digest)
  assert.equal(generated, uti)
  assert.equal(chainTradeId(generated, digest), tradeId)
})

test('the settlement instruction of the record has the digest of the settlement vectors', () => {
  const instruction = settlementInstructionOf(file.record, digest)
  assert.equal(`0x${toHex(hashTypedData(instruction).digest)}`, file.settlementDigest)
})

test('the proposal carries the maker, the confirmation both parties, over the same bytes', () => {
  const [alder, cedar] = file.keys.map(({ keyId }) => keyId)
  const proposal = value(verifyJws(value(parseJws(file.proposal)), tradeRecordType, publicKeyOf))
  assert.deepEqual(proposal.kids, [alder])
  const confirmation = value(verifyJws(value(parseJws(file.confirmation)), tradeRecordType, publicKeyOf))
  assert.deepEqual(confirmation.kids, [alder, cedar])
  assert.deepEqual(confirmation.payload, utf8(file.canonical))
})

test('every refused record is refused at the member it names', () => {
  assert.ok(file.refusedRecords.length > 30)
  for (const { why, path, text: refused } of file.refusedRecords) {
    const result = parseTradeRecord(utf8(refused), context)
    assert.ok(isRefusal(result), why)
    assert.equal(result.refusal, 'trade-record-invalid', why)
    assert.notEqual(refused, file.canonical, why)
    assert.equal(result.meta['path'], path, `${why}: ${result.detail}`)
  }
})

test('statements that do not confirm are refused', () => {
  for (const { why, jws } of file.refusedStatements) {
    const parsed = parseJws(jws)
    const verified = isRefusal(parsed) ? parsed : verifyJws(parsed, tradeRecordType, publicKeyOf)
    assert.ok(isRefusal(verified), why)
  }
})
