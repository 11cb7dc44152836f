import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  canonicalJson,
  formatInstant,
  isRefusal,
  manualClock,
  refuse,
  seededRandom,
  utf8,
  type Refusal,
} from '#core'
import { memoryKeyStore } from '#crypto'
import { memoryStore, openJournal, type Journal, type WitnessChannel } from '#journal'
import { witnessClient } from '#transport'
import { known, start } from './testing.ts'
import { openWitnessNode, parseWitnessConfig, witnessVkey } from './witness-node.ts'
import { startWitnessing, witnessPolicyOf, type Witnessing } from './witnessing.ts'
import type { Later } from './worker.ts'

const origin = 'cedar.example/journal'
const signer = memoryKeyStore({ journal: 'Ed25519' }).signer('journal')
const journalOf = (): Journal =>
  openJournal({ store: memoryStore(), origin, signer, clock: manualClock(start), random: seededRandom(1) })
const note = (journal: Journal) => journal.append([{ type: 'rfq.requested', corr: 'c', body: {} }])

const onFailure = (error: unknown): never => assert.fail(String(error))

type Running = {
  readonly witnessing: Witnessing
  readonly round: () => Promise<void>
  readonly pending: (() => void)[]
}

/** Rounds are run by hand. */
function witnessingOf(
  journal: Journal,
  channel: WitnessChannel,
  witnesses: readonly Info[],
  quorum: number,
): Running {
  const pending: (() => void)[] = []
  const later: Later = (_ms, run) => {
    pending.push(run)
    return () => void pending.splice(pending.indexOf(run), 1)
  }
  const policy = known(witnessPolicyOf({ origin, quorum, witnesses }))
  const witnessing = startWitnessing({ journal, policy, channel, everyMs: 1, later, onFailure })
  const round = async (): Promise<void> => {
    const run = pending.shift()
    assert.ok(run, 'a round is due')
    run()
    for (let turns = 0; turns < 60 && pending.length === 0; turns += 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { witnessing, round, pending }
}

type Info = { readonly name: string; readonly vkey: string; readonly url: string }
type Node = {
  readonly name: string
  readonly vkey: string
  readonly url: string
  readonly close: () => Promise<void>
}

async function nodeOf(directory: string, name: string): Promise<Node> {
  const paths = { dataDir: join(directory, name, 'data'), keysDir: join(directory, name, 'keys') }
  const vkey = known(witnessVkey(paths.keysDir, name))
  const keys = [journalOf().vkey]
  const at = formatInstant(start)
  const config = { name, ...paths, port: 0, clock: { startsAt: at, at }, logs: [{ origin, keys }] }
  const parsed = known(parseWitnessConfig(utf8(canonicalJson(config))))
  const node = known(await openWitnessNode(parsed, onFailure))
  return { name, vkey, url: node.url, close: () => node.close() }
}

async function withWitnesses(body: (nodes: readonly [Node, Node]) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'poundlock-witnesses-'))
  const nodes = [await nodeOf(directory, 'w1.example'), await nodeOf(directory, 'w2.example')] as const
  try {
    await body(nodes)
  } finally {
    for (const node of nodes) await node.close()
    rmSync(directory, { recursive: true })
  }
}

const info = ({ name, vkey, url }: Node): Info => ({ name, vkey, url })

test('each append is cosigned by both witnesses, and nothing more is asked for until the next one', () =>
  withWitnesses(async (nodes) => {
    const journal = journalOf()
    const channel = witnessClient()
    await note(journal)
    const { witnessing, round, pending } = witnessingOf(journal, channel, nodes.map(info), 2)
    await round()
    assert.equal(journal.latestCosigned()?.size, 1)
    assert.equal(witnessing.problem(), undefined)
    assert.equal(pending.length, 0)
    await note(journal)
    await note(journal)
    assert.equal(pending.length, 1, 'one round for both')
    await round()
    assert.equal(journal.latestCosigned()?.size, 3)
    await witnessing.close()
    channel.close()
  }))

test('a missing quorum is told and asked for again until the witness is back', () =>
  withWitnesses(async ([first, second]) => {
    const journal = journalOf()
    const real = witnessClient()
    let silent = true
    const channel: WitnessChannel = {
      addCheckpoint: (to, body) =>
        silent && to.name === second.name
          ? Promise.resolve(refuse('witness-unreachable', 'silent'))
          : real.addCheckpoint(to, body),
      latest: (to, hash) => real.latest(to, hash),
    }
    await note(journal)
    const { witnessing, round } = witnessingOf(journal, channel, [first, second].map(info), 2)
    await round()
    await round()
    assert.equal(witnessing.problem()?.refusal, 'witness-quorum-missing')
    assert.equal(journal.latestCosigned(), undefined)
    silent = false
    await round()
    assert.equal(witnessing.problem(), undefined)
    assert.equal(journal.latestCosigned()?.size, 1)
    await witnessing.close()
    real.close()
  }))

test('a second history of this log is found by the witnesses and told once each, however often it is shown', () =>
  withWitnesses(async (nodes) => {
    const channel = witnessClient()
    const [seen, forked] = [journalOf(), journalOf()]
    await note(seen)
    await note(seen)
    const before = witnessingOf(seen, channel, nodes.map(info), 2)
    await before.round()
    await before.witnessing.close()
    await forked.append([{ type: 'rfq.requested', corr: 'other', body: {} }])
    await note(forked)
    await note(forked)
    const { witnessing, round } = witnessingOf(forked, channel, nodes.map(info), 2)
    await round()
    await round()
    assert.deepEqual(
      witnessing.findings().map(({ finding, witness }) => `${finding} ${witness}`),
      nodes.map(({ name }) => `equivocation ${name}`),
    )
    assert.equal(forked.latestCosigned(), undefined)
    await witnessing.close()
    channel.close()
  }))

test('closing takes the next round back and waits for one under way', async () => {
  const journal = journalOf()
  const late = Promise.withResolvers<Refusal>()
  const channel: WitnessChannel = {
    addCheckpoint: () => late.promise,
    latest: () => assert.fail('no fork'),
  }
  const vkey = known(witnessVkey(mkdtempSync(join(tmpdir(), 'poundlock-witness-')), 'w.example'))
  await note(journal)
  const { witnessing, pending } = witnessingOf(
    journal,
    channel,
    [{ name: 'w.example', vkey, url: 'http://x' }],
    1,
  )
  const [run] = pending.splice(0)
  run?.()
  let closed = false
  const closing = witnessing.close().then(() => (closed = true))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(closed, false)
  late.resolve(refuse('witness-unreachable', 'late'))
  await closing
  await note(journal)
  assert.equal(pending.length, 0)
})

test('configurations of witnesses are read whole; keys that are none are refused by name', () => {
  const bad = parseWitnessConfig(utf8('{"name":"w","colour":1}'))
  assert.ok(isRefusal(bad))
  assert.match(bad.detail, /config\.colour is not known/)
  const policy = witnessPolicyOf({
    origin,
    quorum: 1,
    witnesses: [{ name: 'w', vkey: 'x', url: 'http://x' }],
  })
  assert.ok(isRefusal(policy))
  assert.equal(policy.refusal, 'config-invalid')
})

test('a witness with an unreadable log key, a port in use or a store in use does not start', () =>
  withWitnesses(async ([first]) => {
    const directory = mkdtempSync(join(tmpdir(), 'poundlock-witness-'))
    const paths = { dataDir: join(directory, 'data'), keysDir: join(directory, 'keys') }
    const base = { name: 'w3.example', ...paths, port: 0, clock: undefined, logs: [] }
    const open = (changes: object) => openWitnessNode({ ...base, ...changes }, () => undefined)
    const codes: string[] = []
    const port = Number(new URL(first.url).port)
    for (const changes of [{ logs: [{ origin, keys: ['none'] }] }, { port }]) {
      const node = await open(changes)
      codes.push(isRefusal(node) ? node.refusal : 'open')
    }
    assert.deepEqual(codes, ['key-invalid', 'port-in-use'])
    const running = known(await open({}))
    const second = await open({})
    assert.ok(isRefusal(second))
    assert.equal(second.refusal, 'store-locked')
    await running.close()
    rmSync(directory, { recursive: true })
  }))
