// A journal, two witnesses behind real HTTP servers with their own stores, and a quorum of both (I7).
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { instant, isRefusal, manualClock } from '#core'
import { memoryKeyStore, systemRandom } from '#crypto'
import {
  checkWitnessed,
  cosign,
  cosignatureVkey,
  memoryStore,
  noteVerifier,
  openJournal,
  openNote,
  openSqliteStore,
  openWitness,
  parseCheckpoint,
  parseWitnessPolicy,
  splitNote,
  type Journal,
  type WitnessPolicy,
} from '#journal'
import { serveWitness, witnessClient } from '#transport'

const origin = 'alder.example/journal'
const keys = memoryKeyStore({ log: 'Ed25519', w1: 'Ed25519', w2: 'Ed25519' })
const clock = manualClock(instant(Date.UTC(2026, 10, 20, 14)))
type Name = 'w1' | 'w2'

function newJournal(): Journal {
  return openJournal({
    store: memoryStore(),
    origin,
    signer: keys.signer('log'),
    clock,
    random: systemRandom,
  })
}

async function grow(journal: Journal, count: number, what = 'true'): Promise<void> {
  await journal.append(
    Array.from({ length: count }, (_, n) => ({ type: 'a.b', corr: '', body: { n, what } })),
  )
}

/** Two witnesses that can be stopped and started again, each over its own SQLite file. */
class Witnesses {
  readonly #folder = mkdtempSync(join(tmpdir(), 'poundlock-witnesses-'))
  readonly #stops = new Map<Name, () => Promise<void>>()
  readonly ports = new Map<Name, number>()
  readonly client = witnessClient({ deadlineMs: 2_000 })
  readonly #logVkey: string

  constructor(logVkey: string) {
    this.#logVkey = logVkey
  }

  async start(name: Name): Promise<void> {
    const store = openSqliteStore(join(this.#folder, `${name}.db`))
    const key = noteVerifier(this.#logVkey)
    assert.ok(!isRefusal(store) && !isRefusal(key))
    const logs = [{ origin, keys: [key] }]
    const witness = openWitness({ store, name: `${name}.example`, signer: keys.signer(name), clock, logs })
    const running = await serveWitness({ witness, port: this.ports.get(name) ?? 0 })
    assert.ok(!isRefusal(running))
    this.ports.set(name, running.port)
    this.#stops.set(name, async () => {
      await running.close()
      store.close()
    })
  }

  async stop(name: Name): Promise<void> {
    await this.#stops.get(name)?.()
    this.#stops.delete(name)
  }

  policy(quorum = 'group both all w1 w2\nquorum both'): WitnessPolicy {
    const line = (name: Name) =>
      `witness ${name} ${cosignatureVkey(`${name}.example`, keys.signer(name).publicKey)} http://127.0.0.1:${this.ports.get(name)}\n`
    const policy = parseWitnessPolicy(`log ${this.#logVkey}\n${line('w1')}${line('w2')}${quorum}\n`)
    assert.ok(!isRefusal(policy))
    return policy
  }

  async end(): Promise<void> {
    for (const name of this.#stops.keys()) await this.stop(name)
    this.client.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function withWitnesses(body: (journal: Journal, witnesses: Witnesses) => Promise<void>): Promise<void> {
  const journal = newJournal()
  const witnesses = new Witnesses(journal.vkey)
  try {
    await witnesses.start('w1')
    await witnesses.start('w2')
    await body(journal, witnesses)
  } finally {
    await witnesses.end()
  }
}

test('two witnesses cosign a growing journal, and an outsider accepts the note under the policy', async () => {
  await withWitnesses(async (journal, witnesses) => {
    const policy = witnesses.policy()
    for (const count of [3, 0, 300, 1]) {
      await grow(journal, count)
      const outcome = await cosign(journal, policy, witnesses.client)
      assert.deepEqual(outcome.witnessed, ['w1', 'w2'])
      assert.deepEqual([outcome.refusal, outcome.findings, outcome.failures], [undefined, [], []])
      assert.equal(journal.latestCosigned()?.size, journal.size())
      const checked = checkWitnessed(policy, journal.checkpoint())
      assert.ok(!isRefusal(checked))
      assert.equal(checked.checkpoint.size, journal.size())
    }
  })
})

test('one witness down: the quorum is missing, is said to be, and is there again after its restart', async () => {
  await withWitnesses(async (journal, witnesses) => {
    const policy = witnesses.policy()
    await grow(journal, 5)
    assert.ok((await cosign(journal, policy, witnesses.client)).kept)
    await witnesses.stop('w2')
    await grow(journal, 5)
    const without = await cosign(journal, policy, witnesses.client)
    assert.equal(without.refusal?.refusal, 'witness-quorum-missing')
    assert.deepEqual(without.witnessed, ['w1'])
    assert.deepEqual(
      without.failures.map(({ witness, refusal }) => `${witness} ${refusal.refusal}`),
      ['w2 witness-unreachable'],
    )
    assert.equal(journal.latestCosigned()?.size, 5)
    const anyOne = witnesses.policy('group one any w1 w2\nquorum one')
    assert.ok(!isRefusal(checkWitnessed(anyOne, without.note)))
    assert.ok(isRefusal(checkWitnessed(policy, without.note)))
    await witnesses.start('w2')
    await grow(journal, 1)
    assert.deepEqual((await cosign(journal, policy, witnesses.client)).witnessed, ['w1', 'w2'])
    assert.equal(journal.latestCosigned()?.size, 11)
  })
})

test('a journal that forgot what was cosigned is led on by the size that each witness names', async () => {
  await withWitnesses(async (journal, witnesses) => {
    const only = (name: Name) => ({
      ...witnesses.policy(`quorum ${name}`),
      witnesses: witnesses.policy().witnesses.filter((w) => w.name === name),
    })
    await grow(journal, 7)
    await cosign(journal, only('w1'), witnesses.client)
    await grow(journal, 4)
    await cosign(journal, only('w2'), witnesses.client)
    await grow(journal, 4)
    const outcome = await cosign(journal, witnesses.policy(), witnesses.client)
    assert.deepEqual([outcome.witnessed, outcome.size], [['w1', 'w2'], 15])
  })
})

test('a forked history shown to one witness is found, the quorum refuses it, and both notes prove it', async () => {
  await withWitnesses(async (journal, witnesses) => {
    const policy = witnesses.policy()
    await grow(journal, 5)
    assert.ok((await cosign(journal, policy, witnesses.client)).kept)
    const forked = newJournal()
    await grow(forked, 5, 'forked')
    await grow(forked, 2, 'forked')
    const onlyFirst = { ...policy, witnesses: policy.witnesses.slice(0, 1) }
    const outcome = await cosign(forked, onlyFirst, witnesses.client)
    assert.equal(outcome.refusal?.refusal, 'witness-quorum-missing')
    assert.deepEqual(outcome.witnessed, [])
    assert.equal(forked.latestCosigned(), undefined)
    const [finding] = outcome.findings
    assert.ok(finding?.theirs !== undefined)
    assert.deepEqual([finding.finding, finding.witness, finding.size], ['equivocation', 'w1', 5])
    const ours = checkpointOf(finding.ours)
    const theirs = checkpointOf(finding.theirs)
    assert.deepEqual([ours.size, theirs.size], [7, 5])
    assert.notDeepEqual(forked.rootAt(5), theirs.root)
    await grow(journal, 1)
    assert.deepEqual((await cosign(journal, policy, witnesses.client)).witnessed, ['w1', 'w2'])
  })
})

test('two histories of one size, one for each witness: neither gets the quorum, and the two notes prove it', async () => {
  await withWitnesses(async (journal, witnesses) => {
    const policy = witnesses.policy()
    const forked = newJournal()
    await grow(forked, 5, 'forked')
    await grow(journal, 5)
    const onlyFirst = { ...policy, witnesses: policy.witnesses.slice(0, 1) }
    const shown = await cosign(forked, onlyFirst, witnesses.client)
    assert.deepEqual([shown.witnessed, shown.refusal?.refusal], [['w1'], 'witness-quorum-missing'])
    assert.ok(isRefusal(checkWitnessed(policy, shown.note)))
    const honest = await cosign(journal, policy, witnesses.client)
    assert.deepEqual([honest.witnessed, honest.refusal?.refusal], [['w2'], 'witness-quorum-missing'])
    assert.equal(journal.latestCosigned(), undefined)
    const [finding] = honest.findings
    assert.ok(finding?.theirs !== undefined)
    const key = noteVerifier(journal.vkey)
    assert.ok(!isRefusal(key))
    for (const note of [finding.ours, finding.theirs]) assert.ok(!isRefusal(openNote(note, [key])))
    const [ours, theirs] = [checkpointOf(finding.ours), checkpointOf(finding.theirs)]
    assert.equal(ours.size, theirs.size)
    assert.notDeepEqual(ours.root, theirs.root)
  })
})

test('a journal that was rolled back is found by the witness that saw more', async () => {
  await withWitnesses(async (journal, witnesses) => {
    const policy = witnesses.policy()
    await grow(journal, 9)
    await cosign(journal, policy, witnesses.client)
    const restored = newJournal()
    await grow(restored, 4)
    const outcome = await cosign(restored, policy, witnesses.client)
    assert.equal(outcome.kept, undefined)
    assert.deepEqual(
      outcome.findings.map(({ witness, size }) => [witness, size]),
      [
        ['w1', 9],
        ['w2', 9],
      ],
    )
  })
})

function checkpointOf(note: string) {
  const split = splitNote(note)
  const checkpoint = isRefusal(split) ? split : parseCheckpoint(split.text)
  assert.ok(!isRefusal(checkpoint))
  return checkpoint
}
