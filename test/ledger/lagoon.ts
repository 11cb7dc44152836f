// A chain of our own with the sandbox contracts on it, for the tests of the EVM ledger.
import assert from 'node:assert/strict'
import { isChainId, isRefusal, type ChainId, type Refusal } from '#core'
import { memoryKeyStore, type Address, type DigestSigner } from '#crypto'
import {
  admitWriter,
  approveMoney,
  approveSeries,
  createSeries,
  deploySandbox,
  faucetMint,
  memoryEffectStore,
  openEvmLedger,
  sandboxContracts,
  underlyingBytes32,
  writeOptions,
  type EffectStore,
  type EvmLedger,
  type SandboxContracts,
} from '#ledger'
import { findAnvil, startAnvil, type Anvil } from '../../src/sandbox/chains.ts'

export const chainNumber = 31_337
export const startsAt = 1_795_183_200
export const noAnvil: string | false = isRefusal(findAnvil())
  ? 'anvil is not installed on this platform'
  : false
export const confirmations = 4
const oneEther = 10n ** 18n

export type Lagoon = {
  readonly anvil: Anvil
  readonly chainId: ChainId
  readonly contracts: SandboxContracts
  readonly seriesId: bigint
  readonly deliverer: DigestSigner
  readonly receiver: DigestSigner
  readonly mine: (blocks: number) => Promise<void>
  /** A gateway with a new, funded account. */
  readonly gateway: (parts?: GatewayParts) => Promise<EvmLedger>
}
export type GatewayParts = {
  readonly urls?: readonly string[]
  readonly needed?: number
  readonly store?: EffectStore
  readonly account?: DigestSigner
  readonly wei?: bigint
}

/** Starts anvil, deploys, and funds one writer of options and one payer. Mines by hand unless told otherwise. */
export async function openLagoon(mining: 'steady' | 'manual' = 'manual'): Promise<Lagoon> {
  const anvil = unrefused(await startAnvil({ port: 0, chainId: chainNumber, timestamp: startsAt, mining }))
  const keys = memoryKeyStore({ owner: 'secp256k1', deliverer: 'secp256k1', receiver: 'secp256k1' })
  const [owner, deliverer, receiver] = ['owner', 'deliverer', 'receiver'].map(keys.digestSigner)
  assert.ok(owner !== undefined && deliverer !== undefined && receiver !== undefined)
  const contracts = sandboxContracts(owner.address)
  const chainId = `eip155:${chainNumber}`
  assert.ok(isChainId(chainId))
  const gateway = async (parts: GatewayParts = {}): Promise<EvmLedger> => {
    const account = parts.account ?? freshSigner()
    await anvil.setBalance(account.address, parts.wei ?? oneEther)
    const rpc = { urls: parts.urls ?? [anvil.url], needed: parts.needed ?? 1, timeoutMs: 2_000 }
    const store = parts.store ?? memoryEffectStore()
    return openEvmLedger({ chainId, rpc, contracts, account, store, finality: { confirmations } })
  }
  if (mining === 'manual') await anvil.rpc('evm_setAutomine', true)
  const seriesId = await fund({ gateway, contracts, owner, deliverer, receiver })
  if (mining === 'manual') await anvil.rpc('evm_setAutomine', false)
  const mine = async (blocks: number): Promise<void> => {
    for (let mined = 0; mined < blocks; mined += 1) await anvil.rpc('evm_mine')
  }
  return { anvil, chainId, contracts, seriesId, deliverer, receiver, mine, gateway }
}

type Cast = Pick<Lagoon, 'gateway' | 'contracts' | 'deliverer' | 'receiver'> & {
  readonly owner: DigestSigner
}

async function fund({ gateway, contracts, owner, deliverer, receiver }: Cast): Promise<bigint> {
  const { usdc, positions, settlement } = contracts
  const deployer = await gateway({ account: owner })
  assert.deepEqual(await deploySandbox(deployer), contracts)
  const seriesId = unrefused(await createSeries(deployer, positions, seriesOf(usdc)))
  unrefused(await admitWriter(deployer, positions, deliverer.address))
  unrefused(await faucetMint(deployer, 'fund', { usdc, to: receiver.address, minor: 1_000_000_000n }))
  const writer = await gateway({ account: deliverer })
  unrefused(await writeOptions(writer, 'write', { positions, seriesId, contracts: 1_000n }))
  unrefused(await approveSeries(writer, positions, seriesId, settlement))
  const payer = await gateway({ account: receiver })
  unrefused(await approveMoney(payer, usdc, settlement))
  return seriesId
}

export const seriesOf = (settlementAsset: Address) =>
  ({
    underlying: underlyingBytes32('ETH'),
    expiry: 1_813_910_400n,
    strike: 4_000_000_000n,
    putOrCall: 1,
    settlementAsset,
    multiplier: oneEther,
  }) as const

export const freshSigner = (): DigestSigner =>
  memoryKeyStore({ account: 'secp256k1' }).digestSigner('account')

export function unrefused<T>(value: T | Refusal): T {
  assert.ok(!isRefusal(value), isRefusal(value) ? `${value.refusal}: ${value.detail}` : '')
  return value
}
