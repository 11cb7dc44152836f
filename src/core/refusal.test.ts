import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isRefusal,
  isRefusalCode,
  REFUSALS,
  refuse,
  toBusinessReject,
  toCxlReject,
  toExit,
  toOrdReject,
  toProblem,
  toQuoteRequestReject,
  toSatp,
  toSessionReject,
  type RefusalCode,
} from './refusal.ts'

const rows = Object.entries(REFUSALS)

/** Published codes. A row may be added; one that stands here never changes or goes. */
const published: Partial<Record<RefusalCode, string>> = {
  'json-syntax': 'PLK-1001',
  'json-duplicate-key': 'PLK-1002',
  'id-lei': 'PLK-1101',
  'money-inexact': 'PLK-1203',
  'unknown-instrument': 'PLK-2001',
  'not-an-expiry': 'PLK-2002',
  'cfi-mismatch': 'PLK-2003',
  'quote-unknown': 'PLK-2201',
  'quote-used': 'PLK-2202',
  'quote-expired': 'PLK-2203',
  'price-not-quoted': 'PLK-2204',
  'quantity-not-quoted': 'PLK-2205',
  'duplicate-cl-ord-id': 'PLK-2301',
  'order-unknown': 'PLK-2302',
  'too-late-to-cancel': 'PLK-2303',
  'execution-unknown': 'PLK-2401',
  'confirmation-mismatch': 'PLK-2402',
  'policy-denied': 'PLK-3001',
  'policy-error': 'PLK-3002',
  'policy-limit': 'PLK-3003',
  'four-eyes-missing': 'PLK-3004',
  'ledger-unreachable': 'PLK-4001',
  'ledger-reverted': 'PLK-4002',
  'ledger-disagrees': 'PLK-4003',
  'insufficient-balance': 'PLK-4004',
  'insufficient-allowance': 'PLK-4005',
  'settlement-expired': 'PLK-4006',
  'peer-unreachable': 'PLK-5001',
  'peer-refused': 'PLK-5002',
  'tls-pin-mismatch': 'PLK-5004',
  'signature-invalid': 'PLK-5101',
  'key-unknown': 'PLK-5102',
  'key-expired': 'PLK-5103',
  'digest-mismatch': 'PLK-5108',
  'journal-corrupt': 'PLK-6001',
  'checkpoint-stale': 'PLK-6002',
  'witness-quorum-missing': 'PLK-6003',
  'verification-failed': 'PLK-6004',
  conflict: 'PLK-6005',
  'idempotency-conflict': 'PLK-6006',
  internal: 'PLK-9001',
  'disk-full': 'PLK-9006',
  'not-found': 'PLK-9007',
  'port-in-use': 'PLK-9008',
  'missing-binary': 'PLK-9009',
}

test('every PLK code is unique, well-formed and in a known family', () => {
  const codes = rows.map(([, { plk }]) => plk)
  assert.equal(new Set(codes).size, codes.length)
  for (const code of codes) assert.match(code, /^PLK-[12345679]\d{3}$/)
})

test('published codes keep their meaning', () => {
  for (const [name, plk] of Object.entries(published)) {
    assert.ok(isRefusalCode(name), name)
    assert.equal(REFUSALS[name].plk, plk)
  }
})

test('every refusal says what happened and what to do, and maps to real codes', () => {
  for (const [name, { title, remedy, http, fix, exit }] of rows) {
    assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    assert.match(title, /^[A-Z].*[^.]$/, name)
    assert.match(remedy, /^[A-Z0-9].*[^.]$/, name)
    assert.ok(http >= 400 && http <= 599, name)
    assert.ok(exit >= 1 && exit <= 6, name)
    assert.deepEqual(Object.keys(fix).length, 5, name)
  }
})

test('the exit code follows the family unless a row says otherwise', () => {
  assert.equal(toExit(refuse('policy-denied', '')), 1)
  assert.equal(toExit(refuse('usage', '')), 2)
  assert.equal(toExit(refuse('peer-unreachable', '')), 3)
  assert.equal(toExit(refuse('ledger-reverted', '')), 4)
  assert.equal(toExit(refuse('verification-failed', '')), 5)
  assert.equal(toExit(refuse('ledger-disagrees', '')), 6)
})

test('an expired quote reads the same in HTTP, FIX and SATP', () => {
  const refusal = refuse('quote-expired', 'Quote Q-1 ended at 14:00:10', { quoteId: 'Q-1' })
  assert.deepEqual(toProblem(refusal, '/v1/orders/1'), {
    type: 'urn:poundlock:refusal:quote-expired',
    title: 'The quote has expired',
    status: 410,
    detail: 'Quote Q-1 ended at 14:00:10',
    instance: '/v1/orders/1',
    code: 'PLK-2203',
    refusal: 'quote-expired',
    remedy: 'Ask for a new quote and answer before ValidUntilTime',
    retryable: false,
    meta: { quoteId: 'Q-1' },
  })
  const text = 'PLK-2203 The quote has expired: Quote Q-1 ended at 14:00:10'
  assert.deepEqual(toOrdReject(refusal), { ordRejReason: 8, text })
  assert.deepEqual(toSatp(refusal), {
    type: 'urn:ietf:params:satp:core:error:err_1.1.3',
    status: 422,
    title: 'The quote has expired',
    detail: 'PLK-2203: Quote Q-1 ended at 14:00:10',
  })
})

test('each FIX reject gets the reason of its own field', () => {
  assert.equal(toOrdReject(refuse('duplicate-cl-ord-id', '')).ordRejReason, 6)
  assert.equal(toOrdReject(refuse('unknown-instrument', '')).ordRejReason, 1)
  assert.equal(toOrdReject(refuse('policy-limit', '')).ordRejReason, 3)
  assert.equal(toCxlReject(refuse('too-late-to-cancel', '')).cxlRejReason, 0)
  assert.equal(toCxlReject(refuse('order-unknown', '')).cxlRejReason, 1)
  assert.equal(toQuoteRequestReject(refuse('policy-denied', '')).quoteRequestRejectReason, 6)
  assert.equal(toBusinessReject(refuse('unknown-instrument', '')).businessRejectReason, 2)
  assert.equal(toSessionReject(refuse('fix-comp-id', '')).sessionRejectReason, 9)
})

test('the text of a FIX reject holds no delimiter and stays short', () => {
  const { text } = toOrdReject(refuse('internal', `a\u0001b\nc é ${'x'.repeat(2_000)}`))
  assert.match(text, /^[\x20-\x7e]{1,256}$/)
})

test('only refuse makes a refusal; copies of one still count', () => {
  const refusal = refuse('not-found', 'nothing')
  assert.ok(isRefusal(refusal))
  assert.ok(isRefusal({ ...refusal, detail: 'else' }))
  for (const value of [null, undefined, 'not-found', 0, [], { refusal: 'not-found', detail: '', meta: {} }])
    assert.equal(isRefusal(value), false)
  assert.equal(isRefusalCode('constructor'), false)
})
