// A counterparty with a good session and a good certificate that says evil things: the process goes on, other
// counterparties' business is out of its reach, and what it said is refused by name.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  canonicalJson,
  fromBase64Url,
  isJsonObject,
  isRefusal,
  parseJson,
  refuse,
  utf8,
  type Json,
  type JsonObject,
} from '#core'
import { signJws } from '#crypto'
import { CLOCK_SKEW_MS_MAX, QUOTES_PER_REQUEST_MAX, reservedMinor } from '#trade'
import type { DeskBody } from '#transport'
import {
  deskOf,
  filled,
  heardOn,
  instrumentFields,
  lineOf,
  openDesks,
  orderFor,
  quoted,
  quoteRequest,
  replayed,
  say,
  shown,
  tradeOf,
  typesSince,
  valueOf,
  type Changes,
  type Desks,
} from './desk-testing.ts'
import { tradeRecordTyp } from './sealing.ts'
import { object, text, textMember } from './shape.ts'
import { instructionsPath, onConfirmation, onInstruction } from './peering.ts'
import {
  addresses,
  approveBoth,
  confirmed,
  execute,
  tradeOf as tradeIn,
  twoParties,
  work as workOf,
} from './testing.ts'

const long = 'X'.repeat(100_000)
const time = '20261120-14:00:00.000'

test('texts that no journal entry could hold are refused, and the gateway goes on', async () => {
  const world = await openDesks()
  const { quoteId, price } = await quoted(world, 'RFQ-1')
  const says: readonly DeskBody[] = [
    quoteRequest(long),
    quoteRequest('R'.repeat(300)),
    quoteRequest('R'.repeat(256)),
    quoteRequest('RFQ-2', '100', { 48: long }),
    orderFor({ quoteId, price }, long),
    orderFor({ quoteId, price }, 'O'.repeat(200)),
    orderFor({ quoteId: long, price }, 'ORD-1'),
    {
      msgType: 'F',
      body: [
        [41, long],
        [11, long],
        [55, 'ETH'],
        [54, '1'],
        [60, time],
      ],
    },
    {
      msgType: 'Z',
      body: [
        [117, long],
        [298, '1'],
      ],
    },
  ]
  for (const body of says) await say(world, 'ALDER', lineOf.ALDER, body)
  for (const body of says.slice(0, -1)) await say(world, 'CEDAR', deskOf.CEDAR, body)
  assert.equal(world.sides.ALDER.core.peering.loop.state.orders.size, 0, 'nothing is kept of them')
  assert.equal(await filled(world, 9), 'ALDER/E-1')
})

/** CEDAR has asked; the answer of ALDER's gateway is lost, and the test speaks in its place. */
async function asked(): Promise<Desks> {
  const world = await openDesks()
  world.passes = (_message, from) => from !== 'ALDER'
  await say(world, 'CEDAR', deskOf.CEDAR, quoteRequest('RFQ-1'))
  return world
}

const quote = (quoteId: string, validUntil: string): DeskBody => ({
  msgType: 'S',
  body: [
    [131, 'RFQ-1'],
    [117, quoteId],
    ...instrumentFields,
    [132, '424.78'],
    [133, '430.72'],
    [134, '100'],
    [135, '100'],
    [62, validUntil],
    [15, 'USDC'],
  ],
})

const soon = '20261120-14:00:10.000'
const toCedar = (world: Desks, body: DeskBody): Promise<unknown> => say(world, 'CEDAR', lineOf.CEDAR, body)

test('a quote without end, without an id, or the hundred and first is not taken', async () => {
  const world = await asked()
  const { state } = world.sides.CEDAR.core.peering.loop
  await toCedar(world, quote('Q-1', '99991231-23:59:59.999'))
  await toCedar(world, quote('Q-1', '20261120-14:10:00.001'))
  await toCedar(world, quote('Q'.repeat(65), soon))
  assert.equal(state.quotes.size, 0)
  await toCedar(world, quote('Q-0', '20261120-14:10:00.000'))
  for (let n = 1; n <= QUOTES_PER_REQUEST_MAX; n += 1) await toCedar(world, quote(`Q-${n}`, soon))
  assert.equal(state.quotes.size, QUOTES_PER_REQUEST_MAX)
})

const fill = (changes: Changes = {}): DeskBody => {
  const body: DeskBody['body'] = [
    [37, 'A-1'],
    [11, 'ORD-1'],
    [17, 'E-1'],
    [150, 'F'],
    [39, '2'],
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
  return { msgType: '8', body: body.map(([tag, value]) => [tag, changes[tag] ?? value] as const) }
}

/** CEDAR's order for a quote of ALDER is on its way. */
async function ordered(): Promise<Desks> {
  const world = await asked()
  await toCedar(world, quote('Q-1', soon))
  await say(world, 'CEDAR', deskOf.CEDAR, orderFor({ quoteId: 'Q-1', price: '430.72' }, 'ORD-1'))
  return world
}

const evilFills: readonly (readonly [string, Changes])[] = [
  ['an ExecID that no record can hold', { 17: 'E'.repeat(65) }],
  ['an OrderID that no record can hold', { 37: 'A 1' }],
  ['a day whose limit is not used yet', { 60: '20261119-14:00:00.000' }],
  ['a time to come', { 60: '20261120-15:00:00.000' }],
  ['another side', { 54: '2' }],
  ['no quantity', { 32: '-100' }],
  ['a price beyond all reckoning', { 31: '9'.repeat(90) }],
]

test('a fill that cannot be that of our order is disputed, whatever is wrong in it', async () => {
  for (const [what, changes] of evilFills) {
    const world = await ordered()
    await toCedar(world, fill(changes))
    assert.equal(world.sides.CEDAR.core.peering.loop.state.trades.size, 0, what)
    assert.equal(heardOn(world.sides.CEDAR, lineOf.CEDAR).at(-1)?.msgType, 'Q', what)
  }
  const world = await ordered()
  await toCedar(world, fill())
  assert.equal(tradeOf(world, 'CEDAR', 'ALDER/E-1').phase, 'executed')
})

test('a used ExecID for another order is disputed; the same fill again is only heard', async () => {
  const world = await ordered()
  await toCedar(world, fill())
  const size = world.sides.CEDAR.journal.size()
  await toCedar(world, fill())
  assert.deepEqual(typesSince(world.sides.CEDAR, size), [])
  await toCedar(world, quote('Q-2', soon))
  await say(world, 'CEDAR', deskOf.CEDAR, orderFor({ quoteId: 'Q-2', price: '430.72' }, 'ORD-2'))
  await toCedar(world, fill({ 11: 'ORD-2' }))
  assert.match(shown(heardOn(world.sides.CEDAR, lineOf.CEDAR).at(-1)), /^35=Q.*PLK-\d+ .*ALDER\/E-1/)
})

test('orders under way use the day’s limit until they are answered or their quotes are over', async () => {
  const world = await ordered()
  const { state } = world.sides.CEDAR.core.peering.loop
  const again = async (n: number): Promise<string> => {
    await toCedar(world, quote(`Q-${n}`, soon))
    await say(world, 'CEDAR', deskOf.CEDAR, orderFor({ quoteId: `Q-${n}`, price: '430.72' }, `ORD-${n}`))
    return shown(heardOn(world.sides.CEDAR, deskOf.CEDAR).at(-1))
  }
  for (const n of [2, 3, 4]) await again(n)
  assert.match(await again(5), /150=8.*PLK-3003/, 'five times 43,072 is more than 200,000')
  await toCedar(world, fill({ 150: '8', 39: '8' }))
  await again(6)
  assert.equal(state.orders.get('CEDAR/ORD-6')?.status, 'placed')
  assert.deepEqual(await replayed(world, world.sides.CEDAR), state)
  world.clock.advance(10_000 + CLOCK_SKEW_MS_MAX + 1)
  assert.equal(reservedMinor(state, 'ALDER', world.clock.now()), 0n)
})

// ---- a third institution

const bravo = 'FIX.4.4:CEDAR->BRAVO'

/** CEDAR deals with BRAVO too. */
const withBravo = (): Promise<Desks> =>
  openDesks(
    (sessions, name) => (name === 'ALDER' ? sessions : [...sessions, bravoSession]),
    (config, name) => (name === 'ALDER' ? config : addBravo(config)),
  )

const bravoSession: JsonObject = {
  beginString: 'FIX.4.4',
  heartBtIntSeconds: 30,
  senderCompId: 'CEDAR',
  targetCompId: 'BRAVO',
  role: 'acceptor',
  use: 'counterparty',
  party: 'BRAVO',
  pin: 'pin of BRAVO',
}

function addBravo(config: JsonObject): JsonObject {
  const { peering } = config
  assert.ok(isJsonObject(peering) && Array.isArray(peering['peers']))
  const [alder]: readonly Json[] = peering['peers']
  assert.ok(isJsonObject(alder))
  const lei = '5299000POUNDLOCK0B91'
  const other = { name: 'BRAVO', lei, uri: 'poundlock:BRAVO', pin: 'pin of BRAVO' }
  const peers = [alder, { ...alder, ...other, settlementAddress: addresses.usdc }]
  return { ...config, peering: { ...peering, peers } }
}

test('one counterparty cannot fill, reject, decline or withdraw what was agreed with another', async () => {
  const world = await withBravo()
  world.passes = (_message, from) => from !== 'ALDER'
  const { state } = world.sides.CEDAR.core.peering.loop
  const says = (body: DeskBody): Promise<unknown> => say(world, 'CEDAR', bravo, body)
  const toAlder = { header: [[128, 'ALDER']] as const }
  await say(world, 'CEDAR', deskOf.CEDAR, quoteRequest('RFQ-1'), toAlder)
  await says({
    msgType: 'AG',
    body: [
      [131, 'RFQ-1'],
      [658, '99'],
      [146, '1'],
      [55, 'ETH'],
    ],
  })
  assert.equal(state.rfqs.get('CEDAR/RFQ-1')?.refused, undefined)
  await says(quote('Q-1', soon))
  assert.equal(state.quotes.size, 0)
  await toCedar(world, quote('Q-1', soon))
  await says({
    msgType: 'Z',
    body: [
      [117, 'Q-1'],
      [298, '1'],
    ],
  })
  assert.equal(state.quotes.get('Q-1')?.status, 'open')
  await say(world, 'CEDAR', deskOf.CEDAR, orderFor({ quoteId: 'Q-1', price: '430.72' }, 'ORD-1'))
  await says(fill())
  await says(fill({ 150: '8', 39: '8' }))
  assert.equal(state.trades.size, 0)
  assert.equal(state.orders.get('CEDAR/ORD-1')?.status, 'placed')
  await toCedar(world, fill())
  assert.deepEqual([...state.trades.keys()], ['ALDER/E-1'])
  await says({
    ...fill({ 150: 'H', 17: 'E-1-H' }),
    body: [...fill({ 150: 'H', 17: 'E-2' }).body, [19, 'E-1']],
  })
  assert.equal(tradeOf(world, 'CEDAR', 'ALDER/E-1').phase, 'executed')
  assert.deepEqual(await replayed(world, world.sides.CEDAR), state)
})

// ---- between gateways

test('a taker whose refusal is cut in the middle of a character ends its trade and nothing else', async () => {
  const world = await twoParties()
  await execute(world.ALDER)
  assert.equal(await workOf(world.ALDER, 'propose'), undefined)
  world.between.intercept = () => refuse('confirmation-mismatch', `${'x'.repeat(999)}\u{1f600} and more`)
  assert.equal(await workOf(world.ALDER, 'send-proposal'), undefined)
  assert.equal(tradeIn(world.ALDER).phase, 'refused')
  assert.deepEqual(world.ALDER.bugs, [])
})

const answerShape = object({ signature: text })

test('a signature in another spelling is not taken for a signature', async () => {
  const world = await confirmed()
  await approveBoth(world.ALDER, world.CEDAR)
  assert.equal(await workOf(world.ALDER, 'sign-instruction'), undefined)
  let signature = ''
  const spell = async (how: (hex: string) => string): Promise<string | undefined> => {
    world.between.intercept = (path): Json | undefined =>
      path === instructionsPath && signature !== '' ? { signature: how(signature) } : undefined
    return (await workOf(world.ALDER, 'send-instruction'))?.refusal
  }
  const { recordHash = '', digest = '', instruction } = tradeIn(world.ALDER)
  const ours = instruction?.signatures.deliverer ?? ''
  const message = { execId: 'E-1', recordHash, digest, signature: ours }
  const answer = await onInstruction(world.CEDAR.core.peering, 'ALDER', message)
  signature = valueOf(answerShape(answer, 'answer')).signature
  assert.equal(await spell((hex) => hex.slice(2)), 'encoding-invalid')
  assert.equal(await spell((hex) => hex.toUpperCase().replace('0X', '0x')), 'encoding-invalid')
  assert.equal(await spell((hex) => hex), undefined)
  assert.equal(tradeIn(world.ALDER).phase, 'instructed')
})

test('what a known gateway says in vain is an entry, but for an execution that is not here yet', async () => {
  const { CEDAR, ALDER } = await confirmed()
  const refused = async (answer: Promise<Json>): Promise<readonly string[]> => {
    const size = CEDAR.journal.size()
    const result = await answer
    assert.ok(isRefusal(result))
    return CEDAR.journal.read(size, CEDAR.journal.size()).map(({ body }) => textMember(body, 'refusal'))
  }
  const parts = CEDAR.core.peering
  assert.deepEqual(await refused(onConfirmation(parts, 'ALDER', { record: {} })), ['jws-malformed'])
  const { recordHash = '' } = tradeIn(ALDER)
  const message = { execId: 'E-1', recordHash, digest: '0x00', signature: `0x${'0'.repeat(130)}` }
  assert.deepEqual(await refused(onInstruction(parts, 'ALDER', message)), ['digest-mismatch'])
  assert.deepEqual(await refused(onInstruction(parts, 'ALDER', { ...message, execId: 'E-9' })), [])
})

const odd: readonly Json[] = [
  null,
  true,
  -1,
  1.5,
  '',
  '-1',
  '9'.repeat(96),
  '__proto__',
  '9999-12-31T23:59:59.999Z',
  `0x${'f'.repeat(64)}`,
  'ETH-27JUN27-4000-C',
  [],
  {},
]

/** Every member of a document in turn, with every odd value in its place. */
function* oddities(value: Json): Generator<Json> {
  if (!isJsonObject(value)) return
  for (const [name, member] of Object.entries(value)) {
    for (const other of odd) yield { ...value, [name]: other }
    for (const inside of oddities(member)) yield { ...value, [name]: inside }
  }
}

test('a record that the maker has signed and that says odd things is refused, and nothing throws', async () => {
  const world = await confirmed()
  const { record: jws = {} } = tradeIn(world.ALDER)
  const record = valueOf(parseJson(valueOf(fromBase64Url(textMember(jws, 'payload')))))
  const fresh = await twoParties()
  await execute(fresh.CEDAR)
  const signer = fresh.ALDER.keys.signer('record')
  for (const evil of oddities(record)) {
    const signed = signJws(utf8(canonicalJson(evil)), tradeRecordTyp, signer)
    const answer = await onConfirmation(fresh.CEDAR.core.peering, 'ALDER', { record: signed })
    assert.ok(isRefusal(answer), canonicalJson(evil))
  }
  assert.deepEqual(fresh.CEDAR.bugs, [])
  assert.equal(tradeIn(fresh.CEDAR).phase, 'refused')
})
