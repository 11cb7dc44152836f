import { invariant } from '#core'
import type { SavedSession, SessionKey, StoredMessage } from '../session/index.ts'
import type { FixChange, FixPersistence } from './persistence.ts'

type Shelf = { saved: SavedSession; messages: Map<number, Uint8Array> }

/** Keeps everything in memory: for tests, simulation and measurements. Nothing survives the process. */
export function memoryPersistence(): FixPersistence {
  const shelves = new Map<SessionKey, Shelf>()
  return {
    load: async (session) => shelves.get(session)?.saved,
    commit: async (batch) => {
      for (const change of batch.changes) applyChange(shelves, change)
    },
    messages: async (session, from, to) => readRange(shelves.get(session), from, to),
  }
}

function applyChange(shelves: Map<SessionKey, Shelf>, change: FixChange): void {
  if (change.op === 'reset') {
    const enabled = shelves.get(change.session)?.saved.enabled ?? true
    const saved = { nextIn: 1, nextOut: 1, createdAt: change.createdAt, enabled }
    shelves.set(change.session, { saved, messages: new Map() })
    return
  }
  const shelf = shelves.get(change.session)
  invariant(shelf, `${change.session} was never created`)
  if (change.op === 'message') shelf.messages.set(change.seq, change.bytes)
  else shelf.saved = { ...shelf.saved, [change.op]: change.value }
}

function readRange(shelf: Shelf | undefined, from: number, to: number): StoredMessage[] {
  const found: StoredMessage[] = []
  if (!shelf) return found
  for (let seq = from; seq <= to; seq += 1) {
    const bytes = shelf.messages.get(seq)
    if (bytes) found.push({ seq, bytes })
  }
  return found
}
