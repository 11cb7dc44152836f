import assert from 'node:assert/strict'
import test from 'node:test'
import { encodeMessage, group, parseMessage, type FixField } from '../wire/index.ts'
import { rawMessage } from '../wire/testing.ts'
import {
  dictionaryFor,
  getDictionary,
  rejectTexts,
  validateMessage,
  type Dictionary,
  type SessionReject,
  type ValidationOptions,
} from './index.ts'
import { groupEntriesMax } from './walk.ts'

const fix44 = getDictionary('FIX.4.4')
const fix50 = getDictionary('FIX.5.0SP2')
const head = '34=2|49=DESK|52=20261120-14:00:00.000|56=CEDAR|'
const order = '11=ORD-1|55=ETH|54=1|60=20261120-14:00:00.000|38=100|40=2|44=430.72|'

function verdict(
  text: string,
  dictionary: Dictionary = fix44,
  options?: ValidationOptions,
): SessionReject | undefined {
  const message = parseMessage(rawMessage(text), dictionary)
  assert.ok(!('kind' in message), `garbled: ${text}`)
  return validateMessage(message, dictionary, options)
}

/** `373 371` of the reject, or 'right'. */
function answer(body: string, msgType = 'D', options?: ValidationOptions): string {
  const reject = verdict(`8=FIX.4.4|35=${msgType}|${head}${body}`, fix44, options)
  if (reject === undefined) return 'right'
  assert.equal(reject.text, rejectTexts[reject.sessionRejectReason])
  return `${reject.sessionRejectReason} ${reject.refTagId ?? ''}`.trim()
}

test('the messages of an option trade are right', () => {
  const option =
    '55=ETH|48=ETH-25JUN27-4000-C|22=8|461=OCECCN|167=OPT|541=20270625|201=1|202=4000|947=USD|1079=08:00:00Z|1193=C|1194=0|'
  for (const [msgType, body] of [
    ['R', `131=RFQ-1|146=1|${option}54=1|38=100|15=USDC|`],
    [
      'S',
      `131=RFQ-1|117=Q-1|${option}132=424.78|133=430.72|134=100|135=100|62=20261120-14:00:10.412|15=USDC|`,
    ],
    ['D', `11=ORD-1|117=Q-1|${option}54=1|60=20261120-14:00:03.120|38=100|40=D|44=430.72|59=4|15=USDC|`],
    [
      '8',
      `37=A-1|11=ORD-1|17=E-1|150=F|39=2|${option}54=1|38=100|32=100|31=430.72|151=0|14=100|6=430.72|1907=1|1903=UTI|1906=0|`,
    ],
  ])
    assert.equal(answer(body!, msgType), 'right', msgType)
})

test('a field is undefined, of another message, or not in the list of user-defined ones', () => {
  assert.equal(answer(`${order}999=HI|`), '0 999')
  assert.equal(answer(`${order}5000=HI|`), '0 5000')
  assert.equal(answer(`${order}0=HI|`), '0 0')
  assert.equal(answer(`${order}-1=HI|`), '0 -1')
  assert.equal(answer(`${order}999999999=HI|`), '0 999999999')
  assert.equal(answer(`${order}571=T-1|`), '2 571')
})

test('options let unknown fields, empty values and odd orders through, each by its own name', () => {
  assert.equal(answer(`${order}5000=HI|`, 'D', { validateUserDefinedFields: false }), 'right')
  assert.equal(answer(`${order}999=HI|`, 'D', { validateUserDefinedFields: false }), '0 999')
  assert.equal(answer(`${order}999=HI|571=x|`, 'D', { allowUnknownMsgFields: true }), 'right')
  assert.equal(answer(`${order}5000=HI|`, 'D', { allowUnknownMsgFields: true }), '0 5000')
  assert.equal(answer('112=|', '1', { validateFieldsHaveValues: false }), 'right')
  assert.equal(answer(`${order}50=x|`, 'D', { validateFieldsOutOfOrder: false }), 'right')
})

test('required fields of header and body are missed in ascending order', () => {
  assert.equal(answer(order.replace('11=ORD-1|', '').replace('54=1|', '')), '1 11')
  assert.deepEqual(verdict('8=FIX.4.4|35=0|34=2|49=DESK|52=20261120-14:00:00|')?.refTagId, 56)
  assert.equal(answer('', '1'), '1 112')
})

test('each data format is checked', () => {
  const wrong: [tag: number, values: string[]][] = [
    [38, ['+200.00', '1e3', '1,000', '.', '-', '1.2.3', ' 1', '0x10', 'NaN']],
    [
      60,
      [
        '20261120',
        '20261120-14:00',
        '20261320-14:00:00',
        '20261120-25:00:00',
        '20261120-14:00:00.',
        '20261120-14:00:00.1',
        '20261120-14:00:00.123456789012345',
      ],
    ],
    [541, ['2027-06-25', '20271301', '20270600', '202706']],
    [200, ['20271', '202713', '202706w6', '202706w', '20270632']],
    [54, ['12']],
    [114, ['y', 'YES']],
    [201, ['1.0', '+1', '--1']],
    [453, ['-1', 'one']],
  ]
  for (const [tag, values] of wrong)
    for (const value of values)
      assert.equal(answer(`${without(order, tag)}${tag}=${value}|`), `6 ${tag}`, value)
})

test('each data format has its right forms', () => {
  const right: [tag: number, values: string[]][] = [
    [38, ['0', '002000.00', '-5', '.5', '5.', '123456789012345678901234567890.123456789012345678']],
    [
      60,
      [
        '20261120-14:00:00',
        '20161231-23:59:60',
        '20261120-14:00:00.123456',
        '20261120-14:00:00.123456789012',
      ],
    ],
    [200, ['202706', '20270625', '202706w4']],
    [541, ['20270625']],
    [18, ['1', '1 2 G']],
    [114, ['Y', 'N']],
  ]
  for (const [tag, values] of right)
    for (const value of values) assert.equal(answer(`${without(order, tag)}${tag}=${value}|`), 'right', value)
})

test('a closed list of values is closed, for long values, lists of values and unknown bytes', () => {
  assert.equal(answer(`${order}21=4|`), '5 21')
  assert.equal(answer(`${order}167=BOO|`), '5 167')
  assert.equal(answer(`${order}167=${'CS'.repeat(500)}|`), '5 167')
  assert.equal(answer(`${order}18=1 ? 2|`), '5 18')
  assert.equal(answer(`${order}18=1  2|`), '5 18')
  assert.equal(answer(without(order, 54).concat('54=\u00ff|')), '5 54')
})

test('a field twice, an empty field, and header or trailer in the wrong place', () => {
  assert.equal(answer(`${order}40=2|`), '13 40')
  assert.equal(answer(`${order}58=|`), '4 58')
  assert.equal(answer(`${order}50=DESK-1|`), '14 50')
  assert.equal(answer(`${order}93=1|89=x|58=y|`), '14 58')
  assert.equal(answer(`${order}34=3|`), '14 34')
})

test('an unknown message type is refused before anything in it is looked at', () => {
  assert.equal(answer('0=x|0=x|', '*'), '11')
  assert.equal(answer('', 'ZZZZZZ'), '11')
})

test('group counts, delimiters, duplicates and required members are checked in each entry', () => {
  assert.equal(answer(`${order}386=3|336=A|336=B|`), '16 386')
  assert.equal(answer(`${order}386=1|336=A|336=B|`), '16 386')
  assert.equal(answer(`${order}386=0|`), 'right')
  assert.equal(answer(`${order}386=2|336=A|625=x|336=B|`), 'right')
  assert.equal(answer(`${order}386=1|625=x|336=A|`), '15 625')
  assert.equal(answer(`${order}386=1|336=A|625=x|625=y|`), '13 625')
  assert.equal(answer(`${order}453=1|448=A|447=|`), '4 447')
  assert.equal(answer(`${order}453=2|448=A|802=1|523=x|803=4|448=B|452=1|`), 'right')
  assert.equal(answer(`${order}453=2|448=A|802=2|523=x|803=4|448=B|`), '16 802')
  assert.equal(answer(`${order}453=1|448=A|802=1|523=x|803=no|`), '6 803')
  assert.equal(answer('131=R|146=1|38=1|', 'R'), '15 38')
  assert.equal(answer('66=L|68=1|394=1|73=1|11=x|67=1|55=E|', 'E'), '1 54')
})

test('a member of a group outside its group is not defined for the message', () => {
  assert.equal(answer(`${order}336=A|`), '2 336')
  assert.equal(answer(`${order}386=1|336=A|58=x|336=B|`), '2 336')
})

test('a field that both a group and the message have goes to the message when the entry has it already', () => {
  const instrument = '55=ETH|'
  const legs = '555=1|600=ETH|624=1|566=1.0|'
  assert.equal(answer(`37=A|17=E|150=0|39=0|${instrument}54=1|151=1|14=0|6=0|${legs}58=x|`, '8'), 'right')
})

test('ten thousand entries are refused by name, and the largest legal group is not', () => {
  assert.equal(judgeSessions(groupEntriesMax), undefined)
  assert.deepEqual(judgeSessions(10_000), { sessionRejectReason: 5, refTagId: 386, text: rejectTexts[5] })
})

test('under FIXT session messages are judged by FIXT.1.1, application messages by their own version', () => {
  assert.equal(
    refTag(`8=FIXT.1.1|35=0|${head}999=HI|`, fix50),
    '0 999',
    '999 is a field of FIX 5.0 SP2, not of FIXT',
  )
  assert.equal(refTag(`8=FIXT.1.1|35=0|${head}58=HI|`, fix50), '2 58')
  assert.equal(refTag(`8=FIXT.1.1|35=A|${head}98=0|108=30|`, fix50), '1 1137')
  assert.equal(refTag(`8=FIXT.1.1|35=D|1128=9|${head}${order}`, fix50), 'right')
  const over44 = dictionaryFor('FIXT.1.1', '6')
  assert.ok(over44)
  assert.equal(refTag(`8=FIXT.1.1|35=D|1128=6|${head}${order}1194=0|`, over44), 'right')
  assert.equal(refTag(`8=FIXT.1.1|35=AJ|1128=6|${head}693=R|694=9|55=E|`, over44), '5 694')
})

test('FIX 4.2 has its own tables', () => {
  const fix42 = getDictionary('FIX.4.2')
  const order42 = '11=id|21=3|40=1|54=1|55=MSFT|60=20261120-14:00:00|'
  assert.equal(verdict(`8=FIX.4.2|35=D|${head}${order42}`, fix42), undefined)
  assert.equal(verdict(`8=FIX.4.2|35=D|${head}${order42}453=0|`, fix42)?.sessionRejectReason, 0)
  assert.equal(verdict(`8=FIX.4.2|35=AJ|${head}`, fix42)?.sessionRejectReason, 11)
})

const without = (text: string, tag: number): string =>
  text.replace(new RegExp(`(?<=^|\\|)${tag}=[^|]*\\|`), '')

const sessionsBody = (entries: number): FixField[] => [
  ...order
    .split('|')
    .filter(Boolean)
    .map((field): FixField => {
      const [tag, value] = field.split('=')
      return [Number(tag), value ?? '']
    }),
  ...group(
    386,
    Array.from({ length: entries }, (_, i): FixField[] => [[336, `S${i}`]]),
  ),
]

const refTag = (text: string, dictionary: Dictionary): string => {
  const reject = verdict(text, dictionary)
  return reject ? `${reject.sessionRejectReason} ${reject.refTagId}` : 'right'
}

const judgeSessions = (entries: number): SessionReject | undefined => {
  const header: FixField[] = [
    [34, '2'],
    [49, 'DESK'],
    [52, '20261120-14:00:00'],
    [56, 'CEDAR'],
  ]
  const bytes = encodeMessage({ beginString: 'FIX.4.4', msgType: 'D', header, body: sessionsBody(entries) })
  const message = parseMessage(bytes, fix44)
  assert.ok(!('kind' in message))
  return validateMessage(message, fix44)
}
