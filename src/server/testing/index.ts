/** What tests put behind and beside the HTTP door. */
export { gatewayDouble, type DoubleOptions, type GatewayDouble, type TypedDataHashes } from './gateway.ts'
export { leafHash, nodeHash, rootOf } from './merkle.ts'
export { memoryIdempotencyStore } from './store.ts'
export { firstRfq, orderOf, sandboxStart, signedOrder, startTestServer, type TestServer } from './server.ts'
