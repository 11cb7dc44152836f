/** One port to every ledger; adapters in memory and on EVM chains. */
export * from './await.ts'
export * from './effects.ts'
export * from './port.ts'
export { openEvmLedger, type EvmLedger, type EvmLedgerOptions } from './evm/ledger.ts'
export { defaultFees, type FeePolicy } from './evm/fees.ts'
export type { Recovery } from './evm/sender.ts'
export type { Head } from './evm/quorum.ts'
export { seriesIdOf, underlyingBytes32, type OptionSeries } from './evm/series.ts'
export {
  admitWriter,
  approveMoney,
  approveSeries,
  createSeries,
  deploySandbox,
  faucetMint,
  sandboxContracts,
  writeOptions,
  type SandboxContracts,
} from './evm/deploy.ts'
export { memoryChain, type MemoryChain } from './memory/chain.ts'
export { openMemoryLedger, type MemoryLedgerOptions } from './memory/ledger.ts'
