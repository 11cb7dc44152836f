export type PeerLimits = {
  /** A signed trade record with two signatures is about 4 KB. */
  readonly bodyBytesMax: number
  readonly headerBytesMax: number
  readonly connectionsMax: number
  /** A request that has not arrived whole by then is dropped. */
  readonly requestMsMax: number
  /** How long the client waits for an answer. */
  readonly answerMsMax: number
}

export const peerLimits: PeerLimits = {
  bodyBytesMax: 256 * 1024,
  headerBytesMax: 16 * 1024,
  connectionsMax: 64,
  requestMsMax: 10_000,
  answerMsMax: 15_000,
}
