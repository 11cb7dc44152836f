// C2SP tlog-witness: every status of add-checkpoint, and what the witness remembers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromUtf8, instant, isRefusal, manualClock, toBase64, toHex, utf8 } from '#core'
import { memoryKeyStore, sha256, systemRandom, type Signer } from '#crypto'
import { formatCheckpoint } from './checkpoint.ts'
import { noteVerifier } from './cosignature.ts'
import { openJournal, type Journal } from './journal.ts'
import { emptyRoot } from './merkle.ts'
import { ed25519NoteSigner, openNote, signNote, type NoteVerifier } from './note.ts'
import { memoryStore } from './store/memory.ts'
import type { Store, Transition } from './store/store.ts'
import { openWitness, type Witness, type WitnessReply } from './witness-service.ts'

const origin = 'alder.example/journal'
const keys = memoryKeyStore({ log: 'Ed25519', other: 'Ed25519', witness: 'Ed25519' })
const clock = manualClock(instant(Date.UTC(2026, 10, 20, 14)))

function verifier(vkey: string): NoteVerifier {
  const made = noteVerifier(vkey)
  assert.ok(!isRefusal(made))
  return made
}

async function logOf(count: number, signer: Signer = keys.signer('log'), salt = 'true'): Promise<Journal> {
  const journal = openJournal({ store: memoryStore(), origin, signer, clock, random: systemRandom })
  await grow(journal, count, salt)
  return journal
}

async function grow(journal: Journal, count: number, salt = 'true'): Promise<void> {
  await journal.append(
    Array.from({ length: count }, (_, n) => ({ type: 'a.b', corr: '', body: { n, salt } })),
  )
}

function witnessOver(store: Store, log: Journal): Witness {
  const logs = [{ origin, keys: [verifier(log.vkey)] }]
  return openWitness({ store, name: 'w1.example', signer: keys.signer('witness'), clock, logs })
}

function request(old: number, proof: readonly Uint8Array[], note: string): Uint8Array {
  return utf8([`old ${old}`, ...proof.map(toBase64), '', note].join('\n'))
}

function textOf({ body }: WitnessReply): string {
  const text = fromUtf8(body)
  assert.ok(!isRefusal(text))
  return text
}

test('a first checkpoint, a continuation and a repetition are cosigned; the record is the last one', async () => {
  const log = await logOf(5)
  const witness = witnessOver(memoryStore(), log)
  const hash = toHex(sha256(utf8(origin)))
  assert.equal(witness.latest(hash).status, 404)
  const first = witness.addCheckpoint(request(0, [], log.checkpoint()))
  assert.equal(first.status, 200)
  const opened = openNote(log.checkpoint() + textOf(first), [verifier(log.vkey), verifier(witness.vkey)])
  assert.ok(!isRefusal(opened))
  assert.equal(opened.verified.length, 2)
  await grow(log, 3)
  assert.equal(witness.addCheckpoint(request(5, log.consistencyProof(5, 8), log.checkpoint())).status, 200)
  assert.equal(witness.addCheckpoint(request(8, [], log.checkpoint())).status, 200)
  const latest = witness.latest(hash)
  assert.equal(latest.status, 200)
  const shown = openNote(textOf(latest), [verifier(log.vkey), verifier(witness.vkey)])
  assert.ok(!isRefusal(shown))
  assert.match(shown.text, /\n8\n/)
  assert.equal(witness.latest('0'.repeat(64)).status, 404)
})

test('409 names the size, with its own content type', async () => {
  const log = await logOf(5)
  const witness = witnessOver(memoryStore(), log)
  witness.addCheckpoint(request(0, [], log.checkpoint()))
  const reply = witness.addCheckpoint(request(0, [], log.checkpoint()))
  assert.deepEqual([reply.status, reply.contentType, textOf(reply)], [409, 'text/x.tlog.size', '5\n'])
  const never = witnessOver(memoryStore(), log).addCheckpoint(
    request(3, log.consistencyProof(3, 5), log.checkpoint()),
  )
  assert.deepEqual([never.status, textOf(never)], [409, '0\n'])
})

test('a witness that is started again remembers its size, and cosigns nothing behind it', async () => {
  const log = await logOf(5)
  const store = memoryStore()
  const early = log.checkpoint()
  await grow(log, 5)
  assert.equal(witnessOver(store, log).addCheckpoint(request(0, [], log.checkpoint())).status, 200)
  const restarted = witnessOver(store, log)
  assert.equal(restarted.addCheckpoint(request(0, [], early)).status, 409)
  assert.equal(restarted.addCheckpoint(request(10, [], early)).status, 400)
})

test('another history is refused with 422, in each of its shapes', async () => {
  const log = await logOf(8)
  const forked = await logOf(12, keys.signer('log'), 'false')
  const witness = witnessOver(memoryStore(), log)
  witness.addCheckpoint(request(0, [], log.checkpoint()))
  const status = (body: Uint8Array) => witness.addCheckpoint(body).status
  assert.equal(status(request(8, forked.consistencyProof(8, 12), forked.checkpoint())), 422)
  assert.equal(status(request(8, [], forked.checkpoint())), 422)
  const sameSize = await logOf(8, keys.signer('log'), 'false')
  assert.equal(status(request(8, [], sameSize.checkpoint())), 422)
  assert.equal(status(request(8, [emptyRoot], log.checkpoint())), 422)
  await grow(log, 4)
  const proof = log.consistencyProof(8, 12)
  assert.equal(status(request(8, proof.slice(1), log.checkpoint())), 422)
  assert.equal(status(request(8, proof, log.checkpoint())), 200)
})

test('from size zero the proof is empty, and the empty tree has one root', async () => {
  const log = await logOf(0)
  const witness = witnessOver(memoryStore(), log)
  assert.equal(witness.addCheckpoint(request(0, [emptyRoot], log.checkpoint())).status, 422)
  const text = formatCheckpoint({ origin, size: 0, root: sha256(utf8('other')) })
  const wrong = signNote(text, [ed25519NoteSigner(origin, keys.signer('log'))])
  assert.equal(witness.addCheckpoint(request(0, [], wrong)).status, 422)
  assert.equal(witness.addCheckpoint(request(0, [], log.checkpoint())).status, 200)
})

test('404 for a log that nobody named, 403 without its signature or with a broken one', async () => {
  const log = await logOf(3)
  const witness = witnessOver(memoryStore(), log)
  const foreign = log.checkpoint().replaceAll(origin, 'unknown.example/log')
  assert.equal(witness.addCheckpoint(request(0, [], foreign)).status, 404)
  const stranger = await logOf(3, keys.signer('other'))
  assert.equal(witness.addCheckpoint(request(0, [], stranger.checkpoint())).status, 403)
  const tampered = log.checkpoint().replace('\n3\n', '\n2\n')
  assert.equal(witness.addCheckpoint(request(0, [], tampered)).status, 403)
})

test('400 for a request that is not one', async () => {
  const log = await logOf(3)
  const note = log.checkpoint()
  const witness = witnessOver(memoryStore(), log)
  const hashes = Array.from({ length: 64 }, () => emptyRoot)
  const wrong = [
    utf8(''),
    utf8(note),
    utf8(`old 0\n${note}`),
    utf8(`old 00\n\n${note}`),
    utf8(`old -1\n\n${note}`),
    utf8(`Old 0\n\n${note}`),
    utf8(`old 0 \n\n${note}`),
    utf8(`old 0\nAAAA\n\n${note}`),
    utf8('old 0\n\nnot a note'),
    Uint8Array.of(0xff, 0xfe),
    request(0, hashes, note),
    request(4, [], note),
  ]
  for (const [i, body] of wrong.entries()) assert.equal(witness.addCheckpoint(body).status, 400, `case ${i}`)
})

test('the record is persisted before the cosignature, and a race is judged again', async () => {
  const log = await logOf(5)
  const early = log.checkpoint()
  await grow(log, 5)
  const inner = memoryStore()
  let rival: (() => void) | undefined
  const racing: Store = {
    ...inner,
    apply(batch: readonly Transition[]) {
      rival?.()
      return inner.apply(batch)
    },
  }
  const witness = witnessOver(racing, log)
  rival = () => {
    rival = undefined
    assert.equal(witnessOver(inner, log).addCheckpoint(request(0, [], log.checkpoint())).status, 200)
  }
  const reply = witness.addCheckpoint(request(0, [], early))
  assert.deepEqual([reply.status, textOf(reply)], [409, '10\n'])
})

test('a witness whose store fails does not answer', async () => {
  const log = await logOf(5)
  const broken: Store = {
    ...memoryStore(),
    apply: () => {
      throw new Error('fsync: input/output error')
    },
  }
  assert.throws(
    () => witnessOver(broken, log).addCheckpoint(request(0, [], log.checkpoint())),
    /input\/output/,
  )
})
