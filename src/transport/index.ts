/** Bytes ⇄ messages. Each folder is one protocol; what is decided about a message is decided elsewhere. */
export * from './fix/index.ts'
export * from './log/index.ts'
export * from './peer/index.ts'
