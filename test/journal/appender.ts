/**
 * A process that appends to a journal and says on standard output what was acknowledged: `open <size>`, then
 * `ack <seq> <n>` for each entry, after its promise resolved. Arguments: folder, writers, entries (0: for ever).
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { invariant, isRefusal, systemClock } from '#core'
import { memoryKeyStore, systemRandom } from '#crypto'
import { openJournal, openSqliteStore } from '#journal'

const [folder = '', writers = '1', entries = '0'] = process.argv.slice(2)
const store = openSqliteStore(join(folder, 'journal.db'))
invariant(!isRefusal(store), isRefusal(store) ? store.detail : '')
const signer = memoryKeyStore({ journal: 'Ed25519' }).signer('journal')
const journal = openJournal({
  store,
  origin: 'alder.example/journal',
  signer,
  clock: systemClock,
  random: systemRandom,
})
const first = journal.size()
const last = entries === '0' ? Infinity : Number(entries)
let next = 0
writeSync(1, `open ${first}\n`)

async function write(): Promise<void> {
  while (next < last) {
    const n = first + next++
    const parts = { terms: { content: `terms of ${n}` } }
    const [entry] = await journal.append([{ type: 'a.b', corr: `c-${n}`, body: { n }, parts }])
    invariant(entry !== undefined, 'an append gives its entry')
    writeSync(1, `ack ${entry.seq} ${n}\n`)
  }
}

await Promise.all(Array.from({ length: Number(writers) }, write))
store.close()
