// oxlint-disable typescript/no-unsafe-type-assertion, typescript/no-unnecessary-type-parameters -- the tests take JSON of their own making, and vectors, at their word
// The vectors that others wrote: spec/vectors/*.json hold the truth that both sides of the house share.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  addressOf,
  fromBase64,
  leafHash,
  parseCheckpoint,
  parseLeaf,
  parseNote,
  parseTrustPolicy,
  parseVerifierKey,
  satisfiesQuorum,
  signatureOf,
  toBase64Url,
  verifyInclusion,
  verifyNoteSignature,
  canonicalJson,
  chainTradeId,
  digest,
  economicsProblem,
  hashInstruction,
  parseCanonical,
  parseJws,
  parseRecord,
  recordHash,
  recoverAddress,
  toHex,
  utf8,
  verifyJwsSignature,
} from '../src/index.ts'
import type { InstructionMessage, Json } from '../src/index.ts'
import { fromBase64Url, fromHex } from '../src/bytes.ts'
import { isMember } from '../src/eip712.ts'
import { hasValidParties, isGeneratedUti, recordType } from '../src/record.ts'

const vectors = new URL('../../spec/vectors/', import.meta.url)
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, vectors), 'utf8')) as T
const bytesOf = (hex: string): Uint8Array => fromHex(hex.slice(2)) ?? new Uint8Array()

type InstructionVector = {
  name: string
  domain: { name: string; version: string; chainId: number; verifyingContract: string }
  message: InstructionMessage
  domainHash: string
  messageHash: string
  digest: string
  signatures: Record<'deliverer' | 'receiver', string>
}

test('settlement instructions hash and recover as spec/vectors/settlement-instruction.json says', () => {
  const { vectors: all } = read<{ vectors: InstructionVector[] }>('settlement-instruction.json')
  assert.ok(all.length > 0)
  for (const { name, domain, message, signatures, ...said } of all) {
    const hashes = hashInstruction({ ...domain, chainId: BigInt(domain.chainId) }, message)
    assert.equal(`0x${toHex(hashes.domainHash)}`, said.domainHash, name)
    assert.equal(`0x${toHex(hashes.messageHash)}`, said.messageHash, name)
    assert.equal(`0x${toHex(hashes.digest)}`, said.digest, name)
    for (const role of ['deliverer', 'receiver'] as const)
      assert.equal(
        recoverAddress(hashes.digest, bytesOf(signatures[role])),
        message[role],
        `${name}: ${role}`,
      )
  }
})

test('signatures that the settlement contract refuses for the deliverer are not its signatures', () => {
  const { vectors: all, refusedSignatures } = read<{
    vectors: InstructionVector[]
    refusedSignatures: { why: string; signature: string }[]
  }>('settlement-instruction.json')
  const [good] = all as [InstructionVector]
  for (const { why, signature } of refusedSignatures) {
    const signer = recoverAddress(bytesOf(good.digest), bytesOf(signature))
    assert.notEqual(signer, good.message.deliverer, why)
  }
})

test('digest() is as spec/vectors/digest.json says', () => {
  const { cases } = read<{ cases: { label: string; parts: string[]; digest: string }[] }>('digest.json')
  for (const { label, parts, digest: said } of cases)
    assert.equal(toHex(digest(label, ...parts.map((part) => bytesOf(`0x${part}`)))), said, label)
})

type RecordVectors = {
  canonical: string
  recordHash: string
  uti: { uti: string; tradeId: string }
  keys: { keyId: string; publicKey: string }[]
  proposal: string
  confirmation: string
  refusedRecords: { why: string; text: string }[]
  refusedStatements: { why: string; jws: string }[]
}

/** What only the venue's conventions can say; the report lists it as not checked. */
const venueOnly = new Set([
  'an expiry on a Sunday',
  'an expiry that its SecurityID does not say',
  'another strike',
  'another multiplier',
])

test('trade records are read and named as spec/vectors/trade-record.json says', () => {
  const { canonical, uti, ...said } = read<RecordVectors>('trade-record.json')
  const record = parseRecord(utf8(canonical))
  assert.ok(record)
  assert.equal(economicsProblem(record), undefined)
  assert.ok(hasValidParties(record) && isGeneratedUti(record))
  assert.equal(recordHash(utf8(canonical)), said.recordHash)
  assert.equal(chainTradeId(record.uti), uti.tradeId)
  assert.equal(canonicalJson(parseCanonical(canonical) as Json), canonical)
})

test('records that a gateway refuses are refused here, but for what only the venue knows', () => {
  for (const { why, text } of read<RecordVectors>('trade-record.json').refusedRecords) {
    const record = parseRecord(utf8(text))
    const holds = record && !economicsProblem(record) && hasValidParties(record) && isGeneratedUti(record)
    assert.equal(Boolean(holds), venueOnly.has(why), why)
  }
})

const signersOf = (text: string, keys: RecordVectors['keys']): readonly string[] | undefined => {
  const jws = parseJws(text)
  return jws?.signatures.flatMap((signature) => {
    const key = keys.find(({ keyId }) => keyId === signature.kid)
    const publicKey = fromBase64Url(key?.publicKey ?? '') ?? new Uint8Array()
    return signature.typ === recordType && verifyJwsSignature(signature, publicKey) ? [signature.kid] : []
  })
}

test('signed statements hold as spec/vectors/trade-record.json says, and the refused ones do not', () => {
  const { proposal, confirmation, keys, refusedStatements } = read<RecordVectors>('trade-record.json')
  const ids = keys.map(({ keyId }) => keyId)
  assert.deepEqual(signersOf(proposal, keys), ids.slice(0, 1))
  assert.deepEqual(signersOf(confirmation, keys), ids)
  for (const { why, jws } of refusedStatements) {
    const count = parseJws(jws)?.signatures.length
    const signers = signersOf(jws, keys)
    // Complete: every signature of the statement holds, and no signer counts twice.
    const complete = signers?.length === count && new Set(signers).size === count
    assert.ok(signers === undefined || !complete, why)
  }
})

test('members of an instruction have one text form', () => {
  assert.ok(isMember('uint256', '0') && isMember('uint256', String(2n ** 256n - 1n)))
  for (const text of ['', '00', '-1', '1.0', '0x1', String(2n ** 256n)])
    assert.ok(!isMember('uint256', text), text)
  assert.ok(!isMember('address', `0x${'AB'.repeat(20)}`) && !isMember('bytes32', `0x${'ab'.repeat(31)}`))
  assert.equal(addressOf(new Uint8Array(33)), undefined)
})

type JournalVectors = {
  origin: string
  entries: { index: number; leaf: string; leafHash: string }[]
  refusedEntries: { why: string; leaf: string }[]
  parts: PartVector[]
  refusedParts: (PartVector & { why: string })[]
  tree: { roots: { size: number; root: string }[]; inclusion: ProofVector[]; refusedInclusion: ProofVector[] }
  notes: {
    vkeys: { log: string; witnesses: string[] }
    policy: string
    accepted: { name: string; note: string }[]
    refused: { name: string; note: string }[]
  }
}
type PartVector = { part: string; salt: string; content: string; digest: string }
type ProofVector = { index: number; size: number; proof: string[]; why?: string }

const journal = (): JournalVectors => read<JournalVectors>('journal.json')

test('leaves are read and hashed as spec/vectors/journal.json says', () => {
  for (const { index, leaf, leafHash: said } of journal().entries) {
    assert.equal(parseLeaf(leaf)?.seq, index)
    assert.equal(toHex(leafHash(utf8(leaf))), said)
  }
  for (const { why, leaf } of journal().refusedEntries) assert.equal(parseLeaf(leaf), undefined, why)
})

const opens = ({ part, salt, content, digest: said }: PartVector): boolean => {
  const bytes = fromBase64Url(salt)
  return (
    bytes?.length === 16 &&
    toBase64Url(digest('poundlock/part/v1', bytes, utf8(part), utf8(content))) === said
  )
}

test('parts open as spec/vectors/journal.json says', () => {
  for (const part of journal().parts) assert.ok(opens(part), part.part)
  for (const part of journal().refusedParts) assert.ok(!opens(part), part.why)
})

test('inclusion proofs are judged as spec/vectors/journal.json says', () => {
  const { roots, inclusion, refusedInclusion } = journal().tree
  const holds = ({ index, size, proof }: ProofVector): boolean => {
    const root = fromHex(roots.find((one) => one.size === size)?.root ?? '') ?? new Uint8Array()
    const hashes = proof.map((text) => fromBase64(text) ?? new Uint8Array())
    return verifyInclusion(leafHash(utf8(`entry-${index}`)), index, size, hashes, root)
  }
  for (const vector of inclusion) assert.ok(holds(vector), `${vector.index} of ${vector.size}`)
  for (const vector of refusedInclusion) assert.ok(!holds(vector), vector.why)
})

test('checkpoint notes count as spec/vectors/journal.json says', () => {
  const { vkeys, policy, accepted, refused } = journal().notes
  const trust = parseTrustPolicy(policy)
  const key = parseVerifierKey(vkeys.log)
  assert.ok(key)
  const counts = (text: string): boolean => {
    const note = parseNote(text)
    if (!note || parseCheckpoint(note.text)?.origin !== key.name) return false
    const judged = [key, ...trust.witnesses.values()].map((one) => {
      const signature = signatureOf(note, one)
      return signature && { name: one.name, holds: verifyNoteSignature(note, one, signature) }
    })
    const held = new Set(judged.filter((one) => one?.holds).map((one) => one?.name ?? ''))
    return held.has(key.name) && judged.every((one) => one?.holds !== false) && satisfiesQuorum(trust, held)
  }
  for (const { name, note } of accepted) assert.ok(counts(note), name)
  for (const { name, note } of refused) assert.ok(!counts(note), name)
})
