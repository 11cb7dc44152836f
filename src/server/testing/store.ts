import type { IdempotencyStore } from '../idempotency.ts'

/** Answers in a map that the test owns: a second server over the same map is a restart. */
export const memoryIdempotencyStore = (rows: Map<string, string> = new Map()): IdempotencyStore => ({
  get: async (key) => rows.get(key),
  insert: async (key, value) => {
    if (rows.has(key)) return false
    rows.set(key, value)
    return true
  },
  put: async (key, value) => void rows.set(key, value),
  delete: async (key) => void rows.delete(key),
})
