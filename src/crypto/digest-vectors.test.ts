import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex, isRefusal, toHex } from '#core'
import { digest } from './hash.ts'

const { cases } = JSON.parse(readFileSync(new URL('../../spec/vectors/digest.json', import.meta.url), 'utf8'))

test('the digest rule gives the vectors of the specification', () => {
  assert.ok(cases.length >= 10)
  for (const { label, parts, digest: expected } of cases)
    assert.equal(toHex(digest(label, ...parts.map(bytes))), expected)
})

function bytes(hex: string): Uint8Array {
  const value = fromHex(hex)
  assert.ok(!isRefusal(value))
  return value
}
