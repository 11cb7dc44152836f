import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson, instant, isRefusal, utf8 } from '#core'
import { parseGatewayConfig } from './config.ts'
import { createRegistry, fixSessionKey } from './registry.ts'
import { alderLei, cedarLei, configJson, keysOf, known, start } from './testing.ts'

const [own, other] = [keysOf(), keysOf()]
const session = {
  beginString: 'FIX.4.4',
  senderCompId: 'CEDAR',
  targetCompId: 'ALDER',
  role: 'acceptor',
  heartBtIntSeconds: 30,
  use: 'counterparty',
  party: 'ALDER',
  pin: 'pin of ALDER',
}
const desk = { ...session, targetCompId: 'DESK', use: 'desk', party: 'CEDAR' }
const json = { ...configJson('CEDAR', own, other), fix: { acceptors: [], sessions: [desk, session] } }
const config = known(parseGatewayConfig(utf8(canonicalJson(json))))
const record = own.signer('record')
const registry = createRegistry(config, {
  settlementAddress: own.digestSigner('settlement').address,
  recordKeyId: record.keyId,
  recordKey: record.publicKey,
})

test('parties, accounts and keys are those of the configuration, ours included', () => {
  assert.deepEqual(registry.self, { name: 'CEDAR', lei: cedarLei })
  assert.deepEqual(registry.party('CEDAR'), registry.self)
  assert.deepEqual(registry.party('ALDER'), { name: 'ALDER', lei: alderLei })
  assert.equal(registry.accountOf(alderLei), other.digestSigner('settlement').address)
  assert.equal(registry.accountOf(cedarLei), own.digestSigner('settlement').address)
  const keys = registry.recordKeys(start)
  assert.deepEqual(keys(record.keyId), record.publicKey)
  assert.deepEqual(keys(other.signer('record').keyId), other.signer('record').publicKey)
})

test('strangers have no party, account or key, and a key counts only from its first moment on', () => {
  const unknown = [registry.peer('BIRCH'), registry.party('BIRCH'), registry.accountOf('5493')]
  assert.deepEqual(
    unknown.map((value) => isRefusal(value) && value.refusal),
    ['peer-unknown', 'peer-unknown', 'account-unknown'],
  )
  assert.equal(registry.recordKeys(start)('nobody'), undefined)
  const before = registry.recordKeys(instant(start - 1))
  assert.equal(before(other.signer('record').keyId), undefined)
})

test('orders for an institution go to its own session, not to a desk', () => {
  assert.equal(registry.sessionOf('ALDER')?.targetCompId, 'ALDER')
  assert.equal(registry.sessionOf('CEDAR'), undefined)
  assert.equal(registry.counterpartySessions().length, 1)
  const key = 'FIX.4.4:CEDAR->DESK'
  assert.equal(registry.session(key)?.use, 'desk')
  assert.equal(fixSessionKey(config.fix.sessions[0] ?? desk), key)
})
