/**
 * The storage port on `node:sqlite`: one file, write-ahead log, one fsync for each `apply`.
 *
 * The file is locked against every other process while it is open. What may not be taken for granted is
 * asserted at open: `journal_mode` is wal and `synchronous` is FULL, or the store is refused.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { equalBytes, invariant, refuse, type Refusal } from '#core'
import {
  StoreFailure,
  type ApplyResult,
  type Row,
  type Store,
  type StoreOp,
  type Transition,
} from './store.ts'

/** 2^40 entries for each of 2^12 logs: the row id of an entry stays an exact number. */
const logEntriesMax = 2 ** 40
const logsMax = 2 ** 12

const sqliteBusy = 5
const sqliteFull = 13
const synchronousOff = 0
const synchronousFull = 2

export type SqliteLimits = {
  /** Largest file in pages of 4,096 bytes; beyond it the disk counts as full. */
  readonly pagesMax?: number
}

// Rowid tables: an append is an append, and a value of a few KiB stays in its page. Measured twice as fast for
// values of 1 KiB as one WITHOUT ROWID tree.
const schema = `
  CREATE TABLE IF NOT EXISTS logs (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS row (tab TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
    UNIQUE (tab, key)) STRICT;
`

/** Refuses `store-locked`, `store-unsafe` and `file-unreadable` (not a database, or a damaged one). */
export function openSqliteStore(path: string, limits: SqliteLimits = {}): Store | Refusal {
  return open(path, synchronousFull, limits)
}

/**
 * The same store without any fsync: **a power cut loses or corrupts it**. It exists so that the benchmark can
 * be compared with programs that never sync; nothing else may call it.
 */
export function openSqliteStoreUnsafeNoSync(path: string): Store | Refusal {
  return open(path, synchronousOff, {})
}

function open(path: string, synchronous: number, limits: SqliteLimits): Store | Refusal {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 0 })
    const unsafe = configure(db, synchronous, limits)
    if (unsafe === undefined) return new SqliteStore(db)
    db.close()
    return unsafe
  } catch (error) {
    db?.close()
    return openRefusal(path, error)
  }
}

function configure(db: DatabaseSync, synchronous: number, limits: SqliteLimits): Refusal | undefined {
  // EXCLUSIVE before the first access: the index of the write-ahead log then needs no shared-memory file.
  db.exec('PRAGMA locking_mode = EXCLUSIVE')
  const mode = pragma(db, 'journal_mode = WAL')
  db.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF`)
  if (limits.pagesMax !== undefined) db.exec(`PRAGMA max_page_count = ${limits.pagesMax}`)
  const level = pragma(db, 'synchronous')
  if (mode !== 'wal' || level !== synchronous)
    return refuse(
      'store-unsafe',
      `The store has journal_mode ${String(mode)} and synchronous ${String(level)}`,
    )
  db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`)
  return undefined
}

function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
}

class SqliteStore implements Store {
  readonly #db: DatabaseSync
  readonly #sql: Statements
  /** Number and size of each log; the file is ours alone, so memory may know them. */
  readonly #logs: Map<string, { no: number; size: number }>

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#sql = prepare(db)
    this.#logs = loadLogs(db)
  }

  apply(batch: readonly Transition[]): readonly ApplyResult[] {
    const sizes = new Map([...this.#logs].map(([name, { size }]) => [name, size]))
    try {
      this.#sql.begin.run()
      const results = batch.map((transition) => this.#transition(transition))
      this.#sql.commit.run()
      return results
    } catch (error) {
      const full = this.#abandon(error)
      this.#restoreSizes(sizes)
      return batch.map(() => full)
    }
  }

  get(table: string, key: string): Uint8Array | undefined {
    return bytesOf(this.#sql.get.get(table, key)?.['value'])
  }

  range(table: string, from: string, to: string, limit: number): Row[] {
    return this.#sql.range.all(table, from, to, limit).map((row) => {
      const value = bytesOf(row['value'])
      invariant(value !== undefined, 'a row has a value')
      return { key: String(row['key']), value }
    })
  }

  logSize(log: string): number {
    return this.#logs.get(log)?.size ?? 0
  }

  logRead(log: string, from: number, to: number): Uint8Array[] {
    const { no, size } = this.#logs.get(log) ?? { no: 0, size: 0 }
    invariant(from >= 0 && from <= to && to <= size, 'only entries that exist are read')
    const base = no * logEntriesMax
    const rows = this.#sql.logRead.all(base + from, base + to)
    return rows.map((row) => bytesOf(row['bytes'])).filter((bytes) => bytes !== undefined)
  }

  close(): void {
    this.#db.close()
  }

  /** A savepoint is taken only where a guard could fail after something was written. */
  #transition(transition: Transition): ApplyResult {
    if (transition.length === 1 || !transition.some(hasRowGuard)) {
      const gap = this.#firstGap(transition)
      if (gap >= 0) return { conflict: gap }
      return this.#run(transition)
    }
    const sizes = new Map([...this.#logs].map(([name, { size }]) => [name, size]))
    this.#sql.savepoint.run()
    const result = this.#run(transition)
    if (result !== 'applied') {
      this.#sql.rollbackTo.run()
      this.#restoreSizes(sizes)
    }
    this.#sql.release.run()
    return result
  }

  /** The first append whose index is not the size its log will have by then; −1 if there is none. */
  #firstGap(transition: Transition): number {
    const sizes = new Map<string, number>()
    return transition.findIndex((op) => {
      if (op.op !== 'log.append') return false
      const size = sizes.get(op.log) ?? this.logSize(op.log)
      sizes.set(op.log, size + 1)
      return op.index !== size
    })
  }

  #run(transition: Transition): ApplyResult {
    for (const [index, op] of transition.entries()) if (!this.#step(op)) return { conflict: index }
    return 'applied'
  }

  /** False when the guard fails. */
  #step(op: StoreOp): boolean {
    if (op.op === 'log.append') return this.#append(op)
    if (op.op === 'row.cas') return this.#compareAndSet(op)
    const sql = this.#sql
    if (op.op === 'row.put') return sql.put.run(op.table, op.key, op.value).changes === 1
    if (op.op === 'row.insert') return sql.insert.run(op.table, op.key, op.value).changes === 1
    if (op.op === 'row.delete') sql.delete.run(op.table, op.key)
    else sql.deleteRange.run(op.table, op.from, op.to)
    return true
  }

  #append(op: Extract<StoreOp, { op: 'log.append' }>): boolean {
    const log = this.#logs.get(op.log) ?? this.#newLog(op.log)
    if (op.index !== log.size) return false
    invariant(op.index < logEntriesMax, 'a log has at most 2^40 entries')
    this.#sql.logAppend.run(log.no * logEntriesMax + op.index, op.bytes)
    log.size += 1
    return true
  }

  #newLog(name: string): { no: number; size: number } {
    invariant(this.#logs.size < logsMax, 'a store has at most 4,096 logs')
    const no = Number(this.#sql.logNew.get(name)?.['no'])
    const log = { no, size: 0 }
    this.#logs.set(name, log)
    return log
  }

  #compareAndSet({ table, key, expect, value }: Extract<StoreOp, { op: 'row.cas' }>): boolean {
    if (expect === null) return this.#sql.insert.run(table, key, value).changes === 1
    const before = this.get(table, key)
    if (before === undefined || !equalBytes(before, expect)) return false
    return this.#sql.put.run(table, key, value).changes === 1
  }

  #restoreSizes(sizes: ReadonlyMap<string, number>): void {
    for (const [name, log] of this.#logs) {
      const size = sizes.get(name)
      // A log that was new is not there any more, and gets its number again at the next append.
      if (size === undefined) this.#logs.delete(name)
      else log.size = size
    }
  }

  /** Ends a failed batch: a refusal for a full disk; everything else is fatal. */
  #abandon(error: unknown): Refusal {
    const full = codeOf(error) === sqliteFull
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
    } catch (rollbackError) {
      throw failure(rollbackError)
    }
    if (full) return refuse('disk-full', 'There is no space left for the journal')
    throw failure(error)
  }
}

type Statements = ReturnType<typeof prepare>

function prepare(db: DatabaseSync) {
  const sql = (text: string): StatementSync => db.prepare(text)
  return {
    begin: sql('BEGIN IMMEDIATE'),
    commit: sql('COMMIT'),
    savepoint: sql('SAVEPOINT transition'),
    rollbackTo: sql('ROLLBACK TO transition'),
    release: sql('RELEASE transition'),
    logNew: sql('INSERT INTO logs (name) VALUES (?) RETURNING no'),
    logAppend: sql('INSERT INTO log (id, bytes) VALUES (?, ?)'),
    logRead: sql('SELECT bytes FROM log WHERE id >= ? AND id < ? ORDER BY id'),
    get: sql('SELECT value FROM row WHERE tab = ? AND key = ?'),
    range: sql('SELECT key, value FROM row WHERE tab = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?'),
    put: sql(`INSERT INTO row (tab, key, value) VALUES (?, ?, ?)
      ON CONFLICT (tab, key) DO UPDATE SET value = excluded.value`),
    insert: sql('INSERT INTO row (tab, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
    delete: sql('DELETE FROM row WHERE tab = ? AND key = ?'),
    deleteRange: sql('DELETE FROM row WHERE tab = ? AND key >= ? AND key < ?'),
  }
}

function loadLogs(db: DatabaseSync): Map<string, { no: number; size: number }> {
  const last = db.prepare('SELECT max(id) AS id FROM log WHERE id >= ? AND id < ?')
  const logs = db.prepare('SELECT no, name FROM logs').all()
  return new Map(
    logs.map((row) => {
      const no = Number(row['no'])
      const id = last.get(no * logEntriesMax, (no + 1) * logEntriesMax)?.['id']
      return [String(row['name']), { no, size: typeof id === 'number' ? id - no * logEntriesMax + 1 : 0 }]
    }),
  )
}

function hasRowGuard(op: StoreOp): boolean {
  return op.op === 'row.insert' || op.op === 'row.cas'
}

function bytesOf(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

/** SQLite's primary result code, without the extension in the higher bits. */
function codeOf(error: unknown): number {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  return code & 0xff
}

function openRefusal(path: string, error: unknown): Refusal {
  const reason = error instanceof Error ? error.message : String(error)
  if (codeOf(error) === sqliteBusy) return refuse('store-locked', `${path} is open elsewhere`, { path })
  if (codeOf(error) === sqliteFull) return refuse('disk-full', `There is no space for ${path}`, { path })
  return refuse('file-unreadable', `The store ${path} cannot be opened: ${reason}`, { path })
}

function failure(error: unknown): Error {
  if (!(error instanceof Error) || !('errcode' in error))
    return error instanceof Error ? error : new Error(String(error))
  return new StoreFailure(`The store failed: ${error.message}`, { cause: error })
}
