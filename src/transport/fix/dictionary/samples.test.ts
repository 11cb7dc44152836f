// Messages drawn from the tables themselves: what a table says is right must be found right, and one change
// that makes it wrong must be found, for every message type of every version.
import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { encodeMessage, parseMessage, type FixField } from '../wire/index.ts'
import { getDictionary, MsgType, validateMessage, type Dictionary, type FixVersion } from './index.ts'
import { sampleBody, type Pick } from './testing.ts'

const versions: FixVersion[] = ['FIX.4.2', 'FIX.4.4', 'FIXT.1.1', 'FIX.5.0SP2']
const typesOf = (dictionary: Dictionary): string[] =>
  [...new Set(Object.values(MsgType))].filter((type) => dictionary.message(type) !== undefined)

const pickFrom = (seed: number): Pick => {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * below)
  }
}

const header: FixField[] = [
  [49, 'DESK'],
  [56, 'CEDAR'],
  [34, '2'],
  [52, '20261120-14:00:00.412'],
]

function judge(dictionary: Dictionary, msgType: string, body: readonly FixField[]): string {
  const { beginString } = dictionary
  const message = parseMessage(encodeMessage({ beginString, header, msgType, body }), dictionary)
  assert.ok(!('kind' in message), `garbled ${msgType}`)
  const reject = validateMessage(message, dictionary)
  return reject === undefined ? 'right' : `${reject.sessionRejectReason} ${reject.refTagId}`
}

for (const version of versions)
  test(`every message type of ${version} accepts messages drawn from its table`, () => {
    const dictionary = getDictionary(version)
    for (const msgType of typesOf(dictionary))
      for (let seed = 0; seed < 6; seed++) {
        const body = sampleBody(dictionary, msgType, pickFrom(seed * 7919 + msgType.length))
        assert.equal(judge(dictionary, msgType, body), 'right', `${msgType} ${JSON.stringify(body)}`)
      }
  })

test('one wrong field in a right message is found by its number', () => {
  const dictionary = getDictionary('FIX.4.4')
  const types = typesOf(dictionary)
  fc.assert(
    fc.property(fc.nat(), fc.nat(types.length - 1), (seed, at) => {
      const msgType = types[at]!
      const body = sampleBody(dictionary, msgType, pickFrom(seed))
      const last = body.at(-1)
      assert.equal(judge(dictionary, msgType, [...body, [5999, 'x']]), '0 5999')
      assert.equal(judge(dictionary, msgType, [[5999, ''], ...body]), '4 5999')
      if (last !== undefined && dictionary.lengthTags[last[0]] === 0)
        assert.match(judge(dictionary, msgType, [...body, last, last]), /^(13|16|2|6) /)
    }),
  )
})

test('a message without one of its required fields names the lowest that is missing', () => {
  for (const version of versions) {
    const dictionary = getDictionary(version)
    for (const msgType of typesOf(dictionary)) {
      const { level } = dictionary.message(msgType)!
      const tag = level.required.find((one) => level.places[one] === 1)
      if (tag === undefined) continue
      const body = sampleBody(dictionary, msgType, pickFrom(1)).filter(([one]) => one !== tag)
      assert.equal(judge(dictionary, msgType, body), `1 ${tag}`, `${version} ${msgType}`)
    }
  }
})
