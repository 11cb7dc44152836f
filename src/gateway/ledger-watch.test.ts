import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refuse, type Refusal } from '#core'
import { watchLedger } from './ledger-watch.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const dead = refuse('ledger-unreachable', 'no endpoint answers')

function watched() {
  const world = { answer: {} as object | Refusal, asked: 0, timers: [] as (() => void)[] }
  const watch = watchLedger({
    ask: () => {
      world.asked += 1
      return Promise.resolve(world.answer)
    },
    later: (_ms, run) => {
      world.timers.push(run)
      return () => void world.timers.splice(world.timers.indexOf(run), 1)
    },
    onBug: (error) => assert.fail(String(error)),
  })
  const turn = async (): Promise<void> => {
    world.timers.shift()?.()
    await settled()
  }
  return { world, watch, turn }
}

test('a ledger that dies, and one that comes back, is known without anything being settled', async () => {
  const { world, watch, turn } = watched()
  assert.equal(watch.asked(), false)
  await settled()
  assert.deepEqual([watch.asked(), watch.problem()], [true, undefined])
  world.answer = dead
  await turn()
  assert.equal(watch.problem(), dead)
  world.answer = {}
  await turn()
  assert.equal(watch.problem(), undefined)
  await watch.close()
})

test('a closed watch asks no more and leaves no timer', async () => {
  const { world, watch } = watched()
  await settled()
  assert.equal(world.timers.length, 1)
  await watch.close()
  assert.deepEqual([world.asked, world.timers.length], [1, 0])
  const early = watched()
  await early.watch.close()
  assert.deepEqual([early.world.asked, early.world.timers.length], [1, 0])
})
