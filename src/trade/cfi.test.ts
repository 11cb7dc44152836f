import assert from 'node:assert/strict'
import test from 'node:test'
import { isRefusal } from '#core'
import { cfiOf, parseCfi } from './cfi.ts'

test('OCECCN is a European call on a currency, cash settled and not standardised', () => {
  assert.deepEqual(parseCfi('OCECCN'), {
    category: 'listed',
    putOrCall: 'Call',
    exerciseStyle: 'European',
    underlying: 'currency',
    settlMethod: 'Cash',
    standardised: false,
  })
})

test('codes of the H category give style and side from one letter', () => {
  assert.deepEqual(parseCfi('HTMDVC'), {
    category: 'non-listed',
    putOrCall: 'Put',
    exerciseStyle: 'European',
    assetClass: 'commodity',
    underlyingCode: 'M',
    payout: 'vanilla',
    settlMethod: 'Cash',
  })
  assert.ok(!isRefusal(parseCfi('HFRAVN')), 'foreign exchange may be non-deliverable')
})

test('a wrong letter is refused with its position', () => {
  const wrong: Record<string, number> = {
    EXECCN: 1,
    OXECCN: 2,
    OCXCCN: 3,
    OCEXCN: 4,
    OCECXN: 5,
    OCECCX: 6,
    HXMAVC: 2,
    HTXAVC: 3,
    HTMXVC: 4,
    HTMAXC: 5,
    HTMAVN: 6,
  }
  for (const [code, position] of Object.entries(wrong)) {
    const refusal = parseCfi(code)
    assert.ok(isRefusal(refusal), code)
    assert.equal(refusal.refusal, 'cfi-invalid')
    assert.match(refusal.detail, new RegExp(`position ${position} `), code)
  }
})

test('anything but six capital letters is refused', () => {
  for (const code of ['', 'OCECC', 'OCECCNS', 'oceccn', 'OCECC1']) assert.ok(isRefusal(parseCfi(code)), code)
})

test('the codes this project writes read back as what was written', () => {
  for (const putOrCall of ['Put', 'Call'] as const) {
    const option = parseCfi(cfiOf(putOrCall))
    assert.ok(!isRefusal(option))
    assert.equal(option.putOrCall, putOrCall)
    assert.equal(option.exerciseStyle, 'European')
  }
})
