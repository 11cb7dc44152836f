import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { invariant, isRefusal, utf8 } from '#core'
import { storeContract } from './contract.ts'
import { memoryStore } from './memory.ts'
import { openSqliteStore, openSqliteStoreUnsafeNoSync } from './sqlite.ts'
import type { Store, Transition } from './store.ts'

function scratch(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'poundlock-store-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function opened(store: ReturnType<typeof openSqliteStore>): Store {
  invariant(!isRefusal(store), isRefusal(store) ? store.detail : '')
  return store
}

storeContract('memory', { create: () => ({ open: memoryStore, durable: false, remove: () => {} }) })
storeContract('sqlite', {
  create: () => {
    const { folder, remove } = scratch()
    return { open: () => opened(openSqliteStore(join(folder, 'store.db'))), durable: true, remove }
  },
})

test('a store that cannot write ahead is refused: a database in memory has no log', () => {
  const store = openSqliteStore(':memory:')
  assert.ok(isRefusal(store))
  assert.equal(store.refusal, 'store-unsafe')
})

test('a file that is open is refused a second time, and opens again after it is closed', () => {
  const { folder, remove } = scratch()
  const path = join(folder, 'store.db')
  const first = opened(openSqliteStore(path))
  first.apply([[{ op: 'row.put', table: 't', key: 'k', value: utf8('v') }]])
  const second = openSqliteStore(path)
  assert.ok(isRefusal(second))
  assert.equal(second.refusal, 'store-locked')
  first.close()
  opened(openSqliteStore(path)).close()
  remove()
})

test('a file that is no database is refused and left alone', () => {
  const { folder, remove } = scratch()
  const path = join(folder, 'store.db')
  writeFileSync(path, 'x'.repeat(8_192))
  const store = openSqliteStore(path)
  assert.ok(isRefusal(store))
  assert.equal(store.refusal, 'file-unreadable')
  remove()
})

function row(key: string, bytes: number): Transition {
  return [{ op: 'row.put', table: 't', key, value: new Uint8Array(bytes) }]
}

test('a full disk refuses the whole batch, keeps what was there, and lets the next small one in', () => {
  const { folder, remove } = scratch()
  const store = opened(openSqliteStore(join(folder, 'store.db'), { pagesMax: 40 }))
  const log = [{ op: 'log.append', log: 'l', index: 0, bytes: utf8('zero') }] as const
  assert.deepEqual(store.apply([row('a', 10)]), ['applied'])
  const results = store.apply([log, row('b', 10), row('c', 1_000_000)])
  assert.equal(results.length, 3)
  assert.ok(results.every((result) => isRefusal(result) && result.refusal === 'disk-full'))
  assert.equal(store.get('t', 'b'), undefined)
  assert.equal(store.logSize('l'), 0)
  assert.deepEqual(store.apply([log, row('b', 10)]), ['applied', 'applied'])
  store.close()
  remove()
})

test('the store without sync does the same work; only its name may be used to ask for it', () => {
  const { folder, remove } = scratch()
  const store = opened(openSqliteStoreUnsafeNoSync(join(folder, 'store.db')))
  assert.deepEqual(store.apply([[{ op: 'row.put', table: 't', key: 'k', value: utf8('v') }]]), ['applied'])
  store.close()
  remove()
})
