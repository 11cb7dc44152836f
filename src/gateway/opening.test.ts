import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson, isRefusal, manualClock, seededRandom, utf8 } from '#core'
import { openJournal } from '#journal'
import type { GatewayConfig } from './config.ts'
import { parseGatewayConfig } from './config.ts'
import { openingDrafts } from './opening.ts'
import { configJson, keyRecords, keysOf, known, pdp, start, twoParties, type Party } from './testing.ts'

const facts = ({ keys, config }: Party, changes: { config?: GatewayConfig; policySet?: string } = {}) => ({
  config,
  keys: keyRecords(keys, changes.config ?? config),
  policySet: pdp().set,
  ...changes,
})

function refusedAs(drafts: ReturnType<typeof openingDrafts>, pattern: RegExp): void {
  assert.ok(isRefusal(drafts))
  assert.equal(drafts.refusal, 'config-invalid')
  assert.match(drafts.detail, pattern)
}

test('a new log begins with what it is, whose keys count and which policy decides; a restart adds nothing', async () => {
  const { CEDAR } = await twoParties()
  const types = CEDAR.journal.read(0, CEDAR.journal.size()).map(({ type }) => type)
  const keys = Array.from({ length: 5 }, () => 'key.registered')
  assert.deepEqual(types, ['journal.opened', ...keys, 'policy.released'])
  assert.deepEqual(openingDrafts(CEDAR.journal, facts(CEDAR)), [])
})

test('another policy set is one more entry, and only once', async () => {
  const { CEDAR } = await twoParties()
  const changed = facts(CEDAR, { policySet: 'other' })
  const drafts = known(openingDrafts(CEDAR.journal, changed))
  assert.deepEqual(
    drafts.map(({ type, body }) => [type, body['version']]),
    [['policy.released', 'other']],
  )
  await CEDAR.journal.append(drafts)
  assert.deepEqual(openingDrafts(CEDAR.journal, changed), [])
  assert.equal(known(openingDrafts(CEDAR.journal, facts(CEDAR))).length, 1, 'the first set is released again')
})

test('a new peer key is registered beside the old one; the same id for another key is refused', async () => {
  const { CEDAR } = await twoParties()
  const fresh = keysOf()
  const config = known(parseGatewayConfig(utf8(canonicalJson(configJson('CEDAR', CEDAR.keys, fresh)))))
  const drafts = known(openingDrafts(CEDAR.journal, facts(CEDAR, { config })))
  assert.deepEqual(
    drafts.map(({ type }) => type),
    ['key.registered', 'key.registered'],
  )
  const [first, ...others] = facts(CEDAR).keys
  assert.ok(first)
  const swapped = { ...first, publicKey: fresh.signer('record').publicKey }
  const bad = { ...facts(CEDAR), keys: [swapped, ...others] }
  refusedAs(openingDrafts(CEDAR.journal, bad), /is registered for another key/)
})

test('a log is not continued with other witnesses or another log key than it was opened with', async () => {
  const { CEDAR } = await twoParties()
  const journal = {
    ...CEDAR.config.journal,
    witnesses: [{ name: 'w', vkey: 'w+1', url: 'http://127.0.0.1' }],
  }
  const config = { ...CEDAR.config, journal }
  refusedAs(openingDrafts(CEDAR.journal, facts(CEDAR, { config })), /entry 0/)
  const { store } = CEDAR
  const reopened = openJournal({
    store,
    origin: CEDAR.journal.origin,
    clock: manualClock(start),
    random: seededRandom(9),
    signer: keysOf().signer('journal'),
  })
  refusedAs(openingDrafts(reopened, facts(CEDAR)), /entry 0/)
})
