import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addMs, isRefusal } from '#core'
import { otcLinearUsdc, parseInstrument } from '#trade'
import { createMaker } from './maker.ts'
import { known, makerJson, securityId, start } from './testing.ts'

const instrument = known(parseInstrument(securityId, otcLinearUsdc, start))

test('forward 3,250 and 67.7 % ± 0.3 points give 424.78 / 430.72 on the tick, and say what they came from', () => {
  const maker = known(createMaker(makerJson))
  const { bidPx, offerPx, mark } = known(maker.price(instrument, start))
  assert.deepEqual([bidPx, offerPx], ['424.78', '430.72'])
  assert.equal(mark.offerVol, '0.68')
  assert.equal(mark.asOf, '2026-11-20T14:00:00.000Z')
  assert.deepEqual([mark.forward, mark.vol], ['3250', '0.677'])
})

test('the price follows the time to expiry', () => {
  const maker = known(createMaker(makerJson))
  const later = known(maker.price(instrument, addMs(start, 86_400_000)))
  assert.ok(Number(later.offerPx) < 430.72)
})

test('numbers of the configuration that are none stop the start', () => {
  const bad = [
    { forward: 'x' },
    { vol: '-1' },
    { halfSpreadVolPts: 'x' },
    { halfSpreadVolPts: '-0.1' },
    { halfSpreadVolPts: '1001' },
  ]
  for (const change of bad) {
    const maker = createMaker({ ...makerJson, ...change })
    assert.ok(isRefusal(maker), JSON.stringify(change))
    assert.equal(maker.refusal, 'config-invalid')
  }
})

test('an option that has no mark gets no quote: the forward of one underlying prices no other', () => {
  const maker = known(createMaker(makerJson))
  const other = known(parseInstrument('BTC-25JUN27-100000-C', otcLinearUsdc, start))
  const refused = maker.price(other, start)
  assert.ok(isRefusal(refused))
  assert.equal(refused.refusal, 'no-quote')
})
