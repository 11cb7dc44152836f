// oxlint-disable typescript/no-unsafe-type-assertion -- the tests take JSON of their own making, and vectors, at their word
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { verifyPack } from '../src/index.ts'
import type { Report } from '../src/index.ts'
import { sha256 } from './build-pack.ts'
import { comparable, pythonAbsent, pythonFlips } from './python.ts'
import type { Flip } from './python.ts'
import { vectorsDir } from './write-vectors.ts'

const isLong = process.env['POUNDLOCK_LONG'] === '1'
const flipCount = isLong ? 10_000 : 300
const seed = process.env['POUNDLOCK_SEED'] ?? 'flips'
const pack = readFileSync(new URL('good.pack', vectorsDir))

/** Deterministic: flip n of a seed is always the same. */
const flipOf = (n: number): Flip => {
  const word = sha256(`${seed} ${n}`)
  return { offset: word.readUInt32BE(0) % pack.length, mask: 1 + (word.readUInt32BE(4) % 255) }
}
const flips = Array.from({ length: flipCount }, (_, n) => flipOf(n))

type Line = {
  readonly number: number
  readonly section: string
  readonly start: number
  readonly text: string
}

const lines: readonly Line[] = (() => {
  const texts = pack.toString('utf8').split('\n').slice(0, -1)
  let start = 0
  return texts.map((text, at) => {
    const { section = 'header' } = JSON.parse(text) as { section?: string }
    const line = { number: at + 1, section, start, text }
    start += Buffer.byteLength(text) + 1
    return line
  })
})()
const lineOf = (offset: number): Line => lines.findLast(({ start }) => start <= offset) as Line

/**
 * The report names where the byte is: nothing outside the flipped line's section is accused, no other line is, and
 * unless only the seal noticed (which names the section), the flipped line itself is named, for an entry by
 * log and index where these members are not what was hit.
 */
const assertNames = (flip: Flip, report: Report): void => {
  const line = lineOf(flip.offset)
  const label = `seed ${seed}: offset ${flip.offset} xor ${flip.mask}: ${JSON.stringify(report.problems)}`
  assert.equal(report.ok, false, label)
  assert.ok(report.problems.length > 0, label)
  for (const problem of report.problems) {
    assert.equal(problem.section, line.section, label)
    if (problem.line !== undefined) assert.equal(problem.line, line.number, label)
  }
  if (line.section !== 'entry') return
  const named = report.problems.filter((problem) => problem.line === line.number)
  assert.ok(named.length > 0, label)
  const entry = JSON.parse(line.text) as { log: string; index: number }
  if (!hitsName(flip, line))
    for (const { log, index } of named)
      if (index !== undefined) assert.deepEqual({ log, index }, { log: entry.log, index: entry.index }, label)
}

/** Whether the byte is in `,"index":…,"log":"…"` of an entry line. */
const hitsName = ({ offset }: Flip, { start, text }: Line): boolean => {
  const from = Buffer.byteLength(text.slice(0, text.lastIndexOf(',"index":')))
  const to = Buffer.byteLength(text.slice(0, text.lastIndexOf(',"proof":[')))
  return offset - start >= from && offset - start <= to
}

const flipped = (flip: Flip): Uint8Array => {
  const bytes = new Uint8Array(pack)
  bytes[flip.offset] = (bytes[flip.offset] ?? 0) ^ flip.mask
  return bytes
}

test(`${flipCount} random flips of one byte are found, and named, by both implementations`, async (t) => {
  const absent = pythonAbsent()
  if (absent) t.diagnostic(`verify.py is not asked: ${absent}`)
  const asked = absent ? [] : pythonFlips(pack.toString('utf8'), flips)
  const reports: Report[] = []
  for (const flip of flips) reports.push(await verifyPack(flipped(flip)))
  const theirs = await asked
  let byIndex = 0
  for (const [at, flip] of flips.entries()) {
    const report = reports[at] as Report
    assertNames(flip, report)
    if (report.problems.some(({ index }) => index !== undefined)) byIndex += 1
    const other = theirs[at]
    if (absent) continue
    assert.ok(other, 'verify.py gave fewer reports')
    assert.deepEqual(comparable(other), comparable(report), JSON.stringify(flip))
  }
  t.diagnostic(`${byIndex} of ${flips.length} named by entry index, seed ${seed}`)
  assert.ok(byIndex > flips.length / 2)
})

test('each line feed of the pack, lost or gained, is found at its line', async () => {
  for (const { start } of lines.slice(1)) {
    const flip = { offset: start - 1, mask: 0x0a ^ 0x20 }
    assertNames(flip, await verifyPack(flipped(flip)))
    const offset = start + 3
    const gained = { offset, mask: (pack[offset] ?? 0) ^ 0x0a }
    assertNames(gained, await verifyPack(flipped(gained)))
  }
})
