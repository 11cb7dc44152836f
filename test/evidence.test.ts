// The pack that two gateways make, under the verifier that knows nothing of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonObject, isRefusal, refuse, utf8, type Json } from '#core'
import { memoryKeyStore } from '#crypto'
import {
  cosign,
  cosignatureVkey,
  memoryStore,
  noteVerifier,
  openWitness,
  parseVkey,
  type WitnessChannel,
  type WitnessPolicy,
} from '#journal'
import { evidenceOf, onEvidence } from '../src/gateway/evidence-exchange.ts'
import {
  approveBoth,
  confirmed,
  known,
  tradeId,
  tradeOf,
  work,
  type Party,
  type TwoParties,
} from '../src/gateway/testing.ts'
import { verifyPack } from '../verifier/src/index.ts'

const keys = memoryKeyStore({ witness: 'Ed25519' })
const witness1 = {
  name: 'witness1.example',
  vkey: cosignatureVkey('witness1.example', keys.signer('witness').publicKey),
}

async function settled(): Promise<TwoParties> {
  const world = await confirmed([witness1])
  const { ALDER, CEDAR, chain } = world
  await approveBoth(ALDER, CEDAR)
  for (const kind of ['sign-instruction', 'send-instruction', 'submit'] as const)
    assert.equal(await work(ALDER, kind), undefined)
  chain.mine()
  for (const party of [ALDER, CEDAR]) assert.equal(await work(party, 'watch'), undefined)
  return world
}

async function witness(world: TwoParties, ...parties: readonly Party[]): Promise<void> {
  const logs = [world.ALDER, world.CEDAR].map(({ journal }) => ({
    origin: journal.origin,
    keys: [known(noteVerifier(journal.vkey))],
  }))
  const { name, vkey } = witness1
  const signer = keys.signer('witness')
  const one = openWitness({ store: memoryStore(), name, signer, clock: world.clock, logs })
  const channel: WitnessChannel = {
    addCheckpoint: (_to, body) => Promise.resolve(one.addCheckpoint(body)),
    latest: (_to, hash) => Promise.resolve(one.latest(hash)),
  }
  const policy: WitnessPolicy = {
    logs: [],
    witnesses: [{ name, key: known(parseVkey(vkey)) }],
    groups: [{ name: 'quorum', k: 1, members: [name] }],
    quorum: 'quorum',
  }
  for (const { journal } of parties) assert.equal((await cosign(journal, policy, channel)).refusal, undefined)
}

const pack = ({ evidence }: Party, trade: ReturnType<typeof tradeOf>) => evidenceOf(evidence, tradeId, trade)

test('either side gives one pack of both logs, and the verifier finds nothing wrong in it', async () => {
  const world = await settled()
  await witness(world, world.ALDER, world.CEDAR)
  for (const party of [world.ALDER, world.CEDAR]) {
    const report = await verifyPack(utf8(known(await pack(party, tradeOf(party)))))
    assert.deepEqual(report.problems, [])
    assert.equal(report.ok, true)
  }
})

test('a changed byte anywhere is found', async () => {
  const world = await settled()
  await witness(world, world.ALDER, world.CEDAR)
  const text = known(await pack(world.CEDAR, tradeOf(world.CEDAR)))
  for (const [from, to] of [
    ['ORD-1', 'ORD-2'],
    ['settlement.settled', 'settlement.failed'],
  ] as const) {
    assert.ok(text.includes(from))
    const report = await verifyPack(utf8(text.replace(from, to)))
    assert.equal(report.ok, false, from)
  }
})

test('before the witnesses have seen the trade there is no pack, whichever side they have not seen', async () => {
  const world = await settled()
  const early = await pack(world.CEDAR, tradeOf(world.CEDAR))
  assert.ok(isRefusal(early))
  assert.equal(early.refusal, 'checkpoint-stale')
  await witness(world, world.CEDAR)
  const half = await pack(world.CEDAR, tradeOf(world.CEDAR))
  assert.ok(isRefusal(half))
  assert.equal(half.refusal, 'checkpoint-stale')
})

test('prices of the desk, marks and inputs of policy stay hidden: only record and instruction are opened', async () => {
  const world = await settled()
  await witness(world, world.ALDER, world.CEDAR)
  const lines = known(await pack(world.CEDAR, tradeOf(world.CEDAR))).split('\n')
  const parts = lines.flatMap((line) => /"part":"(\w+)","salt"/.exec(line)?.[1] ?? [])
  assert.deepEqual(
    [...new Set(parts)].toSorted((a, b) => a.localeCompare(b)),
    ['instruction', 'record'],
  )
})

test('an extract goes to the counterparty of the trade and to nobody else', async () => {
  const world = await settled()
  await witness(world, world.ALDER, world.CEDAR)
  const ask = (peer: string, message: Json) => onEvidence(world.ALDER.evidence, peer, message)
  const given = ask('CEDAR', { tradeId })
  assert.ok(!isRefusal(given) && isJsonObject(given) && isJsonObject(given['extract']))
  for (const [peer, message, code] of [
    ['BIRCH', { tradeId }, 'trade-unknown'],
    ['ALDER', { tradeId }, 'trade-unknown'],
    ['CEDAR', { tradeId: 'ALDER/E-2' }, 'trade-unknown'],
    ['CEDAR', {}, 'json-shape'],
  ] as const) {
    const answer = ask(peer, message)
    assert.ok(isRefusal(answer))
    assert.equal(answer.refusal, code)
  }
})

test('a counterparty that is silent, or gives no extract, gives no pack', async () => {
  const world = await settled()
  await witness(world, world.ALDER, world.CEDAR)
  world.between.intercept = () => refuse('peer-unreachable', 'silent')
  const silent = await pack(world.CEDAR, tradeOf(world.CEDAR))
  assert.ok(isRefusal(silent))
  assert.equal(silent.refusal, 'peer-unreachable')
  world.between.intercept = () => ({ extract: { trust: {} } })
  const malformed = await pack(world.CEDAR, tradeOf(world.CEDAR))
  assert.ok(isRefusal(malformed))
  assert.equal(malformed.refusal, 'json-shape')
})
