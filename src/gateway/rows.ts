// Durable rows beside the journal: a table of texts for a door's own needs, in the same store and the same backup.
import { fromUtf8, invariant, isRefusal, utf8 } from '#core'
import type { Journal, Store, StoreOp } from '#journal'

export type Rows = {
  get(key: string): Promise<string | undefined>
  /** False, and nothing written, when the key is there already. */
  insert(key: string, value: string): Promise<boolean>
  put(key: string, value: string): Promise<void>
  delete(key: string): Promise<void>
}

export function createRows(store: Store, journal: Journal, table: string): Rows {
  const write = async (op: StoreOp): Promise<void> => void (await journal.append([], [op]))
  return {
    get: (key) => Promise.resolve(textOf(store.get(table, key))),
    insert: async (key, value) => {
      try {
        await write({ op: 'row.insert', table, key, value: utf8(value) })
        return true
      } catch (error) {
        if (isRefusal(error) && error.refusal === 'conflict') return false
        throw error
      }
    },
    put: (key, value) => write({ op: 'row.put', table, key, value: utf8(value) }),
    delete: (key) => write({ op: 'row.delete', table, key }),
  }
}

function textOf(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined
  const text = fromUtf8(value)
  invariant(!isRefusal(text), 'stored rows are UTF-8')
  return text
}
