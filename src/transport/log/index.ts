/** HTTP around the journal: static log resources, and the witness protocol (C2SP tlog-tiles, tlog-witness). */
export * from './client.ts'
export * from './server.ts'
export * from './static.ts'
