import { invariant, isRefusal } from '#core'
import { openSqliteStore } from '#journal'
import type { FixPersistence } from '#transport'
import { createFixStore } from '../../../src/gateway/fix-store.ts'

/** The gateway's durable store for FIX sessions, without the gateway around it. */
export function sqlitePersistence(path: string): FixPersistence & { close(): void } {
  const store = openSqliteStore(path)
  invariant(!isRefusal(store), 'the store of the test opens')
  const persistence = createFixStore(store, (_bundles, ops) => {
    const [result] = store.apply([ops])
    invariant(result === 'applied', 'numbers and messages never conflict')
    return Promise.resolve()
  })
  return { ...persistence, close: () => store.close() }
}
