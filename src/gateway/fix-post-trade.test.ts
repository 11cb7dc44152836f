import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant } from '#core'
import type { DeskBody } from '#transport'
import {
  decisionOf,
  confirmedTrade,
  deskOf,
  filled,
  heardOn,
  newest,
  openDesks,
  replayed,
  restart,
  say,
  settledTrade,
  shown,
  tradeOf,
  type Changes,
  type Desks,
} from './desk-testing.ts'
import { alderLei, cedarLei } from './testing.ts'

const desk = deskOf.CEDAR
const book = deskOf.ALDER

async function sameAfterReplay(world: Desks): Promise<void> {
  for (const side of Object.values(world.sides))
    assert.deepEqual(await replayed(world, side), side.core.peering.loop.state, side.name)
}

test('when both have signed, each desk gets the trade capture report and the confirmation, once', async () => {
  const world = await openDesks()
  const tradeId = await confirmedTrade(world, 1)
  const { uti = '', recordHash = '' } = tradeOf(world, 'CEDAR', tradeId)
  const views = [
    ['CEDAR', desk, ['1', cedarLei, alderLei], 'ALDER'],
    ['ALDER', book, ['2', alderLei, cedarLei], 'CEDAR'],
  ] as const
  for (const [name, session, [side, own, other], otherName] of views) {
    const reports = heardOn(world.sides[name], session).filter(({ msgType }) => /^A[EK]$/.test(msgType))
    assert.deepEqual(
      reports.map(({ msgType }) => msgType),
      ['AE', 'AK'],
    )
    const [capture, confirmation] = reports
    assert.match(
      shown(capture),
      /571=ALDER\/E-1\|.*17=E-1\|150=F\|570=N\|55=ETH\|.*32=100\|31=430.72\|75=20261120\|60=/,
    )
    const sides = capture
      ?.groups(552)
      .map((one) => [
        one.text(54),
        one.text(37),
        one.groups(453)[0]?.text(448),
        one.groups(453)[0]?.text(452),
      ])
    assert.deepEqual(sides, [
      [side, 'A-1001', own, '1'],
      [side === '1' ? '2' : '1', 'A-1001', other, '17'],
    ])
    const isExtended = name === 'CEDAR'
    for (const report of reports)
      assert.equal(report.groups(1907)[0]?.text(1903), isExtended ? uti : undefined, 'as was agreed')
    assert.equal(capture?.groups(552)[0]?.text(58), `UTI ${uti}`)
    assert.match(
      shown(confirmation),
      /664=ALDER\/E-1\|666=0\|773=2\|665=4\|.*80=100\|54=.\|15=USDC\|.*6=430.72\|.*381=43072\|118=43072/,
    )
    assert.equal(
      confirmation?.text(58),
      `record ${recordHash}, signed by ${name} and ${otherName}; UTI ${uti}`,
    )
    assert.match(confirmation?.text(79) ?? '', /^eip155:31337:0x[0-9a-fA-F]{40}$/)
  }
})

test('a trade that is not co-signed is not reported', async () => {
  const world = await openDesks()
  await filled(world, 1)
  assert.ok(!heardOn(world.sides.CEDAR, desk).some(({ msgType }) => msgType === 'AE'))
  const [ack, report] = await say(world, 'CEDAR', desk, requestOf())
  assert.match(shown(ack), /35=AQ\|568=TR-1\|569=0\|748=0\|749=0\|750=1/)
  assert.equal(report, undefined)
})

const requestOf = (fields: DeskBody['body'] = [], type = '0'): DeskBody => ({
  msgType: 'AD',
  body: [[568, 'TR-1'], [569, type], ...fields],
})

test('a desk asks for its trades, all or by what it knows of them, and hears when they are all told', async () => {
  const world = await openDesks()
  await confirmedTrade(world, 1, '10')
  await confirmedTrade(world, 2, '20')
  const size = world.sides.CEDAR.journal.size()
  const [ack, first, second, more] = await say(world, 'CEDAR', desk, requestOf())
  assert.match(shown(ack), /35=AQ\|568=TR-1\|569=0\|748=2\|749=0\|750=0/)
  assert.match(shown(first), /35=AE\|571=ALDER\/E-1\|.*568=TR-1\|748=2\|912=N\|/)
  assert.match(shown(second), /35=AE\|571=ALDER\/E-2\|.*912=Y\|/)
  assert.equal(more, undefined)
  const criteria = [[[11, 'ORD-2']], [[17, 'E-2']], [[37, 'A-1002']], [[571, 'ALDER/E-2']]] as const
  for (const [field] of criteria) {
    const [, one, none] = await say(world, 'CEDAR', desk, requestOf([field], '1'))
    assert.equal(one?.text(571), 'ALDER/E-2')
    assert.equal(none, undefined)
  }
  assert.equal(world.sides.CEDAR.journal.size(), size, 'a read makes no entry')
  const [, maker] = await say(world, 'ALDER', book, requestOf([[17, 'E-1']], '1'))
  assert.equal(maker?.groups(552)[0]?.text(54), '2')
})

test('a kind of trade request that is not served is refused with its result', async () => {
  const world = await openDesks()
  for (const body of [requestOf([], '3'), requestOf([[263, '1']])]) {
    const [ack] = await say(world, 'CEDAR', desk, body)
    assert.match(shown(ack), /35=AQ\|.*749=8\|750=2\|.*58=PLK-1014/)
    assert.equal(newest(world.sides.CEDAR).body['command'], 'RequestTrades')
  }
})

test('what a desk says to its reports is recorded with the trade', async () => {
  const world = await openDesks()
  const tradeId = await confirmedTrade(world, 1)
  const ar: DeskBody = {
    msgType: 'AR',
    body: [
      [571, tradeId],
      [150, 'F'],
      [939, '0'],
      [55, 'ETH'],
    ],
  }
  const au = (status: string, text?: string): DeskBody => ({
    msgType: 'AU',
    body: [
      [664, tradeId],
      [75, '20261120'],
      [60, '20261120-14:00:01.000'],
      [940, status],
      ...(text === undefined ? [] : [[58, text] as const]),
    ],
  })
  for (const body of [ar, au('1'), au('2', 'wrong account'), au('3')])
    assert.deepEqual(await say(world, 'CEDAR', desk, body), [])
  const by = desk
  assert.deepEqual(tradeOf(world, 'CEDAR', tradeId).acknowledged, [
    { report: 'trade-capture', status: 'accepted', by },
    { report: 'confirmation', status: 'received', by },
    { report: 'confirmation', status: 'rejected', by },
    { report: 'confirmation', status: 'affirmed', by },
  ])
  assert.equal(newest(world.sides.CEDAR).type, 'trade.acknowledged')
  const unknown: DeskBody = { ...ar, body: [[571, 'ALDER/E-9'], ...ar.body.slice(1)] }
  const [answer] = await say(world, 'CEDAR', desk, unknown)
  assert.match(shown(answer), /35=j\|.*379=ALDER\/E-9\|380=1\|58=PLK-2403/)
  await sameAfterReplay(world)
})

// ---- allocation

const share = (account: string, quantity: string, giveUp?: string): DeskBody['body'] => [
  [79, account],
  [80, quantity],
  ...(giveUp === undefined
    ? []
    : ([
        [539, '1'],
        [524, giveUp],
        [525, 'N'],
        [538, '14'],
      ] as const)),
]

const allocationOf = (
  shares: readonly DeskBody['body'][],
  changes: Changes = {},
  parties: DeskBody['body'] = [],
): DeskBody => ({
  msgType: 'J',
  body: [
    ...(
      [
        [70, 'AL-1'],
        [71, '0'],
        [626, '1'],
        [857, '1'],
        [73, '1'],
        [11, 'ORD-1'],
        [54, '1'],
        [55, 'ETH'],
        [48, 'ETH-25JUN27-4000-C'],
        [22, '8'],
        [53, '100'],
        [6, '430.72'],
      ] as const
    ).map(([tag, value]) => [tag, changes[tag] ?? value] as const),
    ...parties,
    [75, '20261120'],
    [78, String(shares.length)],
    ...shares.flat(),
  ],
})
const whole = [share('FUND-A', '60'), share('FUND-B', '40', cedarLei)]

test('a fill is divided among accounts, with the firm that a share is given up to', async () => {
  const world = await openDesks()
  const tradeId = await filled(world, 1)
  const [ack] = await say(world, 'CEDAR', desk, allocationOf(whole))
  assert.match(shown(ack), /35=P\|70=AL-1\|75=20261120\|60=.*87=0$/)
  assert.deepEqual(tradeOf(world, 'CEDAR', tradeId).allocation, {
    allocId: 'AL-1',
    shares: [
      { account: 'FUND-A', quantity: '60' },
      { account: 'FUND-B', quantity: '40', giveUp: cedarLei },
    ],
    principal: desk,
  })
  const { type, body } = newest(world.sides.CEDAR)
  assert.equal(type, 'trade.allocated')
  assert.equal(decisionOf(body), 'allow')
  const size = world.sides.CEDAR.journal.size()
  await restart(world, 'CEDAR')
  const [repeat] = await say(world, 'CEDAR', desk, allocationOf(whole), { possResend: true })
  assert.match(shown(repeat), /87=0$/)
  assert.equal(world.sides.CEDAR.journal.size(), size)
  const [second] = await say(world, 'CEDAR', desk, allocationOf(whole))
  assert.match(shown(second), /87=1\|88=7\|58=/)
  await sameAfterReplay(world)
})

test('a give-up of the whole instruction holds for each share that names no firm of its own', async () => {
  const world = await openDesks()
  const tradeId = await filled(world, 1)
  const parties = [
    [453, '1'],
    [448, alderLei],
    [447, 'N'],
    [452, '14'],
  ] as const
  await say(world, 'CEDAR', desk, allocationOf(whole, {}, parties))
  const firms = tradeOf(world, 'CEDAR', tradeId).allocation?.shares.map(({ giveUp }) => giveUp)
  assert.deepEqual(firms, [alderLei, cedarLei])
})

test('an allocation that does not fit the fill is rejected as a whole', async () => {
  const world = await openDesks()
  const tradeId = await filled(world, 1)
  const cases: readonly (readonly [string, DeskBody, string])[] = [
    ['too little', allocationOf([share('FUND-A', '60'), share('FUND-B', '39')]), '8'],
    ['too much', allocationOf([share('FUND-A', '60'), share('FUND-B', '41')]), '8'],
    ['an account twice', allocationOf([share('FUND-A', '60'), share('FUND-A', '40')]), '8'],
    ['parts of contracts', allocationOf([share('FUND-A', '60.5'), share('FUND-B', '39.5')]), '8'],
    ['nothing for one', allocationOf([share('FUND-A', '100'), share('FUND-B', '0')]), '8'],
    ['another quantity', allocationOf(whole, { 53: '99' }), '1'],
    ['another price', allocationOf(whole, { 6: '430.71' }), '2'],
    ['another option', allocationOf(whole, { 48: 'ETH-25JUN27-4000-P' }), '11'],
    ['the other side', allocationOf(whole, { 54: '2' }), '11'],
    ['an unknown order', allocationOf(whole, { 11: 'ORD-7' }), '12'],
    ['a replacement', allocationOf(whole, { 71: '1' }), '7'],
  ]
  for (const [what, body, code] of cases) {
    const [ack] = await say(world, 'CEDAR', desk, body)
    assert.match(shown(ack), new RegExp(`35=P.70=AL-1.*87=1.88=${code}.58=PLK-`), what)
    assert.equal(newest(world.sides.CEDAR).type, 'command.refused', what)
  }
  assert.equal(tradeOf(world, 'CEDAR', tradeId).allocation, undefined)
})

// ---- positions

const instruct = (fields: {
  type: string
  quantity: string
  id?: string
  securityId?: string
}): DeskBody => ({
  msgType: 'AL',
  body: [
    [710, fields.id ?? 'PM-1'],
    [709, fields.type],
    [712, '1'],
    [715, '20261120'],
    [453, '1'],
    [448, cedarLei],
    [447, 'N'],
    [452, '1'],
    [1, 'FUND-A'],
    [581, '1'],
    [55, 'ETH'],
    [48, fields.securityId ?? 'ETH-25JUN27-4000-C'],
    [22, '8'],
    [60, '20261120-14:00:00.000'],
    [702, '1'],
    [703, 'EX'],
    [704, fields.quantity],
  ],
})

const positionsOf = (type = '0', fields: DeskBody['body'] = []): DeskBody => ({
  msgType: 'AN',
  body: [
    [710, 'PQ-1'],
    [724, type],
    [453, '1'],
    [448, cedarLei],
    [447, 'N'],
    [452, '1'],
    [1, 'FUND-A'],
    [581, '1'],
    ...fields,
    [715, '20261120'],
    [60, '20261120-14:00:00.000'],
  ],
})

test('positions are what has settled, long for the one and short for the other', async () => {
  const world = await openDesks()
  const [none] = await say(world, 'CEDAR', desk, positionsOf())
  assert.match(shown(none), /35=AO\|721=PR-PQ-1\|710=PQ-1\|727=0\|728=2\|729=0/)
  await settledTrade(world, 1, '10')
  await settledTrade(world, 2, '20')
  await confirmedTrade(world, 3, '5')
  for (const [name, session, long, short, premium] of [
    ['CEDAR', desk, '30', '0', '12921.6'],
    ['ALDER', book, '0', '30', '-12921.6'],
  ] as const) {
    const [ack, report, more] = await say(world, name, session, positionsOf())
    assert.match(shown(ack), /35=AO\|.*727=1\|728=0\|729=0/)
    assert.match(
      shown(report),
      new RegExp(
        `35=AP.721=PR-PQ-1-1.710=PQ-1.*48=ETH-25JUN27-4000-C.*703=TOT.704=${long}.705=${short}.753=1.707=PREM.708=${premium}$`,
      ),
    )
    assert.equal(more, undefined)
  }
  const [other] = await say(
    world,
    'CEDAR',
    desk,
    positionsOf('0', [
      [55, 'ETH'],
      [48, 'ETH-25JUN27-5000-C'],
      [22, '8'],
    ]),
  )
  assert.match(shown(other), /728=2/)
  const [trades] = await say(world, 'CEDAR', desk, positionsOf('1'))
  assert.match(shown(trades), /35=AO\|.*728=4\|729=2\|.*58=PLK-1014/)
})

test('an exercise is rejected before the expiry, which it names, and accepted from then on', async () => {
  const world = await openDesks()
  await settledTrade(world, 1, '10')
  const [early] = await say(world, 'CEDAR', desk, instruct({ type: '1', quantity: '4' }))
  assert.match(
    shown(early),
    /35=AM\|721=PM-PM-1\|709=1\|710=PM-1\|.*722=2\|723=1\|.*58=PLK-2414 .*2027-06-25T08:00:00.000Z/,
  )
  assert.equal(newest(world.sides.CEDAR).body['refusal'], 'exercise-too-early')
  world.clock.set(instant(Date.UTC(2027, 5, 25, 8)))
  const [accepted] = await say(world, 'CEDAR', desk, instruct({ type: '1', quantity: '4' }))
  assert.match(shown(accepted), /35=AM\|.*722=0\|723=0\|.*704=4\|705=0/)
  const { type, body } = newest(world.sides.CEDAR)
  assert.equal(type, 'position.instructed')
  assert.equal(decisionOf(body), 'allow')
  const [left] = await say(world, 'CEDAR', desk, instruct({ type: '2', quantity: '7', id: 'PM-2' }))
  assert.match(shown(left), /709=2\|.*722=2\|.*58=PLK-2415/)
  const [abandoned] = await say(world, 'CEDAR', desk, instruct({ type: '2', quantity: '6', id: 'PM-2' }))
  assert.match(shown(abandoned), /709=2\|.*722=0/)
  const [again] = await say(world, 'CEDAR', desk, instruct({ type: '1', quantity: '4' }))
  assert.match(shown(again), /722=2/)
  const [resent] = await say(world, 'CEDAR', desk, instruct({ type: '1', quantity: '4' }), {
    possResend: true,
  })
  assert.match(shown(resent), /722=0/)
  await sameAfterReplay(world)
})

test('what is not held cannot be exercised: by the writer, in another option, or in part', async () => {
  const world = await openDesks()
  await settledTrade(world, 1, '10')
  world.clock.set(instant(Date.UTC(2027, 5, 25, 8)))
  for (const [name, session, body] of [
    ['ALDER', book, instruct({ type: '1', quantity: '1' })],
    ['CEDAR', desk, instruct({ type: '1', quantity: '11' })],
    ['CEDAR', desk, instruct({ type: '1', quantity: '1', securityId: 'ETH-25JUN27-5000-C' })],
  ] as const) {
    const [report] = await say(world, name, session, body)
    assert.match(shown(report), /722=2\|723=1\|.*58=PLK-2415/)
    assert.equal(newest(world.sides[name]).type, 'command.refused')
  }
  const [part] = await say(world, 'CEDAR', desk, instruct({ type: '1', quantity: '0.5' }))
  assert.match(shown(part), /722=2\|723=1\|.*58=PLK-2007/)
})
