import { invariant, isRefusal, refuse, type Refusal } from '#core'
import type { Address } from '#crypto'
import {
  encodeDeployData,
  encodeFunctionData,
  getContractAddress,
  maxUint256,
  sha256,
  stringToHex,
} from 'viem'
import { awaitEffect, type AwaitOptions } from '../await.ts'
import type { EffectTruth, Hex } from '../port.ts'
import {
  optionPositionsAbi,
  optionPositionsBytecode,
  sandboxUsdcAbi,
  sandboxUsdcBytecode,
  settlementAbi,
  settlementBytecode,
} from './abi.ts'
import type { EvmLedger } from './ledger.ts'
import type { Call } from './record.ts'
import { seriesIdOf, type OptionSeries } from './series.ts'

/** The contracts that the sandbox deploys. */
export type SandboxContracts = {
  readonly usdc: Address
  readonly positions: Address
  readonly settlement: Address
}

/** Deterministic deployment proxy (Arachnid): creates by CREATE2 what it is called with, salt first. */
export const create2Proxy: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C'

const salt = sha256(stringToHex('poundlock/contracts/v1'))

/**
 * Where the contracts are, or will be, for this owner (faucet and registrar). The addresses depend on the
 * owner and the bytecode alone, so every process of the sandbox knows them without being told.
 */
export function sandboxContracts(owner: Address): SandboxContracts {
  const code = creationCode(owner)
  return {
    usdc: addressOf(code.usdc),
    positions: addressOf(code.positions),
    settlement: addressOf(code.settlement),
  }
}

/** How long each step of a set-up is waited for: automatically mined blocks come within a second. */
const stepWait: AwaitOptions = { until: 'included', pollMs: 50, pollsMax: 200 }

/**
 * Deploys what is not there yet. The ledger's account pays and becomes the owner. Repeating it changes nothing.
 * Refuses `contract-missing` on a chain without the CREATE2 proxy.
 */
export async function deploySandbox(ledger: EvmLedger): Promise<SandboxContracts | Refusal> {
  const proxy = await ledger.codeAt(create2Proxy)
  if (isRefusal(proxy)) return proxy
  if (proxy === '0x') return refuse('contract-missing', `The chain has no CREATE2 proxy at ${create2Proxy}`)
  const contracts = sandboxContracts(ledger.account)
  const code = creationCode(ledger.account)
  for (const name of ['usdc', 'positions', 'settlement'] as const) {
    const present = await ledger.codeAt(contracts[name])
    if (isRefusal(present)) return present
    if (present !== '0x') continue
    const data: Hex = `${salt}${code[name].slice(2)}`
    const done = await carryOut(ledger, `deploy/${name}`, { to: create2Proxy, data })
    if (isRefusal(done)) return done
  }
  return contracts
}

/** Mints sandbox money once per effect id. Owner only. */
export const faucetMint = (
  ledger: EvmLedger,
  effectId: string,
  grant: { readonly usdc: Address; readonly to: Address; readonly minor: bigint },
): Promise<undefined | Refusal> =>
  carryOut(ledger, effectId, {
    to: grant.usdc,
    data: encodeFunctionData({
      abi: sandboxUsdcAbi,
      functionName: 'faucetMint',
      args: [grant.to, grant.minor],
    }),
  })

/** Lets an account write options. Owner only. */
export const admitWriter = (
  ledger: EvmLedger,
  positions: Address,
  writer: Address,
): Promise<undefined | Refusal> =>
  carryOut(ledger, `admit/${writer}`, {
    to: positions,
    data: encodeFunctionData({ abi: optionPositionsAbi, functionName: 'admitWriter', args: [writer] }),
  })

/** Registers a series and gives its token id. */
export async function createSeries(
  ledger: EvmLedger,
  positions: Address,
  series: OptionSeries,
): Promise<bigint | Refusal> {
  const id = seriesIdOf(series)
  const data = encodeFunctionData({ abi: optionPositionsAbi, functionName: 'createSeries', args: [series] })
  return (await carryOut(ledger, `series/${id}`, { to: positions, data })) ?? id
}

/** Writes options: longs for the ledger's account, and as many shorts. Once per effect id. */
export const writeOptions = (
  ledger: EvmLedger,
  effectId: string,
  order: { readonly positions: Address; readonly seriesId: bigint; readonly contracts: bigint },
): Promise<undefined | Refusal> =>
  carryOut(ledger, effectId, {
    to: order.positions,
    data: encodeFunctionData({
      abi: optionPositionsAbi,
      functionName: 'write',
      args: [order.seriesId, order.contracts],
    }),
  })

/** Lets the settlement contract move the money of the ledger's account, under its signature only. */
export const approveMoney = (
  ledger: EvmLedger,
  usdc: Address,
  spender: Address,
): Promise<undefined | Refusal> =>
  carryOut(ledger, `approve/${usdc}/${spender}`, {
    to: usdc,
    data: encodeFunctionData({ abi: sandboxUsdcAbi, functionName: 'approve', args: [spender, maxUint256] }),
  })

/** The same for one option series. */
export const approveSeries = (
  ledger: EvmLedger,
  positions: Address,
  seriesId: bigint,
  spender: Address,
): Promise<undefined | Refusal> =>
  carryOut(ledger, `approve/${positions}/${seriesId}/${spender}`, {
    to: positions,
    data: encodeFunctionData({
      abi: optionPositionsAbi,
      functionName: 'approve',
      args: [spender, seriesId, maxUint256],
    }),
  })

async function carryOut(ledger: EvmLedger, effectId: string, call: Call): Promise<undefined | Refusal> {
  const submitted = await ledger.submit(effectId, call)
  if (isRefusal(submitted)) return submitted
  const truth: EffectTruth | Refusal = await awaitEffect(ledger, effectId, stepWait)
  if (isRefusal(truth)) return truth
  if (truth.state === 'refused') return truth.refusal
  invariant(truth.state !== 'unknown', 'an effect that was submitted is known')
  return undefined
}

const creationCode = (owner: Address) => ({
  usdc: encodeDeployData({ abi: sandboxUsdcAbi, bytecode: sandboxUsdcBytecode, args: [owner] }),
  positions: encodeDeployData({ abi: optionPositionsAbi, bytecode: optionPositionsBytecode, args: [owner] }),
  settlement: encodeDeployData({ abi: settlementAbi, bytecode: settlementBytecode }),
})

const addressOf = (bytecode: Hex): Address =>
  getContractAddress({ opcode: 'CREATE2', from: create2Proxy, salt, bytecode })
