/** The HTTP door of a gateway. */
export * from './idempotency.ts'
export { serverLimits, type ServerLimits } from './limits.ts'
export { createServer, type Server, type ServerOptions } from './server.ts'
