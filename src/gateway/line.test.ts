import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntryDraft } from '#journal'
import { createLine } from './line.ts'

const draft = (type: string): EntryDraft => ({ type, corr: 'c', body: {} })

function journal() {
  const appended: string[][] = []
  const lost: string[] = []
  const append: Parameters<typeof createLine>[0] = async (drafts, ops) => {
    appended.push([...drafts.map(({ type }) => type), ...ops.map(({ op }) => op)])
    await Promise.resolve()
  }
  const line = createLine(append, ({ message }) => lost.push(message))
  return { appended, lost, line }
}

const failing = () => createLine(() => Promise.reject(new Error('disk')), assert.ifError)

test('own decisions are appended at once, in order', async () => {
  const { appended, line } = journal()
  await Promise.all([line.commit(line.record([draft('a')])), line.commit(line.record([draft('b')]))])
  assert.deepEqual(appended, [['a'], ['b']])
})

test('an own decision behind one of a FIX turn waits for the FIX batch and keeps the decision order', async () => {
  const { appended, line } = journal()
  const turn = line.record([draft('turn')])
  const own = line.commit(line.record([draft('own')]))
  assert.deepEqual(appended, [])
  await line.commitBatch([turn], [{ op: 'row.delete', table: 't', key: 'k' }])
  await own
  assert.deepEqual(appended, [['turn', 'row.delete'], ['own']])
})

test('a FIX batch takes along what was decided between its own decisions', async () => {
  const { appended, line } = journal()
  const first = line.record([draft('1')])
  const between = line.commit(line.record([draft('2')]))
  const last = line.record([draft('3')])
  await line.commitBatch([first, last], [])
  await between
  assert.deepEqual(appended, [['1', '2', '3']])
})

test('a batch without decisions still writes its operations', async () => {
  const { appended, line } = journal()
  await line.commitBatch([], [{ op: 'row.delete', table: 't', key: 'k' }])
  assert.deepEqual(appended, [['row.delete']])
})

test('a failed append fails everybody who waited for it', async () => {
  const line = failing()
  const turn = line.record([draft('turn')])
  await assert.rejects(line.commitBatch([turn], []), /disk/)
  await assert.rejects(line.commit(line.record([draft('own')])), /disk/)
})

test('settled waits for what was recorded before, and for nothing else', async () => {
  const done: string[] = []
  const { line } = journal()
  await line.settled()
  const turn = line.record([draft('turn')])
  const settled = line.settled().then(() => done.push('settled'))
  const own = line.commit(line.record([draft('own')])).then(() => done.push('own'))
  await Promise.resolve()
  assert.deepEqual(done, [], 'neither is on disk')
  await line.commitBatch([turn], [])
  await settled
  await own
  assert.deepEqual(new Set<string>(done), new Set(['own', 'settled']))
  await line.settled()
})

test('a failed append fails everybody who waits for the line to settle', async () => {
  const line = failing()
  const turn = line.record([draft('turn')])
  const settled = assert.rejects(line.settled(), /disk/)
  await assert.rejects(line.commitBatch([turn], []), /disk/)
  await settled
})

test('a decision that nobody was given to record is reported at the next FIX batch, a heartbeat too', async () => {
  const { lost, line } = journal()
  const turn = line.record([draft('turn')])
  const own = line.commit(line.record([draft('own')]))
  await line.commitBatch([turn], [])
  await own
  assert.deepEqual(lost, [], 'given to a batch, or committed')
  line.record([draft('trade.executed'), draft('order.placed')])
  const behind = line.commit(line.record([draft('behind')]))
  await line.commitBatch([], [{ op: 'row.put', table: 't', key: 'k', value: new Uint8Array() }])
  assert.deepEqual(lost, ['decided and given to nobody to record: trade.executed, order.placed'])
  const last = line.record([draft('last')])
  await line.commitBatch([last], [])
  await behind
})
