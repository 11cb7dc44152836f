/** A signed trade record with two signatures is about 4 KB. */
export const peerBodyBytesMax = 256 * 1024
export const peerHeaderBytesMax = 16 * 1024
export const peerConnectionsMax = 64
/** A request that has not arrived whole by then is dropped. */
export const peerRequestMsMax = 10_000
/** How long the client waits for an answer. */
export const peerAnswerMsMax = 15_000
