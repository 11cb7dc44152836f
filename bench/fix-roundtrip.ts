import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { invariant } from '#core'
import { build, environment, missing, type PeerSettings } from '../scripts/peers/quickfix/peer.ts'
import type { StoreKind } from './fix/store.ts'

export type BenchRow = { readonly name: string; readonly value: number; readonly unit: string }

/** Orders per run; the median of the rounds counts. */
const rounds = 3
const plans: readonly Plan[] = [
  { window: 1_000, count: 40_000, warmUp: 10_000 },
  { window: 1, count: 8_000, warmUp: 2_000 },
]
export type Plan = { readonly window: number; readonly count: number; readonly warmUp: number }
export type Result = { readonly perSecond: number; readonly p50Us: number; readonly p99Us: number }

export type Lab = { readonly folder: string; readonly program: string | undefined }

/**
 * NewOrderSingle → ExecutionReport over loopback, each side a process of its own, dictionary validation on at both
 * ends. The driver is the same QuickFIX initiator (file store) against QuickFIX's acceptor (file store, which
 * never syncs) and against ours; then ours against ours. Without QuickFIX only the last is measured.
 */
export async function benchFixRoundTrip(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'poundlock-roundtrip-'))
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
  const label = (who: string): string => `FIX round trips, ${who}, window ${plan.window.toLocaleString('en')}`
  const ours = await median(lab, (at) =>
    withOurAcceptor('no-sync', at, (port) => runOurs(port, 'no-sync', at, plan)),
  )
  const rows = toRows(label('ours to ours, no sync'), ours)
  const { program } = lab
  if (program === undefined) return rows
  const theirs = await median(lab, (at) =>
    withTheirAcceptor(program, at, (port) => runTheirs(program, port, at, plan)),
  )
  rows.push(...toRows(label('QuickFIX to QuickFIX, file store'), theirs))
  for (const kind of ['no-sync', 'durable'] as const) {
    const result = await median(lab, (at) =>
      withOurAcceptor(kind, at, (port) => runTheirs(program, port, at, plan)),
    )
    rows.push(...toRows(label(`QuickFIX to ours, ${kind}`), result))
    rows.push({
      name: `${label(`QuickFIX to ours, ${kind}`)}, over QuickFIX`,
      value: ratio(result, theirs),
      unit: '×',
    })
  }
  rows.push({
    name: `${label('ours to ours, no sync')}, over QuickFIX`,
    value: ratio(ours, theirs),
    unit: '×',
  })
  return rows
}

export const ratio = (a: Result, b: Result): number => Math.round((a.perSecond / b.perSecond) * 100) / 100

export function toRows(name: string, { perSecond, p50Us, p99Us }: Result): BenchRow[] {
  return [
    { name, value: perSecond, unit: '1/s' },
    { name: `${name}, p50`, value: p50Us, unit: 'µs' },
    { name: `${name}, p99`, value: p99Us, unit: 'µs' },
  ]
}

/** Each round gets a folder of its own: no run continues the sequences of another. */
async function median(lab: Lab, run: (folder: string) => Promise<Result>): Promise<Result> {
  return middleOf(lab, run, ({ perSecond }) => perSecond)
}

/** The middle one of the rounds, by `rate`. */
export async function middleOf<T>(
  lab: Lab,
  run: (folder: string) => Promise<T>,
  rate: (result: T) => number,
): Promise<T> {
  const results: T[] = []
  for (let round = 0; round < rounds; round += 1)
    results.push(await run(mkdtempSync(join(lab.folder, 'run-'))))
  const middle = results.toSorted((a, b) => rate(a) - rate(b))[Math.floor(rounds / 2)]
  invariant(middle, 'there is a median')
  return middle
}

export async function withOurAcceptor(
  kind: StoreKind,
  folder: string,
  run: (port: number) => Promise<Result>,
): Promise<Result> {
  const child = spawn(process.execPath, [
    join(import.meta.dirname, 'fix/acceptor.ts'),
    kind,
    join(folder, 'acceptor.db'),
  ])
  try {
    const ready = await lineOf(child, 'READY')
    return await run(Number.parseInt(ready.slice('READY '.length), 10))
  } finally {
    await end(child)
  }
}

export async function withTheirAcceptor(
  program: string,
  folder: string,
  run: (port: number) => Promise<Result>,
): Promise<Result> {
  const port = await freePort()
  const env = environment({ ...common(port), store: join(folder, 'acceptor'), sender: 'EX', target: 'GW' })
  const child = spawn(program, ['acceptor', template('acceptor.cfg')], { env })
  try {
    await lineOf(child, 'READY')
    return await run(port)
  } finally {
    await end(child)
  }
}

export async function runTheirs(program: string, port: number, folder: string, plan: Plan): Promise<Result> {
  const env = environment({ ...common(port), store: join(folder, 'initiator'), sender: 'GW', target: 'EX' })
  const numbers = [plan.count, plan.window, plan.warmUp].map(String)
  return resultOf(spawn(program, ['initiator', template('initiator.cfg'), ...numbers], { env }))
}

export async function runOurs(port: number, kind: StoreKind, folder: string, plan: Plan): Promise<Result> {
  const numbers = [plan.count, plan.window, plan.warmUp].map(String)
  const script = join(import.meta.dirname, 'fix/initiator.ts')
  return resultOf(
    spawn(process.execPath, [script, String(port), kind, join(folder, 'initiator.db'), ...numbers]),
  )
}

async function resultOf(child: ChildProcess): Promise<Result> {
  const line = await lineOf(child, '{')
  await end(child)
  const parsed: unknown = JSON.parse(line)
  invariant(isResult(parsed), `a result has its numbers: ${line}`)
  return parsed
}

function isResult(value: unknown): value is Result {
  if (typeof value !== 'object' || value === null) return false
  return 'perSecond' in value && 'p50Us' in value && 'p99Us' in value
}

const dictionaryFile = join(
  process.env['POUNDLOCK_CORPORA'] ?? join(import.meta.dirname, '../../shared/corpora'),
  'fix-dict/quickfix/FIX44.xml',
)
const common = (port: number): Pick<PeerSettings, 'port' | 'resetOnLogon' | 'dictionary'> => ({
  port,
  resetOnLogon: true,
  ...(existsSync(dictionaryFile) && { dictionary: dictionaryFile }),
})
const template = (name: string): string => join(import.meta.dirname, '../scripts/peers/quickfix', name)

/** The first line that begins so; rejects when the program ends without one. */
export function lineOf(child: ChildProcess, beginning: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let errors = ''
    child.stderr?.on('data', (text: Buffer) => {
      errors += text.toString()
    })
    invariant(child.stdout, 'a child talks through pipes')
    createInterface({ input: child.stdout }).on('line', (line) => line.startsWith(beginning) && resolve(line))
    child.once('close', (code) => reject(new Error(`a peer ended with ${code}: ${errors}`)))
  })
}

export function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('close', () => resolve())
    child.stdin?.end()
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  invariant(address !== null && typeof address === 'object', 'a TCP server has an address')
  await new Promise((resolve) => server.close(resolve))
  return address.port
}
