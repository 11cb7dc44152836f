import {
  amount,
  assetTypeParts,
  isAssetType,
  isRefusal,
  refuse,
  toHex,
  type Amount,
  type AssetId,
  type ChainId,
  type Refusal,
} from '#core'
import { hashTypedData, type Address, type DigestSigner } from '#crypto'
import type { SettlementInstruction } from '#trade'
import { decodeFunctionResult, encodeFunctionData, isAddress } from 'viem'
import type { EffectStore } from '../effects.ts'
import type {
  EffectTruth,
  FinalityPolicy,
  Hex,
  Ledger,
  LedgerContracts,
  Position,
  SignedInstruction,
} from '../port.ts'
import { optionPositionsAbi, sandboxUsdcAbi, settlementAbi } from './abi.ts'
import { defaultFees, type FeePolicy } from './fees.ts'
import { openLane } from './lane.ts'
import { openQuorum, type Head, type Quorum } from './quorum.ts'
import type { Call, SettlementKey } from './record.ts'
import { rpcSource, rpcTimeoutMs } from './rpc.ts'
import { openSender, type Sender } from './sender.ts'
import { settledByAnyone, type TruthContext } from './truth.ts'

export type EvmLedgerOptions = {
  readonly chainId: ChainId
  /** JSON-RPC endpoints, and how many of them must agree. One of one is a sandbox. */
  readonly rpc: { readonly urls: readonly string[]; readonly needed: number; readonly timeoutMs?: number }
  readonly contracts: LedgerContracts
  /** Pays for transactions. Need not be a party: anyone may submit. */
  readonly account: DigestSigner
  readonly store: EffectStore
  readonly finality: FinalityPolicy
  readonly fees?: FeePolicy
}

export type InstructionNonce = {
  readonly deliverer: Address
  readonly receiver: Address
  readonly nonce: bigint
}

/** The port, and what only an EVM chain has. */
export type EvmLedger = Ledger & {
  readonly account: Address
  readonly head: () => Promise<Head | Refusal>
  /** Any call, under the same promises as `settle`. The sandbox deploys and funds with it. */
  readonly submit: (effectId: string, call: Call) => Promise<EffectTruth | Refusal>
  /** Makes a nonce of an instruction unusable. The account must be one of the two parties. */
  readonly cancel: (effectId: string, nonce: InstructionNonce) => Promise<EffectTruth | Refusal>
  readonly codeAt: (address: Hex) => Promise<Hex | Refusal>
} & Pick<Sender, 'bump' | 'recover'>

/**
 * The ledger port over an EVM chain. Opening asks the chain nothing: a gateway starts while a chain is down.
 * The first call compares chain id, genesis block and nonce. Refuses, besides what the port says,
 * `ledger-unreachable`, `ledger-disagrees`, `chain-mismatch`, `contract-missing`, `nonce-displaced`,
 * `finality-broken`, `fee-limit`.
 */
export function openEvmLedger(options: EvmLedgerOptions): EvmLedger {
  const { chainId, rpc, contracts, account, store, finality, fees = defaultFees } = options
  const sources = rpc.urls.map((url) => rpcSource(url, rpc.timeoutMs ?? rpcTimeoutMs))
  const quorum = openQuorum(sources, rpc.needed)
  const lane = openLane({ chainId, signer: account, store, quorum })
  const { settlement } = contracts
  const context = { chainId, quorum, lane, finality, fees, settlement, account: account.address }
  const sender = openSender(context)
  const atHead = <T>(read: (head: Head) => Promise<T | Refusal>) =>
    sender.whenOpen(async () => {
      const head = await quorum.head()
      return isRefusal(head) ? head : read(head)
    })
  return {
    chainId,
    finality,
    account: account.address,
    settle: (effectId, order) => settle(sender, options, effectId, order),
    truth: sender.truth,
    pursue: sender.pursue,
    submit: sender.submit,
    cancel: (effectId, which) => sender.submit(effectId, cancelCall(settlement, which)),
    bump: sender.bump,
    recover: sender.recover,
    head: () => atHead(async (head) => head),
    settlementOf: (instruction) => atHead((head) => settlementOf(context, instruction, head)),
    finalTime: () => atHead((head) => finalTime(quorum, finality, head)),
    codeAt: (address) => atHead((head) => quorum.code(address, head.number)),
    balances: (holder, assets) => atHead((head) => balancesAt(quorum, chainId, holder, assets, head)),
    positions: (holder, ids) => atHead((head) => positionsAt(quorum, contracts, holder, ids, head)),
  }
}

async function settlementOf(
  context: TruthContext,
  instruction: SettlementInstruction,
  head: Head,
): Promise<EffectTruth | Refusal> {
  return (await settledByAnyone(context, settlementKey(instruction), head)) ?? { state: 'unknown' }
}

function cancelCall(settlement: Hex, { deliverer, receiver, nonce }: InstructionNonce): Call {
  const args = [deliverer, receiver, nonce] as const
  return { to: settlement, data: encodeFunctionData({ abi: settlementAbi, functionName: 'cancel', args }) }
}

async function finalTime(
  quorum: Quorum,
  { confirmations }: FinalityPolicy,
  head: Head,
): Promise<bigint | Refusal> {
  const height = head.number + 1n - BigInt(confirmations)
  if (height < 0n) return 0n
  const block = await quorum.block(height)
  return isRefusal(block) ? block : block.timestamp
}

async function settle(
  sender: Sender,
  { chainId, contracts }: EvmLedgerOptions,
  effectId: string,
  { instruction, signatures }: SignedInstruction,
): Promise<EffectTruth | Refusal> {
  const { domain, message } = instruction
  if (`eip155:${domain.chainId}` !== chainId)
    return refuse('chain-mismatch', `The instruction is for eip155:${domain.chainId}, not ${chainId}`)
  if (domain.verifyingContract.toLowerCase() !== contracts.settlement.toLowerCase())
    return refuse('settlement-terms-invalid', 'The instruction names another settlement contract')
  const args = [message, hexOf(signatures.deliverer), hexOf(signatures.receiver)] as const
  const data = encodeFunctionData({ abi: settlementAbi, functionName: 'settle', args })
  return sender.submit(effectId, { to: contracts.settlement, data }, settlementKey(instruction))
}

function settlementKey(instruction: SettlementInstruction): SettlementKey {
  const { deliverer, receiver, tradeId } = instruction.message
  return { deliverer, receiver, tradeId, digest: hexOf(hashTypedData(instruction).digest) }
}

async function balancesAt(
  quorum: Quorum,
  chainId: ChainId,
  holder: Address,
  assets: readonly AssetId[],
  head: Head,
): Promise<readonly Amount[] | Refusal> {
  const amounts: Amount[] = []
  for (const asset of assets) {
    const token = erc20Of(asset, chainId)
    if (isRefusal(token)) return token
    const data = encodeFunctionData({ abi: sandboxUsdcAbi, functionName: 'balanceOf', args: [holder] })
    const minor = await readUint(quorum, token, data, head)
    if (isRefusal(minor)) return minor
    amounts.push(amount(asset, minor))
  }
  return amounts
}

async function positionsAt(
  quorum: Quorum,
  { positions }: LedgerContracts,
  holder: Address,
  seriesIds: readonly bigint[],
  head: Head,
): Promise<readonly Position[] | Refusal> {
  const held: Position[] = []
  for (const seriesId of seriesIds) {
    const args = [holder, seriesId] as const
    const longData = encodeFunctionData({ abi: optionPositionsAbi, functionName: 'balanceOf', args })
    const shortData = encodeFunctionData({ abi: optionPositionsAbi, functionName: 'shortOf', args })
    const long = await readUint(quorum, positions, longData, head)
    if (isRefusal(long)) return long
    const short = await readUint(quorum, positions, shortData, head)
    if (isRefusal(short)) return short
    held.push({ seriesId, long, short })
  }
  return held
}

async function readUint(quorum: Quorum, to: Hex, data: Hex, head: Head): Promise<bigint | Refusal> {
  const outcome = await quorum.call(to, data, head.number)
  if (isRefusal(outcome)) return outcome
  if ('reverted' in outcome || outcome.returned === '0x')
    return refuse('contract-missing', `There is no such contract at ${to}`)
  return decodeFunctionResult({ abi: sandboxUsdcAbi, functionName: 'balanceOf', data: outcome.returned })
}

/** CAIP-19 `eip155:31337/erc20:0x…` on this chain. */
function erc20Of(asset: AssetId, chainId: ChainId): Hex | Refusal {
  const unknown = refuse('asset-unknown', `${asset} is not an ERC-20 token of ${chainId}`)
  if (!isAssetType(asset)) return unknown
  const parts = assetTypeParts(asset)
  const { reference } = parts
  const here = parts.chainId === chainId && parts.namespace === 'erc20'
  return here && isAddress(reference, { strict: false }) ? reference : unknown
}

const hexOf = (bytes: Uint8Array): Hex => `0x${toHex(bytes)}`
