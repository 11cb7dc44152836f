// A desk with a stock FIX engine, QuickFIX C++ with a file store, at the real CEDAR gateway: it trades with ALDER and
// settles on chain, and nothing is lost or done twice when the line is cut or the gateway is killed.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { FixSessionView } from '#gateway'
import { build, missing, startPeer, type Peer } from '../../scripts/peers/quickfix/peer.ts'
import { scratch } from './demo-run.ts'
import {
  ask,
  auditWorld,
  expired,
  openLiveWorld,
  orderOf,
  settleTrade,
  tradesOf,
  until,
  type LiveWorld,
} from './live-world.ts'
import { startRelay, type Relay } from './relay.ts'

const reason = missing() ?? expired()
const waitMs = 60_000
const session = 'FIX.4.4:CEDAR->DESK'

type Desk = {
  readonly world: LiveWorld
  readonly relay: Relay
  readonly peer: Peer
  readonly store: string
}

async function openDesk(t: TestContext, ...kills: Parameters<typeof openLiveWorld>[1] & {}): Promise<Desk> {
  const world = await openLiveWorld(t, kills)
  const folder = scratch(t)
  const client = await build('client', folder)
  const relay = await startRelay(world.ports.fixCedar)
  t.after(() => relay.close())
  const store = join(folder, 'store')
  const peer = startPeer(client, 'client.cfg', { port: relay.port, store, sender: 'DESK', target: 'CEDAR' })
  t.after(() => peer.kill())
  await peer.line(['LOGON'], { waitMs })
  return { world, relay, peer, store }
}

/** Asks for that many contracts and waits for the quote. */
async function quote({ peer }: Desk, id: string, quantity: number): Promise<void> {
  const since = peer.lines.length
  peer.say(`rfq RFQ-${id} ETH ETH-25JUN27-4000-C ${quantity}`)
  await peer.line(['IN app', '|35=S|', `|131=RFQ-${id}|`], { since, waitMs })
}

const order = ({ peer }: Desk, id: string): void => peer.say(`order ORD-${id}`)

/** The fill as the desk has it: ExecType F, whole. */
const fill = ({ peer }: Desk, id: string): Promise<string> =>
  peer.line(['IN app', '|35=8|', `|11=ORD-${id}|`, '|150=F|', '|39=2|'], { waitMs })

async function settle({ world }: Desk, id: string): Promise<void> {
  const { tradeId } = await orderOf(world.urls.cedar, `ORD-${id}`)
  assert.ok(tradeId)
  await settleTrade(world, tradeId)
}

test('a stock QuickFIX desk trades to settlement through a cut line and a killed gateway', async (t) => {
  if (reason !== undefined) return t.skip(reason)
  const desk = await openDesk(t, { name: 'CEDAR', step: 'order-placed' })
  await killedBetweenOrderAndFill(desk)
  await cutBeforeTheOrderArrives(desk)
  await cutBeforeTheFillArrives(desk)
  await killedRightAfterTheFill(desk)
  await nothingTwice(desk, ['1', '2', '3', '4'])
  await sequencesGoOn(desk)
  await desk.peer.quit()
  await desk.world.stop()
  auditWorld(desk.world)
})

/** The order is durable at CEDAR and has not left it. */
async function killedBetweenOrderAndFill(desk: Desk): Promise<void> {
  await quote(desk, '1', 10)
  const since = desk.peer.lines.length
  order(desk, '1')
  await desk.peer.line(['LOGOUT'], { since, waitMs })
  await desk.peer.line(['LOGON'], { since, waitMs })
  await fill(desk, '1')
  assert.equal(desk.world.kills('CEDAR'), 1)
  await settle(desk, '1')
}

/** The gateway sees the gap at the next logon and asks for the order again. */
async function cutBeforeTheOrderArrives(desk: Desk): Promise<void> {
  await quote(desk, '2', 20)
  const since = desk.peer.lines.length
  desk.relay.lose('client')
  order(desk, '2')
  await desk.peer.line(['OUT app', '|35=D|', '|11=ORD-2|'], { since })
  desk.relay.cut()
  await desk.peer.line(['IN admin', '|35=2|'], { since, waitMs })
  await desk.peer.line(['OUT app', '|35=D|', '|43=Y|', '|11=ORD-2|'], { since, waitMs })
  await fill(desk, '2')
  await settle(desk, '2')
}

/** The desk sees the gap at the next logon and asks for the fill again. */
async function cutBeforeTheFillArrives(desk: Desk): Promise<void> {
  await quote(desk, '3', 30)
  const since = desk.peer.lines.length
  desk.relay.lose('server')
  order(desk, '3')
  await orderOf(desk.world.urls.cedar, 'ORD-3')
  desk.relay.cut()
  await desk.peer.line(['OUT admin', '|35=2|'], { since, waitMs })
  assert.match(await fill(desk, '3'), /\|43=Y\|/)
  await settle(desk, '3')
}

/** The fill was never heard, and the process that sent it is gone: the next one has it on disk. */
async function killedRightAfterTheFill(desk: Desk): Promise<void> {
  await quote(desk, '4', 40)
  desk.relay.lose('server')
  order(desk, '4')
  await orderOf(desk.world.urls.cedar, 'ORD-4')
  await desk.world.kill('CEDAR')
  desk.relay.cut()
  assert.match(await fill(desk, '4'), /\|43=Y\|/)
  assert.equal(desk.world.kills('CEDAR'), 2)
  await settle(desk, '4')
}

/** One trade an order on both sides, and one fill an order for the desk. */
async function nothingTwice({ world, peer }: Desk, ids: readonly string[]): Promise<void> {
  for (const url of [world.urls.alder, world.urls.cedar]) {
    const asked = (await tradesOf(url)).map(({ quoteReqId }) => quoteReqId)
    assert.deepEqual(
      asked.toSorted(),
      ids.map((id) => `RFQ-${id}`),
    )
  }
  const fills = peer.lines.filter((line) => line.startsWith('IN app') && line.includes('|35=8|'))
  const execIds = fills.map((line) => /\|17=([^|]+)\|/.exec(line)?.[1])
  assert.equal(execIds.length, ids.length)
  assert.equal(new Set(execIds).size, ids.length)
}

/** No reset, no reject; and both sides expect of each other exactly what the other will send. */
async function sequencesGoOn({ world, peer, store }: Desk): Promise<void> {
  for (const bad of ['|141=Y|', '|35=3|', '|35=j|'])
    assert.ok(!peer.lines.some((line) => line.includes(bad)), `no message has ${bad}`)
  await until('both sides count alike', async () => {
    const page = await ask<{ items: readonly FixSessionView[] }>(world.urls.cedar, '/v1/fix/sessions')
    const view = page?.items.find(({ id }) => id === session)
    const [theirs, ours] = numbersOf(store)
    return view?.nextSenderMsgSeqNum === ours && view?.nextTargetMsgSeqNum === theirs ? true : undefined
  })
  const [theirs = 0, ours = 0] = numbersOf(store)
  // Four requests and four orders of the desk, each answered; besides, at least three logons.
  assert.ok(theirs > 11 && ours > 11, `${theirs} and ${ours} were never reset`)
}

/** What QuickFIX will send and expects next, from its own file. */
function numbersOf(store: string): readonly number[] {
  const name = readdirSync(store).find((file) => file.endsWith('.seqnums')) ?? ''
  return readFileSync(join(store, name), 'utf8')
    .split(':')
    .map((text) => Number.parseInt(text.trim(), 10))
}
