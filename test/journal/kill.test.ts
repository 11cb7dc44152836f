// I1 and I8: kill −9 a process that appends, again and again. No acknowledged entry is ever lost, and what is
// read back is one history with the same bytes.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isRefusal, systemClock } from '#core'
import { memoryKeyStore, systemRandom } from '#crypto'
import {
  emptyRoot,
  leafHash,
  merkleRoot,
  openJournal,
  openSqliteStore,
  verifyConsistency,
  type Journal,
} from '#journal'

const appender = join(import.meta.dirname, 'appender.ts')
const kills = 10
const writers = 32

async function inScratch(body: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'poundlock-kill-'))
  try {
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs the appender, kills it some time after its first acknowledgement, and returns what it said. */
function runAndKill(folder: string, afterMs: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [appender, folder, String(writers)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    let timer: NodeJS.Timeout | undefined
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('ack')) timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs)
    })
    child.on('error', reject)
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`the appender ended by itself: ${said.slice(-200)}`))
      resolve(said.split('\n').slice(0, -1))
    })
  })
}

function withJournal<T>(folder: string, look: (journal: Journal) => T): T {
  const store = openSqliteStore(join(folder, 'journal.db'))
  assert.ok(!isRefusal(store))
  const signer = memoryKeyStore({ journal: 'Ed25519' }).signer('journal')
  const origin = 'alder.example/journal'
  try {
    return look(openJournal({ store, origin, signer, clock: systemClock, random: systemRandom }))
  } finally {
    store.close()
  }
}

test(`${kills} kills with ${writers} writers: nothing acknowledged is lost, and history only grows`, async (t) => {
  await inScratch(async (folder) => {
    const acknowledged = new Map<number, number>()
    let known: { size: number; root: Uint8Array } = { size: 0, root: emptyRoot }
    for (let round = 0; round < kills; round += 1) {
      const lines = await runAndKill(folder, 5 + ((round * 37) % 120))
      for (const line of lines) {
        const [what, seq, n] = line.split(' ')
        if (what === 'ack') acknowledged.set(Number(seq), Number(n))
      }
      known = withJournal(folder, (journal) => {
        const entries = journal.read(0, journal.size())
        for (const [seq, n] of acknowledged) assert.equal(entries[seq]?.body['n'], n, `entry ${seq}`)
        const root = merkleRoot(entries.map(({ bytes }) => leafHash(bytes)))
        assert.deepEqual(journal.rootAt(entries.length), root)
        const proof = journal.consistencyProof(known.size, entries.length)
        assert.ok(known.size === 0 || verifyConsistency(known.size, entries.length, proof, known.root, root))
        return { size: entries.length, root }
      })
    }
    assert.ok(acknowledged.size > kills)
    assert.ok(known.size >= acknowledged.size)
    t.diagnostic(`${kills} kills, ${acknowledged.size} acknowledged entries, ${known.size} entries, 0 lost`)
  })
})

test('every acknowledged commit was synced to the disk: fsync is counted', async (t) => {
  if (spawnSync('strace', ['-V']).error !== undefined) return t.skip('strace is not installed')
  await inScratch((folder) => {
    const commits = 50
    const trace = join(folder, 'trace')
    const options = ['-f', '-qq', '-e', 'trace=fsync,fdatasync', '-o', trace]
    const command = [process.execPath, appender, folder, '1', String(commits)]
    const run = spawnSync('strace', [...options, ...command], { encoding: 'utf8' })
    if (run.status !== 0) return t.skip(`strace could not trace: ${run.stderr.slice(0, 100)}`)
    assert.equal(run.stdout.match(/^ack /gm)?.length, commits)
    const syncs = readFileSync(trace, 'utf8').match(/f(?:data)?sync\(/g)?.length ?? 0
    assert.ok(syncs >= commits, `${syncs} syncs for ${commits} commits`)
    t.diagnostic(`${syncs} syncs for ${commits} commits`)
  })
})

test('a failing disk ends the process, and everything it had acknowledged is there', async (t) => {
  if (process.platform === 'win32') return t.skip('there is no file size limit for processes')
  await inScratch((folder) => {
    // Beyond the limit a write fails as on a broken disk: an I/O error, not a full one.
    const limited = `trap '' XFSZ; ulimit -f 4000; exec "$0" "$@"`
    const command = [process.execPath, appender, folder, '1', '5000']
    const run = spawnSync('sh', ['-c', limited, ...command], { encoding: 'utf8' })
    assert.notEqual(run.status, 0)
    assert.match(run.stderr, /StoreFailure: The store failed: disk I\/O error/)
    const acknowledged = [...run.stdout.matchAll(/^ack (?<seq>\d+) (?<n>\d+)$/gm)].map(({ groups }) => groups)
    assert.ok(acknowledged.length > 0)
    withJournal(folder, (journal) => {
      const entries = journal.read(0, journal.size())
      for (const ack of acknowledged)
        assert.equal(entries[Number(ack?.['seq'])]?.body['n'], Number(ack?.['n']))
    })
    t.diagnostic(`${acknowledged.length} entries were acknowledged before the disk failed`)
  })
})
