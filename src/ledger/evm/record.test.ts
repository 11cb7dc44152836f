import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#core'
import { decodeLaneHead, decodeRecord, encodeLaneHead, encodeRecord, type EffectRecord } from './record.ts'

const record: EffectRecord = {
  v: 1,
  effectId: 'settle/1',
  call: { to: '0x11', data: '0x' },
  settlement: { deliverer: '0x11', receiver: '0x22', tradeId: '0x33', digest: '0x44' },
  lane: {
    nonce: 3,
    gas: '21000',
    attempts: [{ txHash: '0x55', raw: '0x66', maxFeePerGas: '7', maxPriorityFeePerGas: '1' }],
  },
  final: { txHash: '0x55', blockHash: '0x77' },
}

test('records and lanes come back as they were stored', () => {
  assert.deepEqual(decodeRecord(encodeRecord(record)), record)
  const head = { v: 1, genesis: '0x99', next: 4 } as const
  assert.deepEqual(decodeLaneHead(encodeLaneHead(head)), head)
})

test('a damaged row stops the process instead of being signed over', () => {
  const damaged = [
    '',
    '{}',
    '{"v":2}',
    '{"v":1,"effectId":"x","call":{"to":"0x11"}}',
    '{"v":1,"effectId":"x","call":{"to":"0x11","data":"0x"},"lane":{"nonce":-1,"gas":"1","attempts":[]}}',
    '{"v":1,"effectId":"x","call":{"to":"0x11","data":"0x"},"lane":{"nonce":1,"gas":"1","attempts":[]}}',
  ]
  for (const text of damaged) assert.throws(() => decodeRecord(utf8(text)), /damaged/, text)
  assert.throws(() => decodeLaneHead(utf8('{"v":1,"genesis":"0x99","next":1.5}')), /damaged/)
})
