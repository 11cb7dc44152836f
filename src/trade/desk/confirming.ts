// From fill to co-signed record to signed instruction to settled. Signatures are made and checked outside (crypto);
// here stands who may do what next, and what both sides then hold.
import {
  addMs,
  formatInstant,
  parseInstant,
  isRefusal,
  refuse,
  type Json,
  type JsonObject,
  type Refusal,
} from '#core'
import type { DeskContext } from './context.ts'
import type { DeskEvent, InstructionPart } from './events.ts'
import type { DeskState, Trade, TradePhase } from './state.ts'

type Outcome = readonly DeskEvent[] | Refusal

/** A signed record and the hash of its payload bytes (spec/trade-record.md). */
export type SealedRecord = { readonly uti: string; readonly recordHash: string; readonly record: JsonObject }
export type SealedInstruction = { readonly digest: string; readonly instruction: InstructionPart }

/** Maker: its own signature is durable before the record leaves. */
export function proposeTrade(state: DeskState, tradeId: string, sealed: SealedRecord): Outcome {
  const trade = inPhase(state, tradeId, 'executed')
  if (isRefusal(trade)) return trade
  const { uti, recordHash, record } = sealed
  return [{ type: 'trade.proposed', corr: trade.corr, body: { tradeId, uti, recordHash }, parts: { record } }]
}

/** Both sides: the record with both signatures. The taker comes from `executed`, the maker from `proposed`. */
export function confirmTrade(
  state: DeskState,
  tradeId: string,
  sealed: SealedRecord,
  context: DeskContext,
): Outcome {
  const trade = inPhase(state, tradeId, 'executed', 'proposed')
  if (isRefusal(trade)) return trade
  if (trade.recordHash !== undefined && trade.recordHash !== sealed.recordHash)
    return refuse('confirmation-mismatch', 'the countersigned record is not the one that was proposed')
  const { uti, recordHash, record } = sealed
  const { mark, inputs } = context.policy
  const body = { tradeId, uti, recordHash, policy: mark }
  return [{ type: 'trade.confirmed', corr: trade.corr, body, parts: { record, policy: inputs } }]
}

/** What an operator approved, by the hashes that the operator compared; `approval` is the signed statement. */
export type Approval = {
  readonly operator: string
  readonly recordHash: string
  readonly digest: string
  readonly approval: JsonObject
}

/** One of several eyes. The hashes must be those of this trade; the same operator counts once. */
export function approveTrade(
  state: DeskState,
  tradeId: string,
  given: Approval,
  wanted: { readonly recordHash: string; readonly digest: string },
): Outcome {
  const trade = inPhase(state, tradeId, 'executed', 'proposed', 'confirmed', 'signed')
  if (isRefusal(trade)) return trade
  if (given.recordHash !== wanted.recordHash || given.digest !== wanted.digest)
    return refuse('digest-mismatch', 'the approval names other hashes than this trade has')
  if (trade.approvals.includes(given.operator))
    return refuse('conflict', `${given.operator} has approved ${tradeId} before`)
  const { operator, recordHash, digest, approval } = given
  return [
    {
      type: 'trade.approved',
      corr: trade.corr,
      body: { tradeId, operator, recordHash, digest },
      parts: { approval },
    },
  ]
}

/** Either side says no before anything is signed for settlement; afterwards only the ledger decides. */
export function refuseTrade(state: DeskState, tradeId: string, refusal: Refusal, by: string): Outcome {
  const trade = inPhase(state, tradeId, 'executed', 'proposed', 'confirmed')
  if (isRefusal(trade)) return trade
  const body = { tradeId, refusal: refusal.refusal, by }
  const parts = { why: { detail: refusal.detail } }
  return [{ type: 'trade.refused', corr: trade.corr, body, parts }]
}

/** Maker: its own signature over the instruction, durable before it leaves. */
export function signInstruction(
  state: DeskState,
  tradeId: string,
  sealed: SealedInstruction,
  context: DeskContext,
): Outcome {
  const trade = inPhase(state, tradeId, 'confirmed')
  if (isRefusal(trade)) return trade
  const { mark, inputs } = context.policy
  const body = { tradeId, digest: sealed.digest, policy: mark }
  const parts = { instruction: sealed.instruction, policy: inputs }
  return [{ type: 'settlement.signed', corr: trade.corr, body, parts }]
}

/** Both signatures are known here. From now on the ledger alone decides: it may settle without this gateway. */
export function instructSettlement(
  state: DeskState,
  tradeId: string,
  sealed: SealedInstruction,
  context: DeskContext,
): Outcome {
  const trade = inPhase(state, tradeId, 'confirmed', 'signed')
  if (isRefusal(trade)) return trade
  if (trade.digest !== undefined && trade.digest !== sealed.digest)
    return refuse('digest-mismatch', 'the countersigned instruction is not the one that was signed')
  const { domain } = sealed.instruction
  const { mark, inputs } = context.policy
  const where = {
    chainId: `eip155:${textOf(domain['chainId'])}`,
    contract: textOf(domain['verifyingContract']),
  }
  const body = { tradeId, digest: sealed.digest, ...where, policy: mark }
  const parts = { instruction: sealed.instruction, policy: inputs }
  return [{ type: 'settlement.instructed', corr: trade.corr, body, parts }]
}

const textOf = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? `${value}` : ''

export type Submission = { readonly txHash: string; readonly nonce: string; readonly effectId: string }

export function submitSettlement(
  state: DeskState,
  tradeId: string,
  submission: Submission,
  context: DeskContext,
): Outcome {
  const trade = inPhase(state, tradeId, 'instructed')
  if (isRefusal(trade)) return trade
  const { mark, inputs } = context.policy
  const body = { tradeId, ...submission, policy: mark }
  return [{ type: 'settlement.submitted', corr: trade.corr, body, parts: { policy: inputs } }]
}

export type Settled = { readonly txHash: string; readonly blockNumber: string; readonly blockHash: string }

/** The ledger's final word. */
export function settleTrade(state: DeskState, tradeId: string, settled: Settled): Outcome {
  const trade = inPhase(state, tradeId, 'signed', 'instructed', 'submitted')
  if (isRefusal(trade)) return trade
  return [{ type: 'settlement.settled', corr: trade.corr, body: { tradeId, ...settled }, parts: {} }]
}

/**
 * The settlement did not happen and cannot happen any more: its deadline has passed, and where a signature had left
 * this gateway the ledger's final state past the deadline shows it unsettled.
 */
export function failSettlement(state: DeskState, tradeId: string, refusal: Refusal): Outcome {
  const trade = inPhase(
    state,
    tradeId,
    'executed',
    'proposed',
    'confirmed',
    'signed',
    'instructed',
    'submitted',
  )
  if (isRefusal(trade)) return trade
  const body = { tradeId, refusal: refusal.refusal }
  const parts = { why: { detail: refusal.detail } }
  return [{ type: 'settlement.failed', corr: trade.corr, body, parts }]
}

function inPhase(state: DeskState, tradeId: string, ...phases: readonly TradePhase[]): Trade | Refusal {
  const trade = state.trades.get(tradeId)
  if (!trade) return refuse('execution-unknown', `no execution ${tradeId} is known here`)
  if (phases.includes(trade.phase)) return trade
  return refuse('trade-state', `${tradeId} is ${trade.phase}; this needs ${phases.join(' or ')}`)
}

/**
 * When the settlement must have happened: the quote's end in whole seconds plus the window agreed with the
 * counterparty. Both sides compute it from the quote they both hold.
 */
export function settlementDeadline(validUntilTime: string, windowMs: number): string {
  const until = parseInstant(validUntilTime)
  if (isRefusal(until)) return validUntilTime
  return formatInstant(addMs(until, windowMs - (until % 1000)))
}
