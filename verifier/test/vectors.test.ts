// oxlint-disable typescript/no-unsafe-type-assertion -- the tests take JSON of their own making, and vectors, at their word
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { checkIds, verifyPack } from '../src/index.ts'
import type { Report } from '../src/index.ts'
import type { Expected } from './bad-packs.ts'
import { comparable, placeOnly, pythonAbsent, pythonReports } from './python.ts'
import type { Asked } from './python.ts'
import { vectorFiles, vectorsDir } from './write-vectors.ts'

type Vector = Asked & { readonly name: string; readonly problems: readonly Expected[] }

const vectors = (): readonly Vector[] =>
  readdirSync(vectorsDir)
    .filter((name) => name.endsWith('.pack'))
    .map((name) => {
      const said = JSON.parse(read(name.replace(/pack$/, 'json'))) as { problems: Expected[]; trust?: string }
      return { name, pack: read(name), ...said }
    })
const read = (name: string): string => readFileSync(new URL(name, vectorsDir), 'utf8')
const verify = ({ pack, trust }: Asked): Promise<Report> =>
  verifyPack(new TextEncoder().encode(pack), trust === undefined ? {} : { trust })

const assertSays = (vector: Vector, report: Report): void => {
  const found = report.problems.map((problem) => problem as unknown as Record<string, unknown>)
  const said = vector.problems.map((wanted, at) =>
    Object.fromEntries(Object.keys(wanted).map((name) => [name, found[at]?.[name]])),
  )
  assert.deepEqual(said, vector.problems, vector.name)
  assert.equal(
    found.length,
    vector.problems.length,
    `${vector.name}: ${JSON.stringify(found.map((one) => one['check']))}`,
  )
  assert.equal(report.ok, vector.problems.length === 0, vector.name)
}

test('the committed packs are those that the builder makes', () => {
  const files = vectorFiles()
  assert.deepEqual(readdirSync(vectorsDir).toSorted(), [...files.keys()].toSorted())
  for (const [name, text] of files)
    assert.equal(read(name), text, `${name}: run node verifier/test/write-vectors.ts`)
})

test('each good pack holds, and each bad pack gets exactly its problems', async () => {
  for (const vector of vectors()) assertSays(vector, await verify(vector))
})

test('every check but the size limit is broken by some pack', () => {
  const broken = new Set(vectors().flatMap(({ problems }) => problems.map(({ check }) => check)))
  assert.deepEqual(
    checkIds.filter((check) => !broken.has(check)),
    ['pack/limits'],
  )
})

test('the good pack has more than sixty entries of two logs, cosigned by two witnesses', async () => {
  const report = await verify({ pack: read('good.pack') })
  const counts = new Map(report.checked.map(({ check, count }) => [check, count]))
  assert.ok((counts.get('entry/inclusion') ?? 0) > 60)
  assert.equal(counts.get('checkpoint/cosignature'), 4)
  assert.deepEqual(
    report.notChecked.map(({ what }) => what),
    ['trust', 'parts', 'chain', 'decimals', 'product', 'time'],
  )
})

test('verify.py gives the same report for every pack', async (t) => {
  const absent = pythonAbsent()
  if (absent) return t.skip(absent)
  const all = vectors()
  const theirs = await pythonReports(all)
  assert.equal(theirs.length, all.length)
  for (const [at, vector] of all.entries()) {
    const report = theirs[at] as Report
    assertSays(vector, report)
    assert.deepEqual(
      report.problems.map(placeOnly),
      (await verify(vector)).problems.map(placeOnly),
      vector.name,
    )
    assert.deepEqual(comparable(report), comparable(await verify(vector)), vector.name)
  }
})
