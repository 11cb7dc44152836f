/** Limits of the HTTP door. Each is enforced before the work that it bounds. */

/** Longest request body, in bytes. */
export const bodyBytesMax = 65_536
/** Longest request line and header block together, in bytes. */
export const headerBytesMax = 8_192
/** Longest request target, in characters. */
export const urlCharsMax = 2_048
/** Open sockets at a time, event streams included. */
export const connectionsMax = 256
/** Time for a client to send all its headers, in milliseconds. */
export const headersMsMax = 5_000
/** Time for a client to send a whole request, in milliseconds. */
export const requestMsMax = 10_000
/** How often late requests are looked for, in milliseconds. */
export const lateCheckMs = 1_000
/** Idle time of a kept connection, in milliseconds. */
export const keepAliveMsMax = 5_000
/** Requests on one connection before it is closed. */
export const requestsPerSocketMax = 1_000
/** Items on one page of a list. */
export const pageItemsMax = 200
export const pageItemsDefault = 50
/** Journal entries in one answer. */
export const entriesMax = 256
/** Journal entries that one search request looks at. */
export const searchScanMax = 5_000
/** Hits in one search answer. */
export const searchHitsMax = 50
/** Longest search text, in characters. */
export const searchCharsMax = 200
/** Event streams at a time. */
export const streamsMax = 32
/** Silence on an event stream before a heartbeat comment, in milliseconds. */
export const heartbeatMs = 15_000
/** Time for a reader to take what is in its buffer before it is disconnected, in milliseconds. */
export const drainMsMax = 10_000
/** Entries read from the journal for one stream at a time. */
export const streamBatchMax = 64
/** Characters of an Idempotency-Key. */
export const idempotencyKeyCharsMax = 64

export type ServerLimits = {
  readonly bodyBytesMax: number
  readonly headerBytesMax: number
  readonly urlCharsMax: number
  readonly connectionsMax: number
  readonly headersMsMax: number
  readonly requestMsMax: number
  readonly lateCheckMs: number
  readonly keepAliveMsMax: number
  readonly streamsMax: number
  readonly heartbeatMs: number
  readonly drainMsMax: number
}

/** What holds when the operator says nothing else. */
export const serverLimits: ServerLimits = {
  bodyBytesMax,
  headerBytesMax,
  urlCharsMax,
  connectionsMax,
  headersMsMax,
  requestMsMax,
  lateCheckMs,
  keepAliveMsMax,
  streamsMax,
  heartbeatMs,
  drainMsMax,
}
