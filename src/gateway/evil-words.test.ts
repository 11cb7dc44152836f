// Thousands of messages that a dictionary accepts and no honest counterparty would send, on every kind of session.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom, type Refusal } from '#core'
import type { JournalEntry } from '#journal'
import { pendingWork } from '#trade'
import type { DeskBody } from '#transport'
import {
  deskOf,
  filled,
  instrumentFields,
  lineOf,
  openDesks,
  orderFor,
  quoted,
  quoteRequest,
  replayed,
  say,
  wired,
  work,
  type Desks,
} from './desk-testing.ts'
import { createProjection } from './projection.ts'
import { orderView, rfqView, tradeDetail } from './views.ts'

const values = [
  '1',
  '2',
  '0',
  '-1',
  '9'.repeat(90),
  '1e9',
  '0.000000000000000000000000000000000001',
  '99991231-23:59:59.999',
  '00010101-00:00:00.000',
  '20261120-14:00:05.000',
  '99991231',
  'RFQ-1',
  'ORD-1',
  'E-1',
  'ALDER/E-1',
  'CEDAR/RFQ-1',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'é\u00ff|=',
  'X'.repeat(64),
  'Y'.repeat(257),
  'Z'.repeat(70_000),
  'ETH-25JUN27-4000-C',
  'ETH-25JUN27-4000-P',
  'USDC',
  'F',
  'G',
  'H',
  '8',
  'D',
  'S',
  'OCECCN',
  'Y',
]

const time = '20261120-14:00:00.000'
const economics: DeskBody['body'] = [
  ...instrumentFields,
  [54, '1'],
  [38, '100'],
  [32, '100'],
  [31, '430.72'],
  [151, '0'],
  [14, '100'],
  [6, '430.72'],
  [60, time],
  [15, 'USDC'],
]

const templates = (quoteId: string, price: string): readonly DeskBody[] => [
  quoteRequest('RFQ-1'),
  quoteRequest('RFQ-3'),
  orderFor({ quoteId, price }, 'ORD-1'),
  orderFor({ quoteId, price }, 'ORD-3'),
  { msgType: '8', body: [[37, 'A-1'], [11, 'ORD-1'], [17, 'E-1'], [150, 'F'], [39, '2'], ...economics] },
  {
    msgType: '8',
    body: [[37, 'A-1'], [11, 'ORD-1'], [17, 'E-9'], [19, 'E-1'], [150, 'H'], [39, '4'], ...economics],
  },
  {
    msgType: '8',
    body: [[37, 'A-1'], [11, 'ORD-1'], [17, 'E-8'], [19, 'E-1'], [150, 'G'], [39, '2'], ...economics],
  },
  {
    msgType: '8',
    body: [[37, 'NONE'], [11, 'ORD-1'], [17, 'R-1'], [150, '8'], [39, '8'], [58, 'no'], ...economics],
  },
  {
    msgType: 'S',
    body: [
      [131, 'RFQ-1'],
      [117, 'Q-1'],
      ...instrumentFields,
      [132, '424.78'],
      [133, '430.72'],
      [134, '100'],
      [135, '100'],
      [62, '20261120-14:00:10.000'],
      [15, 'USDC'],
    ],
  },
  {
    msgType: 'AG',
    body: [
      [131, 'RFQ-1'],
      [658, '99'],
      [146, '1'],
      [55, 'ETH'],
      [58, 'no'],
    ],
  },
  {
    msgType: 'Z',
    body: [
      [131, 'RFQ-1'],
      [117, quoteId],
      [298, '1'],
    ],
  },
  { msgType: 'Q', body: [[37, 'A-1'], [17, 'E-1'], [127, 'D'], ...instrumentFields, [54, '1'], [58, 'no']] },
  { msgType: 'AJ', body: [[693, 'P-1'], [117, quoteId], [694, '6'], ...instrumentFields, [54, '1']] },
  { msgType: 'AJ', body: [[693, 'P-2'], [117, quoteId], [694, '1'], ...instrumentFields, [54, '1']] },
  {
    msgType: 'F',
    body: [
      [41, 'ORD-1'],
      [11, 'C-1'],
      [55, 'ETH'],
      [54, '1'],
      [60, time],
    ],
  },
  {
    msgType: 'G',
    body: [
      [41, 'ORD-1'],
      [11, 'C-2'],
      [55, 'ETH'],
      [54, '1'],
      [60, time],
      [40, '2'],
    ],
  },
  {
    msgType: 'H',
    body: [
      [11, 'ORD-1'],
      [55, 'ETH'],
      [54, '1'],
    ],
  },
  {
    msgType: 'c',
    body: [
      [320, 'S-1'],
      [321, '0'],
      [55, 'ETH'],
      [48, 'ETH-25JUN27-4000-C'],
      [22, '8'],
    ],
  },
  { msgType: 'AH', body: [[644, 'W-1'], [146, '1'], ...instrumentFields, [263, '1']] },
  {
    msgType: 'AD',
    body: [
      [568, 'T-1'],
      [569, '0'],
    ],
  },
  {
    msgType: 'J',
    body: [
      [70, 'J-1'],
      [71, '0'],
      [626, '1'],
      [857, '0'],
      [73, '1'],
      [11, 'ORD-1'],
      [124, '1'],
      [32, '100'],
      [17, 'E-1'],
      [31, '1'],
      [54, '1'],
      [55, 'ETH'],
      [53, '100'],
      [6, '1'],
      [75, '20261120'],
      [78, '1'],
      [79, 'A'],
      [80, '100'],
    ],
  },
  {
    msgType: 'AL',
    body: [
      [710, 'P-1'],
      [709, '1'],
      [712, '1'],
      [715, '20261120'],
      [453, '1'],
      [448, 'A'],
      [447, 'D'],
      [452, '1'],
      [1, 'A'],
      [581, '1'],
      ...instrumentFields,
      [60, time],
      [702, '1'],
      [703, 'EX'],
      [704, '5'],
    ],
  },
]

type Draw = (below: number) => number

function drawing(seed: number): Draw {
  const random = seededRandom(seed)
  return (below) => Buffer.from(random.bytes(4)).readUInt32BE() % below
}

/** One or two fields of a good message say something else. */
function twisted({ msgType, body }: DeskBody, draw: Draw): DeskBody {
  const at = new Set([draw(body.length), draw(body.length)])
  const pick = (): string => values[draw(values.length)] ?? ''
  return { msgType, body: body.map(([tag, value], index) => [tag, at.has(index) ? pick() : value] as const) }
}

const isMessage = (body: DeskBody): boolean => {
  try {
    return wired('FIX.4.4:A->B', body) !== undefined
  } catch {
    return false
  }
}

const rounds = 3_000
const seeds = [1, 2]

async function attacked(world: Desks, draw: Draw): Promise<number> {
  const { quoteId, price } = await quoted(world, 'RFQ-2')
  const doors = [
    ['ALDER', lineOf.ALDER],
    ['CEDAR', lineOf.CEDAR],
    ['CEDAR', deskOf.CEDAR],
    ['ALDER', deskOf.ALDER],
  ] as const
  const good = templates(quoteId, price)
  let said = 0
  for (let round = 0; round < rounds; round += 1) {
    const [name, session] = doors[draw(doors.length)] ?? doors[0]
    const body = twisted(good[draw(good.length)] ?? quoteRequest('RFQ-1'), draw)
    if (!isMessage(body)) continue
    said += 1
    await say(world, name, session, body, { possResend: draw(2) === 0 })
  }
  return said
}

/** What is left to do is tried, then looked at by a person. */
async function worked(world: Desks): Promise<void> {
  for (const name of ['ALDER', 'CEDAR'] as const) {
    const { core, journal } = world.sides[name]
    const { state } = core.peering.loop
    for (const { kind, tradeId } of pendingWork(state)) await work(world, name, kind, tradeId)
    const projection = createProjection(journal)
    const entries = (indices: readonly number[]): readonly JournalEntry[] =>
      indices.flatMap((index) => journal.read(index, index + 1))
    const views = { desk: core.peering, projection, waiting: () => new Map<string, Refusal>(), entries }
    for (const rfq of state.rfqs.values()) rfqView(views, rfq)
    for (const order of state.orders.values()) orderView(views, order)
    for (const [id, trade] of state.trades) tradeDetail(views, id, trade)
  }
}

test('no message of a counterparty or a desk stops a gateway, and the journal still says what the state is', async (t) => {
  for (const seed of seeds) {
    const world = await openDesks()
    await filled(world, 1)
    const said = await attacked(world, drawing(seed))
    t.diagnostic(`seed ${seed}: ${said} messages of ${rounds}`)
    assert.ok(said > rounds / 4)
    await worked(world)
    for (const side of Object.values(world.sides))
      assert.deepEqual(await replayed(world, side), side.core.peering.loop.state)
  }
})
