import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isRefusal, utf8 } from '#core'
import {
  entriesPath,
  formatEntryBundle,
  parseEntryBundle,
  parseLogPath,
  partialWidth,
  tileIndexPath,
  tilePath,
  widthAt,
} from './tiles.ts'

test('tile paths are those of the specification', () => {
  assert.equal(tileIndexPath(1_234_067), 'x001/x234/067')
  assert.equal(tilePath(0, 0), 'tile/0/000')
  assert.equal(tilePath(1, 5, 17), 'tile/1/005.p/17')
  assert.equal(entriesPath(256), 'tile/entries/256')
  assert.equal(entriesPath(1_000, 3), 'tile/entries/x001/000.p/3')
})

test('a tree of 70,000 has partial tiles of 112, 17 and 1', () => {
  assert.deepEqual(
    [0, 1, 2].map((level) => partialWidth(level, 70_000)),
    [112, 17, 1],
  )
  assert.deepEqual([widthAt(0, 272, 70_000), widthAt(0, 273, 70_000), widthAt(0, 274, 70_000)], [256, 112, 0])
  assert.deepEqual([widthAt(0, 0, 256), widthAt(1, 0, 256)], [256, 1])
})

test('every path that is written is read back', () => {
  const index = fc.nat({ max: 2 ** 40 })
  fc.assert(
    fc.property(fc.nat(63), index, fc.integer({ min: 1, max: 256 }), (level, n, width) => {
      assert.deepEqual(parseLogPath(tilePath(level, n, width)), { kind: 'tile', level, n, width })
      assert.deepEqual(parseLogPath(entriesPath(n, width)), { kind: 'entries', n, width })
    }),
  )
  assert.deepEqual(parseLogPath('checkpoint'), { kind: 'checkpoint' })
})

test('only the canonical spelling of a path is understood', () => {
  const wrong = [
    '',
    '/checkpoint',
    'checkpoint/',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/000',
    'tile/0/1234',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/x001/x234/067/',
    'tile/0/001/067',
    'tile/0/X001/067',
    'tile/8/0/000',
    'tile/entries/000.p/',
    'tile/0/000?x=1',
    'tile/0/../../etc/passwd',
    'tile/0/x999/x999/x999/x999/x999/999',
  ]
  for (const path of wrong) assert.equal(parseLogPath(path), undefined, path)
})

test('a bundle carries entries of 0 to 65,535 bytes, and one cut short is refused', () => {
  const entries = [utf8(''), utf8('one'), new Uint8Array(65_535).fill(7)]
  const bundle = formatEntryBundle(entries)
  assert.equal(bundle.length, 6 + 3 + 65_535)
  assert.deepEqual(parseEntryBundle(bundle), entries)
  for (const cut of [1, 3, 6, bundle.length - 1]) {
    const parsed = parseEntryBundle(bundle.slice(0, cut))
    assert.ok(isRefusal(parsed) && parsed.refusal === 'log-bundle-malformed', `cut at ${cut}`)
  }
  assert.throws(() => formatEntryBundle([new Uint8Array(65_536)]), /fits its u16/)
})
