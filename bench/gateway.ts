import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { invariant } from '#core'
import { build, missing } from '../scripts/peers/quickfix/peer.ts'
import {
  end,
  lineOf,
  middleOf,
  ratio,
  runOurs,
  runTheirs,
  toRows,
  withOurAcceptor,
  withTheirAcceptor,
  type BenchRow,
  type Lab,
  type Plan,
  type Result,
} from './fix-roundtrip.ts'

const plans: readonly Plan[] = [
  { window: 100, count: 6_000, warmUp: 2_000 },
  { window: 1, count: 2_000, warmUp: 1_000 },
]
type Trading = { readonly quote: Result; readonly order: Result }

/**
 * The whole maker up to the fill, over the same loopback as the session layer alone: QuoteRequest → Quote, then
 * NewOrderSingle → fill, each order against a quote of its own. Every message passes policy and pricing and is in the
 * journal before it is answered. Beside it the session layer and QuickFIX (file store) with the same windows, in the
 * same run. The taker is ours, except where QuickFIX talks to itself.
 */
export async function benchGateway(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'poundlock-gateway-'))
  try {
    const program = missing() === undefined ? await build('roundtrip', folder) : undefined
    const rows: BenchRow[] = []
    for (const plan of plans) rows.push(...(await measurePlan({ folder, program }, plan)))
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measurePlan(lab: Lab, plan: Plan): Promise<BenchRow[]> {
  const label = (what: string): string => `${what}, window ${plan.window}`
  const session = await middleOf(lab, (at) => runSession(at, plan), perSecond)
  const theirs = lab.program === undefined ? undefined : await runQuickFix(lab, lab.program, plan)
  const rows = toRows(label('session layer alone, ours to ours, no sync'), session)
  if (theirs) rows.push(...toRows(label('QuickFIX to QuickFIX, file store'), theirs))
  for (const kind of ['no-sync', 'durable'] as const) {
    const { quote, order } = await middleOf(
      lab,
      (at) => runMaker(kind, at, plan),
      (both) => both.order.perSecond,
    )
    const [quotes, fills] = [`RFQ to quote, ${kind}`, `order to fill with policy, ${kind}`].map(label)
    invariant(quotes !== undefined && fills !== undefined, 'there are two labels')
    rows.push(...toRows(quotes, quote), ...toRows(fills, order))
    rows.push({ name: `${fills}, over the session layer alone`, value: ratio(order, session), unit: '×' })
    if (theirs) rows.push({ name: `${fills}, over QuickFIX`, value: ratio(order, theirs), unit: '×' })
  }
  return rows
}

const perSecond = (result: Result): number => result.perSecond

const runSession = (folder: string, plan: Plan): Promise<Result> =>
  withOurAcceptor('no-sync', folder, (port) => runOurs(port, 'no-sync', folder, plan))

const runQuickFix = (lab: Lab, program: string, plan: Plan): Promise<Result> =>
  middleOf(
    lab,
    (at) => withTheirAcceptor(program, at, (port) => runTheirs(program, port, at, plan)),
    perSecond,
  )

async function runMaker(kind: 'no-sync' | 'durable', folder: string, plan: Plan): Promise<Trading> {
  const maker = spawn(process.execPath, [script('maker'), kind, join(folder, 'maker')])
  try {
    const [, port = ''] = (await lineOf(maker, 'READY')).split(' ')
    const numbers = [plan.count, plan.window, plan.warmUp].map(String)
    const taker = spawn(process.execPath, [script('taker'), port, ...numbers])
    const trading: Trading = JSON.parse(await lineOf(taker, '{'))
    await end(taker)
    return trading
  } finally {
    await end(maker)
  }
}

const script = (name: string): string => join(import.meta.dirname, 'gateway', `${name}.ts`)
