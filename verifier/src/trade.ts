import { recoverAddress, addressOf } from './eip712.ts'
import { placeOf } from './entries.ts'
import type { Entry } from './entries.ts'
import { differenceFromRecord, digestText, parseInstruction, signatories } from './instruction.ts'
import type { Instruction, Signatory } from './instruction.ts'
import { member } from './json.ts'
import { parseJws, verifyJwsSignature } from './jws.ts'
import type { Jws } from './jws.ts'
import { checkKeys, keysAt, publicKeyOf } from './keys.ts'
import type { RegisteredKey } from './keys.ts'
import type { Log } from './logs.ts'
import { checkPolicy } from './policy.ts'
import {
  economicsProblem,
  hasValidParties,
  isGeneratedUti,
  parseRecord,
  recordHash,
  recordType,
} from './record.ts'
import type { TradeRecord } from './record.ts'
import type { Findings, Place } from './report.ts'
import { checkSettlement } from './settlement.ts'

/** What the proved entries mean together: one trade, in every log (spec/evidence-pack.md §4.5 to §4.9). */

export type Proof = {
  readonly logs: readonly Log[]
  readonly entries: readonly Entry[]
  readonly uti: string
  readonly findings: Findings
}

export type TradeFingerprints = { readonly record?: string; readonly instruction?: string }

/** One log's view of the trade, as far as it holds. */
export type TradeView = {
  readonly log: string
  readonly tradeId: string
  readonly confirmed: Entry
  readonly hash: string
  readonly record: TradeRecord
  readonly instructed?: { readonly entry: Entry; readonly digest: string }
}

export const checkTrade = (proof: Proof): TradeFingerprints => {
  const { entries, findings } = proof
  const keys = checkKeys(entries, findings)
  checkPolicy(entries, findings)
  const views = proof.logs.flatMap(({ origin }) => checkView(origin, proof, keys) ?? [])
  checkAgreement(proof, views)
  const instructed = views.map((view) => checkInstructions(view, proof, keys))
  checkSettlement(instructed, proof)
  const record = views[0]?.hash
  const instruction = instructed.find((view) => view.instructed)?.instructed?.digest
  return {
    ...(record === undefined ? {} : { record }),
    ...(instruction === undefined ? {} : { instruction }),
  }
}

export const ofType = (entries: readonly Entry[], log: string, type: string): readonly Entry[] =>
  entries.filter((entry) => entry.log === log && entry.type === type)

const contentOf = (entry: Entry, part: string): string | undefined =>
  Object.hasOwn(entry.opened, part) ? entry.opened[part]?.content : undefined

const partPlace = (entry: Entry, part: string): Place => {
  const { log, index } = entry
  const line = Object.hasOwn(entry.opened, part) ? entry.opened[part]?.line : undefined
  return { section: 'opening', ...(line === undefined ? {} : { line }), log, index, part }
}

const checkView = (
  log: string,
  { entries, uti, findings }: Proof,
  keys: readonly RegisteredKey[],
): TradeView | undefined => {
  const isOurs = (entry: Entry): boolean => member(entry.body, 'uti') === uti
  const confirmed = ofType(entries, log, 'trade.confirmed').filter(isOurs)
  const [entry] = confirmed
  const present = confirmed.length === 1 && entry !== undefined && contentOf(entry, 'record') !== undefined
  const place: Place = entry ? placeOf(entry) : { section: 'entry', log }
  const detail = 'this log must hold one trade.confirmed of the subject, with its record opened'
  if (!findings.check('record/present', present, place, detail) || entry === undefined) return undefined
  for (const proposed of ofType(entries, log, 'trade.proposed').filter(isOurs))
    if (contentOf(proposed, 'record') !== undefined) checkSigned(proposed, keys, findings)
  const signed = checkSigned(entry, keys, findings)
  const tradeId = member(entry.body, 'tradeId')
  if (signed === undefined || typeof tradeId !== 'string') return undefined
  checkRecord(entry, signed, uti, findings)
  return { log, tradeId, confirmed: entry, hash: signed.hash, record: signed.record }
}

type Signed = { readonly record: TradeRecord; readonly hash: string; readonly owners: readonly string[] }

/** The record of an entry, with the owners of the keys whose signatures hold. */
const checkSigned = (
  entry: Entry,
  keys: readonly RegisteredKey[],
  findings: Findings,
): Signed | undefined => {
  const place = partPlace(entry, 'record')
  const jws = parseJws(contentOf(entry, 'record') ?? '')
  const record = jws && parseRecord(jws.payload)
  const hasTradeId = typeof member(entry.body, 'tradeId') === 'string'
  const formed = record !== undefined && hasTradeId
  if (!findings.check('record/form', formed, place, 'this is not a signed trade record')) return undefined
  if (jws === undefined || record === undefined) return undefined
  const hash = recordHash(jws.payload)
  const named = member(entry.body, 'recordHash') === hash
  findings.check('record/hash', named, placeOf(entry), 'recordHash is not the hash of the record')
  return { record, hash, owners: signersOf(jws, entry, keys, findings) }
}

const signersOf = (
  jws: Jws,
  entry: Entry,
  keys: readonly RegisteredKey[],
  findings: Findings,
): readonly string[] => {
  const owners: string[] = []
  const place = partPlace(entry, 'record')
  for (const signature of jws.signatures) {
    const { kid, typ } = signature
    const key = keysAt(keys, entry).find(({ keyId }) => keyId === kid)
    const usable = key !== undefined && key.algorithm === 'Ed25519' && key.use === 'record'
    const detail = `${kid} is not a record key that this log had registered and that was valid then`
    if (!findings.check('keys/registered', usable, place, detail) || key === undefined) continue
    const holds = typ === recordType && verifyJwsSignature(signature, publicKeyOf(key))
    if (findings.check('record/signature', holds, place, `the signature of ${kid} is wrong`))
      owners.push(key.owner)
  }
  return owners
}

const checkRecord = (entry: Entry, signed: Signed, uti: string, findings: Findings): void => {
  const place = partPlace(entry, 'record')
  const { record, owners } = signed
  const both = [record.buyer.lei, record.seller.lei].toSorted().join()
  const signedByBoth = owners.toSorted().join() === both && hasValidParties(record)
  findings.check(
    'record/parties',
    signedByBoth,
    place,
    'buyer and seller must sign, each once, with valid LEIs',
  )
  const problem = economicsProblem(record)
  findings.check('record/economics', problem === undefined, place, problem ?? '')
  const named = record.uti === uti && isGeneratedUti(record)
  findings.check('record/uti', named, place, 'the UTI is not the subject, or not generated by the rule')
}

/** Both logs hold the same record, and what was proposed is what was confirmed. */
const checkAgreement = ({ logs, entries, uti, findings }: Proof, views: readonly TradeView[]): void => {
  if (views.length < logs.length) return
  const two = 'a trade needs the logs of both parties'
  if (!findings.check('record/agreement', logs.length >= 2, { section: 'trust' }, two)) return
  const hash = views[0]?.hash
  const holders = entries.filter(
    ({ type, body }) => ['trade.confirmed', 'trade.proposed'].includes(type) && member(body, 'uti') === uti,
  )
  for (const entry of holders) {
    const same = member(entry.body, 'recordHash') === hash
    findings.check(
      'record/agreement',
      same,
      placeOf(entry),
      'this is another record than the one confirmed first',
    )
  }
}

const checkInstructions = (view: TradeView, proof: Proof, keys: readonly RegisteredKey[]): TradeView => {
  const { entries, findings } = proof
  const isOurs = (entry: Entry): boolean => member(entry.body, 'tradeId') === view.tradeId
  for (const entry of ofType(entries, view.log, 'settlement.signed').filter(isOurs))
    if (contentOf(entry, 'instruction') !== undefined) checkInstruction(entry, view, keys, findings)
  const instructed = ofType(entries, view.log, 'settlement.instructed').filter(isOurs)
  const [entry] = instructed
  if (entry === undefined) return view
  const present = instructed.length === 1 && contentOf(entry, 'instruction') !== undefined
  const detail = 'the trade must be instructed once, with its instruction opened'
  if (!findings.check('instruction/present', present, placeOf(entry), detail)) return view
  const instruction = checkInstruction(entry, view, keys, findings)
  return instruction ? { ...view, instructed: { entry, digest: digestText(instruction) } } : view
}

const checkInstruction = (
  entry: Entry,
  view: TradeView,
  keys: readonly RegisteredKey[],
  findings: Findings,
): Instruction | undefined => {
  const place = partPlace(entry, 'instruction')
  const instruction = parseInstruction(contentOf(entry, 'instruction') ?? '')
  const needed = entry.type === 'settlement.instructed' ? signatories.length : 1
  const formed = instruction !== undefined && Object.keys(instruction.signatures).length >= needed
  if (!findings.check('instruction/form', formed, place, 'this is not a signed instruction')) return undefined
  if (instruction === undefined) return undefined
  const named = member(entry.body, 'digest') === digestText(instruction) && isWhere(entry, instruction)
  findings.check(
    'instruction/digest',
    named,
    placeOf(entry),
    'digest, chainId or contract is not the instruction’s',
  )
  for (const role of signatories) checkSignatory(role, instruction, entry, view, keys, findings)
  const difference = differenceFromRecord(instruction, view.record)
  const detail = `${difference ?? ''} is not what the record says`
  findings.check('instruction/matches-record', difference === undefined, place, detail)
  return instruction
}

const isWhere = (entry: Entry, { domain }: Instruction): boolean =>
  entry.type !== 'settlement.instructed' ||
  (member(entry.body, 'chainId') === `eip155:${domain.chainId}` &&
    member(entry.body, 'contract') === domain.verifyingContract)

const checkSignatory = (
  role: Signatory,
  instruction: Instruction,
  entry: Entry,
  view: TradeView,
  keys: readonly RegisteredKey[],
  findings: Findings,
): void => {
  const signature = instruction.signatures[role]
  if (signature === undefined) return
  const place = partPlace(entry, 'instruction')
  const address = instruction.message[role]
  const signed = recoverAddress(instruction.digest, signature) === address
  findings.check('instruction/signature', signed, place, `the ${role} did not sign this digest`)
  const owner = role === 'deliverer' ? view.record.seller.lei : view.record.buyer.lei
  const known = keysAt(keys, entry).some(
    (key) =>
      key.algorithm === 'secp256k1' &&
      key.use === 'settlement' &&
      key.owner === owner &&
      addressOf(publicKeyOf(key)) === address,
  )
  const detail = `${address} is not a settlement key of the ${role} that this log had registered`
  findings.check('keys/registered', known, place, detail)
}
