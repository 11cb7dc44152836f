import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { getDictionary } from '../dictionary/index.ts'
import { data, encodeMessage, group, type FixField } from './encode.ts'
import { FixMessage, parseMessage } from './message.ts'
import { rawMessage, withChecksum } from './testing.ts'

const fix44 = getDictionary('FIX.4.4')
const header: FixField[] = [
  [49, 'DESK'],
  [56, 'CEDAR'],
  [34, '7'],
  [52, '20261120-14:00:00.412'],
]
const draft = (msgType: string, body: FixField[]) => ({ beginString: 'FIX.4.4', header, msgType, body })
const head = '8=FIX.4.4|35=D|49=DESK|56=CEDAR|34=7|52=20261120-14:00:00|'

function parsed(bytes: Uint8Array): FixMessage {
  const message = parseMessage(bytes, fix44)
  assert.ok(!('kind' in message), `garbled: ${JSON.stringify(message)}`)
  return message
}

const reasonOf = (bytes: Uint8Array): string => {
  const message = parseMessage(bytes, fix44)
  return 'kind' in message ? message.reason : 'read'
}

test('values are read as text, integer, flag, bytes and time', () => {
  const message = parsed(
    rawMessage(`${head}43=Y|11=ORD-1|38=0100|44=-5|58=caf\u00e9|60=20261120-14:00:03.120999|`),
  )
  assert.equal(message.msgType, 'D')
  assert.equal(message.text(11), 'ORD-1')
  assert.equal(message.int(38), 100)
  assert.equal(message.int(44), -5)
  assert.equal(message.int(11), undefined)
  assert.equal(message.flag(43), true)
  assert.equal(message.flag(11), undefined)
  assert.equal(message.text(58), 'café')
  assert.deepEqual([...(message.raw(38) ?? [])], [0x30, 0x31, 0x30, 0x30])
  assert.equal(message.timestamp(60), Date.parse('2026-11-20T14:00:03.120Z'))
  assert.equal(message.text(999), undefined)
  assert.equal(message.has(11), true)
  assert.equal(message.has(999), false)
})

test('times that do not exist, and integers beyond a double, are undefined', () => {
  for (const time of [
    '20260230-00:00:00',
    '20261120-24:00:00',
    '20261120 14:00:00',
    '20261120-14:00:00.12',
    '',
  ])
    assert.equal(parsed(rawMessage(`${head}60=${time}|`)).timestamp(60), undefined, time)
  assert.equal(
    parsed(rawMessage(`${head}60=20161231-23:59:60|`)).timestamp(60),
    Date.parse('2017-01-01T00:00:00Z'),
  )
  assert.equal(parsed(rawMessage(`${head}34=99999999999999999999|`)).int(999), undefined)
  assert.equal(parsed(rawMessage(`${head}38=99999999999999999999|`)).int(38), undefined)
})

test('groups are reached through their count field, nested ones through their entry', () => {
  const body: FixField[] = [
    [11, 'ORD-1'],
    ...group(453, [party('LEI-A', ['x', 'y']), party('LEI-B', []), party('LEI-C', ['z'])]),
    [55, 'ETH'],
  ]
  const message = parsed(encodeMessage(draft('D', body)))
  const parties = message.groups(453)
  assert.deepEqual(
    parties.map((entry) => entry.text(448)),
    ['LEI-A', 'LEI-B', 'LEI-C'],
  )
  assert.deepEqual(
    parties.map((entry) => entry.groups(802).map((sub) => sub.text(523))),
    [['x', 'y'], [], ['z']],
  )
  assert.equal(message.text(448), undefined, 'a field of a group is not a field of the message')
  assert.equal(parties[0]?.text(523), undefined)
  assert.equal(message.text(55), 'ETH')
  assert.deepEqual(message.groups(382), [])
})

test('a message materialises by FIX names, groups as lists under their count field', () => {
  const body: FixField[] = [
    [11, 'ORD-1'],
    ...group(453, [party('LEI-A', ['x']), party('LEI-B', [])]),
    [382, '0'],
    [5999, 'own'],
  ]
  const {
    NoPartyIDs,
    NoContraBrokers,
    ClOrdID,
    MsgType,
    '5999': own,
  } = parsed(encodeMessage(draft('8', body))).toObject(fix44)
  assert.deepEqual(
    { NoPartyIDs, ClOrdID, MsgType, NoContraBrokers, own },
    {
      MsgType: '8',
      NoContraBrokers: [],
      ClOrdID: 'ORD-1',
      own: 'own',
      NoPartyIDs: [
        {
          PartyID: 'LEI-A',
          PartyIDSource: 'N',
          PartyRole: '1',
          NoPartySubIDs: [{ PartySubID: 'x', PartySubIDType: '4' }],
        },
        { PartyID: 'LEI-B', PartyIDSource: 'N', PartyRole: '1' },
      ],
    },
  )
})

test('a data field may hold SOH and equals signs: the Length field before it says where it ends', () => {
  const bytes = Buffer.from('54=2\u000138=999\u000110=000\u0001', 'latin1')
  for (const [lengthTag, dataTag] of [
    [95, 96],
    [354, 355],
    [93, 89],
    [212, 213],
  ] as const) {
    const message = parsed(encodeMessage(draft('B', [[148, 'x'], ...data(lengthTag, dataTag, bytes)])))
    assert.deepEqual(Buffer.from(message.raw(dataTag) ?? []), bytes)
    assert.equal(message.has(54), false, 'what stands inside a data field is not a field')
    assert.equal(message.has(38), false)
  }
})

test('without a dictionary data fields are still read by their length', () => {
  const bytes = encodeMessage(draft('B', data(354, 355, Buffer.from('a\u000154=2\u0001'))))
  const message = parseMessage(bytes)
  assert.ok(!('kind' in message))
  assert.equal(message.has(54), false)
})

test('a Length field that lies is garbled', () => {
  assert.equal(rawDataOf('6'), 'read')
  for (const length of ['5', '7', '600', '99999999', '-1', '', 'x'])
    assert.equal(rawDataOf(length), 'data-length', length)
})

test('a data field that swallows the checksum field is garbled', () => {
  assert.equal(reasonOf(rawMessage(`${head}95=10|96=abc|`)), 'checksum')
})

test('a data field without a Length field is garbled: nobody could say where it ends', () => {
  assert.equal(reasonOf(rawMessage(`${head}96=abc|58=x|`)), 'data-length')
  assert.equal(reasonOf(rawMessage(`${head}96=abc|95=3|`)), 'data-length')
  assert.equal(reasonOf(rawMessage(`${head}95=3|${'58=x|'.repeat(40)}96=abc|`)), 'data-length')
})

test('a Length field that stands further before its data field still counts, as in QuickFIX', () => {
  const message = parsed(rawMessage(`${head}95=8|58=x|96=abc|54=2|`))
  assert.equal(message.text(96), 'abc\u000154=2')
  assert.equal(message.has(54), false)
})

test('tags that are no numbers are garbled; zero and negative tags can be named in a reject', () => {
  for (const field of [
    '4x=1',
    'x=1',
    '=1',
    '-=1',
    '--1=1',
    '-0=1',
    '01=1',
    '+1=1',
    ' 1=1',
    '1 =1',
    'novalue',
    '',
  ])
    assert.equal(reasonOf(rawMessage(`${head}${field}|`)), 'tag', field)
  for (const field of ['9999999999=1', `${'9'.repeat(5000)}=1`, `-${'9'.repeat(500)}=1`])
    assert.equal(reasonOf(rawMessage(`${head}${field}|`)), 'tag', field.slice(0, 20))
  assert.equal(parsed(rawMessage(`${head}0=HI|`)).tagAt(7), 0)
  assert.equal(parsed(rawMessage(`${head}-1=HI|`)).tagAt(7), -1)
  assert.equal(parsed(rawMessage(`${head}999999999=HI|`)).tagAt(7), 999_999_999)
})

test('first three fields, body length and checksum are checked without a framer too', () => {
  const good = rawMessage(`${head}11=x|`)
  assert.equal(reasonOf(good), 'read')
  assert.equal(reasonOf(good.subarray(0, good.length - 1)), 'checksum')
  assert.equal(reasonOf(Buffer.concat([good, Buffer.from('x')])), 'checksum')
  assert.equal(reasonOf(new Uint8Array(0)), 'checksum')
  assert.equal(reasonOf(rawMessage('8=FIX.4.4|34=3|35=0|')), 'first-three-fields')
  assert.equal(
    reasonOf(withChecksum(Buffer.from('35=0\u00018=FIX.4.4\u00019=5\u0001'))),
    'first-three-fields',
  )
  assert.equal(reasonOf(withChecksum(Buffer.from('8=FIX.4.4\u00019=6\u000135=0\u0001'))), 'body-length')
  for (let at = 0; at < good.length; at++) {
    const flipped = Buffer.from(good)
    flipped[at]! ^= 0x10
    assert.notEqual(reasonOf(flipped), 'read', `byte ${at}`)
  }
})

test('a message with too many bytes or fields is refused by name', () => {
  const limits = { messageBytesMax: 300, fieldsMax: 12 }
  const reason = (body: string): string => {
    const message = parseMessage(rawMessage(`${head}${body}`), fix44, limits)
    return 'kind' in message ? message.reason : 'read'
  }
  assert.equal(reason('58=x|'), 'read')
  assert.equal(reason(`58=${'x'.repeat(400)}|`), 'too-large')
  const enough = '58=x|'.repeat(4)
  assert.equal(reason(enough), 'read')
  const bytes = rawMessage(`${head}${'58=x|'.repeat(300)}`)
  const message = parseMessage(bytes, fix44, { messageBytesMax: 10_000, fieldsMax: 300 })
  assert.equal('kind' in message && message.reason, 'too-many-fields')
})

test('what is written is read back: any fields, any bytes in data fields', () => {
  const text = fc.string({ unit: fc.integer({ min: 2, max: 255 }).map((code) => String.fromCharCode(code)) })
  const plain = fc.tuple(fc.integer({ min: 5000, max: 999_999 }), text).map((field): FixField[] => [field])
  const raw = fc.uint8Array({ maxLength: 40 }).map((bytes) => data(95, 96, bytes))
  fc.assert(
    fc.property(fc.array(fc.oneof(plain, raw), { maxLength: 20 }), (fields) => {
      const body = fields.flat()
      const message = parsed(encodeMessage(draft('D', body)))
      const read = body.map((_, index) => [
        message.tagAt(index + 7),
        Buffer.from(message.rawAt(index + 7)).toString('latin1'),
      ])
      assert.deepEqual(
        read,
        body.map(([tag, value]) => [
          tag,
          Buffer.from(typeof value === 'string' ? Buffer.from(value, 'latin1') : value).toString('latin1'),
        ]),
      )
    }),
  )
})

test('random damage never throws, and reading all values of what is left never throws', () => {
  const base = rawMessage(`${head}453=2|448=A|802=1|523=x|448=B|95=3|96=a=b|58=x|`)
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(base.length - 9), fc.nat(255)), { maxLength: 6 }), (edits) => {
      const bytes = Buffer.from(base.subarray(0, -7))
      for (const [at, byte] of edits) bytes[at] = byte
      const message = parseMessage(withChecksum(bytes), fix44)
      if ('kind' in message) return
      for (let i = 0; i < message.fieldCount; i++) {
        message.textAt(i)
        message.groups(message.tagAt(i)).forEach((entry) => entry.groups(802))
      }
    }),
  )
})

test('text that would be another message on the wire cannot be written', () => {
  for (const value of ['a\u000154=2', '\u20ac'])
    assert.throws(() => encodeMessage(draft('D', [[58, value]])), /tag 58 cannot carry/)
  assert.throws(() => encodeMessage({ ...draft('D\u0001', []), msgType: 'D\u000154=1' }), /tag 35/)
})

const party = (id: string, subs: string[]): FixField[] => [
  [448, id],
  [447, 'N'],
  [452, '1'],
  ...(subs.length > 0
    ? group(
        802,
        subs.map((sub) => [
          [523, sub],
          [803, '4'],
        ]),
      )
    : []),
]

const rawDataOf = (length: string): string => reasonOf(rawMessage(`${head}95=${length}|96=abcdef|`))
