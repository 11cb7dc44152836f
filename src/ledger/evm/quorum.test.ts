import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal, refuse, type Json } from '#core'
import { openQuorum } from './quorum.ts'
import type { RpcAnswer, RpcSource } from './rpc.ts'

const hash = (digit: string) => `0x${digit.repeat(64)}` as const
const down = (name: string): RpcSource => ({
  name,
  request: async () => refuse('ledger-unreachable', `${name} is down`),
})
const answering = (
  name: string,
  answer: (method: string, params: readonly Json[]) => RpcAnswer,
): RpcSource => ({
  name,
  request: async (method, params) => answer(method, params),
})
const saying = (name: string, result: Json): RpcSource => answering(name, () => ({ result }))
const atHeight = (name: string, height: number) =>
  answering(name, (method, [wanted]) => {
    if (method === 'eth_blockNumber') return { result: `0x${height.toString(16)}` }
    const number = typeof wanted === 'string' ? wanted : ''
    if (BigInt(number) > BigInt(height)) return { result: null }
    return { result: { number, hash: hash('a'), timestamp: '0x1', baseFeePerGas: '0x2' } }
  })
const receipt = (digit: string) => ({
  status: '0x1',
  transactionHash: hash('1'),
  blockNumber: '0x5',
  blockHash: hash(digit),
})
const receiptOf = (...results: readonly Json[]) =>
  openQuorum(
    results.map((result, k) => saying(`endpoint ${k}`, result)),
    1,
  ).receipt(hash('1'))
const reverting = (name: string, message: string, reverted: string) =>
  answering(name, () => ({ reverted, message }))
const codeOf = (value: unknown): string => (isRefusal(value) ? value.refusal : 'not refused')

test('endpoints that agree are one chain', async () => {
  const quorum = openQuorum([saying('a', '0x7a69'), saying('b', '0x7a69')], 2)
  assert.equal(await quorum.chainId(), 31_337n)
})

test('one dissenter among many is a disagreement, whatever the majority says', async () => {
  const sources = [saying('a', '0x1'), saying('b', '0x1'), saying('c', '0x2')]
  for (const needed of [1, 2, 3])
    assert.equal(codeOf(await openQuorum(sources, needed).chainId()), 'ledger-disagrees')
})

test('fewer answers than needed are no answer', async () => {
  const sources = [saying('a', '0x1'), down('b'), down('c')]
  assert.equal(await openQuorum(sources, 1).chainId(), 1n)
  assert.equal(codeOf(await openQuorum(sources, 2).chainId()), 'ledger-unreachable')
  assert.equal(codeOf(await openQuorum([down('a')], 1).chainId()), 'ledger-unreachable')
})

test('answers of the wrong shape do not count', async () => {
  for (const result of [null, 7, '7', '0xg', '0x', [], {}])
    assert.equal(codeOf(await openQuorum([saying('a', result)], 1).chainId()), 'ledger-unreachable')
})

test('the head is the highest block that enough endpoints have', async () => {
  const sources = [atHeight('a', 9), atHeight('b', 7), atHeight('c', 2)]
  for (const [needed, height] of [
    [1, 9n],
    [2, 7n],
    [3, 2n],
  ] as const) {
    const head = await openQuorum(sources, needed).head()
    assert.ok(!isRefusal(head))
    assert.equal(head.number, height)
  }
})

test('a receipt counts only when every answering endpoint shows the same one', async () => {
  const whole = await receiptOf(receipt('a'), receipt('a'))
  assert.ok(whole !== undefined && !isRefusal(whole))
  assert.equal(whole.status, 'applied')
  assert.equal(await receiptOf(receipt('a'), null), undefined)
  assert.equal(await receiptOf(null, null), undefined)
  assert.equal(codeOf(await receiptOf(receipt('a'), receipt('b'))), 'ledger-disagrees')
  assert.equal(codeOf(await receiptOf(receipt('a'), receipt('b'), null)), 'ledger-disagrees')
})

test('reverts agree by their data, not by the words around it', async () => {
  const same = openQuorum(
    [reverting('a', 'execution reverted', '0xdead'), reverting('b', 'VM Exception', '0xdead')],
    2,
  )
  const outcome = await same.call(hash('1'), '0x', 1n)
  assert.ok(!isRefusal(outcome) && 'reverted' in outcome)
  assert.equal(outcome.reverted, '0xdead')
  const other = openQuorum([reverting('a', 'x', '0xdead'), reverting('b', 'x', '0xbeef')], 1)
  assert.equal(codeOf(await other.call(hash('1'), '0x', 1n)), 'ledger-disagrees')
  const mixed = openQuorum([reverting('a', 'x', '0xdead'), saying('b', '0x01')], 1)
  assert.equal(codeOf(await mixed.call(hash('1'), '0x', 1n)), 'ledger-disagrees')
})

test('a transaction is sent when one endpoint takes it or has it already', async () => {
  const had: RpcSource = { name: 'b', request: async () => refuse('ledger-unreachable', 'b: already known') }
  assert.equal(await openQuorum([down('a'), saying('b', hash('1'))], 1).send('0x00'), undefined)
  assert.equal(await openQuorum([down('a'), had], 1).send('0x00'), undefined)
  assert.equal(codeOf(await openQuorum([down('a'), down('b')], 1).send('0x00')), 'ledger-unreachable')
})
