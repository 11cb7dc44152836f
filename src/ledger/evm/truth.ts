import { isRefusal, refuse, type Refusal } from '#core'
import { decodeFunctionResult, encodeFunctionData, encodeEventTopics } from 'viem'
import type { EffectTruth, FinalityPolicy, Hex, Inclusion } from '../port.ts'
import { settlementAbi } from './abi.ts'
import { newestAttempt, type LaneRecord } from './lane.ts'
import type { Head, LogRef, Quorum, Receipt } from './quorum.ts'
import type { EffectRecord, SettlementKey } from './record.ts'
import { decodeRevert, refusalOf } from './revert.ts'

/** How far back a settlement by somebody else is looked for. Deadlines are minutes, so this is ample. */
export const settledLogBlocksMax = 10_000n

export type TruthContext = {
  readonly quorum: Quorum
  readonly finality: FinalityPolicy
  readonly settlement: Hex
  readonly account: Hex
}

/**
 * What the chain shows at `head` for an effect. Reads only.
 *
 * A transaction counts as refused only when its revert is itself final: before that a reorganisation could
 * still let it succeed. One that was final and is gone refuses `finality-broken`.
 */
export async function truthAt(
  context: TruthContext,
  record: EffectRecord,
  head: Head,
): Promise<EffectTruth | Refusal> {
  const found = await foundAt(context, record, head)
  if (isRefusal(found) || record.final === undefined) return found
  const standing = 'blockHash' in found && found.blockHash === record.final.blockHash
  return standing
    ? found
    : refuse('finality-broken', `${record.final.txHash} was final in block ${record.final.blockHash}`)
}

async function foundAt(
  context: TruthContext,
  record: EffectRecord,
  head: Head,
): Promise<EffectTruth | Refusal> {
  const own =
    record.lane === undefined ? undefined : await ownTruth(context, { ...record, lane: record.lane }, head)
  if (own !== undefined && (isRefusal(own) || isDone(own))) return own
  const other = await settledByAnyone(context, record.settlement, head)
  return other ?? own ?? { state: 'unknown' }
}

async function ownTruth(
  context: TruthContext,
  record: LaneRecord,
  head: Head,
): Promise<EffectTruth | Refusal> {
  for (const { txHash } of record.lane.attempts) {
    const receipt = await context.quorum.receipt(txHash)
    if (isRefusal(receipt)) return receipt
    if (receipt === undefined || receipt.blockNumber > head.number) continue
    if (receipt.status === 'applied') return inclusionTruth(context.finality, receipt, head)
    return revertedTruth(context, record, receipt, head)
  }
  return missingTruth(context, record, head)
}

async function revertedTruth(
  context: TruthContext,
  record: LaneRecord,
  receipt: Receipt,
  head: Head,
): Promise<EffectTruth | Refusal> {
  if (confirmationsOf(receipt, head) < context.finality.confirmations) return pendingTruth(record)
  const { to, data } = record.call
  const replay = await context.quorum.call(to, data, receipt.blockNumber, context.account)
  if (isRefusal(replay)) return replay
  const refusal =
    'reverted' in replay
      ? refusalOf(decodeRevert(replay.reverted))
      : refuse('ledger-reverted', 'The transaction reverted, and its reason is no longer visible')
  return { state: 'refused', refusal, txHash: receipt.txHash }
}

async function missingTruth(
  { quorum, finality, account }: TruthContext,
  record: LaneRecord,
  head: Head,
): Promise<EffectTruth | Refusal> {
  const finalHeight = head.number + 1n - BigInt(finality.confirmations)
  if (finalHeight < 0n) return pendingTruth(record)
  const nonce = await quorum.nonce(account, finalHeight)
  if (isRefusal(nonce)) return nonce
  if (nonce <= record.lane.nonce) return pendingTruth(record)
  const detail = `Nonce ${record.lane.nonce} was used by a transaction that is not in the journal`
  return { state: 'refused', refusal: refuse('nonce-displaced', detail) }
}

/** The settlement of this very instruction, whoever submitted it. */
export async function settledByAnyone(
  context: TruthContext,
  key: SettlementKey | undefined,
  head: Head,
): Promise<EffectTruth | Refusal | undefined> {
  if (key === undefined) return undefined
  const digest = await settledDigest(context, key, head)
  if (isRefusal(digest)) return digest
  if (digest !== key.digest.toLowerCase()) return undefined
  const place = await settledLog(context, key, head)
  return isRefusal(place) ? place : inclusionTruth(context.finality, place, head)
}

async function settledDigest(
  { quorum, settlement }: TruthContext,
  { deliverer, receiver, tradeId }: SettlementKey,
  head: Head,
): Promise<Hex | Refusal> {
  const args = [deliverer, receiver, tradeId] as const
  const data = encodeFunctionData({ abi: settlementAbi, functionName: 'settled', args })
  const outcome = await quorum.call(settlement, data, head.number)
  if (isRefusal(outcome)) return outcome
  if ('reverted' in outcome || outcome.returned === '0x')
    return refuse('contract-missing', `There is no settlement contract at ${settlement}`)
  return decodeFunctionResult({ abi: settlementAbi, functionName: 'settled', data: outcome.returned })
}

async function settledLog(
  { quorum, settlement }: TruthContext,
  { deliverer, receiver, tradeId }: SettlementKey,
  head: Head,
): Promise<LogRef | Refusal> {
  const topics = encodeEventTopics({
    abi: settlementAbi,
    eventName: 'Settled',
    args: { tradeId, deliverer, receiver },
  }).filter((topic) => typeof topic === 'string')
  const from = head.number > settledLogBlocksMax ? head.number - settledLogBlocksMax : 0n
  const logs = await quorum.logs({ address: settlement, topics }, from, head.number)
  if (isRefusal(logs)) return logs
  const missing = `The settlement is older than ${settledLogBlocksMax} blocks`
  return logs[0] ?? refuse('transaction-unknown', missing)
}

export function inclusionTruth(
  { confirmations: needed }: FinalityPolicy,
  { txHash, blockNumber, blockHash }: LogRef,
  head: Head,
): EffectTruth {
  const confirmations = confirmationsOf({ blockNumber }, head)
  const inclusion: Inclusion = { txHash, blockNumber, blockHash, confirmations }
  return { state: confirmations >= needed ? 'final' : 'included', ...inclusion }
}

export const pendingTruth = (record: LaneRecord): EffectTruth => ({
  state: 'pending',
  txHash: newestAttempt(record).txHash,
  nonce: record.lane.nonce,
})

const isDone = ({ state }: EffectTruth): boolean => state === 'included' || state === 'final'

const confirmationsOf = (at: { readonly blockNumber: bigint }, head: Head): number =>
  Number(head.number - at.blockNumber) + 1
