// The kill matrix: real processes on a real chain, SIGKILL before and after each durable step of either side. After
// the restart the trade settles, or is cleanly refused; what both gateways left on disk is then audited.
// `npm test` runs four points that rotate by date (POUNDLOCK_KILLS chooses them: "ALDER@trade-confirmed,…");
// POUNDLOCK_LONG=1 runs all, and kills at random times.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { auditJournal, disagreements, readSqliteJournal } from '../audit/journal.ts'
import { killSteps } from '../../src/sandbox/killing.ts'
import { demo, facts, freePortBase, run, project, scratch, type Facts } from './demo-run.ts'

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

export async function checkEnd(t: TestContext, dir: string, report: Facts): Promise<void> {
  const [alder, cedar] = ['alder', 'cedar'].map((name) =>
    auditJournal(readSqliteJournal(join(dir, name, 'data/journal.db'), `${name}.example/journal`)),
  )
  assert.ok(alder && cedar)
  assert.deepEqual([...alder.problems, ...cedar.problems], [])
  assert.deepEqual(disagreements(alder.entries, cedar.entries), [])
  const { before, after } = report['balances']
  for (const member of ['usdcMinor', 'contracts'])
    assert.equal(sum(before, member), sum(after, member), `I3 ${member} is conserved`)
  const settled = alder.entries.some(({ type }) => type === 'settlement.settled')
  const moved = BigInt(after.ALDER.usdcMinor) - BigInt(before.ALDER.usdcMinor)
  assert.equal(moved, settled ? 43_072_000_000n : 0n, 'money moves exactly when the journals say so')
  t.diagnostic(
    `${report['story'].trade?.status}, ${alder.entries.length} and ${cedar.entries.length} entries`,
  )
  if (!settled) return
  const verifier = await run(process.execPath, [
    join(project, 'verifier/src/cli.ts'),
    report['pack'].path,
    '--json',
  ])
  assert.equal(verifier.code, 0, verifier.out)
}

const sum = (balances: Facts, member: string): bigint =>
  BigInt(balances['ALDER'][member]) + BigInt(balances['CEDAR'][member])
