/** The storage port in memory, for tests and simulations. Durable for as long as the process lives. */
import { compareBytes, equalBytes, invariant, utf8 } from '#core'
import type { ApplyResult, Row, Store, StoreOp, Transition } from './store.ts'

type Table = Map<string, Uint8Array>
type Logs = Map<string, Uint8Array[]>
type Undo = () => void

export function memoryStore(): Store {
  const tables = new Map<string, Table>()
  const logs: Logs = new Map()
  let open = true

  function applyTransition(transition: Transition): ApplyResult {
    const undo: Undo[] = []
    for (const [index, op] of transition.entries()) {
      const step = op.op === 'log.append' ? append(logs, op) : change(tableOf(tables, op.table), op)
      if (step === undefined) {
        for (const back of undo.toReversed()) back()
        return { conflict: index }
      }
      undo.push(step)
    }
    return 'applied'
  }

  return {
    apply(batch) {
      invariant(open, 'a closed store is not used')
      return batch.map(applyTransition)
    },
    get: (table, key) => tables.get(table)?.get(key)?.slice(),
    range(table, from, to, limit) {
      const rows = keysBetween(tables.get(table) ?? new Map(), from, to)
      return rows.slice(0, limit)
    },
    logSize: (log) => logs.get(log)?.length ?? 0,
    logRead(log, from, to) {
      const entries = logs.get(log) ?? []
      invariant(from >= 0 && from <= to && to <= entries.length, 'only entries that exist are read')
      return entries.slice(from, to).map((entry) => entry.slice())
    },
    close: () => {
      open = false
    },
  }
}

function tableOf(tables: Map<string, Table>, name: string): Table {
  const table = tables.get(name) ?? new Map<string, Uint8Array>()
  tables.set(name, table)
  return table
}

/** Undefined when the guard fails. */
function append(logs: Logs, op: Extract<StoreOp, { op: 'log.append' }>): Undo | undefined {
  const entries = logs.get(op.log) ?? []
  if (entries.length !== op.index) return undefined
  logs.set(op.log, entries)
  entries.push(op.bytes.slice())
  return () => entries.pop()
}

/** Undefined when the guard fails. */
function change(table: Table, op: Exclude<StoreOp, { op: 'log.append' }>): Undo | undefined {
  if (op.op === 'row.deleteRange') {
    const rows = keysBetween(table, op.from, op.to)
    for (const { key } of rows) table.delete(key)
    return () => rows.forEach(({ key, value }) => table.set(key, value))
  }
  const before = table.get(op.key)
  if (op.op === 'row.insert' && before !== undefined) return undefined
  if (op.op === 'row.cas' && !matches(before, op.expect)) return undefined
  if (op.op === 'row.delete') table.delete(op.key)
  else table.set(op.key, op.value.slice())
  return () => (before === undefined ? table.delete(op.key) : table.set(op.key, before))
}

function matches(value: Uint8Array | undefined, expect: Uint8Array | null): boolean {
  return expect === null ? value === undefined : value !== undefined && equalBytes(value, expect)
}

function keysBetween(table: Table, from: string, to: string): Row[] {
  const [first, end] = [utf8(from), utf8(to)]
  return [...table]
    .map(([key, value]) => ({ key, value: value.slice(), order: utf8(key) }))
    .filter(({ order }) => compareBytes(order, first) >= 0 && compareBytes(order, end) < 0)
    .toSorted((a, b) => compareBytes(a.order, b.order))
    .map(({ key, value }) => ({ key, value }))
}
