// Messages that another engine wrote, read by ours: field by field as that engine's own tokens say.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { getDictionary } from '../dictionary/index.ts'
import { createFramer } from './frame.ts'
import { parseMessage, type FixMessage } from './message.ts'
import { rawMessage, withChecksum } from './testing.ts'

const folder = join(process.env['POUNDLOCK_CORPORA'] ?? '../shared/corpora', 'fix-logs/jspurefix')
const missing = existsSync(folder) ? undefined : `no messages in ${folder}`
const files = (pattern: string): string[] =>
  globSync(pattern, { cwd: folder }).map((name) => join(folder, name))
const linesOf = (file: string): string[] =>
  readFileSync(file, 'latin1')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('8=FIX'))

test('fifty generated FIX 4.4 messages frame and parse, their zero-padded lengths included', (t) => {
  if (missing) return t.skip(missing)
  const lines = linesOf(join(folder, 'FIX.4.4/fix.txt'))
  assert.ok(lines.length >= 50)
  const stream = Buffer.concat(lines.map((line) => withChecksum(toSoh(line.slice(0, -7)))))
  const frames = createFramer().push(stream)
  assert.ok(frames.every((frame) => frame.kind === 'message'))
  assert.deepEqual(
    frames.map((frame) => pairsOf(read(frame.bytes)).slice(0, -1)),
    lines.map((line) => splitPairs(line).slice(0, -1)),
  )
})

test('each sample with tokens has exactly these fields', (t) => {
  if (missing) return t.skip(missing)
  const samples = files('FIX.*/*/*/fix.txt')
  assert.ok(samples.length >= 10)
  for (const file of samples) {
    const tokens = globSync('token*.txt', { cwd: dirname(file) })[0]
    if (tokens === undefined) continue
    const expected = tokensOf(readFileSync(join(dirname(file), tokens), 'latin1'))
    const pairs = pairsOf(read(repaired(linesOf(file)[0]!)))
    assert.equal(pairs.length, expected.length, file)
    for (const [index, { tag, text }] of expected.entries()) {
      const [ownTag, ownText] = pairs[index]!
      assert.equal(ownTag, tag, file)
      // 9 and 10 are computed anew, 52 is of another run in one sample; an enumerated value is followed by
      // its name in brackets, a long one is broken into lines.
      if (![9, 10, 52].includes(tag))
        assert.ok(text === ownText || text.startsWith(`${ownText}[`), `${file} ${tag}`)
    }
  }
})

test('components scattered through a body give the same values as in their usual place', (t) => {
  if (missing) return t.skip(missing)
  const pairs = files('corpus/*/canonical.txt')
  assert.ok(pairs.length > 0)
  for (const file of pairs) {
    const [usual, scattered] = [file, file.replace('canonical', 'scattered')].map((name) =>
      read(repaired(linesOf(name)[0]!)),
    )
    assert.deepEqual(content(scattered!), content(usual!), file)
  }
})

function read(bytes: Uint8Array): FixMessage {
  const message = parseMessage(bytes, getDictionary('FIX.4.4'))
  assert.ok(!('kind' in message), JSON.stringify(message))
  return message
}

const toSoh = (line: string): Buffer => Buffer.from(line.replaceAll('|', '\u0001'), 'latin1')

/** The samples were saved with `|` for SOH, some without a final newline or with an edited length. */
const repaired = (line: string): Buffer => rawMessage(line.replace(/\|9=\d+/, '').replace(/10=\d+\|$/, ''))

const pairsOf = (message: FixMessage): [number, string][] =>
  Array.from({ length: message.fieldCount }, (_, i) => [message.tagAt(i), message.textAt(i)])

const splitPairs = (line: string): [number, string][] =>
  line
    .split('|')
    .filter(Boolean)
    .map((field) => [Number(field.slice(0, field.indexOf('='))), field.slice(field.indexOf('=') + 1)])

const tokensOf = (text: string): { tag: number; text: string }[] =>
  [...text.matchAll(/\[\d+\] (\d+) \([^)]*\) = ([^]*?)(?=(?:, |\r?\n)\[\d+\] \d+ \(|\s*$)/g)].map(
    ([, tag, value]) => ({ tag: Number(tag), text: value!.replaceAll(/\r?\n/g, '') }),
  )

const contentTags = [571, 55, 22, 460, 207, 54, 38, 44, 48, 70, 17, 268]
function content(message: FixMessage): unknown {
  return {
    fields: contentTags.map((tag) => message.text(tag)),
    legs: message.groups(555).map((leg) => [600, 602, 623, 624].map((tag) => leg.text(tag))),
    entries: message.groups(268).map((entry) => [269, 270, 55, 48].map((tag) => entry.text(tag))),
  }
}
