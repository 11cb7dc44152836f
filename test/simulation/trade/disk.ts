// A store that outlives its process, and that the process can die at: before a write, after it, or in the middle of
// one, with any prefix of its transitions on the disk.
import { memoryStore, type Store, type Transition } from '#journal'
import { partsOf, type RawJournal } from '../../audit/journal.ts'

export type CrashAt = 'before' | 'after' | 'within'

/** One process over the disk. */
export type Mounted = {
  readonly store: Store
  /** The next write is its last. */
  crashAt: CrashAt | undefined
}

export type Disk = {
  /** `onWrite` is asked before each write whether the process dies there; `onDeath` is told that it did. */
  mount(ask: () => CrashAt | undefined, onDeath: () => void): Store
  size(): number
  leaf(index: number): Uint8Array | undefined
  part(key: string): Uint8Array | undefined
  raw(): RawJournal
  /** A copy, for a replay that must not write. */
  copy(): Store
}

export class ProcessDied extends Error {
  override readonly name = 'ProcessDied'
}

export function createDisk(origin: string): Disk {
  const inner = memoryStore()
  const applied: Transition[] = []
  const write = (batch: readonly Transition[]): ReturnType<Store['apply']> => {
    const results = inner.apply(batch)
    for (const [index, result] of results.entries())
      if (result === 'applied') applied.push(batch[index] ?? [])
    return results
  }
  return {
    mount: (ask, onDeath) => ({
      ...inner,
      close: () => undefined,
      apply: (batch) => {
        const crash = ask()
        if (crash === 'before') die(onDeath)
        if (crash === 'within') {
          write(batch.slice(0, batch.length >> 1))
          die(onDeath)
        }
        const results = write(batch)
        if (crash === 'after') die(onDeath)
        return results
      },
    }),
    size: () => inner.logSize(origin),
    leaf: (index) => inner.logRead(origin, index, index + 1)[0],
    part: (key) => {
      const [seq = '', name = ''] = key.split('/')
      return inner.get('journal/part', `${origin} ${seq.padStart(16, '0')}/${name}`)
    },
    raw: () => ({
      origin,
      leaves: inner.logRead(origin, 0, inner.logSize(origin)),
      parts: partsOf(inner.range('journal/part', `${origin} `, `${origin}!`, 1_000_000)),
    }),
    copy: () => {
      const store = memoryStore()
      store.apply(applied)
      return store
    },
  }
}

function die(onDeath: () => void): never {
  onDeath()
  throw new ProcessDied()
}
