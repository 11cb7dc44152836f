import assert from 'node:assert/strict'
import test from 'node:test'
import { staleFiles } from '../../../../scripts/fix/generate.ts'
import { extend, readDefinition } from '../../../../scripts/fix/notation.ts'
import { dictionaryFor, getDictionary, MsgType, Tag } from './index.ts'

test('the committed tables are what the definitions say', () => {
  assert.deepEqual(staleFiles(), [])
})

test('every message type of every version compiles, with its header and trailer', () => {
  for (const [version, count] of [
    ['FIX.4.2', 46],
    ['FIX.4.4', 93],
    ['FIXT.1.1', 8],
    ['FIX.5.0SP2', 116],
  ] as const) {
    const dictionary = getDictionary(version)
    const types = Object.values(MsgType).filter((type) => dictionary.message(type) !== undefined)
    assert.equal(new Set(types).size, count, version)
    for (const type of types) assert.ok(dictionary.message(type)!.level.required.includes(49), type)
  }
})

test('each message that a gateway for derivatives needs is in FIX 4.4 and FIX 5.0 SP2', () => {
  const needed =
    '0 1 2 3 4 5 A j R AH AG S AJ Z D F G H AB AC 8 9 AE AR AD AQ J P AS AK AU AL AM AN AO AP c d i b AI AW q r x y V W X Y AX AY AZ BA T'
  for (const version of ['FIX.4.4', 'FIX.5.0SP2'] as const)
    for (const type of needed.split(' '))
      assert.ok(getDictionary(version).message(type), `${version} ${type}`)
})

test('names, numbers and values find each other', () => {
  const fix44 = getDictionary('FIX.4.4')
  assert.equal(fix44.fieldName(54), 'Side')
  assert.equal(fix44.valueName(54, '1'), 'BUY')
  assert.equal(fix44.valueName(54, 'nope'), undefined)
  assert.equal(fix44.messageName('AJ'), 'QuoteResponse')
  assert.equal(fix44.fieldName(123_456), undefined)
  assert.equal(fix44.lengthTags[96], 95)
  assert.equal(Tag.RegulatoryTradeID, 1903)
  assert.equal(MsgType.ExecutionReport, '8')
})

test('the values of a field are listed with their names, and FIX 4.2 has fewer reject reasons', () => {
  assert.equal(getDictionary('FIX.4.4').valuesOf(54).get('2'), 'SELL')
  assert.equal(getDictionary('FIX.4.4').valuesOf(11).size, 0)
  assert.equal(getDictionary('FIX.4.2').valuesOf(373).has('11'), true)
  assert.equal(getDictionary('FIX.4.2').valuesOf(373).has('13'), false)
  assert.equal(getDictionary('FIX.4.4').valuesOf(373).has('13'), true)
})

test('a dictionary is found by BeginString and, over FIXT, by ApplVerID', () => {
  assert.equal(dictionaryFor('FIX.4.4'), getDictionary('FIX.4.4'))
  assert.equal(dictionaryFor('FIXT.1.1', '9'), getDictionary('FIX.5.0SP2'))
  assert.equal(dictionaryFor('FIXT.1.1'), getDictionary('FIXT.1.1'))
  assert.equal(dictionaryFor('FIXT.1.1', '6'), dictionaryFor('FIXT.1.1', '6'))
  for (const [begin, version] of [
    ['FIX.4.0', undefined],
    ['FIXT.1.1', '0'],
    ['', undefined],
    ['FIX.9', '9'],
  ] as const)
    assert.equal(dictionaryFor(begin, version), undefined)
})

test('message types that a peer makes up are not remembered', () => {
  const dictionary = getDictionary('FIX.4.4')
  for (const type of ['*', 'constructor', '__proto__', '']) assert.equal(dictionary.message(type), undefined)
})

test('the notation refuses what is defined twice, unknown or malformed', () => {
  const good = 'version X\n\n[fields]\n1 A STRING a=ONE\n\n[messages]\nD M app: A!\n'
  const read = (from: string, to: string) => () => readDefinition(good.replace(from, to))
  assert.equal(readDefinition(good).messages.get('D')?.structure, 'A!')
  assert.throws(read('1 A STRING a=ONE', '1 A STRING\n1 B STRING'), /defined twice/)
  assert.throws(read('1 A STRING a=ONE', '1 A STRING\n2 A STRING'), /defined twice/)
  assert.throws(read('STRING', 'TEXT'), /not a field/)
  assert.throws(read('version X', 'release X'), /first line/)
  assert.throws(read('D M app:', 'D M:'), /not a message/)
  assert.throws(read('D M app: A!', 'D M app: A!\nD M app: A!'), /defined twice/)
  assert.throws(() => extend(readDefinition(good), 'extends Y\n[messages]\n+D: A\n'), /cannot extend/)
  assert.throws(() => extend(readDefinition(good), 'extends X\n[messages]\n+E: A\n'), /unknown message/)
  assert.throws(() => extend(readDefinition(good), 'extends X\n[fields]\n+2 b=TWO\n'), /no list of values/)
})
