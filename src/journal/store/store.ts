/**
 * The storage port: generic atomic batches.
 *
 * A *transition* is a list of operations that happen all or not at all. One `apply` takes many transitions and
 * makes them durable together, with one sync of the disk (group commit). A transition whose guard fails is
 * skipped and its neighbours stand; a later transition sees what earlier ones of the batch did.
 *
 * Keys are text and sort by their UTF-8 bytes; values are bytes. What this does not do: it decides nothing,
 * reads no clock and knows no meaning of a table.
 */
import type { Refusal } from '#core'

export type StoreOp =
  /** Guard: `index` is the log's size. */
  | {
      readonly op: 'log.append'
      readonly log: string
      readonly index: number
      readonly bytes: Uint8Array
    }
  | { readonly op: 'row.put'; readonly table: string; readonly key: string; readonly value: Uint8Array }
  /** Guard: the row is absent. */
  | { readonly op: 'row.insert'; readonly table: string; readonly key: string; readonly value: Uint8Array }
  /** Guard: the row has exactly this value; null: it is absent. */
  | {
      readonly op: 'row.cas'
      readonly table: string
      readonly key: string
      readonly expect: Uint8Array | null
      readonly value: Uint8Array
    }
  | { readonly op: 'row.delete'; readonly table: string; readonly key: string }
  /** Keys from `from` (inclusive) to `to` (exclusive). */
  | { readonly op: 'row.deleteRange'; readonly table: string; readonly from: string; readonly to: string }

/** All or nothing. */
export type Transition = readonly StoreOp[]

/** `conflict` is the index of the operation whose guard failed. A refusal (`disk-full`) is the same for all. */
export type ApplyResult = 'applied' | { readonly conflict: number } | Refusal

export type Row = { readonly key: string; readonly value: Uint8Array }

export interface Store {
  /**
   * Applies and makes durable before it returns. A full disk gives the refusal `disk-full` for every
   * transition, and nothing of the batch happened. Any other storage error throws `StoreFailure`: what is on
   * disk is then unknown, so the process must stop and recover (never retry a failed sync).
   */
  apply(batch: readonly Transition[]): readonly ApplyResult[]
  get(table: string, key: string): Uint8Array | undefined
  /** Rows with `from` ≤ key < `to`, in key order, at most `limit`. */
  range(table: string, from: string, to: string, limit: number): Row[]
  logSize(log: string): number
  /** Entries `from` to `to` (exclusive), which must exist. */
  logRead(log: string, from: number, to: number): Uint8Array[]
  close(): void
}

/** The disk or the database failed, and nobody knows what was written. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure'
}
