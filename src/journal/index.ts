/** The one log of a gateway: durable entries, Merkle tiles, checkpoints, witnesses and proofs. */
export * from './checkpoint.ts'
export * from './cosign.ts'
export * from './cosignature.ts'
export {
  corrCharsMax,
  entryVersion,
  parseEntry,
  partBytesMax,
  partDigest,
  partsMax,
  saltBytes,
  verifyPart,
  type EntryDraft,
  type EntryFields,
  type JournalEntry,
  type OpenedPart,
  type PartDraft,
} from './entry.ts'
export * from './journal.ts'
export * from './merkle.ts'
export * from './note.ts'
export * from './policy.ts'
export * from './receipt.ts'
export * from './resource.ts'
export { JournalCorrupt } from './records.ts'
export { memoryStore } from './store/memory.ts'
export { openSqliteStore, openSqliteStoreUnsafeNoSync, type SqliteLimits } from './store/sqlite.ts'
export * from './store/store.ts'
export * from './tiles.ts'
export { openTree, type FullTile, type TileSource, type Tree } from './tree.ts'
export * from './witness.ts'
export * from './witness-service.ts'
