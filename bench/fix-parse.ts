// FIX parse and validate, messages per second, on one option ExecutionReport of 55 fields: ours, jspurefix
// (installed into a temporary folder for the run) and QuickFIX C++ (where g++ and libquickfix are installed).
// The same bytes, in the same run; every figure is the best of ten rounds, as what else the machine does can only
// slow a round down.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  encodeMessage,
  getDictionary,
  group,
  parseMessage,
  validateMessage,
  type FixField,
  type FixMessage,
} from '#transport'
import { missing } from '../scripts/peers/quickfix/peer.ts'

export type Row = { readonly name: string; readonly value: number; readonly unit: string }

const rounds = 10
const messagesPerRound = 20_000
const warmUpMessages = 200_000
const jspurefixVersion = '5.11.4'
const corpora = process.env['POUNDLOCK_CORPORA'] ?? '../shared/corpora'

export async function benchFixParse(): Promise<readonly Row[]> {
  const message = executionReport()
  const folder = mkdtempSync(join(tmpdir(), 'poundlock-bench-'))
  try {
    const ours = benchOurs(message)
    const quickfix = benchQuickFix(message, folder)
    const jspurefix = benchJspurefix(message, folder)
    return [...ours, ...quickfix, ...jspurefix, ...ratios(ours, quickfix, jspurefix)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const perSecond = (name: string, value: number): Row => ({ name, value: Math.round(value), unit: 'msg/s' })
const skipped = (name: string, reason: string): Row[] => [
  { name: `${name}: not run (${reason})`, value: 0, unit: '' },
]

const parseOurs = 'FIX parse, ours'
const validateOurs = 'FIX parse + validate, ours'
const objectOurs = 'FIX parse + validate + object, ours'
const validateQuickFix = 'FIX parse + validate, QuickFIX C++'
const objectJspurefix = 'FIX parse to object, jspurefix'

function benchOurs(bytes: Uint8Array): Row[] {
  const dictionary = getDictionary('FIX.4.4')
  const parsed = (): FixMessage => {
    const message = parseMessage(bytes, dictionary)
    if ('kind' in message) throw new Error(`garbled: ${message.reason}`)
    return message
  }
  const validated = (): FixMessage => {
    const message = parsed()
    const reject = validateMessage(message, dictionary)
    if (reject !== undefined) throw new Error(reject.text)
    return message
  }
  return [
    perSecond(parseOurs, bestRate(parsed)),
    perSecond(validateOurs, bestRate(validated)),
    perSecond(
      objectOurs,
      bestRate(() => validated().toObject(dictionary)),
    ),
  ]
}

/** Keeps the optimiser from dropping the work. */
let kept: unknown

function bestRate(once: () => unknown): number {
  for (let i = 0; i < warmUpMessages; i++) kept = once()
  const rates = Array.from({ length: rounds }, () => {
    const begin = process.hrtime.bigint()
    for (let i = 0; i < messagesPerRound; i++) kept = once()
    return (messagesPerRound * 1e9) / Number(process.hrtime.bigint() - begin)
  })
  if (kept === undefined) throw new Error('nothing was measured')
  return Math.max(...rates)
}

function benchQuickFix(message: Uint8Array, folder: string): Row[] {
  const dictionary = resolve(corpora, 'fix-dict/quickfix/FIX44.xml')
  if (!existsSync(dictionary)) return skipped('QuickFIX C++', `no ${dictionary}`)
  const reason = missing()
  if (reason !== undefined) return skipped('QuickFIX C++', reason)
  const program = join(folder, 'parse-bench')
  const source = new URL('../scripts/peers/quickfix/parse-bench.cpp', import.meta.url).pathname
  run('g++', ['-std=c++14', '-O2', '-w', source, '-o', program, '-lquickfix', '-lpthread'])
  const file = join(folder, 'message.fix')
  writeFileSync(file, message)
  const found = JSON.parse(run(program, [dictionary, file, String(rounds), String(messagesPerRound)]))
  return [perSecond('FIX parse, QuickFIX C++', found.parse), perSecond(validateQuickFix, found.parseValidate)]
}

function benchJspurefix(message: Uint8Array, folder: string): Row[] {
  const home = join(folder, 'node_modules/jspurefix')
  const file = join(folder, 'message.txt')
  writeFileSync(file, Buffer.from(message).toString('latin1').replaceAll('\u0001', '|'))
  try {
    const spec = `jspurefix@${jspurefixVersion}`
    run('npm', ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', spec])
  } catch {
    return skipped('jspurefix', 'could not be installed')
  }
  // Its repository of FIX definitions comes zipped; its install script, which we do not run, would unzip it.
  run(process.execPath, ['../src/util/unzip.js', 'fix_repo.zip'], join(home, 'data'))
  const options = [
    '--dict=qf44',
    `--fix=${file}`,
    `--rounds=${rounds}`,
    `--msgs=${messagesPerRound}`,
    '--json',
  ]
  const output = run(process.execPath, ['--expose-gc', 'dist/jsfix-bench.js', ...options], home)
  const suite: { results: { name: string; timing: { min: number } }[] } = JSON.parse(
    output.slice(output.indexOf('{')),
  )
  /** `min` is in nanoseconds per message. */
  const rate = (name: string): number =>
    1e9 / (suite.results.find((result) => result.name === name)?.timing.min ?? Infinity)
  return [
    perSecond('FIX parse to view, jspurefix', rate('parse:view')),
    perSecond(objectJspurefix, rate('parse:object')),
  ]
}

function ratios(ours: readonly Row[], quickfix: readonly Row[], jspurefix: readonly Row[]): Row[] {
  const rows = [...ours, ...quickfix, ...jspurefix]
  const valueOf = (name: string): number => rows.find((row) => row.name === name)?.value ?? 0
  const ratio = (name: string, mine: string, other: string): Row[] =>
    valueOf(other) === 0
      ? []
      : [{ name, value: Math.round((valueOf(mine) / valueOf(other)) * 100) / 100, unit: '×' }]
  return [
    ...ratio('FIX parse + validate, ours ÷ QuickFIX C++', validateOurs, validateQuickFix),
    ...ratio('FIX parse + validate, ours ÷ jspurefix parse to object', validateOurs, objectJspurefix),
    ...ratio('FIX parse + validate + object, ours ÷ jspurefix parse to object', objectOurs, objectJspurefix),
  ]
}

const run = (program: string, args: readonly string[], cwd?: string): string =>
  execFileSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
    ...(cwd === undefined ? {} : { cwd }),
  })

/** The fill of an option trade: 55 fields, 567 bytes, two repeating groups. */
function executionReport(): Uint8Array {
  const header: FixField[] = [
    [49, 'ALDER'],
    [56, 'CEDAR'],
    [34, '2'],
    [52, '20261120-14:00:00.412'],
  ]
  const parties = group(453, [party('ALDER', '1'), party('CEDAR', '3'), party('CLRBANK', '4')])
  const option =
    '55=ETH 48=ETH-25JUN27-4000-C 22=8 461=OCECCN 167=OPT 541=20270625 201=1 202=4000 947=USD 231=1 207=XDER'
  const fill =
    '54=1 38=100 40=2 44=430.72 15=USD 59=3 32=100 31=430.72 151=0 14=100 6=430.72 60=20261120-14:00:00.411 77=O'
  const body: FixField[] = [
    ...fields('37=ORD-20261120-000001 198=ALD-77120 11=CLORD-20261120-000042'),
    ...parties,
    ...fields('17=EXEC-20261120-000007 150=F 39=2 1=CEDAR-DERIV-01 63=0 64=20261123'),
    ...fields(option),
    ...group(454, [fields('455=ETHC4000M27 456=8')]),
    ...fields(fill),
    [58, 'Filled in full against quote Q-20261120-19'],
  ]
  return encodeMessage({ beginString: 'FIX.4.4', header, msgType: '8', body })
}

const party = (id: string, role: string): FixField[] => [
  [448, id],
  [447, 'D'],
  [452, role],
]

const fields = (text: string): FixField[] =>
  text.split(' ').map((field) => [Number(field.split('=')[0]), field.split('=')[1] ?? ''])

if (import.meta.main) console.table(await benchFixParse())
