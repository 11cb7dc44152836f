import { invariant, isRefusal, refuse, type ChainId, type Refusal } from '#core'
import type { EffectTruth } from '../port.ts'
import { bumpedFees, feesFor, type FeePolicy } from './fees.ts'
import { hasLane, newestAttempt, type LaneRecord, type LaneTerms, type NonceLane } from './lane.ts'
import type { Head } from './quorum.ts'
import { sameCall, type Call, type EffectRecord, type SettlementKey } from './record.ts'
import { decodeRevert, refusalOf } from './revert.ts'
import { pendingTruth, settledByAnyone, truthAt, type TruthContext } from './truth.ts'

export type Recovery = {
  /** Effects whose stored bytes were sent again. */
  readonly resent: readonly string[]
  /** Nonces without a stored transaction, filled with a transfer of nothing to the account itself. */
  readonly filled: readonly number[]
}

/**
 * Carries calls to the chain, each at most once: simulate, sign and store, send, watch. Everything after
 * `stored` can be repeated at any time; that is all a recovery does.
 */
export type Sender = {
  readonly submit: (
    effectId: string,
    call: Call,
    settlement?: SettlementKey,
  ) => Promise<EffectTruth | Refusal>
  readonly truth: (effectId: string) => Promise<EffectTruth | Refusal>
  readonly pursue: (effectId: string) => Promise<EffectTruth | Refusal>
  /** Replaces a pending transaction by the same one with higher fees. Refuses `fee-limit`. */
  readonly bump: (effectId: string) => Promise<EffectTruth | Refusal>
  /** Sends again, in the order of their nonces, what the chain has not executed; fills gaps. */
  readonly recover: () => Promise<Recovery | Refusal>
  /** Does something once it is certain that the endpoints serve the right chain. */
  readonly whenOpen: <T>(work: () => Promise<T | Refusal>) => Promise<T | Refusal>
}

export type SenderContext = TruthContext & {
  readonly chainId: ChainId
  readonly lane: NonceLane
  readonly fees: FeePolicy
}

/** Gas limit over the estimate, in eighths: state may change between estimate and execution. */
const gasMarginEighths = 2n
const plainTransferGas = 21_000n

export function openSender(context: SenderContext): Sender {
  const ready = onceUnlessRefused(() => openChain(context))
  const exclusive = oneAtATime()
  const whenOpen = async <T>(work: () => Promise<T | Refusal>): Promise<T | Refusal> => {
    const opened = await ready()
    return isRefusal(opened) ? opened : work()
  }
  return {
    submit: (effectId, call, settlement) =>
      whenOpen(() => exclusive(() => submit(context, effectId, call, settlement))),
    truth: (effectId) => whenOpen(() => truth(context, effectId)),
    pursue: (effectId) => whenOpen(() => exclusive(() => pursue(context, effectId))),
    bump: (effectId) => whenOpen(() => exclusive(() => bump(context, effectId))),
    recover: () => whenOpen(() => exclusive(() => recover(context))),
    whenOpen,
  }
}

async function openChain({ chainId, quorum, lane }: SenderContext): Promise<undefined | Refusal> {
  const served = await quorum.chainId()
  if (isRefusal(served)) return served
  if (`eip155:${served}` !== chainId)
    return refuse('chain-mismatch', `The endpoints serve eip155:${served}, not ${chainId}`)
  const opened = await lane.open()
  return isRefusal(opened) ? opened : undefined
}

async function submit(
  context: SenderContext,
  effectId: string,
  call: Call,
  settlement: SettlementKey | undefined,
): Promise<EffectTruth | Refusal> {
  const known = await context.lane.load(effectId)
  if (known !== undefined && !sameCall(known.call, call))
    return refuse('effect-conflict', `The effect ${effectId} stands for another call`)
  if (known !== undefined && hasLane(known)) return pursue(context, effectId)
  const record: EffectRecord = { v: 1, effectId, call, ...(settlement === undefined ? {} : { settlement }) }
  return first(context, known ?? record)
}

async function first(context: SenderContext, record: EffectRecord): Promise<EffectTruth | Refusal> {
  const head = await context.quorum.head()
  if (isRefusal(head)) return head
  const simulated = await simulate(context, record, head)
  if (simulated !== undefined) return simulated
  const terms = await affordableTerms(context, record, head)
  if (isRefusal(terms)) return terms
  const assigned = await context.lane.assign(record, terms)
  return isRefusal(assigned) ? assigned : sendAndLook(context, assigned)
}

/** Gas and fees that the account can pay. A transaction that it cannot would hold up the lane. */
async function affordableTerms(
  { quorum, account, fees: policy }: SenderContext,
  { call }: EffectRecord,
  head: Head,
): Promise<LaneTerms | Refusal> {
  const fees = feesFor(head, policy)
  if (isRefusal(fees)) return fees
  const balance = await quorum.balance(account, head.number)
  if (isRefusal(balance)) return balance
  const unpaid = refuse('insufficient-balance', `${account} cannot pay the network fee`)
  if (balance === 0n) return unpaid
  const estimate = await quorum.gas(account, call.to, call.data, head.number)
  if (isRefusal(estimate)) return estimate
  const gas = estimate + (estimate * gasMarginEighths) / 8n
  return balance < gas * fees.maxFeePerGas ? unpaid : { gas, fees }
}

/** Undefined when the call would go through now. A settlement that is done already is an answer, not a refusal. */
async function simulate(
  context: SenderContext,
  record: EffectRecord,
  head: Head,
): Promise<EffectTruth | Refusal | undefined> {
  const { to, data } = record.call
  const outcome = await context.quorum.call(to, data, head.number, context.account)
  if (isRefusal(outcome)) return outcome
  if ('returned' in outcome) return undefined
  const done = await settledByAnyone(context, record.settlement, head)
  if (done === undefined || isRefusal(done)) return done ?? refusalOf(decodeRevert(outcome.reverted))
  const stored = await context.lane.load(record.effectId)
  return (stored === undefined ? await context.lane.amend(undefined, record) : undefined) ?? done
}

async function sendAndLook(context: SenderContext, record: LaneRecord): Promise<EffectTruth | Refusal> {
  const refused = await context.quorum.send(newestAttempt(record).raw)
  const seen = refused === undefined ? await look(context, record) : refused
  // It is signed and stored, so whatever the endpoints say it may yet be executed.
  return isRefusal(seen) && seen.refusal === 'ledger-unreachable' ? pendingTruth(record) : seen
}

async function truth(context: SenderContext, effectId: string): Promise<EffectTruth | Refusal> {
  const record = await context.lane.load(effectId)
  return record === undefined ? { state: 'unknown' } : look(context, record)
}

async function look(context: SenderContext, record: EffectRecord): Promise<EffectTruth | Refusal> {
  const head = await context.quorum.head()
  if (isRefusal(head)) return head
  const seen = await truthAt(context, record, head)
  if (isRefusal(seen) || seen.state !== 'final' || record.final !== undefined) return seen
  const { txHash, blockHash } = seen
  // A lost write is of no account: whoever looks next writes it again.
  await context.lane.amend(record, { ...record, final: { txHash, blockHash } })
  return seen
}

async function pursue(context: SenderContext, effectId: string): Promise<EffectTruth | Refusal> {
  const seen = await truth(context, effectId)
  if (isRefusal(seen)) return seen
  const record = await context.lane.load(effectId)
  if (record === undefined) return seen
  if (seen.state === 'pending' && hasLane(record)) return sendAndLook(context, record)
  // Somebody else's transaction for it was reorganised away: it is ours to send now.
  return seen.state === 'unknown' ? first(context, record) : seen
}

async function bump(context: SenderContext, effectId: string): Promise<EffectTruth | Refusal> {
  const seen = await truth(context, effectId)
  if (isRefusal(seen) || seen.state !== 'pending') return seen
  const record = await context.lane.load(effectId)
  invariant(record !== undefined && hasLane(record), 'a pending effect has a nonce')
  const head = await context.quorum.head()
  if (isRefusal(head)) return head
  const current = feesFor(head, context.fees)
  if (isRefusal(current)) return current
  const last = newestAttempt(record)
  const previous = {
    maxFeePerGas: BigInt(last.maxFeePerGas),
    maxPriorityFeePerGas: BigInt(last.maxPriorityFeePerGas),
  }
  const fees = bumpedFees(previous, current, context.fees)
  if (isRefusal(fees)) return fees
  const replaced = await context.lane.replace(record, fees)
  return isRefusal(replaced) ? replaced : sendAndLook(context, replaced)
}

async function recover(context: SenderContext): Promise<Recovery | Refusal> {
  const { quorum, lane, account } = context
  const head = await quorum.head()
  if (isRefusal(head)) return head
  const executed = await quorum.nonce(account, head.number)
  if (isRefusal(executed)) return executed
  const laneHead = await lane.open()
  if (isRefusal(laneHead)) return laneHead
  const open = (await lane.inOrder()).filter((record) => record.lane.nonce >= executed)
  const filled = await fillGaps(context, open, { from: executed, to: laneHead.next, head })
  if (isRefusal(filled)) return filled
  const all = [...open, ...filled].toSorted((a, b) => a.lane.nonce - b.lane.nonce)
  for (const record of all) await quorum.send(newestAttempt(record).raw)
  return {
    resent: open.map(({ effectId }) => effectId),
    filled: filled.map((record) => record.lane.nonce),
  }
}

// A nonce that nobody uses holds back every later one.
async function fillGaps(
  { lane, account, fees: policy }: SenderContext,
  open: readonly LaneRecord[],
  range: { readonly from: number; readonly to: number; readonly head: Head },
): Promise<readonly LaneRecord[] | Refusal> {
  const used = new Set(open.map((record) => record.lane.nonce))
  const filled: LaneRecord[] = []
  for (let gap = range.from; gap < range.to; gap += 1) {
    if (used.has(gap)) continue
    const fees = feesFor(range.head, policy)
    if (isRefusal(fees)) return fees
    const record: EffectRecord = { v: 1, effectId: `fill/${gap}`, call: { to: account, data: '0x' } }
    const assigned = await lane.assign(record, { gas: plainTransferGas, fees, gap })
    if (isRefusal(assigned)) return assigned
    filled.push(assigned)
  }
  return filled
}

function onceUnlessRefused<T>(work: () => Promise<T | Refusal>): () => Promise<T | Refusal> {
  let done: Promise<T | Refusal> | undefined
  return async () => {
    done ??= work()
    const result = await done
    if (isRefusal(result)) done = undefined
    return result
  }
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
}
