import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cancelQuote } from '#trade'
import type { DeskBody } from '#transport'
import {
  decisionOf,
  deskOf,
  heardOn,
  instrumentFields,
  lineOf,
  newest,
  openDesks,
  orderFor,
  quoted,
  quoteRequest,
  replayed,
  say,
  shown,
  typesSince,
  type Changes,
  type Desks,
} from './desk-testing.ts'
import { cancelByOperator } from './revising.ts'

const desk = deskOf.CEDAR
const book = deskOf.ALDER
const operator = { kind: 'operator', id: 'operator1' } as const

async function sameAfterReplay(world: Desks): Promise<void> {
  for (const side of Object.values(world.sides))
    assert.deepEqual(await replayed(world, side), side.core.peering.loop.state, side.name)
}

// Each request is made from a good one by changing the fields named.
const refused: readonly (readonly [string, Changes, string, RegExp])[] = [
  [
    'an expiry that the venue has not',
    { 48: 'ETH-27JUN27-4000-C', 461: null, 201: null },
    '1',
    /PLK-2002 .*25JUN27/,
  ],
  ['an option that has expired', { 48: 'ETH-26JUN26-4000-C', 461: null, 201: null }, '4', /PLK-2004/],
  ['an unknown option', { 48: 'SOL-25JUN27-100-C', 461: null, 201: null, 55: 'SOL' }, '1', /PLK-2001/],
  ['a CFICode against PutOrCall', { 201: '0' }, '99', /PLK-2003/],
  ['a symbol against the option', { 55: 'BTC' }, '1', /PLK-2005/],
  ['a currency that the option is not priced in', { 15: 'EUR' }, '1', /PLK-2005/],
  ['a part of a contract', { 38: '1.5' }, '99', /PLK-2007/],
  ['a side that is none', { 54: '7' }, '99', /PLK-2006/],
  ['a QuoteReqID that is too long', { 131: 'R'.repeat(65) }, '99', /PLK-1014/],
]

test('a request for quote that cannot be quoted is rejected by the taker’s gateway and by the maker’s', async () => {
  const world = await openDesks()
  for (const [name, session] of [
    ['CEDAR', desk],
    ['ALDER', lineOf.ALDER],
  ] as const)
    for (const [what, changes, reason, text] of refused) {
      const [reject, more] = await say(world, name, session, quoteRequest('RFQ-1', '100', changes))
      assert.match(shown(reject), new RegExp(`35=AG.131=R.*658=${reason}.146=1`), `${name}: ${what}`)
      assert.match(reject?.text(58) ?? '', text, `${name}: ${what}`)
      assert.equal(more, undefined, what)
      assert.equal(newest(world.sides[name]).type, 'command.refused', what)
    }
  assert.deepEqual(heardOn(world.sides.CEDAR, lineOf.CEDAR), [], 'nothing left the taker')
  await sameAfterReplay(world)
})

test('a QuoteReqID is used once', async () => {
  const world = await openDesks()
  await quoted(world, 'RFQ-1')
  const [again] = await say(world, 'CEDAR', desk, quoteRequest('RFQ-1'))
  assert.match(shown(again), /35=AG\|131=RFQ-1\|658=99\|.*58=PLK-2102/)
})

test('a request is for one option, and to one maker that is known', async () => {
  const world = await openDesks()
  const { body } = quoteRequest('RFQ-1')
  const entry = body.slice(2)
  const two: DeskBody = { msgType: 'R', body: [[131, 'RFQ-1'], [146, '2'], ...entry, ...entry] }
  const [reject] = await say(world, 'CEDAR', desk, two)
  assert.match(shown(reject), /35=AG\|131=RFQ-1\|658=99\|.*58=PLK-1014 .*NoRelatedSym/)
  const [other] = await say(world, 'CEDAR', desk, quoteRequest('RFQ-2'), { header: [[128, 'ELM']] })
  assert.match(shown(other), /35=AG\|131=RFQ-2\|.*name one maker in DeliverToCompID\(128\): ALDER/)
  const [named] = await say(world, 'CEDAR', desk, quoteRequest('RFQ-3'), { header: [[128, 'ALDER']] })
  assert.equal(named?.msgType, 'S')
})

test('a gateway without marks makes no quotes, and the taker’s desk hears why', async () => {
  const world = await openDesks()
  const [reject] = await say(world, 'CEDAR', lineOf.CEDAR, quoteRequest('RFQ-1'))
  assert.match(shown(reject), /35=AG\|131=RFQ-1\|658=99\|.*58=PLK-2208/)
})

// ---- SecurityDefinition

const definitionOf = (fields: DeskBody['body'], type = '0'): DeskBody => ({
  msgType: 'c',
  body: [[320, 'SR-1'], [321, type], ...fields],
})

test('an option that the venue has is defined in full, whether it is named or described', async () => {
  const world = await openDesks()
  const size = world.sides.CEDAR.journal.size()
  const described = [
    [55, 'ETH'],
    [541, '20270625'],
    [201, '1'],
    [202, '4000.00'],
  ] as const
  for (const fields of [instrumentFields, described]) {
    const [definition] = await say(world, 'CEDAR', desk, definitionOf(fields))
    assert.equal(
      shown(definition),
      '35=d|320=SR-1|322=SD-SR-1|323=1|55=ETH|48=ETH-25JUN27-4000-C|22=8|461=OCECCN|167=OPT|541=20270625|201=1|' +
        '202=4000|947=USD|231=1|1079=08:00:00Z|1193=C|1194=0|15=USDC|58=tick 0.01 USDC; 1 to 10000 contracts in steps of 1',
    )
  }
  const [stock] = await say(world, 'ALDER', book, definitionOf(instrumentFields))
  assert.match(shown(stock), /323=1\|.*947=USD\|231=1\|15=USDC/, 'a stock dictionary would refuse the rest')
  assert.equal(world.sides.CEDAR.journal.size(), size, 'a read makes no entry')
})

test('a definition that cannot be given is rejected with the reason, and with the nearest expiries', async () => {
  const world = await openDesks()
  const described = [
    [55, 'ETH'],
    [541, '20270627'],
    [201, '1'],
    [202, '4000'],
  ] as const
  const cases: readonly (readonly [DeskBody['body'], RegExp, string?])[] = [
    [described, /323=5\|55=ETH\|48=ETH-27JUN27-4000-C\|22=8\|58=PLK-2002 .*nearest are 25JUN27 and/],
    [
      [
        [55, 'ETH'],
        [48, 'ETH-25JUN27-4001-C'],
        [22, '8'],
      ],
      /323=5\|.*58=PLK-2001/,
    ],
    [[...instrumentFields.slice(0, 4), [201, '0']], /323=5\|.*58=PLK-2003/],
    [[[55, 'ETH']], /323=5\|55=\[N\/A\]\|58=PLK-1014 .*MaturityDate/],
    [instrumentFields, /323=5\|.*58=PLK-1014 .*SecurityRequestType/, '3'],
  ]
  for (const [fields, wanted, type] of cases) {
    const [reject] = await say(world, 'CEDAR', desk, definitionOf(fields, type))
    assert.match(shown(reject), wanted)
    assert.equal(newest(world.sides.CEDAR).body['command'], 'DefineSecurity')
  }
})

// ---- RFQRequest

const watchOf = (subscription: string, securityId = 'ETH-25JUN27-4000-C'): DeskBody => ({
  msgType: 'AH',
  body: [
    [644, 'W-1'],
    [146, '1'],
    [55, 'ETH'],
    [48, securityId],
    [22, '8'],
    [263, subscription],
  ],
})

test('a maker’s desk sees the open requests, and from then on each new one until it has had enough', async () => {
  const world = await openDesks()
  await quoted(world, 'RFQ-1')
  world.clock.advance(11_000)
  await quoted(world, 'RFQ-2')
  const snapshot = await say(world, 'ALDER', book, watchOf('0'))
  assert.deepEqual(
    snapshot.map((message) => message.text(131)),
    ['RFQ-2'],
    'one has expired',
  )
  assert.match(shown(snapshot[0]), /35=R\|131=RFQ-2\|644=W-1\|146=1\|.*54=1\|38=100\|15=USDC/)
  await quoted(world, 'RFQ-3')
  assert.equal(heardOn(world.sides.ALDER, book).length, 1, 'a snapshot is once')
  await say(world, 'ALDER', book, watchOf('1'))
  assert.equal(newest(world.sides.ALDER).type, 'rfq.watched')
  await quoted(world, 'RFQ-4')
  assert.equal(heardOn(world.sides.ALDER, book).at(-1)?.text(131), 'RFQ-4')
  await sameAfterReplay(world)
  assert.deepEqual(await say(world, 'ALDER', book, watchOf('2')), [])
  const seen = heardOn(world.sides.ALDER, book).length
  await quoted(world, 'RFQ-5')
  assert.equal(heardOn(world.sides.ALDER, book).length, seen)
  const [nothing] = await say(world, 'ALDER', book, watchOf('2'))
  assert.match(shown(nothing), /35=j\|.*379=W-1\|380=1/)
  await sameAfterReplay(world)
})

test('who makes no markets watches none, nor does another institution, nor anybody an unknown option', async () => {
  const world = await openDesks()
  const cases = [
    ['CEDAR', desk, watchOf('1'), /379=W-1\|380=6\|58=PLK-2210/],
    ['ALDER', lineOf.ALDER, watchOf('1'), /372=AH\|380=3/],
    ['ALDER', book, watchOf('1', 'ETH-27JUN27-4000-C'), /379=W-1\|380=2\|58=PLK-2002/],
    ['ALDER', book, watchOf('9'), /380=0\|58=PLK-1014/],
  ] as const
  for (const [name, session, body, wanted] of cases.slice(0, 3)) {
    const [answer] = await say(world, name, session, body)
    assert.match(shown(answer), wanted)
  }
  await assert.rejects(say(world, 'ALDER', book, cases[3][2]), /out of range/, 'the engine refuses it')
})

// ---- QuoteResponse and QuoteCancel

const responseOf = (type: string, quoteId: string, more: DeskBody['body'] = []): DeskBody => ({
  msgType: 'AJ',
  body: [[693, 'QR-1'], [117, quoteId], [694, type], ...instrumentFields, ...more],
})

test('a hit fills like an order; what it leaves out is what was quoted', async () => {
  const world = await openDesks()
  const full = [
    [11, 'ORD-1'],
    [54, '1'],
    [38, '60'],
    [44, '430.72'],
    [15, 'USDC'],
  ] as const
  const { quoteId } = await quoted(world, 'RFQ-1')
  const [fill] = await say(world, 'CEDAR', desk, responseOf('1', quoteId, full))
  assert.match(shown(fill), /11=ORD-1\|17=E-1\|150=F\|.*32=60\|31=430.72/)
  const second = await quoted(world, 'RFQ-2', '10')
  const [bare] = await say(world, 'CEDAR', desk, responseOf('1', second.quoteId, [[54, '1']]))
  assert.match(shown(bare), /11=QR-1\|17=E-2\|150=F\|.*32=10\|31=430.72/)
  const third = await quoted(world, 'RFQ-3', '10')
  const wrong = [
    [11, 'ORD-3'],
    [54, '1'],
    [133, '430.71'],
  ] as const
  const [reject] = await say(world, 'CEDAR', desk, responseOf('1', third.quoteId, wrong))
  assert.match(shown(reject), /11=ORD-3\|.*150=8\|.*58=PLK-2204/)
  const [sideless] = await say(world, 'CEDAR', desk, responseOf('1', third.quoteId))
  assert.match(shown(sideless), /150=8\|.*58=PLK-2006/)
  await sameAfterReplay(world)
})

test('a pass ends the quote on both sides; then it can be neither passed on nor hit', async () => {
  const world = await openDesks()
  const quote = await quoted(world, 'RFQ-1')
  const [passed] = await say(world, 'CEDAR', desk, responseOf('6', quote.quoteId))
  assert.match(shown(passed), /35=AI\|117=Q-.*\|693=QR-1\|.*297=11/)
  for (const side of Object.values(world.sides)) {
    assert.equal(side.core.peering.loop.state.quotes.get(quote.quoteId)?.status, 'canceled')
    assert.equal(newest(side).type, 'quote.canceled')
  }
  const [again] = await say(world, 'CEDAR', desk, responseOf('6', quote.quoteId))
  assert.match(shown(again), /35=AI\|.*297=5\|58=PLK-2207/)
  const [order] = await say(world, 'CEDAR', desk, orderFor(quote, 'ORD-1'))
  assert.match(shown(order), /150=8\|39=8\|103=8\|.*58=PLK-2207/)
  await sameAfterReplay(world)
})

test('a counter-offer and a response to an unknown quote are answered by the quote’s status', async () => {
  const world = await openDesks()
  const { quoteId } = await quoted(world, 'RFQ-1')
  const [counter] = await say(world, 'CEDAR', desk, responseOf('2', quoteId))
  assert.match(shown(counter), /35=AI\|.*297=5\|58=PLK-2209/)
  assert.equal(newest(world.sides.CEDAR).type, 'command.refused')
  const [unknown] = await say(world, 'CEDAR', desk, responseOf('6', 'Q-none'))
  assert.match(shown(unknown), /35=AI\|117=Q-none\|.*297=9\|58=PLK-2201/)
})

test('our operator withdraws a quote: the taker’s desk hears it, and an order that crosses it is refused', async () => {
  const world = await openDesks()
  const quote = await quoted(world, 'RFQ-1')
  const { ALDER, CEDAR } = world.sides
  world.passes = (message) => message.msgType !== 'Z'
  const size = ALDER.journal.size()
  assert.equal(await cancelByOperator(ALDER.core.peering, operator, quote.quoteId), undefined)
  assert.deepEqual(typesSince(ALDER, size), ['quote.canceled'])
  assert.equal(decisionOf(newest(ALDER).body), 'allow')
  const [order] = await say(world, 'CEDAR', desk, orderFor(quote, 'ORD-1'))
  assert.match(shown(order), /150=8\|39=8\|103=99\|.*PLK-2207/)
  assert.equal(newest(ALDER).body['refusal'], 'quote-cancelled')
  world.passes = () => true
  const second = await quoted(world, 'RFQ-2')
  assert.equal(await cancelByOperator(ALDER.core.peering, operator, second.quoteId), undefined)
  assert.match(shown(heardOn(CEDAR, desk).at(-1)), /35=Z\|131=RFQ-2\|117=Q-.*298=1/)
  assert.equal(
    (await cancelByOperator(ALDER.core.peering, operator, second.quoteId))?.refusal,
    'quote-cancelled',
  )
  assert.equal(
    (await cancelByOperator(CEDAR.core.peering, operator, second.quoteId))?.refusal,
    'quote-unknown',
  )
  await sameAfterReplay(world)
})

test('a quote between two institutions is not a third one’s to end', async () => {
  const world = await openDesks()
  const { quoteId } = await quoted(world, 'RFQ-1')
  const { loop } = world.sides.ALDER.core.peering
  const refusal = cancelQuote(loop.state, quoteId, 'ELM')
  assert.ok('refusal' in refusal && refusal.refusal === 'quote-not-yours')
})
