import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { manualClock, seededRandom, toHex, utf8 } from '#core'
import { memoryKeyStore } from '#crypto'
import { openJournal, openSqliteStore } from '#journal'
import type { FixPersistence } from '#transport'
import { createFixStore } from './fix-store.ts'
import { createLine } from './line.ts'
import { createRows } from './rows.ts'
import { known, start } from './testing.ts'

const session = 'FIX.4.4:CEDAR->ALDER'
const signer = memoryKeyStore({ journal: 'Ed25519' }).signer('journal')

function open(directory: string) {
  const store = known(openSqliteStore(join(directory, 'journal.db')))
  const options = { store, origin: 'cedar.example/journal', signer, clock: manualClock(start) }
  const journal = openJournal({ ...options, random: seededRandom(1) })
  const append = async (...what: Parameters<typeof journal.append>): Promise<void> =>
    void (await journal.append(...what))
  const line = createLine(append, assert.ifError)
  const close = async (): Promise<void> => {
    await journal.close()
    store.close()
  }
  return { store, journal, line, fix: createFixStore(store, line.commitBatch), close }
}

async function inFolder(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'poundlock-fix-store-'))
  try {
    await body(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const message = (seq: number) => ({ op: 'message', session, seq, bytes: utf8(`m${seq}`) }) as const
const seqs = async (fix: FixPersistence, from: number, to: number, of = session): Promise<number[]> =>
  (await fix.messages(of, from, to)).map(({ seq }) => seq)

test('numbers, messages and entries of a batch are there together after a reopen', () =>
  inFolder(async (directory) => {
    const first = open(directory)
    assert.equal(await first.fix.load(session), undefined)
    await first.fix.commit({ changes: [{ op: 'reset', session, createdAt: start }], attachments: [] })
    assert.deepEqual(await first.fix.load(session), {
      nextIn: 1,
      nextOut: 1,
      createdAt: start,
      enabled: true,
    })
    const bundle = first.line.record([{ type: 'rfq.requested', corr: 'c', body: {} }])
    await first.fix.commit({
      changes: [{ op: 'nextIn', session, value: 7 }, { op: 'nextOut', session, value: 4 }, message(3)],
      attachments: [bundle],
    })
    await first.fix.commit({ changes: [{ op: 'enabled', session, value: false }], attachments: [] })
    await first.close()

    const again = open(directory)
    const saved = { nextIn: 7, nextOut: 4, createdAt: start, enabled: false }
    assert.deepEqual(await again.fix.load(session), saved)
    assert.deepEqual(await again.fix.messages(session, 1, 9), [{ seq: 3, bytes: utf8('m3') }])
    assert.equal(again.journal.size(), 1)
    assert.equal(await again.fix.load('FIX.4.4:CEDAR->BIRCH'), undefined)
    await again.close()
  }))

test('messages come by number, both ends included, whatever their digits, and of their session only', () =>
  inFolder(async (directory) => {
    const { fix, close } = open(directory)
    const other = { ...message(2), session: 'FIX.4.4:CEDAR->ALDERX' }
    await fix.commit({ changes: [9, 10, 11, 100, 1_000].map(message), attachments: [] })
    await fix.commit({ changes: [other], attachments: [] })
    assert.deepEqual(await seqs(fix, 1, 2_000), [9, 10, 11, 100, 1_000])
    assert.deepEqual(await seqs(fix, 10, 100), [10, 11, 100])
    assert.deepEqual(await seqs(fix, 12, 99), [])
    const many = Array.from({ length: 2_500 }, (_, at) => message(at + 2_000))
    await fix.commit({ changes: many, attachments: [] })
    assert.equal((await seqs(fix, 2_000, 4_499)).length, 2_500)
    await fix.commit({ changes: [{ op: 'reset', session, createdAt: start }], attachments: [] })
    assert.deepEqual(await seqs(fix, 1, 9_999), [])
    assert.deepEqual(await seqs(fix, 1, 9, other.session), [2])
    await close()
  }))

test('what is attached must be decisions of the loop', () =>
  inFolder(async (directory) => {
    const { fix, close } = open(directory)
    assert.throws(() => void fix.commit({ changes: [], attachments: ['order'] }), /bundles of the loop/)
    await close()
  }))

test('rows of a door: inserted once, replaced, deleted, there after a reopen and no entries', () =>
  inFolder(async (directory) => {
    const first = open(directory)
    const rows = createRows(first.store, first.journal, 'door')
    assert.equal(await rows.get('k'), undefined)
    assert.equal(await rows.insert('k', 'ä'), true)
    assert.equal(await rows.insert('k', 'b'), false)
    assert.equal(await rows.get('k'), 'ä')
    await rows.put('k', 'c')
    await rows.put('gone', 'd')
    await rows.delete('gone')
    assert.equal(first.journal.size(), 0)
    await first.close()
    const again = open(directory)
    const kept = createRows(again.store, again.journal, 'door')
    assert.deepEqual([await kept.get('k'), await kept.get('gone')], ['c', undefined])
    assert.equal(await createRows(again.store, again.journal, 'other').get('k'), undefined)
    assert.equal(toHex(again.store.get('door', 'k') ?? new Uint8Array()), '63')
    await again.close()
  }))
