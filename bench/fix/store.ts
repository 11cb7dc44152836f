import { invariant, isRefusal } from '#core'
import { openSqliteStore, openSqliteStoreUnsafeNoSync, type Store } from '#journal'
import { memoryPersistence, type FixPersistence } from '#transport'
import { createFixStore } from '../../src/gateway/fix-store.ts'

/** What a side of the measurement keeps its session in. */
export const storeKinds = ['durable', 'no-sync', 'memory'] as const
export type StoreKind = (typeof storeKinds)[number]

/** The gateway's own store for FIX sessions, without the gateway around it. */
export function openFixStore(kind: StoreKind, path: string): FixPersistence {
  if (kind === 'memory') return memoryPersistence()
  const store = kind === 'durable' ? openSqliteStore(path) : openSqliteStoreUnsafeNoSync(path)
  invariant(!isRefusal(store), 'the store of a measurement opens')
  return createFixStore(store, (_bundles, ops) => Promise.resolve(apply(store, ops)))
}

function apply(store: Store, ops: Parameters<Store['apply']>[0][number]): void {
  const [result] = store.apply([ops])
  invariant(result === 'applied', 'numbers and messages never conflict')
}
