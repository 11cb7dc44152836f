// A sandbox world on the machine's own clock, for peers that have no other, and what a test asks of it from outside.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { isRefusal, parseInstant, systemClock } from '#core'
import type { OrderView, TradeDetail, TradeView } from '#gateway'
import { approveTrade, openWorld, urlsOf, type KillPoint, type World } from '#sandbox'
import { auditJournal, disagreements, readSqliteJournal } from '../audit/journal.ts'
import { freePortBase, scratch } from './demo-run.ts'

export type LiveWorld = World & {
  readonly urls: { readonly alder: string; readonly cedar: string }
  /** SIGKILL; resolves when the process is ready again. */
  kill(name: string): Promise<void>
  /** How often SIGKILL has ended it. */
  kills(name: string): number
  /** What the sandbox said while it ran and while it stopped. */
  readonly said: readonly string[]
}

/** Patient: a shared machine may be slow. */
const waitMsMax = 60_000
const pollMs = 50
const quoteLifetimeMs = 60_000
const expiry = parseInstant('2027-06-25T08:00:00.000Z')

/** Why the fixture's option cannot be traded on a real clock any more; undefined while it can. */
export const expired = (): string | undefined =>
  isRefusal(expiry) || systemClock.now() >= expiry
    ? 'ETH-25JUN27-4000-C has expired: the example needs a younger option on a real clock'
    : undefined

/** Quotes stand for a minute, so that a restart on a slow machine does not end them. Stops with the test. */
export async function openLiveWorld(t: TestContext, kills: readonly KillPoint[] = []): Promise<LiveWorld> {
  // Registered before the folder goes: what writes to it is stopped first.
  let opened: World | undefined
  t.after(() => opened?.stop())
  const dir = join(scratch(t), 'world')
  const portBase = await freePortBase()
  const said: string[] = []
  const progress = (line: string): void => {
    said.push(line.trim())
    t.diagnostic(line.trim())
  }
  const world = await openWorld({ dir, portBase, kills, clock: 'real', quoteLifetimeMs, progress })
  assert.ok(!isRefusal(world), isRefusal(world) ? world.detail : '')
  opened = world
  const named = (name: string) => {
    const found = world.processes.find((one) => one.name === name)
    assert.ok(found, `there is a process ${name}`)
    return found
  }
  const { ALDER: alder = '', CEDAR: cedar = '' } = urlsOf(world.ports)
  const kill = (name: string): Promise<void> => named(name).kill()
  return { ...world, urls: { alder, cedar }, kill, said, kills: (name) => named(name).kills() }
}

/** Looks until there is something to see. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const endsAt = performance.now() + waitMsMax
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    assert.ok(performance.now() < endsAt, `it did not happen in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

/** The answer, or nothing while the gateway is away or says no. */
export async function ask<T>(url: string, path: string): Promise<T | undefined> {
  try {
    const response = await fetch(`${url}${path}`)
    // oxlint-disable-next-line no-unsafe-type-assertion -- what our own API describes
    return response.ok ? ((await response.json()) as T) : undefined
  } catch {
    return undefined
  }
}

export const orderOf = (url: string, clOrdId: string): Promise<OrderView> =>
  until(`the order ${clOrdId} is filled`, async () => {
    const order = await ask<OrderView>(url, `/v1/orders/${encodeURIComponent(clOrdId)}`)
    return order?.ordStatus === 'Filled' ? order : undefined
  })

export const tradesOf = async (url: string): Promise<readonly TradeView[]> =>
  (await ask<{ readonly items: readonly TradeView[] }>(url, '/v1/trades'))?.items ?? []

/** Operators of both sides approve as soon as they can; both gateways see the same transaction settle the trade. */
export async function settleTrade(world: LiveWorld, tradeId: string): Promise<TradeDetail> {
  const path = `/v1/trades/${encodeURIComponent(tradeId)}`
  const { operators } = world.ceremony
  const settled = await until(`${tradeId} settles on both sides`, async () => {
    const alder = await ask<TradeDetail>(world.urls.alder, path)
    const cedar = await ask<TradeDetail>(world.urls.cedar, path)
    if (alder?.status === 'settled' && cedar?.status === 'settled') return { alder, cedar }
    await approveTrade(world.urls.alder, alder, operators['ALDER'] ?? [])
    await approveTrade(world.urls.cedar, cedar, operators['CEDAR'] ?? [])
    return undefined
  })
  assert.equal(settled.alder.settlement?.txHash, settled.cedar.settlement?.txHash)
  assert.match(settled.cedar.settlement?.txHash ?? '', /^0x[0-9a-f]{64}$/)
  return settled.cedar
}

/**
 * Once all are stopped: nobody failed or had to be killed for it, and what both gateways left on disk is whole and
 * without a word that the other contradicts.
 */
export function auditWorld(world: LiveWorld): void {
  assert.deepEqual(
    world.said.filter((line) => line.includes(' stopped: ')),
    [],
  )
  const read = (name: string) =>
    auditJournal(readSqliteJournal(join(world.dir, name, 'data/journal.db'), `${name}.example/journal`))
  const [alder, cedar] = [read('alder'), read('cedar')]
  assert.deepEqual([...alder.problems, ...cedar.problems], [])
  assert.deepEqual(disagreements(alder.entries, cedar.entries), [])
}
