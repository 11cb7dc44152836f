/** The HTTP door of a gateway, and how to ask it. */
export { askDoor, orderDoor, readDoor, type Items } from './ask.ts'
export * from './idempotency.ts'
export { serverLimits, type ServerLimits } from './limits.ts'
export { createServer, type Server, type ServerOptions } from './server.ts'
