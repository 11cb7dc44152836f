import { amount, refuse, toHex, utf8, type AssetId, type ChainId, type Refusal } from '#core'
import { digest } from '#crypto'
import type { SettlementInstruction } from '#trade'
import type { EffectTruth, FinalityPolicy, Hex, Ledger, LedgerContracts, SignedInstruction } from '../port.ts'
import { balanceOf, digestOf, keyOf, refusalAt, type MemoryChain } from './chain.ts'

export type MemoryLedgerOptions = {
  readonly chainId: ChainId
  readonly chain: MemoryChain
  readonly contracts: LedgerContracts
  readonly finality: FinalityPolicy
  /** The account that submits. Two gateways that settle the same instruction send two transactions. */
  readonly account: string
  /** What this gateway has signed. It outlives the gateway: give the same one again after a crash. */
  readonly sent: Map<string, SignedInstruction>
}

/** The ledger port over a chain in memory. It answers at once, and refuses what the EVM adapter refuses. */
export function openMemoryLedger(options: MemoryLedgerOptions): Ledger {
  const { chainId, chain, contracts, finality } = options
  return {
    chainId,
    finality,
    settle: async (effectId, order) => settle(options, effectId, order),
    truth: async (effectId) => truth(options, effectId),
    pursue: async (effectId) => pursue(options, effectId),
    settlementOf: async (instruction) => settledByAnyone(options, instruction) ?? { state: 'unknown' },
    finalTime: async () => chain.blocks().at(-finality.confirmations)?.timestamp ?? 0n,
    balances: async (account, assets) => balances(chainId, chain, account, assets),
    positions: async (account, seriesIds) => {
      const state = chain.state()
      return seriesIds.map((seriesId) => {
        const key = keyOf(account, contracts.positions, seriesId)
        return { seriesId, long: balanceOf(state, key), short: state.shorts.get(key) ?? 0n }
      })
    },
  }
}

function settle(
  options: MemoryLedgerOptions,
  effectId: string,
  order: SignedInstruction,
): EffectTruth | Refusal {
  const { chain, chainId, contracts, sent } = options
  const { domain } = order.instruction
  if (`eip155:${domain.chainId}` !== chainId)
    return refuse('chain-mismatch', `The instruction is for eip155:${domain.chainId}, not ${chainId}`)
  if (domain.verifyingContract.toLowerCase() !== contracts.settlement.toLowerCase())
    return refuse('settlement-terms-invalid', 'The instruction names another settlement contract')
  const before = sent.get(effectId)
  if (before !== undefined && textOf(before) !== textOf(order))
    return refuse('effect-conflict', `The effect ${effectId} stands for another call`)
  if (before !== undefined) return pursue(options, effectId)
  const done = settledByAnyone(options, order.instruction)
  const refusal = refusalAt(chain.state(), order, chain.blocks().at(-1)!.timestamp)
  if (refusal !== undefined && done === undefined) return refusal
  sent.set(effectId, order)
  return pursue(options, effectId)
}

function pursue(options: MemoryLedgerOptions, effectId: string): EffectTruth {
  const seen = truth(options, effectId)
  const order = options.sent.get(effectId)
  if (seen.state === 'pending' && order !== undefined)
    options.chain.send({ txHash: txHashOf(options, effectId), order })
  return seen
}

function truth(options: MemoryLedgerOptions, effectId: string): EffectTruth {
  const order = options.sent.get(effectId)
  if (order === undefined) return { state: 'unknown' }
  const done = settledByAnyone(options, order.instruction)
  if (done !== undefined) return done
  const txHash = txHashOf(options, effectId)
  const outcome = options.chain.state().outcomes.get(txHash)
  const reverted = outcome === undefined || outcome === 'applied' ? undefined : inclusion(options, txHash)
  if (reverted?.state === 'final' && outcome !== undefined && outcome !== 'applied')
    return { state: 'refused', refusal: outcome, txHash }
  return { state: 'pending', txHash, nonce: [...options.sent.keys()].indexOf(effectId) }
}

function settledByAnyone(
  options: MemoryLedgerOptions,
  instruction: SettlementInstruction,
): EffectTruth | undefined {
  const { deliverer, receiver, tradeId } = instruction.message
  const settled = options.chain.state().settled.get(keyOf(deliverer, receiver, tradeId))
  if (settled === undefined || settled.digest !== digestOf(instruction)) return undefined
  return inclusion(options, settled.txHash)
}

function inclusion({ chain, finality }: MemoryLedgerOptions, txHash: Hex) {
  const blocks = chain.blocks()
  const block = blocks.find(({ transactions }) =>
    transactions.some((one) => 'txHash' in one && one.txHash === txHash),
  )
  if (block === undefined) return undefined
  const confirmations = blocks.length - block.number
  return {
    state: confirmations >= finality.confirmations ? 'final' : 'included',
    txHash,
    blockNumber: BigInt(block.number),
    blockHash: block.hash,
    confirmations,
  } as const
}

function balances(chainId: ChainId, chain: MemoryChain, account: string, assets: readonly AssetId[]) {
  const state = chain.state()
  const prefix = `${chainId}/erc20:`
  const unknown = assets.find((asset) => !asset.startsWith(prefix))
  if (unknown !== undefined) return refuse('asset-unknown', `${unknown} is not an ERC-20 token of ${chainId}`)
  return assets.map((asset) => amount(asset, balanceOf(state, keyOf(account, asset.slice(prefix.length)))))
}

const txHashOf = ({ chainId, account }: MemoryLedgerOptions, effectId: string): Hex =>
  `0x${toHex(digest('poundlock/memory-transaction/v1', utf8(chainId), utf8(account), utf8(effectId)))}`

const textOf = (order: SignedInstruction): string =>
  [digestOf(order.instruction), toHex(order.signatures.deliverer), toHex(order.signatures.receiver)].join('/')
