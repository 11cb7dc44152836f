/** Limits of the engine. Sizes in bytes, times in milliseconds. */
export type EngineLimits = {
  readonly connectionsMax: number
  readonly messageBytesMax: number
  /** A connection that has not logged on by then is closed. */
  readonly logonTimeoutMs: number
  /** Above this much unsent output, a connection is not read until it has drained. */
  readonly unsentBytesPauseAbove: number
  /** Above this much unsent output the reader is too slow: closed; what it missed is resent later. */
  readonly unsentBytesMax: number
  /** Above this many uncommitted changes no connection is read until the commit is done. */
  readonly uncommittedMax: number
  readonly tickMs: number
  readonly reconnectMs: number
}

export const defaultEngineLimits: EngineLimits = {
  connectionsMax: 256,
  messageBytesMax: 262_144,
  logonTimeoutMs: 10_000,
  unsentBytesPauseAbove: 1_048_576,
  unsentBytesMax: 67_108_864,
  uncommittedMax: 20_000,
  tickMs: 100,
  reconnectMs: 1_000,
}
