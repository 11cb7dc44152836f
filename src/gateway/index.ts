/** The loop in which all layers meet; entered through `openGateway` and the API it gives. */
export type * from './api.ts'
export { approvalOf, approvalTyp } from './approving.ts'
export { parseGatewayConfig, type FixSessionConfig, type GatewayConfig, type PeerConfig } from './config.ts'
export { gatewayVersion, openGateway, type Gateway, type GatewayOptions } from './gateway.ts'
export { openWitnessNode, parseWitnessConfig, witnessVkey, type WitnessConfig } from './witness-node.ts'
export { gatewayUri, openGatewayKeys, type GatewayKeys } from './keys.ts'
export type { Probe } from './loop.ts'
export { seriesOf } from './place.ts'
