// The maker's side of confirmation and settlement, and what both sides do with the ledger: one function for each
// kind of work. Each is safe to repeat; a refusal says whether repeating can help.
import {
  canonicalJson,
  formatInstant,
  invariant,
  isRefusal,
  parseInstant,
  refuse,
  REFUSALS,
  type Instant,
  type Json,
  type Refusal,
} from '#core'
import {
  confirmTrade,
  failSettlement,
  instructSettlement,
  proposeTrade,
  refuseTrade,
  settlementDeadline,
  settleTrade,
  signInstruction,
  submitSettlement,
  type InstructionPart,
  type Settled,
  type Submission,
  type Trade,
  type TradeRecord,
  type WorkKind,
} from '#trade'
import type { PeerClient } from '#transport'
import { durableAndReported } from './post-trade.ts'
import {
  commandOf,
  confirmationsPath,
  durable,
  instructionsPath,
  otherSide,
  sideOf,
  signatureText,
  type PeeringParts,
} from './peering.ts'
import {
  checkInstructionSignature,
  instructionOf,
  openRecord,
  recordFromJws,
  recordOf,
  sealInstruction,
  sealRecord,
  tradedInstrument,
} from './sealing.ts'
import { anyObject, object, read } from './shape.ts'

/** What the gateway needs of a ledger that settles both legs at once. */
export type SettlementLedger = {
  /** Brings both signatures to the ledger. The same instruction gives the same transaction, for ever. */
  readonly settle: (instruction: InstructionPart) => Promise<Submission | Refusal>
  /** What the ledger finally says; `open` while it can still go either way. */
  readonly outcome: (instruction: InstructionPart) => Promise<LedgerOutcome | Refusal>
}
export type LedgerOutcome =
  | ({ readonly state: 'settled' } & Settled)
  | { readonly state: 'open' }
  /** Final past the deadline without it: it can never happen. */
  | { readonly state: 'lapsed' }

export type SettlingParts = PeeringParts & {
  readonly peerClient: (name: string) => PeerClient | Refusal
  readonly ledger: SettlementLedger
}

type Job = { readonly tradeId: string; readonly trade: Trade }
/** undefined: done. A refusal: try again later when it says so, else the trade has been ended. */
export type WorkOutcome = Promise<Refusal | undefined>
type Doer = (parts: SettlingParts, job: Job) => WorkOutcome

export const doers: Readonly<Record<WorkKind, Doer>> = {
  propose,
  'send-proposal': sendProposal,
  'sign-instruction': signOwnInstruction,
  'send-instruction': sendInstruction,
  submit,
  'stand-in': standIn,
  watch,
  expire,
}

async function propose(parts: SettlingParts, { tradeId, trade }: Job): WorkOutcome {
  const record = recordOf(trade.terms, parts.place)
  if (isRefusal(record)) return end(parts, { tradeId, trade }, record)
  const authorised = authorisedTo(parts, 'ConfirmTrade', trade)
  if (authorised.refused) return end(parts, { tradeId, trade }, authorised.refused)
  const sealed = sealRecord(record, parts.recordSigner)
  const acted = parts.loop.act({
    ...own(parts, 'ProposeTrade', trade),
    authorised,
    decide: (state) => proposeTrade(state, tradeId, sealed),
  })
  return durable(parts, acted)
}

const answerWithRecord = object({ record: anyObject })

async function sendProposal(parts: SettlingParts, { tradeId, trade }: Job): WorkOutcome {
  const answer = await tell(parts, trade, confirmationsPath, { record: trade.record ?? {} })
  if (isRefusal(answer)) return retryOrEnd(parts, { tradeId, trade }, answer)
  const shaped = answerWithRecord(answer, 'answer')
  if (isRefusal(shaped)) return end(parts, { tradeId, trade }, shaped)
  const peer = parts.registry.peer(trade.terms.taker.name)
  if (isRefusal(peer)) return peer
  const kids = [parts.recordSigner.keyId, peer.recordKey.keyId]
  const opened = openRecord(canonicalJson(shaped.record), kids, parts.recordKeys(), parts.place)
  if (isRefusal(opened)) return end(parts, { tradeId, trade }, opened)
  const sealed = { uti: opened.record.uti, recordHash: opened.recordHash, record: shaped.record }
  const acted = parts.loop.act({
    ...commandOf('ConfirmTrade', peer, trade),
    authorised: authorisedTo(parts, 'ConfirmTrade', trade),
    decide: (state, context) => confirmTrade(state, tradeId, sealed, context),
  })
  return durableAndReported(parts, acted, tradeId)
}

async function signOwnInstruction(parts: SettlingParts, { tradeId, trade }: Job): WorkOutcome {
  const authorised = authorisedTo(parts, 'InstructSettlement', trade)
  // Waiting for a second person is a state of the world, not a refusal of a command: it makes no entry.
  if (authorised.refused?.refusal === 'four-eyes-missing') return authorised.refused
  if (authorised.refused) return end(parts, { tradeId, trade }, authorised.refused)
  const record = recordFromJws(trade.record ?? {}, parts.place)
  const sealed = sealInstruction(record, sideOf(record, parts.registry.self), parts.settlementSigner)
  const acted = parts.loop.act({
    ...own(parts, 'InstructSettlement', trade),
    authorised,
    decide: (state, context) => signInstruction(state, tradeId, sealed, context),
  })
  return durable(parts, acted)
}

const answerWithSignature = object({ signature: read(signatureText) })

async function sendInstruction(parts: SettlingParts, { tradeId, trade }: Job): WorkOutcome {
  const record = recordFromJws(trade.record ?? {}, parts.place)
  const mine = sideOf(record, parts.registry.self)
  const signatures = trade.instruction?.signatures ?? {}
  const { recordHash = '', digest = '' } = trade
  const message = { execId: trade.terms.execId, recordHash, digest, signature: signatures[mine] ?? '' }
  const answer = await tell(parts, trade, instructionsPath, message)
  if (isRefusal(answer)) return answer
  const shaped = answerWithSignature(answer, 'answer')
  if (isRefusal(shaped)) return shaped
  const bad = checkInstructionSignature(record, otherSide(mine), shaped.signature)
  if (bad) return bad
  return instruct(parts, { tradeId, trade }, record, { ...signatures, [otherSide(mine)]: shaped.signature })
}

async function instruct(
  parts: SettlingParts,
  { tradeId, trade }: Job,
  record: TradeRecord,
  signatures: InstructionPart['signatures'],
): WorkOutcome {
  const { digest } = instructionOf(record).hashes
  const instruction: InstructionPart = { domain: {}, message: {}, ...trade.instruction, signatures }
  const acted = parts.loop.act({
    ...own(parts, 'InstructSettlement', trade),
    authorised: authorisedTo(parts, 'InstructSettlement', trade),
    decide: (state, context) => instructSettlement(state, tradeId, { digest, instruction }, context),
  })
  return durable(parts, acted)
}

/** The order for the effect is durable as `settlement.instructed`; the entry after it says which transaction it became. */
async function submit(parts: SettlingParts, { tradeId, trade }: Job): WorkOutcome {
  const authorised = authorisedTo(parts, 'SubmitSettlement', trade)
  if (authorised.refused || !trade.instruction) return authorised.refused
  const submission = await parts.ledger.settle(trade.instruction)
  if (isRefusal(submission)) return submission
  const acted = parts.loop.act({
    ...own(parts, 'SubmitSettlement', trade),
    authorised,
    decide: (state, context) => submitSettlement(state, tradeId, submission, context),
  })
  return durable(parts, acted)
}

/**
 * The taker in the maker's place: both signatures are held here too, and anyone may submit. Not before half of the
 * window has passed, so that the two do not race in the ordinary case; if they do, the ledger takes one.
 */
async function standIn(parts: SettlingParts, job: Job): WorkOutcome {
  const deadline = deadlineOf(parts, job.trade)
  if (isRefusal(deadline)) return deadline
  return parts.clock.now() < deadline - parts.place.windowMs / 2 ? notYet : submit(parts, job)
}

const deadlineOf = ({ place }: SettlingParts, { terms }: Trade): Instant | Refusal =>
  parseInstant(settlementDeadline(terms.validUntilTime, place.windowMs))

async function watch(parts: SettlingParts, { tradeId, trade }: Job): WorkOutcome {
  if (!trade.instruction) return undefined
  const outcome = await parts.ledger.outcome(trade.instruction)
  if (isRefusal(outcome)) return outcome
  if (outcome.state === 'open') return notYet
  // After a restart the ledger may have settled what this gateway had signed and sent, but not noted yet.
  if (outcome.state === 'settled' && trade.role === 'maker' && trade.phase === 'instructed')
    if ((await submit(parts, { tradeId, trade })) === undefined) return notYet
  const lapsed = refuse(
    'settlement-expired',
    `the ledger is final past the deadline of ${tradeId} without it`,
  )
  const acted = parts.loop.act({
    ...own(parts, 'RecordSettlement', trade),
    decide: (state) =>
      outcome.state === 'settled'
        ? settleTrade(state, tradeId, settledOf(outcome))
        : failSettlement(state, tradeId, lapsed),
  })
  return durable(parts, acted)
}

const settledOf = ({ txHash, blockNumber, blockHash }: Settled): Settled => ({
  txHash,
  blockNumber,
  blockHash,
})

const notYet = refuse('finality-pending', 'the ledger has not decided yet')

/** Past the deadline without both signatures here: nothing of ours can settle any more. */
async function expire(parts: SettlingParts, { tradeId, trade }: Job): WorkOutcome {
  const deadline = deadlineOf(parts, trade)
  if (isRefusal(deadline)) return deadline
  if (parts.clock.now() <= deadline) return notYet
  const late = refuse('confirmation-timeout', `${tradeId} was not agreed by ${formatInstant(deadline)}`)
  const acted = parts.loop.act({
    ...own(parts, 'ExpireTrade', trade),
    decide: (state) => failSettlement(state, tradeId, late),
  })
  return durable(parts, acted)
}

const own = (parts: SettlingParts, name: string, trade: Trade): ReturnType<typeof commandOf> => ({
  ...commandOf(name, parts.registry.self, trade),
  by: { kind: 'gateway', id: parts.registry.self.name },
})

function authorisedTo(
  parts: SettlingParts,
  action: 'ConfirmTrade' | 'InstructSettlement' | 'SubmitSettlement',
  trade: Trade,
): ReturnType<PeeringParts['authorise']['settle']> {
  const instrument = tradedInstrument(trade.terms, parts.place)
  invariant(!isRefusal(instrument), 'a trade is in an instrument that was checked')
  return parts.authorise.settle(action, trade.terms, instrument, trade.approvals.length)
}

async function tell(
  parts: SettlingParts,
  trade: Trade,
  path: string,
  message: Json,
): Promise<Json | Refusal> {
  const client = parts.peerClient(trade.terms.taker.name)
  return isRefusal(client) ? client : client.post(path, message)
}

/** The taker may hear of its fill after our proposal: not knowing it yet is no refusal of the trade. */
const passing = new Set<Refusal['refusal']>(['execution-unknown', 'internal', 'peer-unknown'])

/** What stands between the gateways, a failed handshake say, is no word of the counterparty about the trade. */
const isPassing = ({ refusal }: Refusal): boolean =>
  REFUSALS[refusal].retryable || passing.has(refusal) || refusal.startsWith('tls-')

function retryOrEnd(parts: SettlingParts, job: Job, refusal: Refusal): WorkOutcome {
  const again = isPassing(refusal)
  return again ? Promise.resolve(refusal) : end(parts, job, refusal)
}

async function end(parts: SettlingParts, { tradeId, trade }: Job, refusal: Refusal): WorkOutcome {
  const acted = parts.loop.act({
    ...own(parts, 'RefuseTrade', trade),
    decide: (state) => refuseTrade(state, tradeId, refusal, trade.terms.taker.name),
  })
  await durable(parts, acted)
  return undefined
}
