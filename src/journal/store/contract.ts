/**
 * What every store must do. A second store proves itself by `storeContract('name', harness)` in a test file;
 * nothing here knows an adapter.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromUtf8, isRefusal, utf8 } from '#core'
import type { Store, StoreOp } from './store.ts'

export type StoreHarness = {
  /** A new, empty place to store in. */
  readonly create: () => StorePlace
}

export type StorePlace = {
  /** Opens the place; called again after `close` where the store is durable. */
  readonly open: () => Store
  readonly durable: boolean
  /** Removes every trace. */
  readonly remove: () => void
}

const put = (key: string, value: string, table = 't'): StoreOp => ({
  op: 'row.put',
  table,
  key,
  value: utf8(value),
})
const insert = (key: string, value: string): StoreOp => ({
  op: 'row.insert',
  table: 't',
  key,
  value: utf8(value),
})
const cas = (key: string, expect: string | null, value: string): StoreOp => ({
  op: 'row.cas',
  table: 't',
  key,
  expect: expect === null ? null : utf8(expect),
  value: utf8(value),
})
const append = (index: number, text: string, log = 'l'): StoreOp => ({
  op: 'log.append',
  log,
  index,
  bytes: utf8(text),
})

export function storeContract(name: string, harness: StoreHarness): void {
  const check = (title: string, body: (store: Store, place: StorePlace) => void) =>
    test(`${name}: ${title}`, () => {
      const place = harness.create()
      const store = place.open()
      try {
        body(store, place)
      } finally {
        store.close()
        place.remove()
      }
    })
  rowContract(check)
  rangeContract(check)
  valueContract(check)
  atomicityContract(check)
  logContract(check)
  durabilityContract(name, harness)
}

type Check = (title: string, body: (store: Store, place: StorePlace) => void) => Promise<void>

function rowContract(check: Check): void {
  void check('a row that was put is read back, replaced, and deleted', (store) => {
    assert.equal(store.get('t', 'k'), undefined)
    assert.deepEqual(store.apply([[put('k', 'one')]]), ['applied'])
    assert.deepEqual(store.apply([[put('k', 'two')]]), ['applied'])
    assert.equal(textOf(store.get('t', 'k')), 'two')
    assert.equal(store.get('other', 'k'), undefined)
    assert.deepEqual(store.apply([[{ op: 'row.delete', table: 't', key: 'k' }]]), ['applied'])
    assert.equal(store.get('t', 'k'), undefined)
    assert.deepEqual(store.apply([[{ op: 'row.delete', table: 't', key: 'k' }]]), ['applied'])
  })
  void check('insert wants the row absent', (store) => {
    assert.deepEqual(store.apply([[insert('k', 'one')], [insert('k', 'two')]]), ['applied', { conflict: 0 }])
    assert.equal(textOf(store.get('t', 'k')), 'one')
  })
  void check('compare-and-set wants exactly the value, or absence', (store) => {
    assert.deepEqual(store.apply([[cas('k', 'one', 'two')]]), [{ conflict: 0 }])
    assert.deepEqual(store.apply([[cas('k', null, 'one')]]), ['applied'])
    assert.deepEqual(store.apply([[cas('k', null, 'two')]]), [{ conflict: 0 }])
    assert.deepEqual(store.apply([[cas('k', 'on', 'two')]]), [{ conflict: 0 }])
    assert.deepEqual(store.apply([[cas('k', 'one', 'two')]]), ['applied'])
    assert.equal(textOf(store.get('t', 'k')), 'two')
  })
}

function rangeContract(check: Check): void {
  void check('a range is in byte order, half open and limited', (store) => {
    // U+FF61 sorts before U+1F6A2 in UTF-8, and after it in UTF-16.
    const keys = ['b', 'a', 'c/2', 'c/10', '\u{1f6a2}', '\uff61', 'Z']
    store.apply([keys.map((key) => put(key, key)), [put('a', 'other table', 'u')]])
    const inOrder = ['Z', 'a', 'b', 'c/10', 'c/2', '\uff61', '\u{1f6a2}']
    const all = store.range('t', '', '\u{10ffff}', 100)
    assert.deepEqual(
      all.map(({ key }) => key),
      inOrder,
    )
    assert.deepEqual(
      all.map(({ value }) => textOf(value)),
      inOrder,
    )
    assert.deepEqual(
      store.range('t', 'a', 'c/2', 100).map(({ key }) => key),
      ['a', 'b', 'c/10'],
    )
    assert.deepEqual(
      store.range('t', 'a', 'z', 2).map(({ key }) => key),
      ['a', 'b'],
    )
  })
  void check('deleteRange removes its range of its table only', (store) => {
    store.apply([[put('a', '1'), put('b', '2'), put('c', '3'), put('b', 'kept', 'u')]])
    store.apply([[{ op: 'row.deleteRange', table: 't', from: 'a', to: 'c' }]])
    assert.deepEqual(
      store.range('t', '', 'z', 10).map(({ key }) => key),
      ['c'],
    )
    assert.equal(textOf(store.get('u', 'b')), 'kept')
  })
}

function valueContract(check: Check): void {
  void check('a value may be empty or hold any byte', (store) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    store.apply([
      [
        { op: 'row.put', table: 't', key: 'empty', value: new Uint8Array(0) },
        { op: 'row.put', table: 't', key: 'all', value: bytes },
      ],
    ])
    assert.equal(store.get('t', 'empty')?.length, 0)
    assert.deepEqual([...(store.get('t', 'all') ?? [])], [...bytes])
  })
}

function atomicityContract(check: Check): void {
  void check('a transition happens all or not at all, wherever its guard fails', (store) => {
    store.apply([[put('kept', 'old'), append(0, 'zero')]])
    const transition = [
      put('kept', 'new'),
      append(1, 'one'),
      { op: 'row.deleteRange', table: 't', from: '', to: 'z' } as const,
      put('new', 'new'),
      append(0, 'first of another log', 'm'),
      insert('new', 'again'),
    ]
    assert.deepEqual(store.apply([transition]), [{ conflict: 5 }])
    assert.equal(textOf(store.get('t', 'kept')), 'old')
    assert.equal(store.get('t', 'new'), undefined)
    assert.equal(store.logSize('l'), 1)
    assert.equal(store.logSize('m'), 0)
    assert.deepEqual(store.apply([transition.slice(0, 5)]), ['applied'])
    assert.deepEqual([store.logSize('l'), store.logSize('m')], [2, 1])
  })
  void check('a failed transition leaves its neighbours alone', (store) => {
    const results = store.apply([
      [append(0, 'zero'), put('a', '1')],
      [append(1, 'lost'), put('b', 'lost'), cas('a', 'nothing like it', '2')],
      [append(1, 'one'), put('c', '3')],
      [append(7, 'a gap'), put('d', 'lost')],
      [cas('a', '1', '4')],
    ])
    assert.deepEqual(results, ['applied', { conflict: 2 }, 'applied', { conflict: 0 }, 'applied'])
    assert.deepEqual(store.logRead('l', 0, 2).map(textOf), ['zero', 'one'])
    assert.deepEqual(
      store.range('t', '', 'z', 10).map(({ key, value }) => `${key}=${textOf(value)}`),
      ['a=4', 'c=3'],
    )
  })
  void check('an empty batch and an empty transition are fine', (store) => {
    assert.deepEqual(store.apply([]), [])
    assert.deepEqual(store.apply([[]]), ['applied'])
  })
}

function logContract(check: Check): void {
  void check('a log grows by its own next index only', (store) => {
    assert.deepEqual(store.apply([[append(1, 'too early')], [append(0, 'zero')], [append(0, 'again')]]), [
      { conflict: 0 },
      'applied',
      { conflict: 0 },
    ])
    assert.equal(store.logSize('l'), 1)
    assert.equal(store.logSize('unknown'), 0)
  })
  void check('logs are apart from each other and read back by range', (store) => {
    const ops = [0, 1, 2, 3].flatMap((i) => [append(i, `l${i}`), append(i, `m${i}`, 'm')])
    store.apply([ops])
    assert.deepEqual(store.logRead('l', 1, 3).map(textOf), ['l1', 'l2'])
    assert.deepEqual(store.logRead('m', 0, 4).map(textOf), ['m0', 'm1', 'm2', 'm3'])
    assert.deepEqual(store.logRead('m', 4, 4), [])
    assert.throws(() => store.logRead('m', 0, 5), /only entries that exist/)
  })
}

function durabilityContract(name: string, harness: StoreHarness): void {
  test(`${name}: what was applied is there after it is opened again`, (t) => {
    const place = harness.create()
    if (!place.durable) return t.skip('this store lives in memory')
    try {
      const first = place.open()
      first.apply([[append(0, 'zero'), append(0, 'other', 'm'), put('k', 'v')], [append(1, 'one')]])
      first.apply([[append(5, 'a gap')]])
      first.close()
      const second = place.open()
      assert.deepEqual([second.logSize('l'), second.logSize('m')], [2, 1])
      assert.deepEqual(second.logRead('l', 0, 2).map(textOf), ['zero', 'one'])
      assert.equal(textOf(second.get('t', 'k')), 'v')
      assert.deepEqual(second.apply([[append(2, 'two')]]), ['applied'])
      second.close()
    } finally {
      place.remove()
    }
  })
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  const decoded = bytes === undefined ? undefined : fromUtf8(bytes)
  assert.ok(!isRefusal(decoded))
  return decoded
}
