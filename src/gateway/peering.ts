// The other gateway's messages, taker's side: a proposed record is compared and countersigned, a settlement
// instruction is checked and signed. Both are idempotent: the same message gets the same stored answer.
import { canonicalJson, isRefusal, refuse, type Json, type Refusal } from '#core'
import type { DigestSigner, KeyLookup, Signer } from '#crypto'
import {
  confirmTrade,
  instructSettlement,
  refuseTrade,
  tradeIdOf,
  type InstructionPart,
  type Party,
  type SealedRecord,
  type Trade,
  type TradeRecord,
} from '#trade'
import type { Principal } from './api.ts'
import type { PeerConfig } from './config.ts'
import type { DeskParts } from './desk.ts'
import type { Acted, Command } from './loop.ts'
import type { Outbox } from './outbox.ts'
import { durableAndReported } from './post-trade.ts'
import {
  checkInstructionSignature,
  compareWithExecution,
  countersignRecord,
  instructionOf,
  openRecord,
  recordFromJws,
  sealInstruction,
  tradedInstrument,
  type InstructionSide,
  type OpenedRecord,
} from './sealing.ts'
import { anyObject, object, read, text, type Shaped } from './shape.ts'

/** Paths of the messages between gateways. */
export const confirmationsPath = '/peer/v1/confirmations'
export const instructionsPath = '/peer/v1/instructions'

export type PeeringParts = DeskParts & {
  readonly outbox: Outbox
  readonly recordSigner: Signer
  readonly settlementSigner: DigestSigner
  readonly recordKeys: () => KeyLookup
}

const confirmationShape = object({ record: anyObject })
const instructionShape = object({
  execId: text,
  recordHash: text,
  digest: text,
  signature: read(signatureText),
})

/** Taker: `{ record: JWS of the maker }` → `{ record: the same with our signature }`. */
export async function onConfirmation(
  parts: PeeringParts,
  peerName: string,
  message: Json,
): Promise<Json | Refusal> {
  const heard = readConfirmation(parts, peerName, message)
  if (isRefusal(heard)) return recorded(parts, 'ConfirmTrade', peerName, heard)
  const { peer, opened } = heard
  const tradeId = tradeIdOf({ name: peer.name, lei: peer.lei }, opened.record.execution.execId)
  const trade = parts.loop.state.trades.get(tradeId)
  if (!trade || trade.role !== 'taker')
    return refuse('execution-unknown', `no execution ${tradeId} has been reported to this gateway`)
  if (trade.recordHash === opened.recordHash && trade.record)
    return whenDurable(parts, { record: trade.record })
  return confirm(parts, peer, tradeId, trade, opened)
}

function readConfirmation(
  parts: PeeringParts,
  peerName: string,
  message: Json,
): { readonly peer: PeerConfig; readonly opened: OpenedRecord } | Refusal {
  const shaped = confirmationShape(message, 'message')
  if (isRefusal(shaped)) return shaped
  const peer = parts.registry.peer(peerName)
  if (isRefusal(peer)) return peer
  const signers = [peer.recordKey.keyId]
  const opened = openRecord(canonicalJson(shaped.record), signers, parts.recordKeys(), parts.place)
  return isRefusal(opened) ? opened : { peer, opened }
}

/**
 * A message of a known peer that never became a command is an entry too. An execution that is not known here is none:
 * the fill, on its way over FIX, may come after the proposal, which is then sent again.
 */
async function recorded(
  parts: PeeringParts,
  name: string,
  peerName: string,
  refusal: Refusal,
): Promise<Refusal> {
  if (refusal.refusal === 'execution-unknown') return refusal
  const by: Principal = { kind: 'peer', id: peerName }
  await parts.loop.commit(parts.loop.refuse({ name, by, corr: peerName }, refusal).bundle)
  return refusal
}

async function confirm(
  parts: PeeringParts,
  peer: PeerConfig,
  tradeId: string,
  trade: Trade,
  opened: OpenedRecord,
): Promise<Json | Refusal> {
  const mismatch = compareWithExecution(opened.record, trade.terms, parts.place)
  if (mismatch) return refuseAndTell(parts, peer, tradeId, mismatch)
  const instrument = tradedInstrument(trade.terms, parts.place)
  if (isRefusal(instrument)) return instrument
  const sealed: SealedRecord = countersignRecord(opened, parts.recordSigner)
  const acted = parts.loop.act({
    ...commandOf('ConfirmTrade', peer, trade),
    authorised: parts.authorise.settle('ConfirmTrade', trade.terms, instrument, trade.approvals.length),
    decide: (state, context) => confirmTrade(state, tradeId, sealed, context),
  })
  const refused = await durableAndReported(parts, acted, tradeId)
  return refused ?? { record: sealed.record }
}

/** Both journals name the same refusal: ours as an entry, the peer's through the answer. */
async function refuseAndTell(
  parts: PeeringParts,
  peer: PeerConfig,
  tradeId: string,
  refusal: Refusal,
): Promise<Refusal> {
  const trade = parts.loop.state.trades.get(tradeId)
  if (!trade) return refusal
  const acted = parts.loop.act({
    ...commandOf('RefuseTrade', peer, trade),
    decide: (state) => refuseTrade(state, tradeId, refusal, parts.registry.self.name),
  })
  await durable(parts, acted)
  return refusal
}

/** Taker: `{ execId, recordHash, digest, signature of the maker }` → `{ signature: ours }` over the same digest. */
export async function onInstruction(
  parts: PeeringParts,
  peerName: string,
  message: Json,
): Promise<Json | Refusal> {
  const heard = readInstruction(parts, peerName, message)
  if (isRefusal(heard)) return recorded(parts, 'InstructSettlement', peerName, heard)
  const { peer, found, said } = heard
  const mine = sideOf(found.record, parts.registry.self)
  const stored = found.trade.instruction?.signatures[mine]
  if (stored !== undefined) return whenDurable(parts, { signature: stored })
  return instruct(parts, peer, found, { [otherSide(mine)]: said.signature })
}

type Said = Shaped<typeof instructionShape>

function readInstruction(
  parts: PeeringParts,
  peerName: string,
  message: Json,
): { readonly peer: PeerConfig; readonly found: Found; readonly said: Said } | Refusal {
  const said = instructionShape(message, 'message')
  if (isRefusal(said)) return said
  const peer = parts.registry.peer(peerName)
  if (isRefusal(peer)) return peer
  const tradeId = tradeIdOf({ name: peer.name, lei: peer.lei }, said.execId)
  const found = confirmedTrade(parts, tradeId, said.recordHash)
  if (isRefusal(found)) return found
  return checkInstruction(parts, found.record, said) ?? { peer, found, said }
}

function checkInstruction({ registry }: PeeringParts, record: TradeRecord, said: Said): Refusal | undefined {
  if (instructionOf(record).hashes.digest !== said.digest)
    return refuse(
      'digest-mismatch',
      'the digest is not that of the instruction which follows from the record',
    )
  return checkInstructionSignature(record, otherSide(sideOf(record, registry.self)), said.signature)
}

type Found = { readonly tradeId: string; readonly trade: Trade; readonly record: TradeRecord }

async function instruct(
  parts: PeeringParts,
  peer: PeerConfig,
  { tradeId, trade, record }: Found,
  others: InstructionPart['signatures'],
): Promise<Json | Refusal> {
  const instrument = tradedInstrument(trade.terms, parts.place)
  if (isRefusal(instrument)) return instrument
  const mine = sideOf(record, parts.registry.self)
  const sealed = sealInstruction(record, mine, parts.settlementSigner, others)
  const acted = parts.loop.act({
    ...commandOf('InstructSettlement', peer, trade),
    authorised: parts.authorise.settle('InstructSettlement', trade.terms, instrument, trade.approvals.length),
    decide: (state, context) => instructSettlement(state, tradeId, sealed, context),
  })
  const refused = await durable(parts, acted)
  const signature = sealed.instruction.signatures[mine]
  return refused ?? { signature: signature ?? '' }
}

function confirmedTrade(parts: PeeringParts, tradeId: string, recordHash: string): Found | Refusal {
  const trade = parts.loop.state.trades.get(tradeId)
  if (trade?.record && trade.recordHash === recordHash)
    return { tradeId, trade, record: recordFromJws(trade.record, parts.place) }
  return refuse('execution-unknown', `${tradeId} is not confirmed with that record`)
}

export const sideOf = (record: TradeRecord, self: Party): InstructionSide =>
  record.seller.lei === self.lei ? 'deliverer' : 'receiver'
export const otherSide = (side: InstructionSide): InstructionSide =>
  side === 'deliverer' ? 'receiver' : 'deliverer'

/** A repeated answer has no entry of its own: it waits for those that it was read from. */
async function whenDurable(parts: PeeringParts, answer: Json): Promise<Json> {
  await parts.loop.settled()
  return answer
}

/** Waits until the decision is on disk; what was refused is too, and is then told. */
export async function durable(parts: PeeringParts, acted: Acted): Promise<Refusal | undefined> {
  await parts.loop.commit(acted.bundle)
  return acted.refused
}

export function commandOf(
  name: string,
  by: { readonly name: string },
  trade: Trade,
): Pick<Command, 'name' | 'by' | 'corr'> {
  const principal: Principal = { kind: 'peer', id: by.name }
  return { name, by: principal, corr: trade.corr }
}

/** The one spelling in which a recoverable signature is stored and brought to the ledger. */
export function signatureText(value: string): string | Refusal {
  return /^0x[0-9a-f]{130}$/.test(value)
    ? value
    : refuse('encoding-invalid', 'a signature is 0x and 130 lower-case hexadecimal digits')
}
