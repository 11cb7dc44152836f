// The kill matrix: real processes on a real chain, SIGKILL before and after each durable step of either side. After
// the restart the trade settles, or is cleanly refused; what both gateways left on disk is then audited.
// `npm test` runs four points that rotate by date (POUNDLOCK_KILLS chooses them: "ALDER@trade-confirmed,…");
// POUNDLOCK_LONG=1 runs all, and kills at random times.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isRefusal, seededRandom } from '#core'
import { balancesOf } from '../../src/sandbox/balances.ts'
import { tradeOnce } from '../../src/sandbox/trading.ts'
import { openWorld } from '../../src/sandbox/world.ts'
import { textAt, valueAt, objectOf, type Fields } from '../audit/fields.ts'
import { auditJournal, disagreements, readSqliteJournal } from '../audit/journal.ts'
import { killSteps } from '../../src/sandbox/killing.ts'
import { demo, facts, freePortBase, run, project, scratch } from './demo-run.ts'

const all = Object.entries(killSteps).flatMap(([name, steps]) =>
  steps.flatMap((step) => [`${name}@${step}`, `${name}@before-${step}`]),
)
/** `trade-approved` happens at both; every other step too, as long as the trade settles. */
const chosen = points()

for (const point of chosen)
  test(`a gateway killed at ${point} goes on after its restart`, async (t) => {
    const dir = join(scratch(t), 'demo')
    const ended = await demo(dir, await freePortBase(), '--kill', point)
    assert.equal(ended.code, 0, `${ended.err}\n${ended.out.slice(0, 2_000)}`)
    const report = facts(ended)
    assert.deepEqual(report['kills'], [{ point, killed: true }], 'the step was reached')
    await checkEnd(t, dir, report)
  })

const randomKills = Number.parseInt(
  process.env['POUNDLOCK_RANDOM_KILLS'] ?? (process.env['POUNDLOCK_LONG'] === '1' ? '20' : '0'),
  10,
)
const firstSeed = Number.parseInt(process.env['POUNDLOCK_SEED'] ?? '1', 10)
const tradingMs = 2_500

for (let seed = firstSeed; seed < firstSeed + randomKills; seed += 1)
  test(`a gateway killed at a random time goes on (seed ${seed})`, async (t) => {
    const bytes = seededRandom(seed).bytes(3)
    const [name, afterMs] = [
      (bytes[0] ?? 0) % 2 === 0 ? 'ALDER' : 'CEDAR',
      ((bytes[1] ?? 0) / 255) * tradingMs,
    ]
    const dir = join(scratch(t), 'world')
    const progress = (line: string): void => t.diagnostic(line.trim())
    const world = await openWorld({
      dir,
      portBase: await freePortBase(),
      kills: [],
      clock: 'sandbox',
      progress,
    })
    assert.ok(!isRefusal(world), isRefusal(world) ? world.detail : '')
    t.after(() => world.stop())
    const before = await balancesOf(world)
    const trade = tradeOnce(progress, world.ports, world.ceremony, world.running)
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    await world.processes.find((one) => one.name === name)?.kill()
    const desk = await trade
    assert.ok(!isRefusal(desk), isRefusal(desk) ? desk.detail : '')
    const after = await balancesOf(world)
    assert.ok(!isRefusal(before) && !isRefusal(after))
    t.diagnostic(`${name} killed after ${Math.round(afterMs)} ms; the desk heard ${desk.fact}`)
    await world.stop()
    checkDisks(dir, { before, after })
  })

function points(): readonly string[] {
  const named = process.env['POUNDLOCK_KILLS']
  if (named !== undefined) return named.split(',')
  if (process.env['POUNDLOCK_LONG'] === '1') return all
  const day = Math.floor(Date.now() / 86_400_000)
  const of = (name: string): readonly string[] => all.filter((point) => point.startsWith(`${name}@`))
  return ['ALDER', 'CEDAR'].flatMap((name) =>
    [day * 2, day * 2 + 1].map((at) => of(name)[at % of(name).length] ?? ''),
  )
}

async function checkEnd(t: TestContext, dir: string, report: Fields): Promise<void> {
  const settled = checkDisks(dir, objectOf(report['balances']))
  t.diagnostic(String(valueAt(report, 'story.trade.status')))
  if (!settled) return
  const verifier = await run(process.execPath, [
    join(project, 'verifier/src/cli.ts'),
    textAt(report, 'pack.path'),
    '--json',
  ])
  assert.equal(verifier.code, 0, verifier.out)
}

/** What both have left on disk, against what has moved on the ledger. True when it settled. */
function checkDisks(dir: string, balances: Fields): boolean {
  const [alder, cedar] = ['alder', 'cedar'].map((name) =>
    auditJournal(readSqliteJournal(join(dir, name, 'data/journal.db'), `${name}.example/journal`)),
  )
  assert.ok(alder && cedar)
  assert.deepEqual([...alder.problems, ...cedar.problems], [])
  assert.deepEqual(disagreements(alder.entries, cedar.entries), [])
  for (const member of ['usdcMinor', 'contracts'])
    assert.equal(sum(balances, 'before', member), sum(balances, 'after', member), `I3 ${member} is conserved`)
  const settled = alder.entries.some(({ type }) => type === 'settlement.settled')
  const moved = held(balances, 'after.ALDER.usdcMinor') - held(balances, 'before.ALDER.usdcMinor')
  assert.equal(moved, settled ? 43_072_000_000n : 0n, 'money moves exactly when the journals say so')
  return settled
}

const held = (balances: Fields, path: string): bigint => BigInt(textAt(balances, path))

const sum = (balances: Fields, when: 'before' | 'after', member: string): bigint =>
  held(balances, `${when}.ALDER.${member}`) + held(balances, `${when}.CEDAR.${member}`)
