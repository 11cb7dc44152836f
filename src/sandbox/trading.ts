// The trade of the demo from outside: the desk's process, the operators' approvals, the evidence afterwards.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatInstant, isRefusal, refuse, systemClock, type Refusal } from '#core'
import { approvalOf, type TradeView } from '#gateway'
import { alder, cedar, type Ports } from './cast.ts'
import type { Ceremony } from './ceremony.ts'
import type { DeskFact } from './desk.ts'
import { askDoor, readDoor, orderDoor, type Items } from '#server'
import { startProcess } from './processes.ts'
import type { Story } from './story.ts'
import { storageRefusal } from './world.ts'

const tradeMsMax = 110_000
const pollMs = 100
const evidencePollsMax = 50
const ended: ReadonlySet<string> = new Set(['settled', 'refused', 'failed', 'busted', 'corrected'])

export const urlsOf = (ports: Ports): Readonly<Record<string, string>> => ({
  [alder.name]: `http://127.0.0.1:${ports.consoleAlder}`,
  [cedar.name]: `http://127.0.0.1:${ports.consoleCedar}`,
})

/** The desk trades, the operators approve, the ledger settles; or the trade is refused on both sides. */
export async function tradeOnce(
  progress: (line: string) => void,
  ports: Ports,
  ceremony: Ceremony,
  running: { stop(): Promise<unknown>; readonly down?: Promise<Refusal> }[],
): Promise<DeskFact | Refusal> {
  const where = [
    '--port',
    String(ports.fixCedar),
    '--starts-at',
    formatInstant(ceremony.startsAt),
    '--started-at',
    formatInstant(ceremony.startedAt),
  ]
  const ids = ['--quote-req-id', 'RFQ-0001', '--cl-ord-id', 'ORD-0001']
  const onFailed = (name: string, words: string): void => {
    if (words !== '') progress(`   ✗ ${name}: ${words}`)
  }
  const others = [...running]
  const desk = await startProcess({ name: 'desk', args: ['sandbox-desk', ...where, ...ids], onFailed })
  if (isRefusal(desk)) return desk
  running.push(desk)
  const down = Promise.race(others.flatMap((one) => one.down ?? []))
  const last = await within(tradeMsMax, Promise.race([desk.heard('ended'), down]))
  if (isRefusal(last)) return last
  if (!last) return refuse('request-timeout', 'the desk heard no fill and no refusal in time')
  // oxlint-disable-next-line no-unsafe-type-assertion -- what our own desk process says at its end
  const end = last['end'] as DeskFact
  if (end.fact !== 'filled') return end
  const over = new AbortController()
  const stopped = await Promise.race([settle(progress, urlsOf(ports), ceremony, over.signal), down])
  over.abort()
  return stopped ?? end
}

async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  const outcome = await Promise.race([work, late])
  clearTimeout(timer)
  return outcome
}

/** Operators of both sides look and approve as soon as there is a record; then both journals must have ended it. */
async function settle(
  progress: (line: string) => void,
  urls: Readonly<Record<string, string>>,
  ceremony: Ceremony,
  over: AbortSignal,
): Promise<undefined> {
  const until = performance.now() + tradeMsMax
  for (;;) {
    const sides = [alder, cedar].map(({ name }) => ({ name, url: urls[name] ?? '' }))
    const trades = await Promise.all(sides.map(({ url }) => firstTrade(url)))
    if (trades.every((one) => one && ended.has(one.status))) return
    for (const [index, { name, url }] of sides.entries())
      await approveTrade(url, trades[index], ceremony.operators[name] ?? [])
    if (over.aborted) return
    if (performance.now() > until) {
      progress('   … the trade is still open; see both consoles')
      return
    }
    await pause()
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pollMs))

async function firstTrade(url: string): Promise<TradeView | undefined> {
  const list = await askDoor<Items<TradeView>>(url, '/v1/trades')
  return isRefusal(list) ? undefined : list.items[0]
}

/** Those of one side who have not yet, over its API; nothing as long as there is nothing to approve. */
export async function approveTrade(
  url: string,
  trade: TradeView | undefined,
  operators: Ceremony['operators'][string],
): Promise<void> {
  if (!trade?.settlement || trade.recordHash === undefined || ended.has(trade.status)) return
  const { tradeId, recordHash, approvals } = trade
  const statement = { tradeId, recordHash, digest: trade.settlement.digest }
  for (const { id, signer } of operators) {
    if (approvals.includes(id)) continue
    const path = `/v1/trades/${encodeURIComponent(tradeId)}/approvals`
    await orderDoor<TradeView>(
      url,
      path,
      approvalOf(statement, signer),
      `approval-${id}-${systemClock.now()}`,
    )
  }
}

export type Evidence = {
  readonly path: string
  readonly entries: number
  readonly bytes: number
  /** Cosignatures on each log's checkpoint. */
  readonly cosignatures: readonly number[]
}

/** CEDAR's gateway gathers its own log and, over the peer link, ALDER's. Nothing where nothing settled. */
export async function gatherEvidence(
  dir: string,
  ports: Ports,
  story: Story,
): Promise<Evidence | Refusal | undefined> {
  if (story.trade?.status !== 'settled') return undefined
  const url = urlsOf(ports)[cedar.name] ?? ''
  for (let poll = 0; ; poll += 1) {
    const text = await readDoor(url, `/v1/trades/${encodeURIComponent(story.trade.tradeId)}/evidence`)
    if (!isRefusal(text)) return keep(join(dir, 'evidence.pack'), text)
    if (poll >= evidencePollsMax) return text
    await pause()
  }
}

function keep(path: string, text: string): Evidence | Refusal {
  try {
    writeFileSync(path, text)
  } catch (error) {
    return storageRefusal(path, error)
  }
  const lines = text.split('\n')
  const notes = lines.filter((line) => line.endsWith('"section":"checkpoint"}'))
  return {
    path,
    entries: lines.filter((line) => line.endsWith('"section":"entry"}')).length,
    bytes: Buffer.byteLength(text),
    // One signature line is the log's own.
    cosignatures: notes.map((note) => note.split('\u2014 ').length - 2),
  }
}
