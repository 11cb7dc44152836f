// `npm start -- --once --json` on free ports in a folder of its own: what it prints, what it leaves, how it refuses.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { portsFrom } from '../../src/sandbox/cast.ts'
import { itemsOf, jsonObject, objectOf, textAt, textOf, valueAt, type Fields } from '../audit/fields.ts'
import { auditJournal, disagreements, readSqliteJournal } from '../audit/journal.ts'
import { demo, facts, freePortBase, project, run, scratch, type Run } from './demo-run.ts'

const verify = (pack: string): Promise<Run> =>
  run(process.execPath, [join(project, 'verifier/src/cli.ts'), pack, '--json'])
const verifyInPython = (pack: string): Promise<Run> =>
  run('python3', [join(project, 'verifier/python/verify.py'), pack])
const hasPython = spawnSync('python3', ['--version']).status === 0

test('the demo trades, settles, and leaves evidence that two implementations accept', async (t) => {
  const dir = join(scratch(t), 'demo')
  const ended = await demo(dir, await freePortBase(), '--tamper', '17')
  assert.equal(ended.code, 0, ended.err)
  const report = facts(ended)
  await t.test('every number is that of the fixture', () => checkNumbers(report))
  await t.test('both journals tell one history', () => checkJournals(dir))
  const pack = textAt(report, 'pack.path')
  await t.test('the verifier accepts the pack, and so does Python', () => checkPack(t, pack))
  await t.test('--tamper names exactly the entry that was changed', () => checkTampered(report))
  await t.test('other entries are named as exactly', () => checkOtherEntries(dir, pack))
  await t.test('all processes have ended and the ports are free again', () => checkGone(report))
})

function checkNumbers(report: Fields): void {
  const told: readonly (readonly [path: string, value: unknown])[] = [
    ['desk.fact', 'filled'],
    ['story.trade.status', 'settled'],
    ['story.agreed', true],
    ['story.quote.bidPx', '424.78'],
    ['story.quote.offerPx', '430.72'],
    ['story.trade.price', '430.72'],
    ['story.trade.premium.minor', '43072000000'],
  ]
  for (const [path, value] of told) assert.equal(valueAt(report, path), value, path)
  const gained = (held: string): bigint =>
    BigInt(textAt(report, `balances.after.${held}`)) - BigInt(textAt(report, `balances.before.${held}`))
  assert.equal(gained('ALDER.usdcMinor'), 43_072_000_000n)
  assert.equal(gained('CEDAR.usdcMinor'), -43_072_000_000n)
  assert.equal(gained('CEDAR.contracts'), 100n)
}

function checkJournals(dir: string): void {
  const [alder, cedar] = ['alder', 'cedar'].map((name) =>
    auditJournal(readSqliteJournal(join(dir, name, 'data/journal.db'), `${name}.example/journal`)),
  )
  assert.ok(alder && cedar)
  assert.deepEqual([...alder.problems, ...cedar.problems], [])
  assert.deepEqual(disagreements(alder.entries, cedar.entries), [])
}

async function checkPack(t: TestContext, pack: string): Promise<void> {
  const ours = await verify(pack)
  assert.equal(ours.code, 0, ours.out)
  if (!hasPython) return t.diagnostic('python3 is not installed: its verifier was not run')
  const theirs = await verifyInPython(pack)
  assert.equal(theirs.code, 0, theirs.out + theirs.err)
}

function checkTampered(report: Fields): void {
  const tampered = objectOf(report['tampered'])
  assert.equal(valueAt(tampered, 'verdict.ok'), false)
  assert.deepEqual(namedBy(valueAt(tampered, 'verdict.problems')), [placeOf(tampered)])
}

const namedBy = (problems: unknown): readonly string[] => {
  const placed = itemsOf(problems).map(objectOf)
  return [...new Set(placed.filter(({ index }) => index !== undefined).map(placeOf))]
}

const placeOf = ({ log, index }: Fields): string => `${textOf(log)} ${String(index)}`

/** One character in the `corr` of the leaf, as --tamper does it. */
async function checkOtherEntries(dir: string, pack: string): Promise<void> {
  const lines = readFileSync(pack, 'utf8').split('\n')
  const entries = lines.flatMap((line, at) => (line.endsWith('"section":"entry"}') ? [at] : []))
  for (const wanted of [0, 7, entries.length - 1]) {
    const at = entries[wanted] ?? 0
    const changed = lines.with(at, (lines[at] ?? '').replace(/(\\"corr\\":\\").(?!x)/, '$1x'))
    assert.notEqual(changed[at], lines[at])
    const path = join(dir, `tampered-${wanted}.pack`)
    writeFileSync(path, changed.join('\n'))
    const place = placeOf(jsonObject(lines[at] ?? ''))
    const ours = await verify(path)
    assert.notEqual(ours.code, 0)
    assert.deepEqual(namedBy(facts(ours)['problems']), [place])
    if (!hasPython) continue
    const theirs = await verifyInPython(path)
    assert.notEqual(theirs.code, 0)
    const [log, index] = place.split(' ')
    assert.match(theirs.out + theirs.err, new RegExp(`${log}.*\\b${index}\\b|\\b${index}\\b.*${log}`))
  }
}

async function checkGone({ ports }: Fields): Promise<void> {
  for (const port of Object.values(objectOf(ports))) await occupied(Number(port), () => undefined)
}

/** Refuses with the code, and names what to do. */
function checkRefusal(
  { code, out, err }: Run,
  wanted: { readonly exit: number; readonly refusal: string },
): Fields {
  assert.equal(code, wanted.exit, out + err)
  const problem = jsonObject(out)
  assert.equal(problem['refusal'], wanted.refusal)
  assert.ok(textOf(problem['remedy']).length > 0)
  return problem
}

async function occupied<T>(port: number, work: () => Promise<T> | T): Promise<T> {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  try {
    return await work()
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

for (const name of ['lagoon', 'fixAlder', 'peerCedar', 'consoleAlder', 'witness1'] as const)
  test(`the port of ${name} in use is refused and named`, async (t) => {
    const base = await freePortBase()
    const port = portsFrom(base)[name]
    const ended = await occupied(port, () => demo(join(scratch(t), 'demo'), base))
    const problem = checkRefusal(ended, { exit: ended.code ?? 0, refusal: 'port-in-use' })
    assert.notEqual(ended.code, 0)
    assert.equal(problem['code'], 'PLK-9008')
    assert.match(textOf(problem['detail']), new RegExp(String(port)))
  })

const machineDay = new Date().toISOString().slice(0, 10)
const expired = machineDay >= '2027-06-25' ? 'ETH-25JUN27-4000-C has expired' : false

test("--clock real trades at the machine's time", { skip: expired }, async (t) => {
  const dir = join(scratch(t), 'demo')
  const ended = await demo(dir, await freePortBase(), '--clock', 'real')
  assert.equal(ended.code, 0, ended.out + ended.err)
  assert.equal(valueAt(facts(ended), 'story.trade.status'), 'settled')
  const [, executedAt = ''] = /"executedAt": "([^"]+)"/.exec(ended.out) ?? []
  assert.ok(executedAt >= machineDay, executedAt)
  checkJournals(dir)
})

test('a clock that is neither is refused', async (t) => {
  const ended = await demo(join(scratch(t), 'demo'), await freePortBase(), '--clock', 'lunar')
  assert.match(textOf(checkRefusal(ended, { exit: 2, refusal: 'usage' })['detail']), /sandbox or real/)
})

test('a folder with something else in it is left alone', async (t) => {
  const dir = scratch(t)
  writeFileSync(join(dir, 'letter.txt'), 'mine')
  const problem = checkRefusal(await demo(dir, await freePortBase()), { exit: 2, refusal: 'usage' })
  assert.match(textOf(problem['detail']), /--dir/)
  assert.equal(readFileSync(join(dir, 'letter.txt'), 'utf8'), 'mine')
})

test('a start on taken ports leaves the files of the last demo untouched', async (t) => {
  const dir = scratch(t)
  writeFileSync(join(dir, '.poundlock-demo'), 'emptied at each start of the demo\n')
  writeFileSync(join(dir, 'evidence.pack'), 'kept')
  const base = await freePortBase()
  const ended = await occupied(portsFrom(base).fixCedar, () => demo(dir, base))
  assert.equal(checkRefusal(ended, { exit: ended.code ?? 0, refusal: 'port-in-use' })['code'], 'PLK-9008')
  assert.notEqual(ended.code, 0)
  assert.equal(readFileSync(join(dir, 'evidence.pack'), 'utf8'), 'kept')
})

test('the folder of a demo that runs is left alone', async (t) => {
  const dir = scratch(t)
  writeFileSync(join(dir, '.poundlock-demo'), `pid ${process.pid}\n`)
  writeFileSync(join(dir, 'journal.db'), 'in use')
  const problem = checkRefusal(await demo(dir, await freePortBase()), { exit: 2, refusal: 'usage' })
  assert.match(textOf(problem['detail']), new RegExp(`another demo runs .*process ${process.pid}.*--dir`))
  assert.equal(readFileSync(join(dir, 'journal.db'), 'utf8'), 'in use')
})

test('a file in the place of the folder, and ports beyond the last, are refused', async (t) => {
  const file = join(scratch(t), 'file')
  writeFileSync(file, 'mine')
  const inFile = checkRefusal(await demo(file, await freePortBase()), { exit: 2, refusal: 'usage' })
  assert.match(textOf(inFile['detail']), /--dir/)
  assert.equal(readFileSync(file, 'utf8'), 'mine')
  const beyond = checkRefusal(await demo(join(scratch(t), 'demo'), 65_000), { exit: 2, refusal: 'usage' })
  assert.match(textOf(beyond['detail']), /--port-base/)
})

test('a folder that cannot be written is refused', async (t) => {
  const parent = scratch(t)
  if (process.getuid?.() === 0) {
    // Root may write anywhere: a file in the place of the folder stops it too.
    writeFileSync(join(parent, 'file'), '')
    const ended = await demo(join(parent, 'file/demo'), await freePortBase())
    assert.notEqual(ended.code, 0)
    assert.equal(facts(ended)['refusal'], 'file-unreadable')
    return
  }
  const locked = join(parent, 'locked')
  mkdirSync(locked)
  chmodSync(locked, 0o500)
  const ended = await demo(join(locked, 'demo'), await freePortBase())
  assert.notEqual(ended.code, 0)
  assert.equal(facts(ended)['refusal'], 'file-unreadable')
})

/** KiB of the disk: full while keys are made, while the stores are made, while they trade. */
for (const kib of [16, 400, 900])
  test(`a disk of ${kib} KiB is refused as full, and what is on it is whole`, async (t) => {
    const [dir, roomy] = [scratch(t), scratch(t)]
    if (process.getuid?.() !== 0) return t.skip('mounting a small disk needs root')
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', dir])
    if (mounted.status !== 0) return t.skip(`a small disk cannot be mounted here: ${String(mounted.stderr)}`)
    try {
      const ended = await demo(join(dir, 'demo'), await freePortBase())
      assert.notEqual(ended.code, 0)
      const problem = facts(ended)
      assert.equal(problem['refusal'], 'disk-full', ended.out + ended.err)
      assert.match(textOf(problem['remedy']), /space|disk/i)
      for (const name of ['alder', 'cedar']) {
        // Read from a copy: SQLite needs room to open what stands in its write-ahead log.
        const copy = join(roomy, name)
        if (!existsSync(join(dir, 'demo', name, 'data/journal.db'))) continue
        cpSync(join(dir, 'demo', name, 'data'), copy, { recursive: true })
        const raw = readSqliteJournal(join(copy, 'journal.db'), `${name}.example/journal`)
        const { entries, problems } = auditJournal(raw)
        assert.deepEqual(problems, [])
        t.diagnostic(`${name} has ${entries.length} entries`)
      }
    } finally {
      spawnSync('umount', [dir])
    }
  })
