import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal, manualClock, refuse, seededRandom } from '#core'
import { memoryKeyStore } from '#crypto'
import { corrCharsMax, memoryStore, openJournal, partBytesMax } from '#journal'
import type { DeskEvent } from '#trade'
import { bodyBytesMax, recordable, refusalDraft } from './drafts.ts'
import { start } from './testing.ts'

const watched = (rfqReqId: string, corr: string, securityId = ''): DeskEvent => ({
  type: 'rfq.watched',
  corr,
  body: { rfqReqId, session: 'BOOK' },
  parts: { terms: { securityIds: [securityId] } },
})

const journal = () =>
  openJournal({
    store: memoryStore(),
    origin: 'alder.example/journal',
    signer: memoryKeyStore({ journal: 'Ed25519' }).signer('journal'),
    clock: manualClock(start),
    random: seededRandom(1),
  })

test('what is too large for an entry in its correlation, body or part is refused before it happens', async () => {
  for (const event of [
    watched('W', 'c'.repeat(corrCharsMax + 1)),
    watched('é'.repeat(bodyBytesMax / 2), 'c'),
    watched('W', 'c', 'x'.repeat(partBytesMax)),
  ]) {
    const drafts = recordable([watched('W', 'c'), event])
    assert.ok(isRefusal(drafts))
    assert.equal(drafts.refusal, 'entry-too-large')
  }
  const largest = recordable([
    watched('"'.repeat(bodyBytesMax / 2 - 50), 'c'.repeat(corrCharsMax), 'x'.repeat(99_000)),
  ])
  assert.ok(!isRefusal(largest))
  assert.equal((await journal().append(largest)).length, 1)
})

test('a refusal is always an entry, whatever the input is called', async () => {
  const by = { kind: 'fix', id: 'DESK' } as const
  const corr = `${'x'.repeat(corrCharsMax - 1)}\u{1f600}${'y'.repeat(100_000)}`
  const draft = refusalDraft({ name: 'PlaceOrder', by, corr }, refuse('field-invalid', 'x'.repeat(100_000)))
  const [entry] = await journal().append([draft])
  assert.equal(entry?.corr, `${'x'.repeat(corrCharsMax - 1)}\ufffd`)
})
