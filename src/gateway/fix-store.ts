// The FIX engine's store port over the journal's store: sequence numbers and messages become durable in the same
// batch as the entries that the application attached.
import { fromUtf8, instant, invariant, isRefusal, utf8 } from '#core'
import type { Store, StoreOp } from '#journal'
import type { FixBatch, FixChange, FixPersistence, SavedSession, SessionKey, StoredMessage } from '#transport'
import type { Bundle } from './line.ts'

const numbers = 'fix.numbers'
const messages = 'fix.messages'
const seqDigits = 10
const pageMax = 1_000

export function createFixStore(
  store: Store,
  commitBatch: (bundles: readonly Bundle[], ops: readonly StoreOp[]) => Promise<void>,
): FixPersistence {
  return {
    load: (session) => Promise.resolve(load(store, session)),
    commit: ({ attachments, changes }: FixBatch) => {
      invariant(attachments.every(isBundle), 'the application attaches bundles of the loop')
      return commitBatch(attachments, changes.flatMap(opsOf))
    },
    messages: (session, from, to) => Promise.resolve(stored(store, session, from, to)),
  }
}

const isBundle = (attachment: unknown): attachment is Bundle =>
  typeof attachment === 'object' && attachment !== null && 'ticket' in attachment && 'drafts' in attachment

function load(store: Store, session: SessionKey): SavedSession | undefined {
  const createdAt = readNumber(store, session, 'createdAt')
  if (createdAt === undefined) return undefined
  return {
    nextIn: readNumber(store, session, 'nextIn') ?? 1,
    nextOut: readNumber(store, session, 'nextOut') ?? 1,
    createdAt: instant(createdAt),
    enabled: readNumber(store, session, 'enabled') !== 0,
  }
}

function opsOf(change: FixChange): readonly StoreOp[] {
  const { session } = change
  if (change.op === 'message')
    return [{ op: 'row.put', table: messages, key: messageKey(session, change.seq), value: change.bytes }]
  if (change.op === 'enabled') return [putNumber(session, 'enabled', change.value ? 1 : 0)]
  if (change.op !== 'reset') return [putNumber(session, change.op, change.value)]
  return [
    putNumber(session, 'nextIn', 1),
    putNumber(session, 'nextOut', 1),
    putNumber(session, 'createdAt', change.createdAt),
    { op: 'row.deleteRange', table: messages, from: `${session}|`, to: `${session}}` },
  ]
}

function stored(store: Store, session: SessionKey, from: number, to: number): readonly StoredMessage[] {
  const found: StoredMessage[] = []
  for (let next = from; next <= to;) {
    const rows = store.range(messages, messageKey(session, next), messageKey(session, to + 1), pageMax)
    for (const { key, value } of rows)
      found.push({ seq: Number.parseInt(key.slice(-seqDigits), 10), bytes: value })
    if (rows.length < pageMax) break
    next = (found.at(-1)?.seq ?? to) + 1
  }
  return found
}

const messageKey = (session: SessionKey, seq: number): string =>
  `${session}|${String(seq).padStart(seqDigits, '0')}`

const putNumber = (session: SessionKey, name: string, value: number): StoreOp => ({
  op: 'row.put',
  table: numbers,
  key: `${session}|${name}`,
  value: utf8(String(value)),
})

function readNumber(store: Store, session: SessionKey, name: string): number | undefined {
  const value = store.get(numbers, `${session}|${name}`)
  if (value === undefined) return undefined
  const text = fromUtf8(value)
  invariant(!isRefusal(text) && /^\d+$/.test(text), `the stored ${name} of ${session} is a number`)
  return Number.parseInt(text, 10)
}
