import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { isRefusal } from '#core'
import { killSteps, parseKillPoint } from './killing.ts'

test('each step of either side is a kill point, before or after its durable write', () => {
  for (const [name, steps] of Object.entries(killSteps))
    for (const step of steps.flatMap((one) => [one, `before-${one}`]))
      assert.deepEqual(parseKillPoint(`${name}@${step}`), { name, step })
})

test('other names and steps are refused with those that there are', () => {
  for (const text of ['', 'ALDER', 'BIRCH@rfq-received', 'ALDER@order-placed', 'ALDER@constructor', '@']) {
    const point = parseKillPoint(text)
    assert.ok(isRefusal(point), text)
    assert.equal(point.refusal, 'usage')
    assert.match(point.detail, /CEDAR@order-placed/)
  }
})

/** How a process ends that reaches these points with this kill step. */
function endOf(step: string | undefined, points: readonly string[], environment = 'sandbox'): string {
  const calls = points.map((point) => `probe('${point}');`).join('')
  const from = new URL('./killing.ts', import.meta.url).href
  const program = `const { killingProbe } = await import('${from}');const probe = killingProbe(${step === undefined ? 'undefined' : `'${step}'`}, '${environment}');${calls}`
  const { signal, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program])
  return signal ?? `exit ${status}`
}

test('the probe ends its process at its step and nowhere else', () => {
  const written = ['before:trade.executed', 'trade.executed']
  assert.equal(endOf('trade-executed', written), 'SIGKILL')
  assert.equal(endOf('before-trade-executed', written.slice(0, 1)), 'SIGKILL')
  assert.equal(endOf('trade-executed', written.slice(0, 1)), 'exit 0')
  assert.equal(endOf('trade-confirmed', written), 'exit 0')
  assert.equal(endOf(undefined, written), 'exit 0')
  assert.equal(endOf('trade-executed', written, 'live'), 'exit 0', 'a live gateway obeys no kill point')
})
