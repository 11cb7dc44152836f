import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  canonicalJson,
  fromUtf8,
  instant,
  invariant,
  isRefusal,
  manualClock,
  parseJson,
  refuse,
  seededRandom,
  utf8,
  type JsonObject,
} from '#core'
import { memoryKeyStore, systemRandom } from '#crypto'
import { parseEntry, verifyPart, type EntryDraft } from './entry.ts'
import { checkedOpen, openJournal, type Journal, type JournalOptions } from './journal.ts'
import { leafHash, merkleRoot, verifyConsistency, verifyInclusion } from './merkle.ts'
import { openNote, ed25519NoteVerifier, parseVkey } from './note.ts'
import { JournalCorrupt } from './records.ts'
import { memoryStore } from './store/memory.ts'
import { openSqliteStore } from './store/sqlite.ts'
import { StoreFailure, type Store, type StoreOp } from './store/store.ts'
import { parseEntryBundle } from './tiles.ts'

const origin = 'alder.example/journal'
const startedAt = instant(Date.UTC(2026, 10, 20, 14))
const refusedFull = refuse('disk-full', 'full')
const keys = memoryKeyStore({ journal: 'Ed25519' })

function optionsFor(store: Store, more: Partial<JournalOptions> = {}): JournalOptions {
  const signer = keys.signer('journal')
  return { store, origin, signer, clock: manualClock(startedAt), random: systemRandom, ...more }
}

function draft(n: number, parts?: EntryDraft['parts']): EntryDraft {
  const body: JsonObject = { n, note: `entry ${n} "quoted" \u00e9` }
  return { type: 'rfq.requested', corr: `c-${n}`, body, ...(parts === undefined ? {} : { parts }) }
}

function sqliteIn(folder: string): Store {
  const store = openSqliteStore(join(folder, 'journal.db'))
  invariant(!isRefusal(store), 'the scratch store opens')
  return store
}

async function inScratch(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'poundlock-journal-'))
  try {
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const outcome: unknown = await promise.then(
    () => 'resolved',
    (reason: unknown) => reason,
  )
  return isRefusal(outcome) ? outcome.refusal : String(outcome)
}

function filled(length: number): EntryDraft {
  return { type: 'a.b', corr: '', body: { x: 'x'.repeat(length) } }
}

function set(key: string, expect: string | null, value: string): StoreOp {
  return {
    op: 'row.cas',
    table: 'fix',
    key,
    expect: expect === null ? null : utf8(expect),
    value: utf8(value),
  }
}

/** Everything that can be seen of a journal. */
function picture(journal: Journal): unknown {
  const size = journal.size()
  const tiles = Array.from({ length: Math.ceil(size / 256) }, (_, n) => journal.tile(0, n))
  return {
    size,
    root: journal.rootAt(size),
    entries: journal.read(0, size),
    tiles,
    cosigned: journal.latestCosigned(),
  }
}

test('an entry is canonical JSON, numbered and timed by its commit, and read back as it was', async () => {
  const journal = openJournal(optionsFor(memoryStore()))
  const [first, second] = await journal.append([
    draft(0),
    draft(1, { terms: { content: '{"price":"430.72"}' } }),
  ])
  assert.ok(first !== undefined && second !== undefined)
  const text = fromUtf8(second.bytes)
  assert.ok(!isRefusal(text))
  const value = parseJson(text)
  assert.ok(!isRefusal(value))
  assert.equal(canonicalJson(value), text)
  assert.deepEqual(Object.keys(value ?? {}), ['at', 'body', 'corr', 'log', 'parts', 'seq', 'type', 'v'])
  assert.match(text, /^\{"at":"2026-11-20T14:00:00\.000Z","body":/)
  assert.doesNotMatch(text, /430\.72/)
  assert.deepEqual(journal.read(0, 2), [first, second])
  const fields = parseEntry(first.bytes)
  assert.ok(!isRefusal(fields))
  assert.equal(fields.log, origin)
  assert.equal(fields.seq, 0)
})

test('appends that arrive together share one commit, and its listeners see them in order', async () => {
  const inner = memoryStore()
  const batches: number[] = []
  const store = {
    ...inner,
    apply: (batch: readonly (readonly StoreOp[])[]) => {
      batches.push(batch.length)
      return inner.apply(batch)
    },
  }
  const journal = openJournal(optionsFor(store))
  const heard: number[] = []
  const stop = journal.onAppend((entries) => heard.push(...entries.map(({ seq }) => seq)))
  await Promise.all(Array.from({ length: 100 }, (_, n) => journal.append([draft(n)])))
  assert.deepEqual(batches, [100])
  assert.deepEqual(
    heard,
    Array.from({ length: 100 }, (_, n) => n),
  )
  stop()
  await journal.append([draft(100)])
  assert.equal(heard.length, 100)
})

test('time never steps back, whatever the clock does', async () => {
  const clock = manualClock(startedAt)
  const journal = openJournal(optionsFor(memoryStore(), { clock }))
  await journal.append([draft(0)])
  clock.set(instant(startedAt - 60_000))
  await journal.append([draft(1)])
  clock.set(instant(startedAt + 5))
  await journal.append([draft(2)])
  assert.deepEqual(
    journal.read(0, 3).map(({ at }) => at - startedAt),
    [0, 0, 5],
  )
})

test('a leaf of 65,535 bytes is taken and one byte more is refused, without harm to its neighbours', async () => {
  const journal = openJournal(optionsFor(memoryStore()))
  const [probe] = await journal.append([{ type: 'a.b', corr: '', body: { x: '' } }])
  const room = 65_535 - (probe?.bytes.length ?? 0)
  const [exact, over, after] = [
    journal.append([filled(room)]),
    journal.append([filled(room + 1)]),
    journal.append([draft(2)]),
  ]
  assert.equal((await exact)[0]?.bytes.length, 65_535)
  assert.equal(await refusalOf(over), 'entry-too-large')
  assert.equal((await after)[0]?.seq, 2)
  assert.equal(journal.size(), 3)
})

test('store operations happen with their entries or not at all, and later appends close the gap', async () => {
  const store = memoryStore()
  const journal = openJournal(optionsFor(store))
  const outcomes = [
    journal.append([draft(0)], [set('a', null, '1')]),
    journal.append([draft(1), draft(2)], [set('b', null, '1'), set('a', 'wrong', '2')]),
    journal.append([draft(3)], [set('a', '1', '3')]),
    journal.append([], [set('c', null, '1')]),
    journal.append([draft(4)], [set('a', 'wrong again', '2')]),
    journal.append(Array.from({ length: 600 }, (_, n) => draft(n))),
  ]
  assert.equal((await outcomes[0])?.[0]?.seq, 0)
  const conflicted: unknown = await outcomes[1]?.catch((reason: unknown) => reason)
  assert.ok(isRefusal(conflicted))
  assert.deepEqual([conflicted.refusal, conflicted.meta['op']], ['conflict', '1'])
  assert.equal((await outcomes[2])?.[0]?.seq, 1)
  assert.deepEqual(await outcomes[3], [])
  assert.equal(await refusalOf(outcomes[4] ?? Promise.resolve()), 'conflict')
  assert.equal((await outcomes[5])?.at(-1)?.seq, 601)
  assert.equal(store.get('fix', 'b'), undefined)
  assert.deepEqual(store.get('fix', 'a'), utf8('3'))
  const leaves = journal.read(0, 602).map(({ bytes }) => leafHash(bytes))
  assert.deepEqual(journal.rootAt(602), merkleRoot(leaves))
})

test('a refused append that had completed tiles leaves none of them behind', async () => {
  const store = memoryStore()
  const journal = openJournal(optionsFor(store))
  await journal.append(Array.from({ length: 200 }, (_, n) => draft(n)))
  const failing: StoreOp = { op: 'row.cas', table: 'x', key: 'k', expect: utf8('absent'), value: utf8('v') }
  const lost = journal.append(
    Array.from({ length: 70_000 / 100 }, (_, n) => draft(n)),
    [failing],
  )
  const kept = journal.append(Array.from({ length: 400 }, (_, n) => draft(1_000 + n)))
  assert.equal(await refusalOf(lost), 'conflict')
  await kept
  const reopened = openJournal(optionsFor(store))
  assert.equal(reopened.size(), 600)
  assert.deepEqual(picture(reopened), picture(journal))
  assert.deepEqual(reopened.rootAt(600), merkleRoot(journal.read(0, 600).map(({ bytes }) => leafHash(bytes))))
})

test('proofs, tiles and bundles agree with the definition at every size', async () => {
  const journal = openJournal(optionsFor(memoryStore()))
  await journal.append(Array.from({ length: 700 }, (_, n) => draft(n)))
  const leaves = journal.read(0, 700).map(({ bytes }) => leafHash(bytes))
  let checked = 0
  for (let size = 1; size <= 700; size += 23) {
    const root = merkleRoot(leaves.slice(0, size))
    assert.deepEqual(journal.rootAt(size), root)
    for (let index = 0; index < size; index += 17) {
      const leaf = leaves[index]
      assert.ok(leaf !== undefined)
      assert.ok(verifyInclusion(index, size, leaf, journal.inclusionProof(index, size), root))
      if (index > 0)
        assert.ok(
          verifyConsistency(index, size, journal.consistencyProof(index, size), journal.rootAt(index), root),
        )
      checked += 2
    }
  }
  assert.ok(checked > 1_000)
  const bundle = parseEntryBundle(journal.entryBundle(2))
  assert.ok(!isRefusal(bundle))
  assert.deepEqual(bundle.map(leafHash), leaves.slice(512))
  assert.equal(journal.tile(0, 2).length, 32 * (700 - 512))
  assert.equal(journal.tile(1, 0).length, 32 * 2)
})

test('a checkpoint is signed by the log key, over durable entries only', async () => {
  const journal = openJournal(optionsFor(memoryStore()))
  const pending = journal.append([draft(0)])
  assert.match(journal.checkpoint(), /^alder\.example\/journal\n0\n47DEQpj8HBSa/)
  await pending
  const key = parseVkey(journal.vkey)
  assert.ok(!isRefusal(key))
  const verifier = ed25519NoteVerifier(key)
  assert.ok(!isRefusal(verifier))
  const opened = openNote(journal.checkpoint(), [verifier])
  assert.ok(!isRefusal(opened))
  assert.match(opened.text, /^alder\.example\/journal\n1\n/)
  assert.equal(journal.checkpoint(), journal.checkpoint())
})

test('a part opens with its salt, and fails with another content, name or salt', async () => {
  const journal = openJournal(optionsFor(memoryStore(), { random: seededRandom(7) }))
  const content = '{"price":"430.72"}'
  const [entry] = await journal.append([draft(0, { terms: { content }, record: { content } })])
  const terms = entry?.opened['terms']
  const record = entry?.opened['record']
  assert.ok(terms !== undefined && terms !== 'erased' && record !== undefined && record !== 'erased')
  const digest = entry?.parts['terms'] ?? ''
  assert.notEqual(digest, entry?.parts['record'])
  assert.ok(verifyPart(digest, 'terms', terms))
  assert.ok(!verifyPart(digest, 'record', terms))
  assert.ok(!verifyPart(digest, 'terms', { ...terms, content: `${content} ` }))
  assert.ok(!verifyPart(digest, 'terms', { ...terms, salt: record.salt }))
  assert.ok(!verifyPart(digest, 'terms', { ...terms, salt: `${terms.salt}=` }))
})

test('an erasable part is erased for good; digest and tombstone stay, and nothing else moves', async () => {
  const store = memoryStore()
  const journal = openJournal(optionsFor(store))
  const parts = { person: { content: 'a name', erasable: true }, terms: { content: 'kept' } } as const
  const [entry] = await journal.append([draft(0, parts)])
  const root = journal.rootAt(1)
  await journal.erase(0, 'person')
  const [read] = openJournal(optionsFor(store)).read(0, 1)
  assert.equal(read?.opened['person'], 'erased')
  assert.deepEqual(read?.parts, entry?.parts)
  assert.deepEqual(journal.rootAt(1), root)
  assert.equal(await refusalOf(journal.erase(0, 'person')), 'part-erased')
  assert.equal(await refusalOf(journal.erase(0, 'terms')), 'part-kept')
  assert.equal(await refusalOf(journal.erase(0, 'other')), 'not-found')
  assert.equal(await refusalOf(journal.erase(1, 'person')), 'not-found')
})

test('an erased part is not in the file any more once SQLite has folded its log back', async () => {
  await inScratch(async (folder) => {
    const store = sqliteIn(folder)
    const journal = openJournal(optionsFor(store))
    const secret = 'a-name-that-must-go-'.repeat(40)
    await journal.append([draft(0, { person: { content: secret, erasable: true } })])
    await journal.erase(0, 'person')
    await journal.close()
    store.close()
    assert.equal(readFileSync(join(folder, 'journal.db')).includes('a-name-that-must-go-'), false)
  })
})

test('a reopened journal is the same, byte for byte, and goes on', async () => {
  await inScratch(async (folder) => {
    const store = sqliteIn(folder)
    const journal = openJournal(optionsFor(store))
    for (let n = 0; n < 5; n += 1)
      await journal.append(
        Array.from({ length: 130 }, (_, i) => draft(i, { terms: { content: `terms ${i}` } })),
      )
    assert.ok(!isRefusal(journal.addCosignatures(journal.checkpoint())))
    const before = picture(journal)
    store.close()
    const again = sqliteIn(folder)
    const reopened = openJournal(optionsFor(again))
    assert.deepEqual(picture(reopened), before)
    const [next] = await reopened.append([draft(650)])
    assert.equal(next?.seq, 650)
    again.close()
  })
})

test('a reopened journal that rechecks only its tail takes the rest from its tiles', async () => {
  const store = memoryStore()
  const journal = openJournal(optionsFor(store))
  await journal.append(Array.from({ length: 1_000 }, (_, n) => draft(n)))
  const short = openJournal(optionsFor(store, { limits: { recheckEntriesMax: 100 } }))
  assert.deepEqual(picture(short), picture(journal))
  assert.deepEqual(short.inclusionProof(3, 1_000), journal.inclusionProof(3, 1_000))
})

test('a changed byte in the file is found at the next start, and the entry is named', async () => {
  await inScratch(async (folder) => {
    const path = join(folder, 'journal.db')
    const store = sqliteIn(folder)
    const journal = openJournal(optionsFor(store))
    await journal.append(Array.from({ length: 300 }, (_, n) => draft(n)))
    store.close()
    for (const index of [0, 137, 255, 256, 299]) {
      const file = readFileSync(path)
      const at = file.indexOf(`"corr":"c-${index}"`)
      assert.ok(at > 0)
      file[at + 8] = (file[at + 8] ?? 0) ^ 1
      writeFileSync(path, file)
      const damaged = sqliteIn(folder)
      const opened = checkedOpen(optionsFor(damaged))
      assert.ok(isRefusal(opened))
      assert.deepEqual([opened.refusal, opened.meta['index']], ['journal-corrupt', String(index)])
      assert.throws(() => openJournal(optionsFor(damaged)), JournalCorrupt)
      damaged.close()
      file[at + 8] = (file[at + 8] ?? 0) ^ 1
      writeFileSync(path, file)
    }
    const healed = sqliteIn(folder)
    assert.equal(openJournal(optionsFor(healed)).size(), 300)
    healed.close()
  })
})

test('a changed entry before the rechecked tail is found when it is read', async () => {
  const inner = memoryStore()
  await openJournal(optionsFor(inner)).append(Array.from({ length: 600 }, (_, n) => draft(n)))
  const store: Store = {
    ...inner,
    logRead: (log, from, to) =>
      inner.logRead(log, from, to).map((bytes, i) => {
        if (from + i === 5) bytes[40] = (bytes[40] ?? 0) ^ 1
        return bytes
      }),
  }
  const journal = openJournal(optionsFor(store, { limits: { recheckEntriesMax: 100 } }))
  assert.equal(journal.read(6, 600).length, 594)
  assert.throws(() => journal.read(0, 6), /Entry 5 is damaged/)
  assert.throws(() => journal.entryBundle(0), /Entry 5 is damaged/)
  assert.ok(isRefusal(checkedOpen(optionsFor(store))))
})

test('lost rows, changed tiles, heads, parts and cosigned checkpoints are found too', async () => {
  const damage: [string, (store: Store) => void, string][] = [
    ['a changed tile', (store) => flip(store, 'journal/tile', `${origin} 0/00000000000000`, 40), '1'],
    ['a lost tile', (store) => drop(store, 'journal/tile', `${origin} 0/00000000000000`), '0'],
    ['a changed head', (store) => flip(store, 'journal/head', origin, 20), '300'],
    ['a lost head', (store) => drop(store, 'journal/head', origin), '0'],
    ['a changed cosigned checkpoint', (store) => flip(store, 'journal/cosigned', origin, 70), '300'],
  ]
  for (const [title, spoil, index] of damage) {
    const store = memoryStore()
    const journal = openJournal(optionsFor(store))
    await journal.append(Array.from({ length: 300 }, (_, n) => draft(n)))
    assert.ok(!isRefusal(journal.addCosignatures(journal.checkpoint())))
    spoil(store)
    const opened = checkedOpen(optionsFor(store))
    assert.ok(isRefusal(opened), title)
    assert.deepEqual([opened.refusal, opened.meta['index']], ['journal-corrupt', index], title)
  }
})

test('a changed part is found when its entry is read', async () => {
  const store = memoryStore()
  const journal = openJournal(optionsFor(store))
  await journal.append([draft(0), draft(1, { terms: { content: 'a long enough content' } })])
  flip(store, 'journal/part', `${origin} 0000000000000001/terms`, 25)
  assert.equal(journal.read(0, 1).length, 1)
  assert.throws(() => journal.read(0, 2), /Part terms of entry 1 is damaged/)
})

test('a full disk refuses the appends of that commit and leaves the journal usable', async () => {
  const inner = memoryStore()
  let full = false
  const store: Store = {
    ...inner,
    apply: (batch) => (full ? batch.map(() => refusedFull) : inner.apply(batch)),
  }
  const journal = openJournal(optionsFor(store))
  await journal.append([draft(0)])
  full = true
  assert.equal(await refusalOf(journal.append([draft(1)])), 'disk-full')
  assert.equal(journal.size(), 1)
  full = false
  assert.equal((await journal.append([draft(1)]))[0]?.seq, 1)
  assert.deepEqual(picture(openJournal(optionsFor(inner))), picture(journal))
})

test('a storage failure stops the journal: nothing after it is promised', async () => {
  const inner = memoryStore()
  const failures: unknown[] = []
  const store: Store = {
    ...inner,
    apply: () => {
      throw new StoreFailure('fsync: input/output error')
    },
  }
  const journal = openJournal(optionsFor(store, { onFailure: (error) => failures.push(error) }))
  await assert.rejects(journal.append([draft(0)]), StoreFailure)
  await assert.rejects(journal.append([draft(1)]), StoreFailure)
  assert.equal(failures.length, 1)
  assert.equal(journal.size(), 0)
})

test('a queue that is too long refuses, and a closed journal too', async () => {
  const limits = { queueEntriesMax: 10, batchEntriesMax: 8 }
  const journal = openJournal(optionsFor(memoryStore(), { limits }))
  const taken = Array.from({ length: 10 }, (_, n) => journal.append([draft(n)]))
  assert.equal(await refusalOf(journal.append([draft(10)])), 'limit-queue')
  await Promise.all(taken)
  assert.equal(journal.size(), 10)
  await journal.close()
  assert.equal(await refusalOf(journal.append([draft(11)])), 'shutting-down')
})

test('nobody but the journal writes its records', async () => {
  const journal = openJournal(optionsFor(memoryStore()))
  const op: StoreOp = { op: 'row.put', table: 'journal/head', key: origin, value: utf8('x') }
  assert.throws(() => void journal.append([], [op]), /only the journal writes/)
})

function flip(store: Store, table: string, key: string, at: number): void {
  const value = store.get(table, key)
  assert.ok(value !== undefined)
  value[at] = (value[at] ?? 0) ^ 1
  store.apply([[{ op: 'row.put', table, key, value }]])
}

function drop(store: Store, table: string, key: string): void {
  store.apply([[{ op: 'row.delete', table, key }]])
}
