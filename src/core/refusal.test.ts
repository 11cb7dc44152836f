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
} from './refusal.ts'

const rows = Object.entries(REFUSALS)

/** Published codes, `number:name`. One may be added; one that stands here never changes or goes. */
const published = `
  1001:json-syntax 1002:json-duplicate-key 1003:json-too-deep 1004:json-too-large
  1005:json-too-many-members 1006:json-lone-surrogate 1007:json-number 1008:json-not-canonical
  1009:json-shape 1010:utf8-invalid 1011:encoding-invalid 1012:time-invalid 1013:field-missing
  1014:field-invalid 1015:usage 1016:media-type-unsupported 1017:http-malformed
  1018:http-headers-too-large 1019:http-target-too-long 1020:http-host 1021:http-origin
  1022:idempotency-key 1023:query-invalid 1024:range-invalid 1101:id-lei 1102:id-uti 1103:id-dti
  1104:id-caip 1105:id-currency 1106:id-mic 1107:id-address 1108:cfi-invalid 1201:decimal-invalid
  1202:money-invalid 1203:money-inexact 1204:money-negative 2001:unknown-instrument 2002:not-an-expiry
  2003:cfi-mismatch 2004:instrument-expired 2005:instrument-mismatch 2006:side-invalid
  2007:quantity-invalid 2008:price-off-tick 2101:rfq-unknown 2102:duplicate-quote-req-id
  2201:quote-unknown 2202:quote-used 2203:quote-expired 2204:price-not-quoted 2205:quantity-not-quoted
  2206:quote-not-yours 2207:quote-cancelled 2208:no-quote 2301:duplicate-cl-ord-id 2302:order-unknown
  2303:too-late-to-cancel 2304:order-type-unsupported 2401:execution-unknown 2402:confirmation-mismatch
  2403:trade-unknown 2404:trade-state 2405:uti-mismatch 2406:execution-duplicate 2407:execution-mismatch
  2408:confirmation-timeout 2409:trade-record-invalid 2410:mark-invalid 2411:no-implied-volatility
  3001:policy-denied 3002:policy-error 3003:policy-limit 3004:four-eyes-missing
  3005:counterparty-not-allowed 3006:ledger-not-allowed 3007:policy-invalid 3008:not-authenticated
  3009:breaker-open 4001:ledger-unreachable 4002:ledger-reverted 4003:ledger-disagrees
  4004:insufficient-balance 4005:insufficient-allowance 4006:settlement-expired 4007:settlement-nonce-used
  4008:chain-mismatch 4009:finality-pending 4010:transaction-unknown 4011:asset-unknown
  4012:account-unknown 4013:contract-missing 4014:trade-already-settled 4015:settlement-terms-invalid
  4016:transfer-inexact 4017:effect-conflict 4018:nonce-displaced 4019:finality-broken 4020:fee-limit
  5001:peer-unreachable 5002:peer-refused 5003:peer-unknown 5004:tls-pin-mismatch
  5005:tls-certificate-missing 5006:tls-certificate-expired 5007:tls-identity-mismatch 5008:tls-version
  5009:tls-handshake 5101:signature-invalid 5102:key-unknown 5103:key-expired 5104:key-invalid
  5105:key-use 5106:jws-malformed 5107:jws-header 5108:digest-mismatch 5109:key-conflict
  5201:message-replayed 5202:message-too-old 5203:request-timeout 6001:journal-corrupt
  6002:checkpoint-stale 6003:witness-quorum-missing 6004:verification-failed 6005:conflict
  6006:idempotency-conflict 6007:proof-invalid 6008:note-malformed 6009:checkpoint-malformed
  6010:log-unknown 6011:log-fork 6012:checkpoint-size-conflict 6013:part-erased 6014:entry-too-large
  6015:pack-malformed 6016:idempotency-in-doubt 6017:note-unsigned 6018:store-unsafe 6019:store-locked
  6020:witness-policy-invalid 6021:receipt-malformed 6022:part-kept 6023:log-bundle-malformed
  6024:witness-unreachable 6025:witness-request-malformed 7001:fix-invalid-tag
  7002:fix-required-tag-missing 7003:fix-tag-not-defined 7004:fix-undefined-tag 7005:fix-tag-without-value
  7006:fix-value-incorrect 7007:fix-incorrect-data-format 7008:fix-comp-id 7009:fix-sending-time
  7010:fix-invalid-msg-type 7011:fix-tag-repeated 7012:fix-tag-out-of-order 7013:fix-group-order
  7014:fix-group-count 7015:fix-delimiter-in-value 7016:fix-garbled 7017:fix-frame-too-large
  7018:fix-sequence-too-low 7019:fix-logon-refused 7020:fix-session-disabled 7021:fix-session-unknown
  7022:fix-unsupported-msg-type 7023:fix-version 7024:fix-session-live 9001:internal 9002:limit-bytes
  9003:limit-rate 9004:limit-connections 9005:limit-queue 9006:disk-full 9007:not-found 9008:port-in-use
  9009:missing-binary 9010:file-unreadable 9011:config-invalid 9012:method-not-allowed 9013:shutting-down
  9014:not-loopback
`

test('every PLK code is unique, well-formed and in a known family', () => {
  const codes = rows.map(([, { plk }]) => plk)
  assert.equal(new Set(codes).size, codes.length)
  for (const code of codes) assert.match(code, /^PLK-[12345679]\d{3}$/)
})

test('published codes keep their meaning', () => {
  const codes = published.trim().split(/\s+/)
  for (const code of codes) {
    const [number, name = ''] = code.split(':')
    assert.ok(isRefusalCode(name), name)
    assert.equal(REFUSALS[name].plk, `PLK-${number}`)
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

test('a refusal is always well-formed text, wherever its words were cut', () => {
  const smile = '\u{1f600}'
  const refusal = refuse('key-unknown', `${'x'.repeat(999)}${smile}`, { keyId: smile.slice(0, 1) })
  assert.equal(refusal.detail, `${'x'.repeat(999)}\ufffd`)
  assert.deepEqual(refusal.meta, { keyId: '\ufffd' })
})
