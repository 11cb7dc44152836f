import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskBody } from '#transport'
import {
  decisionOf,
  confirmedTrade,
  deskOf,
  filled,
  heardOn,
  lineOf,
  newest,
  openDesks,
  orderFor,
  quoted,
  replayed,
  restart,
  say,
  shown,
  tradeOf,
  typesSince,
  work,
  type Changes,
  type Desks,
} from './desk-testing.ts'
import { pdp } from './testing.ts'
import { bustByOperator, correctByOperator } from './revising.ts'

const desk = deskOf.CEDAR
const operator = { kind: 'operator', id: 'operator1' } as const

async function sameAfterReplay(world: Desks): Promise<void> {
  for (const side of Object.values(world.sides))
    assert.deepEqual(await replayed(world, side), side.core.peering.loop.state, side.name)
}

test('the fixture goes from request to fill, and both journals replay to the same state', async () => {
  const world = await openDesks()
  const before = world.sides.CEDAR.journal.size()
  const quote = await quoted(world, 'RFQ-1')
  assert.equal(quote.price, '430.72')
  const [fill] = await say(world, 'CEDAR', desk, orderFor(quote, 'ORD-1'))
  assert.match(
    shown(fill),
    /150=F\|39=2\|.*48=ETH-25JUN27-4000-C.*38=100\|32=100\|31=430.72\|151=0\|14=100\|6=430.72/,
  )
  const types = ['rfq.requested', 'quote.received', 'order.placed', 'trade.executed']
  assert.deepEqual(typesSince(world.sides.CEDAR, before), types)
  await sameAfterReplay(world)
})

// Each order is made from a good one by changing the fields named; each is refused with its reason and an entry.
const refused: readonly (readonly [string, Changes, string, RegExp])[] = [
  [
    'an expiry that the venue has not',
    { 48: 'ETH-27JUN27-4000-C', 461: null, 201: null },
    '1',
    /PLK-2002 .*25JUN27/,
  ],
  ['a CFICode against PutOrCall', { 201: '0' }, '11', /PLK-2003/],
  ['a CFICode that is none', { 461: 'OXECCN' }, '11', /PLK-1108/],
  ['an unknown quote', { 117: 'Q-none' }, '99', /PLK-2201/],
  ['another price than the quoted one', { 44: '430.71' }, '99', /PLK-2204/],
  ['a price off the tick', { 44: '430.715' }, '11', /PLK-2008/],
  ['a size beyond the quoted one', { 38: '101' }, '13', /PLK-2205/],
  ['a part of a contract', { 38: '0.5' }, '13', /PLK-2007/],
  ['a sale at the offer', { 54: '2' }, '99', /PLK-2204/],
  ['a side that is none', { 54: '5' }, '11', /PLK-2006/],
  ['a market order', { 40: '1', 44: null }, '11', /PLK-2304/],
  [
    'another option than the quoted one',
    { 48: 'ETH-25JUN27-4000-P', 461: null, 201: null },
    '11',
    /PLK-2005/,
  ],
  ['a currency that the option is not priced in', { 15: 'EUR' }, '11', /PLK-2005/],
  ['an order without a quote', { 117: null }, '99', /PLK-1013/],
]

test('an order that is not as quoted is rejected by its own gateway, with its reason and an entry', async () => {
  const world = await openDesks()
  const quote = await quoted(world, 'RFQ-1')
  for (const [what, changes, reason, text] of refused) {
    const sent = heardOn(world.sides.CEDAR, lineOf.CEDAR).length
    const [reject, more] = await say(world, 'CEDAR', desk, orderFor(quote, 'ORD-1', '100', changes))
    assert.match(shown(reject), new RegExp(`11=ORD-1.*150=8.39=8.103=${reason}.`), what)
    assert.match(reject?.text(58) ?? '', text, what)
    assert.equal(more, undefined, what)
    assert.equal(newest(world.sides.CEDAR).type, 'command.refused', what)
    assert.equal(heardOn(world.sides.CEDAR, lineOf.CEDAR).length, sent, `${what} stays inside`)
  }
  await sameAfterReplay(world)
})

test('the maker checks an order for itself and journals its refusal', async () => {
  const world = await openDesks()
  const quote = await quoted(world, 'RFQ-1')
  for (const [what, changes, reason, text] of refused) {
    const clOrdId = `ORD-${what.length}-${reason}`
    const [reject] = await say(world, 'ALDER', lineOf.ALDER, orderFor(quote, clOrdId, '100', changes))
    assert.match(shown(reject), new RegExp(`150=8.39=8.103=${reason}.`), what)
    assert.match(reject?.text(58) ?? '', text, what)
    assert.match(newest(world.sides.ALDER).type, /^(?:command|order)\.refused$/, what)
  }
  await sameAfterReplay(world)
})

test('a quote is good until its ValidUntilTime and once', async () => {
  const world = await openDesks()
  const late = await quoted(world, 'RFQ-1')
  const used = await quoted(world, 'RFQ-2', '10')
  await say(world, 'CEDAR', desk, orderFor(used, 'ORD-2', '10'))
  const [again] = await say(world, 'CEDAR', desk, orderFor(used, 'ORD-3', '10'))
  assert.match(again?.text(58) ?? '', /PLK-2202/)
  world.clock.advance(10_001)
  const [expired] = await say(world, 'CEDAR', desk, orderFor(late, 'ORD-1'))
  assert.equal(expired?.text(103), '8')
  assert.match(expired?.text(58) ?? '', /PLK-2203/)
  const [there] = await say(world, 'ALDER', lineOf.ALDER, orderFor(late, 'ORD-9'))
  assert.equal(there?.text(103), '8')
  assert.equal(newest(world.sides.ALDER).type, 'order.refused')
  await sameAfterReplay(world)
})

test('what policy denies is rejected as beyond the limit, and the entry says which rule', async () => {
  const world = await openDesks()
  await filled(world, 1)
  const quote = await quoted(world, 'RFQ-2', '200')
  const [reject] = await say(world, 'CEDAR', desk, orderFor(quote, 'ORD-2', '200'))
  assert.equal(reject?.text(103), '3')
  const { type, body } = newest(world.sides.CEDAR)
  assert.equal(type, 'command.refused')
  assert.deepEqual(body['policy'], {
    decision: 'deny',
    rules: ['otc.options.tier1.trade-limit'],
    set: pdp().set,
  })
  const [there] = await say(world, 'ALDER', lineOf.ALDER, orderFor(quote, 'ORD-2', '200'))
  assert.equal(there?.text(103), '3')
  await sameAfterReplay(world)
})

test('a ClOrdID is used once; the same order marked as resent gets the same answer, also after a restart', async () => {
  const world = await openDesks()
  const quote = await quoted(world, 'RFQ-1')
  const order = orderFor(quote, 'ORD-1')
  const [first] = await say(world, 'CEDAR', desk, order)
  for (const restarts of [false, true]) {
    if (restarts) await restart(world, 'CEDAR')
    const size = world.sides.CEDAR.journal.size()
    const resent = { possResend: true, header: [[97, 'Y']] } as const
    const [repeat] = await say(world, 'CEDAR', desk, order, resent)
    assert.equal(shown(repeat).replace('97=Y|', ''), shown(first))
    assert.equal(world.sides.CEDAR.journal.size(), size, 'nothing happened')
    const [dup] = await say(world, 'CEDAR', desk, order, { possDup: true })
    assert.equal(dup?.text(17), first?.text(17))
    const other = orderFor(await quoted(world, restarts ? 'RFQ-3' : 'RFQ-2'), 'ORD-1')
    for (const flags of [{}, resent]) {
      const [reused] = await say(world, 'CEDAR', desk, other, flags)
      assert.equal(reused?.text(103), '6')
      assert.match(reused?.text(58) ?? '', /PLK-2301/)
    }
  }
  assert.equal(world.sides.ALDER.core.peering.loop.state.trades.size, 1)
})

test('a maker that restarted answers a resent order with the fill it gave', async () => {
  const world = await openDesks()
  const quote = await quoted(world, 'RFQ-1')
  world.passes = (message, from) => from !== 'ALDER' || message.msgType !== '8'
  assert.deepEqual(await say(world, 'CEDAR', desk, orderFor(quote, 'ORD-1')), [])
  world.passes = () => true
  await restart(world, 'ALDER')
  await say(world, 'ALDER', lineOf.ALDER, orderFor(quote, 'ORD-1'), { possResend: true })
  assert.equal(tradeOf(world, 'CEDAR', 'ALDER/E-1').phase, 'executed')
  assert.equal(world.sides.ALDER.core.peering.loop.state.trades.size, 1)
  await sameAfterReplay(world)
})

const changeOf = (msgType: string, origClOrdId: string, legs: DeskBody['body'] = []): DeskBody => ({
  msgType,
  body: [
    ...([
      [41, origClOrdId],
      [11, `C-${msgType}-${origClOrdId}`],
      [55, 'ETH'],
      [48, 'ETH-25JUN27-4000-C'],
      [22, '8'],
      [54, '1'],
    ] as const),
    ...legs,
    [60, '20261120-14:00:00.000'],
    ...(msgType === 'F'
      ? ([[38, '100']] as const)
      : ([
          [38, '90'],
          [40, 'D'],
          [44, '430.72'],
        ] as const)),
  ],
})
const legs = [
  [555, '2'],
  [600, 'ETH'],
  [624, '1'],
  [600, 'ETH'],
  [624, '2'],
] as const

test('cancel and replace are answered with why not: 434 says to what, 102 why', async () => {
  const world = await openDesks()
  await filled(world, 1)
  const cases = [
    [changeOf('F', 'ORD-1'), /39=2\|434=1\|102=0\|58=PLK-2303/],
    [changeOf('G', 'ORD-1'), /39=2\|434=2\|102=0\|58=PLK-2303/],
    [changeOf('F', 'ORD-7'), /39=8\|434=1\|102=1\|58=PLK-2302/],
    [changeOf('G', 'ORD-7'), /39=8\|434=2\|102=1\|58=PLK-2302/],
    [changeOf('AC', 'ORD-1', legs), /39=2\|434=2\|102=99\|58=PLK-2305/],
    [changeOf('AC', 'ORD-7', legs), /39=8\|434=2\|102=1\|58=PLK-2302/],
  ] as const
  for (const [body, wanted] of cases) {
    const [answer] = await say(world, 'CEDAR', desk, body)
    assert.equal(answer?.msgType, '9')
    assert.match(shown(answer), wanted)
    assert.equal(newest(world.sides.CEDAR).type, 'command.refused')
  }
})

test('an order in flight can be neither cancelled nor replaced', async () => {
  const world = await openDesks()
  const quote = await quoted(world, 'RFQ-1')
  world.passes = () => false
  await say(world, 'CEDAR', desk, orderFor(quote, 'ORD-1'))
  const [cancel] = await say(world, 'CEDAR', desk, changeOf('F', 'ORD-1'))
  assert.match(shown(cancel), /39=A\|434=1\|102=0/)
  const [replace] = await say(world, 'CEDAR', desk, changeOf('G', 'ORD-1'))
  assert.match(shown(replace), /39=A\|434=2\|102=99\|58=PLK-2306/)
  const [status] = await say(world, 'CEDAR', desk, statusOf('ORD-1'))
  assert.match(shown(status), /37=NONE\|11=ORD-1\|17=S-ORD-1\|150=I\|39=A\|.*151=100\|14=0/)
})

const statusOf = (clOrdId: string): DeskBody => ({
  msgType: 'H',
  body: [
    [11, clOrdId],
    [55, 'ETH'],
    [54, '1'],
  ],
})

test('an order of several legs is a rejected order, not an unknown message', async () => {
  const world = await openDesks()
  for (const [name, session] of [
    ['CEDAR', desk],
    ['ALDER', lineOf.ALDER],
  ] as const) {
    const { body } = changeOf('AB', 'unused', legs)
    const [answer] = await say(world, name, session, {
      msgType: 'AB',
      body: body.filter(([tag]) => tag !== 41),
    })
    assert.match(shown(answer), /35=8\|37=NONE\|.*150=8\|39=8\|103=11\|/)
    assert.match(answer?.text(58) ?? '', /PLK-2305 Only single-leg options trade here/)
    assert.equal(newest(world.sides[name]).body['command'], 'PlaceMultilegOrder')
  }
})

test('a status request says what became of an order', async () => {
  const world = await openDesks()
  await filled(world, 1)
  const [filledStatus] = await say(world, 'CEDAR', desk, statusOf('ORD-1'))
  assert.match(shown(filledStatus), /37=A-1001\|11=ORD-1\|17=S-ORD-1\|150=I\|39=2\|.*151=0\|14=100\|6=430.72/)
  const [unknown] = await say(world, 'CEDAR', desk, statusOf('ORD-9'))
  assert.match(shown(unknown), /35=j\|.*379=ORD-9\|380=1/)
})

test('a message type that this session does not serve is refused, and a business reject is never answered', async () => {
  const world = await openDesks()
  const [answer] = await say(world, 'CEDAR', desk, {
    msgType: 'B',
    body: [
      [148, 'x'],
      [33, '1'],
      [58, 'y'],
    ],
  })
  assert.match(shown(answer), /35=j\|.*372=B\|380=3/)
  const reject = {
    msgType: 'j',
    body: [
      [45, '1'],
      [372, 'AE'],
      [380, '3'],
      [58, 'no'],
    ],
  } as const
  assert.deepEqual(await say(world, 'CEDAR', desk, reject), [])
})

test('an order that the maker rejects as a business message ends, and the desk hears it', async () => {
  const world = await openDesks()
  const quote = await quoted(world, 'RFQ-1')
  world.passes = (message) => message.msgType !== 'D'
  assert.deepEqual(await say(world, 'CEDAR', desk, orderFor(quote, 'ORD-1')), [])
  const heard = heardOn(world.sides.CEDAR, desk).length
  await say(world, 'CEDAR', lineOf.CEDAR, {
    msgType: 'j',
    body: [
      [45, '2'],
      [372, 'D'],
      [379, 'ORD-1'],
      [380, '4'],
      [58, 'no orders today'],
    ],
  })
  const told = heardOn(world.sides.CEDAR, desk).slice(heard)
  assert.match(shown(told[0]), /35=8\|.*11=ORD-1\|.*150=8\|39=8\|.*no orders today/)
  assert.equal(world.sides.CEDAR.core.peering.loop.state.orders.get('CEDAR/ORD-1')?.status, 'refused')
})

// ---- bust and correct

const usedOf = (world: Desks): readonly unknown[] =>
  (['ALDER', 'CEDAR'] as const).map((name) => [...world.sides[name].core.peering.loop.state.usage.values()])

test('a busted fill is taken back on both sides and at the desk, and frees the day’s limit', async () => {
  const world = await openDesks()
  const tradeId = await confirmedTrade(world, 1)
  const { ALDER, CEDAR } = world.sides
  assert.deepEqual(usedOf(world), [[43_072_000_000n], [43_072_000_000n]])
  const size = CEDAR.journal.size()
  assert.equal(await bustByOperator(ALDER.core.peering, operator, tradeId), undefined)
  for (const name of ['ALDER', 'CEDAR'] as const) assert.equal(tradeOf(world, name, tradeId).phase, 'busted')
  assert.deepEqual(usedOf(world), [[0n], [0n]])
  assert.deepEqual(typesSince(CEDAR, size), ['trade.busted'])
  const last = heardOn(CEDAR, desk).at(-1)
  assert.match(shown(last), /37=A-1001\|11=ORD-1\|17=E-1-H\|19=E-1\|150=H\|39=4\|.*151=0\|14=0\|6=0/)
  assert.deepEqual(newest(ALDER).body['by'], 'ALDER')
  assert.equal(decisionOf(newest(ALDER).body), 'allow')
  const [status] = await say(world, 'CEDAR', desk, statusOf('ORD-1'))
  assert.match(shown(status), /150=I\|39=4/)
  assert.equal((await bustByOperator(ALDER.core.peering, operator, tradeId))?.refusal, 'trade-state')
  assert.equal((await work(world, 'ALDER', 'sign-instruction', tradeId))?.refusal !== undefined, true)
  await sameAfterReplay(world)
})

test('the report of a bust that comes again changes nothing, and one of an unknown execution is refused', async () => {
  const world = await openDesks()
  await filled(world, 1)
  await bustByOperator(world.sides.ALDER.core.peering, operator, 'ALDER/E-1')
  const size = world.sides.CEDAR.journal.size()
  const bust = heardOn(world.sides.ALDER, lineOf.ALDER).at(-1)
  assert.equal(bust?.text(150), 'H')
  const fields = Array.from(
    { length: bust?.fieldCount ?? 0 },
    (_, at) => [bust?.tagAt(at) ?? 0, bust?.textAt(at) ?? ''] as const,
  )
  const body = fields.filter(([tag]) => ![8, 9, 35, 34, 49, 52, 56, 10].includes(tag))
  await say(world, 'CEDAR', lineOf.CEDAR, { msgType: '8', body }, { possResend: true })
  assert.equal(world.sides.CEDAR.journal.size(), size)
  const unknown = body.map(([tag, value]) => [tag, tag === 19 ? 'E-77' : value] as const)
  const [answer] = await say(world, 'CEDAR', lineOf.CEDAR, { msgType: '8', body: unknown })
  assert.match(shown(answer), /35=j\|.*379=E-77\|380=1/)
})

test('a corrected fill is an execution of its own, with its own UTI, and is agreed anew', async () => {
  const world = await openDesks()
  const tradeId = await confirmedTrade(world, 1)
  const { ALDER, CEDAR } = world.sides
  const before = tradeOf(world, 'CEDAR', tradeId)
  assert.equal(await correctByOperator(ALDER.core.peering, operator, tradeId, '430.70'), undefined)
  for (const name of ['ALDER', 'CEDAR'] as const) {
    assert.equal(tradeOf(world, name, tradeId).phase, 'corrected')
    assert.equal(tradeOf(world, name, tradeId).correctedBy, 'ALDER/E-2')
    assert.equal(tradeOf(world, name, 'ALDER/E-2').terms.premiumMinor, '43070000000')
  }
  assert.deepEqual(usedOf(world), [[43_070_000_000n], [43_070_000_000n]])
  const last = heardOn(CEDAR, desk).at(-1)
  assert.match(shown(last), /11=ORD-1\|17=E-2\|19=E-1\|150=G\|39=2\|.*31=430.7\|/)
  assert.equal(await work(world, 'ALDER', 'propose', 'ALDER/E-2'), undefined)
  assert.equal(await work(world, 'ALDER', 'send-proposal', 'ALDER/E-2'), undefined)
  const after = tradeOf(world, 'CEDAR', 'ALDER/E-2')
  assert.equal(after.phase, 'confirmed')
  assert.notEqual(after.uti, before.uti)
  assert.notEqual(after.recordHash, before.recordHash)
  await sameAfterReplay(world)
})

test('a correction beyond the order’s limit is disputed by the taker and ends the trade on both sides', async () => {
  const world = await openDesks()
  await filled(world, 1)
  const { ALDER, CEDAR } = world.sides
  assert.equal(await correctByOperator(ALDER.core.peering, operator, 'ALDER/E-1', '430.73'), undefined)
  const dispute = heardOn(CEDAR, lineOf.CEDAR).at(-1)
  assert.match(shown(dispute), /35=Q\|37=A-1001\|17=E-2\|127=E\|/)
  assert.equal(newest(CEDAR).type, 'command.refused')
  assert.equal(tradeOf(world, 'CEDAR', 'ALDER/E-1').phase, 'executed')
  assert.equal(tradeOf(world, 'ALDER', 'ALDER/E-2').phase, 'refused')
  world.clock.advance(80_000)
  assert.equal(await work(world, 'CEDAR', 'expire', 'ALDER/E-1'), undefined)
  assert.equal(tradeOf(world, 'CEDAR', 'ALDER/E-1').phase, 'failed')
  await sameAfterReplay(world)
})

test('who is no operator neither busts nor corrects, and a bad price is refused', async () => {
  const world = await openDesks()
  await filled(world, 1)
  const { peering } = world.sides.ALDER.core
  const stranger = { kind: 'api', id: 'loopback' } as const
  assert.equal((await bustByOperator(peering, stranger, 'ALDER/E-1'))?.refusal, 'policy-denied')
  assert.equal((await correctByOperator(peering, stranger, 'ALDER/E-1', '430.70'))?.refusal, 'policy-denied')
  const cases = [
    ['ALDER/E-1', '430.705', 'price-off-tick'],
    ['ALDER/E-1', '430.72', 'field-invalid'],
    ['ALDER/E-1', 'x', 'decimal-invalid'],
    ['ALDER/E-1', '900', 'policy-limit'],
    ['ALDER/E-9', '430.70', 'trade-unknown'],
  ] as const
  for (const [tradeId, price, code] of cases) {
    assert.equal((await correctByOperator(peering, operator, tradeId, price))?.refusal, code)
    assert.equal(newest(world.sides.ALDER).type, 'command.refused')
  }
  const taker = world.sides.CEDAR.core.peering
  assert.equal((await bustByOperator(taker, operator, 'ALDER/E-1'))?.refusal, 'trade-state')
  world.clock.advance(80_000)
  assert.equal(
    (await correctByOperator(peering, operator, 'ALDER/E-1', '430.70'))?.refusal,
    'confirmation-timeout',
  )
})

test('once the settlement instruction is signed a fill can be neither busted nor corrected', async () => {
  const world = await openDesks()
  const tradeId = await confirmedTrade(world, 1, '10')
  assert.equal(await work(world, 'ALDER', 'sign-instruction', tradeId), undefined)
  const { peering } = world.sides.ALDER.core
  assert.equal((await bustByOperator(peering, operator, tradeId))?.refusal, 'too-late-to-revise')
  assert.equal((await correctByOperator(peering, operator, tradeId, '430.70'))?.refusal, 'too-late-to-revise')
  assert.equal(newest(world.sides.ALDER).body['refusal'], 'too-late-to-revise')
  assert.equal(tradeOf(world, 'ALDER', tradeId).phase, 'signed')
})

test('a fill that differs from the order is disputed, and the maker ends its trade', async () => {
  const world = await openDesks()
  const quote = await quoted(world, 'RFQ-1')
  world.passes = (_, from) => from !== 'ALDER'
  await say(world, 'CEDAR', desk, orderFor(quote, 'ORD-1'))
  const fill = heardOn(world.sides.ALDER, lineOf.ALDER).at(-1)
  world.passes = () => true
  const fields = Array.from(
    { length: fill?.fieldCount ?? 0 },
    (_, at) => [fill?.tagAt(at) ?? 0, fill?.textAt(at) ?? ''] as const,
  )
  const body = fields
    .filter(([tag]) => ![8, 9, 35, 34, 49, 52, 56, 10].includes(tag))
    .map(([tag, value]) => [tag, tag === 31 ? '431' : value] as const)
  await say(world, 'CEDAR', lineOf.CEDAR, { msgType: '8', body })
  assert.match(shown(heardOn(world.sides.CEDAR, lineOf.CEDAR).at(-1)), /35=Q\|37=A-1001\|17=E-1\|127=E\|/)
  assert.equal(tradeOf(world, 'ALDER', 'ALDER/E-1').phase, 'refused')
  assert.equal(world.sides.CEDAR.core.peering.loop.state.orders.get('CEDAR/ORD-1')?.status, 'placed')
})
