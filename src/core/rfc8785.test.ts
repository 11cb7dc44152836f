import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex, utf8 } from './bytes.ts'
import { canonicalJson, parseCanonicalJson } from './canonical.ts'
import { InvariantError } from './invariant.ts'
import { parseJson, type Json } from './json.ts'
import { isRefusal } from './refusal.ts'

const canonicalOf = (text: string): string => {
  const parsed = parseJson(text)
  assert.ok(!isRefusal(parsed), JSON.stringify(parsed))
  return canonicalJson(parsed)
}

test('the sample of RFC 8785 §3.2.2 gives the bytes of §3.2.4', () => {
  const sample = String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`
  assert.equal(
    toHex(utf8(canonicalOf(sample))),
    [
      '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e',
      '333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c7530303066',
      '5c6e4127425c225c5c5c5c5c222f227d',
    ].join(''),
  )
})

test('the sorting sample of RFC 8785 §3.2.3 is ordered by UTF-16 units', () => {
  const sample = String.raw`{
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis"
  }`
  const names = [...canonicalOf(sample).matchAll(/:"([^"]+)"/g)].map((match) => match[1])
  assert.deepEqual(names, [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ])
})

test('the numbers of RFC 8785 appendix B are printed as there', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ]
  for (const [hex, text] of rows) {
    const view = new DataView(new ArrayBuffer(8))
    view.setBigUint64(0, BigInt(`0x${hex}`))
    assert.equal(canonicalJson(view.getFloat64(0)), text, hex)
  }
})

test('what JSON cannot carry is a bug', () => {
  const holed: Record<string, Json> = {}
  Reflect.set(holed, 'a', undefined)
  const big: Record<string, Json> = {}
  Reflect.set(big, 'a', 1n)
  for (const value of [NaN, Infinity, -Infinity, '\ud800', { '\udc00': 1 }, holed, big])
    assert.throws(() => canonicalJson(value), InvariantError)
})

const codeOf = (text: string): string => {
  const parsed = parseCanonicalJson(text)
  return isRefusal(parsed) ? parsed.refusal : 'accepted'
}

test('only the canonical text itself is accepted as canonical', () => {
  assert.equal(codeOf('{"a":[1,true,"é"],"b":0.5}'), 'accepted')
  for (const text of ['{"b":1,"a":2}', '{ "a":1}', '[1.0]', '[-0]', '[1e2]', '"\\u00e9"', '"\\/"', '1\n'])
    assert.equal(codeOf(text), 'json-not-canonical', text)
  assert.equal(codeOf('{"a":1,"a":1}'), 'json-duplicate-key')
})
