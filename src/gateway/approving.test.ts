import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#core'
import { memoryKeyStore } from '#crypto'
import { approvalOf, takeApproval } from './approving.ts'
import { approve, confirmed, execute, lastTypes, tradeId, tradeOf, twoParties } from './testing.ts'

test('two operators who sign the hashes of the trade are counted, each once', async () => {
  const { CEDAR } = await confirmed()
  assert.equal(await approve(CEDAR, CEDAR.keys.signer('operator1')), undefined)
  assert.equal((await approve(CEDAR, CEDAR.keys.signer('operator1')))?.refusal, 'conflict')
  assert.deepEqual(lastTypes(CEDAR, 2), ['trade.approved', 'command.refused'])
  assert.equal(await approve(CEDAR, CEDAR.keys.signer('operator2')), undefined)
  assert.deepEqual(tradeOf(CEDAR).approvals, ['operator1', 'operator2'])
})

test('a key that no operator has is refused unheard', async () => {
  const { CEDAR, ALDER } = await confirmed()
  const size = CEDAR.journal.size()
  const stranger = memoryKeyStore({ operator: 'Ed25519' }).signer('operator')
  assert.equal((await approve(CEDAR, stranger))?.refusal, 'key-unknown')
  assert.equal((await approve(CEDAR, ALDER.keys.signer('operator1')))?.refusal, 'key-unknown')
  assert.equal(CEDAR.journal.size(), size)
})

test('an approval of other hashes or of another trade is refused, and journalled under the operator', async () => {
  const { CEDAR } = await confirmed()
  const operator = CEDAR.keys.signer('operator1')
  const cases = [{ digest: `0x${'0'.repeat(64)}` }, { recordHash: '0'.repeat(64) }, { tradeId: 'ALDER/E-2' }]
  for (const change of cases) {
    assert.equal((await approve(CEDAR, operator, change))?.refusal, 'digest-mismatch')
    const [entry] = CEDAR.journal.read(CEDAR.journal.size() - 1, CEDAR.journal.size())
    assert.equal(entry?.type, 'command.refused')
    assert.equal(entry.body['principal'], 'operator:operator1')
  }
  assert.deepEqual(tradeOf(CEDAR).approvals, [])
})

test('nothing can be approved before there is a record, nor by what is no signed statement', async () => {
  const { CEDAR } = await twoParties()
  await execute(CEDAR)
  const { operators } = CEDAR.config
  const take = (approval: JsonObject) => takeApproval(CEDAR.core.peering, operators, tradeId, approval)
  const statement = { tradeId, recordHash: '0'.repeat(64), digest: `0x${'0'.repeat(64)}` }
  const early = approvalOf(statement, CEDAR.keys.signer('operator1'))
  assert.equal((await take(early))?.refusal, 'trade-state')
  assert.deepEqual(lastTypes(CEDAR, 1), ['command.refused'])
  assert.equal((await take({}))?.refusal, 'jws-malformed')
  assert.equal((await take({ ...early, payload: 'e30' }))?.refusal, 'signature-invalid')
})
