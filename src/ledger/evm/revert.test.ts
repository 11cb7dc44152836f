import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeErrorResult } from 'viem'
import { optionPositionsAbi, settlementAbi } from './abi.ts'
import { decodeRevert, refusalOf } from './revert.ts'

const party = '0x1111111111111111111111111111111111111111'
const word = `0x${'ab'.repeat(32)}` as const

test('each error of the settlement contract has its refusal', () => {
  const cases = [
    [
      encodeErrorResult({ abi: settlementAbi, errorName: 'InstructionExpired', args: [1n, 2n] }),
      'settlement-expired',
    ],
    [
      encodeErrorResult({ abi: settlementAbi, errorName: 'NonceUsed', args: [party, party, 7n] }),
      'settlement-nonce-used',
    ],
    [
      encodeErrorResult({ abi: settlementAbi, errorName: 'TradeAlreadySettled', args: [word, word] }),
      'trade-already-settled',
    ],
    [
      encodeErrorResult({ abi: settlementAbi, errorName: 'SignatureInvalid', args: [party] }),
      'signature-invalid',
    ],
    [encodeErrorResult({ abi: settlementAbi, errorName: 'PartiesInvalid' }), 'settlement-terms-invalid'],
    [encodeErrorResult({ abi: settlementAbi, errorName: 'AmountZero' }), 'settlement-terms-invalid'],
    [
      encodeErrorResult({ abi: settlementAbi, errorName: 'TransferInexact', args: [party] }),
      'transfer-inexact',
    ],
    [
      encodeErrorResult({ abi: settlementAbi, errorName: 'DeliveryFailed', args: [party] }),
      'transfer-inexact',
    ],
  ] as const
  for (const [data, code] of cases) assert.equal(refusalOf(decodeRevert(data)).refusal, code)
})

test('errors that no code stands for are a revert, and tell their name', () => {
  const expired = encodeErrorResult({ abi: optionPositionsAbi, errorName: 'SeriesUnknown', args: [1n] })
  const refusal = refusalOf(decodeRevert(expired))
  assert.equal(refusal.refusal, 'ledger-reverted')
  assert.equal(refusal.detail, 'SeriesUnknown')
  for (const data of ['0x', '0xdeadbeef', '0x1234'] as const)
    assert.equal(refusalOf(decodeRevert(data)).detail, 'unknown')
})

test('a refusal names accounts and keeps amounts to itself', () => {
  const args = [party, 123_456n, 654_321n, 1n] as const
  const data = encodeErrorResult({ abi: optionPositionsAbi, errorName: 'ERC6909InsufficientBalance', args })
  const refusal = refusalOf(decodeRevert(data))
  assert.equal(refusal.refusal, 'insufficient-balance')
  assert.match(refusal.detail, new RegExp(party))
  assert.doesNotMatch(JSON.stringify(refusal), /123456|654321/)
})
