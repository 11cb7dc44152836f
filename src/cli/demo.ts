// `poundlock demo` (npm start): runs the sandbox and tells its story on one screen, every number read or computed.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  fromMinor,
  formatDecimal,
  isRefusal,
  parseDecimal,
  refuse,
  roundDecimal,
  type JsonObject,
  type Refusal,
} from '#core'
import {
  defaultPortBase,
  parseKillPoint,
  runDemo,
  type DemoReport,
  type KillPoint,
  type RunningDemo,
} from '#sandbox'
import { refuseWith, type Output } from './output.ts'

export type DemoArguments = {
  readonly dir: string
  readonly portBase: number | undefined
  readonly once: boolean
  readonly tamper: number | undefined
  readonly kills: readonly string[]
}

const project = fileURLToPath(new URL('../..', import.meta.url))
export const gatewayVersionLine = 'poundlock 0.1.0 demo · sandbox keys, never use with real money'

export async function demo(args: DemoArguments, output: Output): Promise<number> {
  const kills: KillPoint[] = []
  for (const text of args.kills) {
    const point = parseKillPoint(text)
    if (isRefusal(point)) return refuseWith(point, output)
    kills.push(point)
  }
  const built = await buildConsole()
  if (built) return refuseWith(built, output)
  const portBase = args.portBase ?? defaultPortBase
  output.say(`${gatewayVersionLine} · console http://127.0.0.1:${portBase + 420}\n`)
  const running = await runDemo({ dir: args.dir, portBase, kills, progress: output.say })
  if (isRefusal(running)) return refuseWith(running, output)
  const code = await conclude(running, args, output)
  if (!args.once) await untilAsked(output)
  await running.stop()
  return code
}

async function conclude({ report }: RunningDemo, args: DemoArguments, output: Output): Promise<number> {
  for (const line of linesOf(report)) output.say(line)
  const verified = report.pack ? await verify(report.pack.path) : undefined
  const tampered = args.tamper === undefined ? undefined : await tamper(report, args.tamper)
  if (isRefusal(tampered)) return refuseWith(tampered, output)
  for (const line of proofLines(report, verified, tampered)) output.say(line)
  output.document({ ...report, verified, ...(tampered ? { tampered } : {}) })
  const cleanlyRefused = report.story.status !== 'settled' && report.story.agreed && report.kills.length > 0
  if (report.story.status !== 'settled') return cleanlyRefused ? 0 : 1
  return verified?.ok && report.story.agreed && conserved(report) ? 0 : 5
}

/** Vite is a development tool of the console; a published package would carry the built pages. */
async function buildConsole(): Promise<Refusal | undefined> {
  if (existsSync(join(project, 'console/dist/index.html'))) return undefined
  const vite = join(project, 'node_modules/vite/bin/vite.js')
  if (!existsSync(vite))
    return refuse('missing-binary', 'the console is not built and vite is not installed; run npm ci')
  const { code, text } = await run(
    process.execPath,
    [vite, 'build', '--logLevel', 'error'],
    join(project, 'console'),
  )
  return code === 0 ? undefined : refuse('internal', `the console does not build: ${text}`)
}

function run(command: string, args: readonly string[], cwd: string): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.on('error', (error) => resolve({ code: 1, text: error.message }))
    child.on('exit', (code) => resolve({ code: code ?? 1, text }))
  })
}

type Verdict = { readonly ok: boolean; readonly problems: readonly JsonObject[]; readonly checks: number }

/** The verifier is a program of its own, which shares no code with the gateway. */
async function verify(path: string): Promise<Verdict> {
  const { text } = await run(
    process.execPath,
    [join(project, 'verifier/src/cli.ts'), path, '--json'],
    project,
  )
  const report = JSON.parse(text) as { ok: boolean; problems: JsonObject[]; checked: { count: number }[] }
  return {
    ok: report.ok,
    problems: report.problems,
    checks: report.checked.reduce((sum, { count }) => sum + count, 0),
  }
}

type Tampered = { readonly entry: number; readonly path: string; readonly verdict: Verdict }

/** Changes one character inside the leaf of the n-th entry of the pack, and lets the verifier look. */
async function tamper(report: DemoReport, wanted: number): Promise<Tampered | Refusal> {
  if (!report.pack) return refuse('usage', 'there is no evidence to tamper with: the trade did not settle')
  const lines = readFileSync(report.pack.path, 'utf8').split('\n')
  const entries = lines.flatMap((line, at) => (line.endsWith('"section":"entry"}') ? [at] : []))
  const at = entries[wanted]
  if (at === undefined)
    return refuse('usage', `--tamper takes 0 to ${entries.length - 1}: entries of the pack`)
  lines[at] = (lines[at] ?? '').replace(
    /(\\"corr\\":\\")(.)/,
    (_match, start: string, first: string) => `${start}${first === 'x' ? 'y' : 'x'}`,
  )
  const path = report.pack.path.replace(/\.pack$/, '.tampered.pack')
  writeFileSync(path, lines.join('\n'))
  return { entry: wanted, path, verdict: await verify(path) }
}

const untilAsked = (output: Output): Promise<void> => {
  output.say('\n serving until Ctrl-C')
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}

const seconds = (ms: number | undefined): string => `${((ms ?? 0) / 1_000).toFixed(1)}s`

function linesOf(report: DemoReport): readonly string[] {
  const { startedMs, story, ports, balances } = report
  const { trade, quote, mark, policy, plan } = story
  const settlement = trade['settlement'] as JsonObject | undefined
  const head = [
    ` ledgers   lagoon eip155:31337 ✓ ${seconds(startedMs['lagoon'])}   harbour eip155:31338 ✓ ${seconds(startedMs['harbour'])}`,
    ` gateways  ALDER :${ports.peerAlder} ✓   CEDAR :${ports.peerCedar} ✓   mutual TLS 1.3, pinned   witnesses 2/2 ✓`,
    '',
    ` 1 TRADE   CEDAR ─FIX 35=R→ ALDER   ${String(trade['quantity'] ?? '')} × ${String(trade['securityId'] ?? '')}`,
    `           quote ${String(quote['bidPx'])} / ${String(quote['offerPx'])}   fair ${short(mark['fair'], '0.01')}   Δ ${short(mark['delta'], '0.001')}   vega ${vegaOfTrade(report)}/pt   ORD-0001 filled @ ${String(trade['price'] ?? '')}`,
  ]
  if (story.status !== 'settled') return [...head, ...endLines(report)]
  return [
    ...head,
    `   PLAN    ${plan.route} DvP   trust: ${plan.trust}   lock ${plan.lockSeconds} s   (a 2 h hash time lock would give away ${plan.htlc.basisPoints} bp = ${money(plan.htlc.minor, 0)} USDC)`,
    `   POLICY  allow  ${policy.rules.join(' ')}   (${limitText(report)})   four eyes: ${Object.entries(
      story.approvals,
    )
      .map(([name, who]) => `${name} ${who.join('+')}`)
      .join(', ')}`,
    `   SIGN    digest ${String(settlement?.['digest'])}   both parties, EIP-712`,
    `   SETTLE  USDC ${moved(balances.before.ALDER.usdcMinor, balances.after.ALDER.usdcMinor)} → ALDER   |   ${BigInt(balances.after.CEDAR.contracts) - BigInt(balances.before.CEDAR.contracts)} × 4000C → CEDAR      1 tx ${String(settlement?.['txHash'])}`,
    ...killLines(report),
  ]
}

const endLines = (report: DemoReport): readonly string[] => [
  `   REFUSED ${JSON.stringify(report.story.refusal ?? report.desk)}`,
  `           both journals agree: ${report.story.agreed ? 'yes' : 'NO'}   money conserved: ${conserved(report) ? 'yes' : 'NO'}`,
  ...killLines(report),
]

const killLines = (report: DemoReport): readonly string[] =>
  report.kills.map(
    ({ point, killed }) =>
      `   KILL    ${killed ? '✗' : '·'} ${point}${killed ? '' : ' (not reached)'}   after the restart: ${report.story.status}, both journals agree: ${report.story.agreed ? 'yes' : 'NO'}, money conserved: ${conserved(report) ? 'yes' : 'NO'}`,
  )

function conserved({ balances: { before, after } }: DemoReport): boolean {
  const sum = (side: DemoReport['balances']['before'], member: 'usdcMinor' | 'contracts'): bigint =>
    BigInt(side.ALDER[member]) + BigInt(side.CEDAR[member])
  return (
    sum(before, 'usdcMinor') === sum(after, 'usdcMinor') &&
    sum(before, 'contracts') === sum(after, 'contracts')
  )
}

function limitText({ story }: DemoReport): string {
  const context = (story.policy.inputs['context'] ?? {}) as JsonObject
  return `used ${money(String(BigInt(String(context['amountCents'] ?? 0)) * 10_000n), 2)} USDC`
}

const moved = (before: string, after: string): string => money((BigInt(after) - BigInt(before)).toString(), 2)

/** 43072000000 → 43,072.00 */
function money(minor: string, places: number): string {
  const [whole = '0', fraction = ''] = formatDecimal(fromMinor(BigInt(minor), 6)).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return places === 0 ? grouped : `${grouped}.${fraction.padEnd(places, '0').slice(0, places)}`
}

function short(value: unknown, step: string): string {
  const number = parseDecimal(String(value))
  const grid = parseDecimal(step)
  return isRefusal(number) || isRefusal(grid) ? '' : formatDecimal(roundDecimal(number, grid, 'half-even'))
}

function vegaOfTrade({ story }: DemoReport): string {
  const vega = parseDecimal(String(story.mark['vegaPerVolPt']))
  const quantity = parseDecimal(String(story.trade['quantity']))
  if (isRefusal(vega) || isRefusal(quantity)) return ''
  return short(
    formatDecimal({ mantissa: vega.mantissa * quantity.mantissa, scale: vega.scale + quantity.scale }),
    '1',
  )
}

function proofLines(
  report: DemoReport,
  verified: Verdict | undefined,
  tampered: Tampered | undefined,
): readonly string[] {
  if (!report.pack) return []
  const pack = relative(process.cwd(), report.pack.path)
  const verdict = verified?.ok ? `✓ ${verified.checks} checks hold` : '✗ does not verify'
  const lines = [
    '',
    ` PROOF     evidence → ./${pack} (${report.pack.entries} entries of two logs, ${report.pack.bytes} bytes, cosigned 2/2)   ${verdict}`,
    `           verify it offline:      npm run poundlock -- verify ${pack}`,
    `           without our code:       python3 verifier/python/verify.py ${pack}`,
    `           try to cheat:           npm start -- --once --tamper ${Math.floor(report.pack.entries / 2)}`,
    '           break it yourself:      npm start -- --once --kill ALDER@trade-confirmed',
  ]
  return tampered ? [...lines, ...tamperLines(tampered)] : lines
}

const tamperLines = ({ entry, verdict }: Tampered): readonly string[] => [
  '',
  ` TAMPER    one character of entry ${entry} of the pack changed → ${verdict.ok ? 'NOT FOUND' : 'FAIL'}`,
  ...verdict.problems.map((problem) =>
    [
      '          ',
      problem['check'],
      'at entry',
      problem['index'] ?? '-',
      'of',
      problem['log'] ?? problem['section'],
    ]
      .map(String)
      .join(' '),
  ),
]
