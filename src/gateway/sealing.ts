// Seal: what this gateway signs, and how it checks what others signed. Runs between decide and append; the sealed
// bytes are journalled, so that a retransmission is identical and a replay never signs.
import {
  fromBase64Url,
  fromHex,
  invariant,
  isRefusal,
  parseDecimal,
  parseInstant,
  parseLei,
  refuse,
  toHex,
  type Asset,
  type Instant,
  type JsonObject,
  type Refusal,
} from '#core'
import {
  addSignature,
  digest,
  hashTypedData,
  parseJws,
  recoverAddress,
  signJws,
  verifyJws,
  type Address,
  type DigestSigner,
  type Jws,
  type KeyLookup,
  type Signer,
} from '#crypto'
import {
  buildTradeRecord,
  compareEconomics,
  parseInstrument,
  parseTradeRecord,
  settlementDeadline,
  settlementInstructionOf,
  tradeRecordBytes,
  utiOf,
  type ExecutionTerms,
  type Instrument,
  type InstructionPart,
  type SealedInstruction,
  type SealedRecord,
  type SettlementInstruction,
  type TradeRecord,
  type Venue,
} from '#trade'
import { textMember } from './shape.ts'

export const tradeRecordTyp = 'poundlock-trade+json'

/** Where and in what the two parties settle; agreed with the counterparty, the same on both sides. */
export type SettlementPlace = {
  readonly venue: Venue
  readonly chainId: string
  readonly contract: Address
  readonly positions: Address
  readonly payToken: Asset & { readonly address: Address }
  readonly windowMs: number
  /** EVM account of a party, by LEI. */
  readonly accountOf: (lei: string) => string | Refusal
  /** Token id of the option series on the positions contract, for an option that was listed at that time. */
  readonly seriesIdOf: (securityId: string, asOf: Instant) => bigint | Refusal
}

/**
 * The instrument of a trade as it was when it was executed: what was traded is confirmed and settled also after it
 * has expired or the venue has stopped listing it.
 */
export const tradedInstrument = (
  terms: ExecutionTerms,
  { venue }: Pick<SettlementPlace, 'venue'>,
): Instrument | Refusal => parseInstrument(terms.securityId, venue, executedAt(terms))

const executedAt = (terms: ExecutionTerms): Instant => known(parseInstant(terms.transactTime))

/** The record that follows from an execution: both sides compute it, so a wrong proposal is found by comparison. */
export function recordOf(terms: ExecutionTerms, place: SettlementPlace): TradeRecord | Refusal {
  const instrument = tradedInstrument(terms, place)
  if (isRefusal(instrument)) return instrument
  const maker = { lei: known(parseLei(terms.maker.lei)), name: terms.maker.name }
  const taker = { lei: known(parseLei(terms.taker.lei)), name: terms.taker.name }
  const [buyer, seller] = terms.side === 'Buy' ? [taker, maker] : [maker, taker]
  const uti = utiOf({ maker: maker.lei, taker: taker.lei, execId: terms.execId }, digest)
  const settlement = settlementOf(terms, place, { buyer: buyer.lei, seller: seller.lei, uti })
  if (isRefusal(settlement)) return settlement
  const { quoteId, orderId, clOrdId, execId } = terms
  return buildTradeRecord({
    uti,
    executedAt: executedAt(terms),
    buyer,
    seller,
    instrument,
    quantity: known(parseDecimal(terms.lastQty)),
    price: known(parseDecimal(terms.lastPx)),
    premiumAsset: place.payToken,
    execution: { quoteId, orderId, clOrdId, execId },
    settlement,
  })
}

function settlementOf(
  terms: ExecutionTerms,
  place: SettlementPlace,
  { buyer, seller, uti }: { readonly buyer: string; readonly seller: string; readonly uti: string },
) {
  const deliverer = place.accountOf(seller)
  if (isRefusal(deliverer)) return deliverer
  const receiver = place.accountOf(buyer)
  if (isRefusal(receiver)) return receiver
  const deliverId = place.seriesIdOf(terms.securityId, executedAt(terms))
  if (isRefusal(deliverId)) return deliverId
  const nonce = BigInt(`0x${toHex(digest('poundlock/settlement-nonce/v1', Buffer.from(uti))).slice(0, 16)}`)
  return {
    chainId: place.chainId,
    contract: place.contract,
    deliverer,
    receiver,
    deliverToken: place.positions,
    deliverId,
    payToken: place.payToken.address,
    deadline: known(parseInstant(settlementDeadline(terms.validUntilTime, place.windowMs))),
    nonce,
  }
}

/** Maker: the record under its own signature. */
export function sealRecord(record: TradeRecord, signer: Signer): SealedRecord {
  const bytes = tradeRecordBytes(record)
  return sealed(record.uti, bytes, signJws(bytes, tradeRecordTyp, signer))
}

/** Taker: the received JWS with its own signature added; the payload stays the bytes that were received. */
export const countersignRecord = (opened: OpenedRecord, signer: Signer): SealedRecord =>
  sealed(opened.record.uti, opened.payload, addSignature(opened.jws, tradeRecordTyp, signer))

const sealed = (uti: string, payload: Uint8Array, jws: Jws): SealedRecord => ({
  uti,
  recordHash: recordHashOf(payload),
  record: jws,
})

/** spec/evidence-pack.md §3.2 */
const recordHashOf = (payload: Uint8Array): string => toHex(digest('poundlock/record/v1', payload))

export type OpenedRecord = {
  readonly jws: Jws
  readonly payload: Uint8Array
  readonly record: TradeRecord
  readonly recordHash: string
}

/** Every signature checked over the bytes as received, then the record parsed, then the signers counted. */
export function openRecord(
  jwsText: string,
  signers: readonly string[],
  keys: KeyLookup,
  place: SettlementPlace,
): OpenedRecord | Refusal {
  const jws = parseJws(jwsText)
  if (isRefusal(jws)) return jws
  const verified = verifyJws(jws, tradeRecordTyp, keys)
  if (isRefusal(verified)) return verified
  const missing = signers.filter((kid) => !verified.kids.includes(kid))
  if (missing.length > 0 || verified.kids.length !== signers.length)
    return refuse('signature-invalid', `the record must be signed by exactly ${signers.join(' and ')}`)
  const record = parseTradeRecord(verified.payload, {
    venue: place.venue,
    premiumAsset: place.payToken,
    digest,
  })
  if (isRefusal(record)) return record
  const { payload } = verified
  return { jws, payload, record, recordHash: recordHashOf(payload) }
}

/** The counterparty's record against what this gateway itself holds of the execution. */
export function compareWithExecution(
  theirs: TradeRecord,
  execution: ExecutionTerms,
  place: SettlementPlace,
): Refusal | undefined {
  const mine = recordOf(execution, place)
  return isRefusal(mine) ? mine : compareEconomics(mine, theirs)
}

/** Hashes as both sides print them to compare (ERC-8213 vocabulary: domain hash, message hash, digest). */
export type InstructionHashes = {
  readonly domainHash: string
  readonly messageHash: string
  readonly digest: string
}

export function instructionOf(record: TradeRecord): {
  readonly typed: SettlementInstruction
  readonly hashes: InstructionHashes
} {
  const typed = settlementInstructionOf(record, digest)
  const { domainHash, messageHash, digest: signed } = hashTypedData(typed)
  return {
    typed,
    hashes: { domainHash: hexText(domainHash), messageHash: hexText(messageHash), digest: hexText(signed) },
  }
}

const hexText = (bytes: Uint8Array): string => `0x${toHex(bytes)}`

export type InstructionSide = 'deliverer' | 'receiver'

/** This gateway's signature over the instruction that follows from the co-signed record, beside the other's. */
export function sealInstruction(
  record: TradeRecord,
  side: InstructionSide,
  signer: DigestSigner,
  others: InstructionPart['signatures'] = {},
): SealedInstruction {
  const { typed, hashes } = instructionOf(record)
  const signature = hexText(signer.signDigest(hexBytes(hashes.digest)))
  const signatures = { ...others, [side]: signature }
  const domain = { ...typed.domain } satisfies JsonObject
  return { digest: hashes.digest, instruction: { domain, message: messageJson(typed), signatures } }
}

/** The other side's signature, checked against the account that the record names. */
export function checkInstructionSignature(
  record: TradeRecord,
  side: InstructionSide,
  signature: string,
): Refusal | undefined {
  const bytes = fromHex(signature.replace(/^0x/, ''))
  if (isRefusal(bytes)) return bytes
  const signer = recoverAddress(hexBytes(instructionOf(record).hashes.digest), bytes)
  if (isRefusal(signer)) return signer
  const wanted = record.settlement[side]
  return signer.toLowerCase() === wanted.toLowerCase()
    ? undefined
    : refuse('signature-invalid', `the instruction is signed by ${signer}, not by the ${side} ${wanted}`)
}

/** The payload of a record that this gateway has checked before. */
export function recordFromJws(jws: JsonObject, place: SettlementPlace): TradeRecord {
  const payload = known(fromBase64Url(textMember(jws, 'payload')))
  return known(parseTradeRecord(payload, { venue: place.venue, premiumAsset: place.payToken, digest }))
}

/** uint256 members as decimal strings. */
function messageJson(typed: SettlementInstruction): JsonObject {
  return Object.fromEntries(Object.entries(typed.message).map(([name, value]) => [name, String(value)]))
}

const hexBytes = (hex: string): Uint8Array => known(fromHex(hex.slice(2)))

/** For values that were checked when they entered: a refusal here is a bug. */
function known<T>(value: T | Refusal): T {
  invariant(!isRefusal(value), 'the value was checked before')
  return value
}
