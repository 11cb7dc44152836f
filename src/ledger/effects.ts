import { equalBytes } from '#core'

/**
 * Where an adapter keeps what it must not forget: nonce lanes, and the signed bytes of every effect, written
 * before they are sent. The gateway implements it over its journal's store, so that one backup holds both.
 */
export type EffectStore = {
  readonly get: (key: string) => Promise<Uint8Array | undefined>
  /** All rows whose key starts with the prefix, in the byte order of their keys. */
  readonly list: (prefix: string) => Promise<readonly EffectRow[]>
  /**
   * Writes all rows or none, durable once resolved. False when a row is not what was expected (null: absent).
   */
  readonly swap: (changes: readonly EffectChange[]) => Promise<boolean>
}

export type EffectRow = { readonly key: string; readonly value: Uint8Array }
export type EffectChange = EffectRow & { readonly expect: Uint8Array | null }

/** An effect store that forgets with its process: for tests, simulations and one-off tools. */
export function memoryEffectStore(): EffectStore {
  const rows = new Map<string, Uint8Array>()
  const asExpected = ({ key, expect }: EffectChange): boolean => {
    const found = rows.get(key)
    return expect === null ? found === undefined : found !== undefined && equalBytes(found, expect)
  }
  return {
    get: async (key) => rows.get(key),
    list: async (prefix) =>
      [...rows]
        .filter(([key]) => key.startsWith(prefix))
        .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map(([key, value]) => ({ key, value })),
    swap: async (changes) => {
      if (!changes.every(asExpected)) return false
      for (const { key, value } of changes) rows.set(key, value)
      return true
    },
  }
}
