import { invariant, isRefusal, refuse, type ChainId, type Refusal } from '#core'
import type { DigestSigner } from '#crypto'
import type { EffectChange, EffectStore } from '../effects.ts'
import type { Hex } from '../port.ts'
import { signTransaction } from './account.ts'
import type { Fees } from './fees.ts'
import type { Head, Quorum } from './quorum.ts'
import {
  decodeLaneHead,
  decodeRecord,
  encodeLaneHead,
  encodeRecord,
  type Attempt,
  type EffectRecord,
  type LaneHead,
} from './record.ts'

/** A record whose transaction is in this lane. */
export type LaneRecord = EffectRecord & Required<Pick<EffectRecord, 'lane'>>

/**
 * The nonce lane of one account on one chain. A nonce is given out, and the transaction that uses it is
 * signed and stored, in one write; only then may the bytes leave. So a nonce is never given out twice, and a
 * crash at any moment leaves either nothing or a transaction that can be sent again byte for byte.
 *
 * There must be one process that uses a lane at a time; a second one loses the compare-and-set and is refused
 * `effect-conflict`. The chain is asked for its nonce when the lane opens, and not on the way of an effect.
 */
export type NonceLane = {
  readonly address: Hex
  /** Compares the lane with the chain. Refuses `chain-mismatch`. Must have succeeded before the rest is used. */
  readonly open: () => Promise<LaneHead | Refusal>
  readonly load: (effectId: string) => Promise<EffectRecord | undefined>
  /** Records that have a nonce, by nonce. */
  readonly inOrder: () => Promise<readonly LaneRecord[]>
  /** Gives the effect the next nonce, or the one given for a gap, and stores its signed transaction. */
  readonly assign: (record: EffectRecord, terms: LaneTerms) => Promise<LaneRecord | Refusal>
  /** Adds an attempt with the same nonce and other fees. */
  readonly replace: (record: LaneRecord, fees: Fees) => Promise<LaneRecord | Refusal>
  /** Stores a change of a record. */
  readonly amend: (before: EffectRecord | undefined, after: EffectRecord) => Promise<Refusal | undefined>
}

/** `gap`: the nonce to use instead of the next one. */
export type LaneTerms = { readonly gas: bigint; readonly fees: Fees; readonly gap?: number }

type LaneOptions = {
  readonly chainId: ChainId
  readonly signer: DigestSigner
  readonly store: EffectStore
  readonly quorum: Quorum
}

type LaneContext = LaneOptions & { readonly headKey: string; readonly prefix: string }

export function openLane(options: LaneOptions): NonceLane {
  const account = `${options.chainId}/${options.signer.address.toLowerCase()}`
  const context: LaneContext = { ...options, headKey: `lane/${account}`, prefix: `effect/${account}/` }
  return {
    address: options.signer.address,
    open: () => compareWithChain(context),
    load: (effectId) => load(context, effectId),
    inOrder: () => inOrder(context),
    assign: (record, terms) => assign(context, record, terms),
    replace: (record, fees) => replace(context, record, fees),
    amend: (before, after) => write(context, [recordChange(context, before, after)]),
  }
}

async function compareWithChain(context: LaneContext): Promise<LaneHead | Refusal> {
  const seen = await seenOnChain(context.quorum, context.signer.address)
  if (isRefusal(seen)) return seen
  const { genesis, nonce } = seen
  const stored = await context.store.get(context.headKey)
  const before = stored === undefined ? { genesis, next: 0 } : decodeLaneHead(stored)
  if (before.genesis !== genesis)
    return refuse('chain-mismatch', `${context.chainId} is not the chain on which this account worked before`)
  const after: LaneHead = { v: 1, genesis, next: Math.max(before.next, nonce) }
  const change = { key: context.headKey, expect: stored ?? null, value: encodeLaneHead(after) }
  return (await write(context, [change])) ?? after
}

async function load({ store, prefix }: LaneContext, effectId: string): Promise<EffectRecord | undefined> {
  const bytes = await store.get(prefix + effectId)
  return bytes === undefined ? undefined : decodeRecord(bytes)
}

async function inOrder({ store, prefix }: LaneContext): Promise<readonly LaneRecord[]> {
  const rows = await store.list(prefix)
  const records = rows.map(({ value }) => decodeRecord(value)).filter(hasLane)
  return records.toSorted((a, b) => a.lane.nonce - b.lane.nonce)
}

async function assign(
  context: LaneContext,
  record: EffectRecord,
  { gas, fees, gap }: LaneTerms,
): Promise<LaneRecord | Refusal> {
  const stored = await context.store.get(context.headKey)
  invariant(stored !== undefined, 'a lane is opened before it is used')
  const head = decodeLaneHead(stored)
  const nonce = gap ?? head.next
  const lane = {
    nonce,
    gas: gas.toString(),
    attempts: [signedAttempt(context, record, { nonce, gas, fees })],
  }
  const assigned: LaneRecord = { ...record, lane }
  const next = encodeLaneHead({ ...head, next: Math.max(head.next, nonce + 1) })
  const before = await load(context, record.effectId)
  const changes = [
    { key: context.headKey, expect: stored, value: next },
    recordChange(context, before, assigned),
  ]
  return (await write(context, changes)) ?? assigned
}

async function replace(context: LaneContext, record: LaneRecord, fees: Fees): Promise<LaneRecord | Refusal> {
  const { nonce, gas, attempts } = record.lane
  const attempt = signedAttempt(context, record, { nonce, gas: BigInt(gas), fees })
  const replaced: LaneRecord = { ...record, lane: { nonce, gas, attempts: [...attempts, attempt] } }
  return (await write(context, [recordChange(context, record, replaced)])) ?? replaced
}

function signedAttempt(
  { chainId, signer }: LaneContext,
  { call }: EffectRecord,
  terms: { readonly nonce: number; readonly gas: bigint; readonly fees: Fees },
): Attempt {
  const { nonce, gas, fees } = terms
  const chain = Number(chainId.slice('eip155:'.length))
  const transaction = { type: 'eip1559', chainId: chain, nonce, gas, ...call, value: 0n, ...fees } as const
  return {
    ...signTransaction(signer, transaction),
    maxFeePerGas: fees.maxFeePerGas.toString(),
    maxPriorityFeePerGas: fees.maxPriorityFeePerGas.toString(),
  }
}

async function write(context: LaneContext, changes: readonly EffectChange[]): Promise<Refusal | undefined> {
  const done = await context.store.swap(changes)
  return done ? undefined : refuse('effect-conflict', `Another process uses ${context.headKey}`)
}

const recordChange = (
  { prefix }: LaneContext,
  before: EffectRecord | undefined,
  after: EffectRecord,
): EffectChange => ({
  key: prefix + after.effectId,
  expect: before === undefined ? null : encodeRecord(before),
  value: encodeRecord(after),
})

export const hasLane = (record: EffectRecord): record is LaneRecord => record.lane !== undefined

/** The attempt with the highest fees, which is the one to send. */
export const newestAttempt = ({ lane }: LaneRecord): Attempt => lane.attempts.at(-1)!

async function seenOnChain(
  quorum: Quorum,
  address: Hex,
): Promise<{ readonly genesis: Hex; readonly nonce: number } | Refusal> {
  const genesis = await quorum.block(0n)
  if (isRefusal(genesis)) return genesis
  const head: Head | Refusal = await quorum.head()
  if (isRefusal(head)) return head
  const nonce = await quorum.nonce(address, head.number)
  return isRefusal(nonce) ? nonce : { genesis: genesis.hash, nonce }
}
