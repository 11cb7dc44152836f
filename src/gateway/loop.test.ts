import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock, refuse, seededRandom } from '#core'
import { memoryKeyStore } from '#crypto'
import { memoryStore, openJournal, type Journal, type Store } from '#journal'
import { createLoop, type Authorised, type Command, type Loop } from './loop.ts'
import { approveBoth, confirmed, start } from './testing.ts'

const self = { name: 'CEDAR', lei: '5299000POUNDLOCK0C88' }
const allow: Authorised = { mark: { decision: 'allow', rules: ['r1'], set: 's1' }, inputs: { amount: '1' } }
const by = { kind: 'fix', id: 'DESK' } as const

function journalOver(store: Store): Journal {
  const clock = manualClock(start)
  const signer = memoryKeyStore({ journal: 'Ed25519' }).signer('journal')
  return openJournal({ store, origin: 'cedar.example/journal', signer, clock, random: seededRandom(1) })
}

function open(store = memoryStore()) {
  const journal = journalOver(store)
  const points: string[] = []
  const failures: unknown[] = []
  const loop = createLoop({
    journal,
    clock: manualClock(start),
    self,
    probe: (point) => points.push(point),
    onFailure: (error) => failures.push(error),
  })
  return { journal, loop, points, failures, store }
}

const cancel: Command['decide'] = (_state, { policy }) => [
  {
    type: 'order.refused',
    corr: 'CEDAR/RFQ-1',
    body: { clOrdId: 'O-1', refusal: 'quote-expired', policy: policy.mark },
    parts: {
      why: { detail: 'late' },
      terms: {
        clOrdId: 'O-1',
        quoteId: 'Q-1',
        quoteReqId: 'RFQ-1',
        securityId: 'ETH-25JUN27-4000-C',
        side: 'Buy',
        orderQty: '100',
        price: '1',
        currency: 'USDC',
        premiumMinor: '1',
        principal: 'CEDAR',
      },
      policy: policy.inputs,
    },
  },
]

const notAsked: Command['decide'] = () => assert.fail('not asked')
const tooLate: Command['decide'] = () => refuse('quote-expired', 'late')

const newest = (journal: Journal) => journal.read(journal.size() - 1, journal.size())[0]

test('a command evolves the state at once and is durable when committed, with the mark of its policy', async () => {
  const { loop, journal, points } = open()
  const acted = loop.act({ name: 'PlaceOrder', by, corr: 'c', authorised: allow, decide: cancel })
  assert.equal(acted.refused, undefined)
  assert.equal(loop.state.orders.size, 1)
  assert.equal(journal.size(), 0)
  await loop.commit(acted.bundle)
  assert.deepEqual(newest(journal)?.body['policy'], allow.mark)
  assert.deepEqual(points, ['before:order.refused', 'order.refused'])
})

test('a denied command is not decided: it leaves one entry with the decision and its inputs sealed', async () => {
  const { loop, journal } = open()
  const authorised: Authorised = {
    mark: { decision: 'deny', rules: ['limit'], set: 's1' },
    inputs: { amount: '9' },
    refused: refuse('policy-limit', 'too much'),
  }
  const decide = notAsked
  const acted = loop.act({ name: 'PlaceOrder', by, corr: 'c', authorised, decide })
  assert.equal(acted.refused?.refusal, 'policy-limit')
  await loop.commit(acted.bundle)
  const entry = newest(journal)
  assert.equal(entry?.type, 'command.refused')
  const { refusal, command, principal, policy, ...more } = entry.body
  assert.deepEqual([refusal, more], ['policy-limit', {}], 'the leaf has the code and no words')
  assert.deepEqual({ command, principal }, { command: 'PlaceOrder', principal: 'fix:DESK' })
  assert.deepEqual(policy, authorised.mark)
  const contents = Object.entries(entry.opened).map(([name, part]) => [
    name,
    part !== 'erased' && part.content,
  ])
  assert.deepEqual(Object.fromEntries(contents), { policy: '{"amount":"9"}', why: '{"detail":"too much"}' })
})

test('a refusal of the decision is an entry, or the events that the command has for it', async () => {
  const { loop, journal } = open()
  const decide = tooLate
  const plain = loop.act({ name: 'PlaceOrder', by, corr: 'c', authorised: allow, decide })
  await loop.commit(plain.bundle)
  assert.equal(newest(journal)?.type, 'command.refused')
  const told = loop.act({
    name: 'AcceptOrder',
    by,
    corr: 'c',
    authorised: allow,
    decide,
    onRefusal: (_refusal, context) => {
      const events = cancel(loop.state, context)
      assert.ok(Array.isArray(events))
      return events
    },
  })
  await loop.commit(told.bundle)
  assert.equal(told.refused?.refusal, 'quote-expired')
  assert.equal(newest(journal)?.type, 'order.refused')
})

test('what nobody permitted carries a deny that no verifier takes for an allow', async () => {
  const { loop, journal } = open()
  await loop.commit(loop.act({ name: 'ReceiveRefusal', by, corr: 'c', decide: cancel }).bundle)
  assert.deepEqual(newest(journal)?.body['policy'], { decision: 'deny', rules: ['statement'], set: '' })
})

test('an input that never became a command, and an operator’s action, are entries', async () => {
  const { loop, journal } = open()
  const refused = loop.refuse({ name: 'PlaceOrder', by, corr: 'c' }, refuse('field-missing', 'Price'))
  await loop.commit(refused.bundle)
  assert.equal(newest(journal)?.body['refusal'], 'field-missing')
  const operator = { kind: 'operator', id: 'operator1' } as const
  const input = { name: 'AdministerSession', by: operator, corr: 'FIX.4.4:A->B', authorised: allow }
  const done = loop.administer(input, { action: 'reset' })
  await loop.commit(done.bundle)
  assert.equal(newest(journal)?.type, 'session.administered')
  assert.deepEqual(newest(journal)?.body['action'], { action: 'reset' })
  const denied = { ...allow, refused: refuse('policy-denied', 'no') }
  const not = loop.administer({ ...input, authorised: denied }, { action: 'reset' })
  await loop.commit(not.bundle)
  assert.equal(not.refused?.refusal, 'policy-denied')
  assert.equal(newest(journal)?.type, 'command.refused')
})

test('I8: a replay of the journal gives the same state', async () => {
  const { CEDAR } = await confirmed()
  await approveBoth(CEDAR)
  const { journal } = CEDAR
  const replayed: Loop = createLoop({
    journal,
    clock: manualClock(start),
    self,
    probe: () => undefined,
    onFailure: () => assert.fail('nothing is written'),
  })
  assert.deepEqual(replayed.state, CEDAR.core.peering.loop.state)
  assert.equal(replayed.state.trades.size, 1)
})

test('a decision that cannot be recorded stops the process; one while the journal closes does not', async () => {
  const store = memoryStore()
  let full = false
  const guarded: Store = {
    ...store,
    apply: (batch) => (full ? batch.map(() => refuse('disk-full', 'no space')) : store.apply(batch)),
  }
  const { loop, failures, journal } = open(guarded)
  full = true
  const lost = loop.act({ name: 'PlaceOrder', by, corr: 'c', authorised: allow, decide: cancel })
  await assert.rejects(loop.commit(lost.bundle), { refusal: 'disk-full' })
  assert.equal(failures.length, 1)
  await journal.close()
  const late = loop.refuse({ name: 'PlaceOrder', by, corr: 'c' }, refuse('field-missing', 'Price'))
  await assert.rejects(loop.commit(late.bundle), { refusal: 'shutting-down' })
  assert.equal(failures.length, 1)
})
