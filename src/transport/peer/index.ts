export * from './client.ts'
export type { PeerLimits } from './limits.ts'
export * from './server.ts'
