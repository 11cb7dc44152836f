// A live peer in another language: Go's x/mod/sumdb verifies a log of ours from static files, and we open its note.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { instant, invariant, isRefusal, manualClock, toBase64, utf8, fromUtf8 } from '#core'
import { memoryKeyStore, systemRandom } from '#crypto'
import {
  cosign,
  cosignatureVkey,
  entriesPath,
  logResource,
  memoryStore,
  noteVerifier,
  openJournal,
  openNote,
  openWitness,
  parseWitnessPolicy,
  tilePath,
  widthAt,
  type Journal,
  type WitnessPolicy,
} from '#journal'

const source = join(import.meta.dirname, '../../scripts/peers/tlog/main.go')
const goPath = process.env['POUNDLOCK_GOPATH'] ?? '/usr/share/gocode'
const origin = 'alder.example/journal'
const size = 1_000
const olderSizes = [1, 2, 255, 256, 257, 512, 700, 999]
const keys = memoryKeyStore({ log: 'Ed25519', w1: 'Ed25519', w2: 'Ed25519' })
const clock = manualClock(instant(Date.UTC(2026, 10, 20, 14)))

let scratch = ''
let missing = ''

before(() => {
  scratch = mkdtempSync(join(tmpdir(), 'poundlock-go-'))
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOPATH: goPath,
    GOCACHE: join(scratch, 'cache'),
    GOFLAGS: '',
  }
  if (spawnSync('go', ['version']).error !== undefined) missing = 'go is not installed (golang-go)'
  else if (!existsSync(join(goPath, 'src/golang.org/x/mod/sumdb')))
    missing = 'golang.org/x/mod is not installed (golang-golang-x-mod-dev)'
  else {
    const built = spawnSync('go', ['build', '-o', join(scratch, 'tlog'), source], { env, encoding: 'utf8' })
    assert.equal(built.status, 0, built.stderr)
  }
})

after(() => rmSync(scratch, { recursive: true, force: true }))

function skipped(t: TestContext): boolean {
  if (missing !== '') t.skip(missing)
  return missing !== ''
}

/** A cosigned journal as static files, in a new folder. */
async function writeLog(name: string): Promise<{ folder: string; journal: Journal }> {
  const journal = openJournal({
    store: memoryStore(),
    origin,
    signer: keys.signer('log'),
    clock,
    random: systemRandom,
  })
  const terms = { content: '{"price":"430.72"}' }
  await journal.append(
    Array.from({ length: size }, (_, n) => ({ type: 'a.b', corr: `c-${n}`, body: { n }, parts: { terms } })),
  )
  const policy = policyFor(journal)
  const outcome = await cosign(journal, policy, witnessesOf(journal))
  invariant(outcome.kept !== undefined, 'both witnesses cosign')
  const folder = join(scratch, name)
  const paths = ['checkpoint']
  for (let level = 0; widthAt(level, 0, size) > 0; level += 1)
    for (let n = 0; widthAt(level, n, size) > 0; n += 1)
      paths.push(tilePath(level, n, widthAt(level, n, size)))
  for (let n = 0; widthAt(0, n, size) > 0; n += 1) paths.push(entriesPath(n, widthAt(0, n, size)))
  for (const path of paths) write(folder, path, logResource(journal, path)?.body ?? assert.fail(path))
  write(folder, 'log.vkey', utf8(journal.vkey))
  write(folder, 'witness.vkeys', utf8(['w1', 'w2'].map(vkeyOf).join('\n')))
  write(
    folder,
    'roots',
    utf8(olderSizes.map((older) => `${older} ${toBase64(journal.rootAt(older))}\n`).join('')),
  )
  return { folder, journal }
}

function write(folder: string, path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), bytes)
}

function vkeyOf(name: string): string {
  return cosignatureVkey(`${name}.example`, keys.signer(name).publicKey)
}

function policyFor(journal: Journal): WitnessPolicy {
  const policy = parseWitnessPolicy(
    `log ${journal.vkey}\nwitness w1 ${vkeyOf('w1')}\nwitness w2 ${vkeyOf('w2')}\ngroup both all w1 w2\nquorum both\n`,
  )
  assert.ok(!isRefusal(policy))
  return policy
}

/** Two witnesses without a network between them. */
function witnessesOf(journal: Journal): Parameters<typeof cosign>[2] {
  const key = noteVerifier(journal.vkey)
  assert.ok(!isRefusal(key))
  const logs = [{ origin, keys: [key] }]
  const open = (name: string) =>
    openWitness({ store: memoryStore(), name: `${name}.example`, signer: keys.signer(name), clock, logs })
  const witnesses = new Map(['w1', 'w2'].map((name) => [name, open(name)]))
  const find = (name: string) => witnesses.get(name) ?? assert.fail(name)
  return {
    addCheckpoint: (witness, body) => Promise.resolve(find(witness.name).addCheckpoint(body)),
    latest: (witness, hash) => Promise.resolve(find(witness.name).latest(hash)),
  }
}

function verify(folder: string): { status: number | null; out: string; error: string } {
  const run = spawnSync(join(scratch, 'tlog'), [folder], { encoding: 'utf8' })
  return { status: run.status, out: run.stdout, error: run.stderr.trim() }
}

test('Go proves every record of our log from our tiles, and opens our checkpoint with its cosignatures', async (t) => {
  if (skipped(t)) return
  const { folder } = await writeLog('good')
  const { status, out, error } = verify(folder)
  assert.equal(status, 0, error)
  assert.deepEqual(out.trim().split('\n'), [
    'signatures 3',
    `records ${size}`,
    `continuations ${olderSizes.length}`,
  ])
  t.diagnostic(`${size} records, ${olderSizes.length} continuations, 3 signatures`)
})

test('our note opens what Go signed', async (t) => {
  if (skipped(t)) return
  const { folder, journal } = await writeLog('back')
  assert.equal(verify(folder).status, 0)
  const key = noteVerifier(readFileSync(join(folder, 'go.vkey'), 'utf8'))
  assert.ok(!isRefusal(key))
  const opened = openNote(readFileSync(join(folder, 'go.note')), [key])
  assert.ok(!isRefusal(opened))
  assert.ok(journal.checkpoint().startsWith(`${opened.text}\n`))
})

test('Go refuses our log when one byte of it is changed, wherever it is', async (t) => {
  if (skipped(t)) return
  const { folder, journal } = await writeLog('bad')
  const text = fromUtf8(journal.read(613, 614)[0]?.bytes ?? new Uint8Array(0))
  assert.ok(!isRefusal(text))
  const bundle = join(folder, entriesPath(2))
  const inEntry = readFileSync(bundle).indexOf('"corr":"c-613"') + 10
  const spoiled: [string, number, RegExp][] = [
    [bundle, inEntry, /^entry 613: /],
    [join(folder, tilePath(0, 1)), 40, /^entry \d+: .*(?:inconsistent tile|invalid transparency proof)/],
    [join(folder, tilePath(1, 0, 3)), 40, /^entry \d+: .*(?:inconsistent tile|invalid transparency proof)/],
    [join(folder, 'checkpoint'), origin.length + 1, /checkpoint: invalid signature/],
    [join(folder, 'roots'), 2, /^size 1: /],
  ]
  for (const [path, at, reason] of spoiled) {
    const good = readFileSync(path)
    const bad = Buffer.from(good)
    // Another digit or letter, so that texts stay texts.
    bad[at] = (bad[at] ?? 0) ^ 1
    writeFileSync(path, bad)
    const { status, error } = verify(folder)
    assert.equal(status, 1, path)
    assert.match(error, reason, path)
    writeFileSync(path, good)
  }
  const lines = journal.checkpoint().split('\n')
  write(folder, 'checkpoint', utf8(`${lines.slice(0, -2).join('\n')}\n`))
  assert.match(verify(folder).error, /2 of 3 keys signed/)
})
