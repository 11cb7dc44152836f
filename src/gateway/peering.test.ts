import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson, isJsonObject, isRefusal, type Json, type Refusal } from '#core'
import { addSignature, memoryKeyStore, parseJws, type Jws } from '#crypto'
import { onConfirmation, onInstruction } from './peering.ts'
import {
  instructionOf,
  recordFromJws,
  recordOf,
  sealInstruction,
  sealRecord,
  tradeRecordTyp,
} from './sealing.ts'
import {
  approveBoth,
  confirmed,
  execute,
  execution,
  known,
  lastTypes,
  tradeOf,
  twoParties,
  work,
  type TwoParties,
} from './testing.ts'

async function executed(): Promise<TwoParties> {
  const world = await twoParties()
  await execute(world.ALDER)
  await execute(world.CEDAR)
  return world
}

function proposal({ ALDER }: TwoParties, terms = execution()): { readonly record: Jws } {
  const record = known(recordOf(terms, ALDER.core.peering.place))
  const { record: jws } = sealRecord(record, ALDER.keys.signer('record'))
  return { record: known(parseJws(canonicalJson(jws))) }
}

const confirm = ({ CEDAR }: TwoParties, message: Json, from = 'ALDER'): Promise<Json | Refusal> =>
  onConfirmation(CEDAR.core.peering, from, message)

function refusedAs(answer: Json | Refusal, code: string): void {
  assert.ok(isRefusal(answer), JSON.stringify(answer))
  assert.equal(answer.refusal, code, answer.detail)
}

test('a proposal of our execution is countersigned once; asked again the answer is the same and makes no entry', async () => {
  const world = await executed()
  const message = proposal(world)
  const first = await confirm(world, message)
  assert.ok(!isRefusal(first))
  assert.equal(tradeOf(world.CEDAR).phase, 'confirmed')
  const size = world.CEDAR.journal.size()
  assert.deepEqual(await confirm(world, message), first)
  assert.equal(world.CEDAR.journal.size(), size)
  assert.ok(isJsonObject(first) && isJsonObject(first['record']))
  assert.equal(known(parseJws(canonicalJson(first['record']))).signatures.length, 2)
})

test('a proposal of an execution that nobody reported here is not countersigned and leaves no entry', async () => {
  const world = await twoParties()
  const size = world.CEDAR.journal.size()
  refusedAs(await confirm(world, proposal(world)), 'execution-unknown')
  assert.equal(world.CEDAR.journal.size(), size)
})

test('a proposal counts only under the signature of the peer at the other end, alone', async () => {
  const world = await executed()
  const { record } = proposal(world)
  const stranger = memoryKeyStore({ record: 'Ed25519' }).signer('record')
  const unsigned = { payload: record.payload, signatures: [] }
  const swapped = addSignature(unsigned, tradeRecordTyp, stranger)
  refusedAs(await confirm(world, { record: swapped }), 'key-unknown')
  const own = addSignature(unsigned, tradeRecordTyp, world.CEDAR.keys.signer('record'))
  refusedAs(await confirm(world, { record: own }), 'signature-invalid')
  const both = addSignature(record, tradeRecordTyp, world.CEDAR.keys.signer('record'))
  refusedAs(await confirm(world, { record: both }), 'signature-invalid')
  refusedAs(await confirm(world, { record: unsigned }), 'jws-malformed')
  const other = addSignature(unsigned, 'another+json', world.ALDER.keys.signer('record'))
  refusedAs(await confirm(world, { record: other }), 'jws-header')
  refusedAs(await confirm(world, proposal(world), 'BIRCH'), 'peer-unknown')
  refusedAs(await confirm(world, { record, more: 1 }), 'json-shape')
  refusedAs(await confirm(world, ['record']), 'json-shape')
  assert.equal(tradeOf(world.CEDAR).phase, 'executed')
})

test('a proposal that differs from our execution ends the trade here and names the member; asked again, the same', async () => {
  const world = await executed()
  const message = proposal(world, execution({ lastPx: '430.73', premiumMinor: '43073000000' }))
  const answer = await confirm(world, message)
  refusedAs(answer, 'confirmation-mismatch')
  assert.ok(isRefusal(answer))
  assert.match(answer.detail, /price/)
  assert.deepEqual(lastTypes(world.CEDAR, 1), ['trade.refused'])
  assert.equal(tradeOf(world.CEDAR).phase, 'refused')
  refusedAs(await confirm(world, message), 'confirmation-mismatch')
  assert.equal(tradeOf(world.CEDAR).phase, 'refused')
})

const instructionMessage = ({ ALDER }: TwoParties): Record<string, Json> => {
  const trade = tradeOf(ALDER)
  const record = recordFromJws(trade.record ?? {}, ALDER.core.peering.place)
  const { digest, instruction } = sealInstruction(record, 'deliverer', ALDER.keys.digestSigner('settlement'))
  const { recordHash = '' } = trade
  return { execId: 'E-1', recordHash, digest, signature: instruction.signatures.deliverer ?? '' }
}

const instruct = ({ CEDAR }: TwoParties, message: Json): Promise<Json | Refusal> =>
  onInstruction(CEDAR.core.peering, 'ALDER', message)

test('an instruction of the co-signed record is signed once two people have approved; asked again, the same', async () => {
  const world = await confirmed()
  const message = instructionMessage(world)
  refusedAs(await instruct(world, message), 'four-eyes-missing')
  assert.equal(tradeOf(world.CEDAR).phase, 'confirmed')
  await approveBoth(world.CEDAR)
  const first = await instruct(world, message)
  assert.ok(!isRefusal(first))
  assert.equal(tradeOf(world.CEDAR).phase, 'instructed')
  const size = world.CEDAR.journal.size()
  assert.deepEqual(await instruct(world, message), first)
  assert.equal(world.CEDAR.journal.size(), size)
})

test('an instruction with another digest, signature or record is not signed', async () => {
  const world = await confirmed()
  await approveBoth(world.CEDAR)
  const message = instructionMessage(world)
  const { place } = world.CEDAR.core.peering
  const record = recordFromJws(tradeOf(world.CEDAR).record ?? {}, place)
  const byTaker = sealInstruction(record, 'receiver', world.CEDAR.keys.digestSigner('settlement'))
  const cases: readonly (readonly [string, Record<string, Json>])[] = [
    ['digest-mismatch', { digest: `0x${'0'.repeat(64)}` }],
    ['digest-mismatch', { digest: instructionOf(record).hashes.messageHash }],
    ['signature-invalid', { signature: byTaker.instruction.signatures.receiver ?? '' }],
    ['signature-invalid', { signature: `0x${'1'.repeat(130)}` }],
    ['encoding-invalid', { signature: '0x12' }],
    ['execution-unknown', { recordHash: 'f'.repeat(64) }],
    ['execution-unknown', { execId: 'E-2' }],
    ['json-shape', { more: 1 }],
  ]
  for (const [code, change] of cases) refusedAs(await instruct(world, { ...message, ...change }), code)
  assert.equal(tradeOf(world.CEDAR).phase, 'confirmed')
  assert.equal(await work(world.ALDER, 'expire').then((refusal) => refusal?.refusal), 'finality-pending')
})
