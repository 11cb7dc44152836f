// `poundlock demo` (npm start): runs the sandbox and tells its story on one screen, every number read or computed.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  formatDecimal,
  fromMinor,
  isJsonObject,
  isRefusal,
  multiplyDecimal,
  parseDecimal,
  refuse,
  roundDecimal,
} from '#core'
import type { JsonObject, Refusal } from '#core'
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
  /** `sandbox` starts at the time of the fixture; `real` is for engines that have the machine's. */
  readonly clock: string
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
  const { clock } = args
  if (clock !== 'sandbox' && clock !== 'real')
    return refuseWith(refuse('usage', `--clock ${clock}: sandbox or real`), output)
  const built = await buildConsole()
  if (built) return refuseWith(built, output)
  const portBase = args.portBase ?? defaultPortBase
  output.say(`${gatewayVersionLine} · console http://127.0.0.1:${portBase + 420}\n`)
  const running = await runDemo({
    dir: args.dir,
    portBase,
    kills,
    clock,
    progress: (line) => output.say(line),
  })
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
  if (report.story.trade?.status !== 'settled') return endedCleanly(report) ? 0 : 1
  return verified?.ok && report.story.agreed && conserved(report) ? 0 : 5
}

/** A trade that a kill prevented is no failure of the demo when both sides say so and nothing moved. */
const endedCleanly = (report: DemoReport): boolean =>
  report.kills.length > 0 && report.story.agreed && conserved(report)

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
  // oxlint-disable-next-line no-unsafe-type-assertion -- the report format of spec/evidence-pack.md §5
  const report = JSON.parse(text) as Pick<Verdict, 'ok' | 'problems'> & { checked: { count: number }[] }
  return {
    ok: report.ok,
    problems: report.problems,
    checks: report.checked.reduce((sum, { count }) => sum + count, 0),
  }
}

type Tampered = {
  readonly entry: number
  readonly index: number
  readonly log: string
  readonly path: string
  readonly verdict: Verdict
}

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
  const { index, log } = placeOf(lines[at] ?? '')
  return { entry: wanted, index, log, path, verdict: await verify(path) }
}

/** An entry line of a pack, spec/evidence-pack.md §2.4. */
function placeOf(line: string): { readonly index: number; readonly log: string } {
  const found = /"index":(\d+),"log":"([^"]+)"/.exec(line)
  return { index: Number.parseInt(found?.[1] ?? '-1', 10), log: found?.[2] ?? '' }
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
  const { startedMs, ports, health, pack } = report
  const { lagoon, harbour } = startedMs
  const gateways = Object.entries(health).map(([name, { ok }]) => {
    const port = name === 'ALDER' ? ports.peerAlder : ports.peerCedar
    return `${name} :${port} ${ok ? '✓' : '✗'}`
  })
  const witnesses = pack ? `witnesses ${Math.min(...pack.cosignatures)}/2 ✓` : 'witnesses: see health'
  return [
    ` ledgers   lagoon eip155:31337 ✓ ${seconds(lagoon)}   harbour eip155:31338 ✓ ${seconds(harbour)}`,
    ` gateways  ${gateways.join('   ')}   mutual TLS 1.3, pinned   ${witnesses}`,
    '',
    ...tradeLines(report),
    ...(report.story.trade?.status === 'settled' ? settlementLines(report) : endLines(report)),
    ...killLines(report),
  ]
}

function tradeLines({ story, desk }: DemoReport): readonly string[] {
  const { trade, quote, mark } = story
  if (!trade || !quote || !mark) return [` 1 TRADE   CEDAR ─FIX 35=R→ ALDER   ${JSON.stringify(desk)}`]
  const greeks = `fair ${short(mark.fair, '0.01')}   Δ ${short(mark.delta, '0.001')}   vega ${vegaOf(mark, trade)}/pt`
  return [
    ` 1 TRADE   CEDAR ─FIX 35=R→ ALDER   ${trade.quantity} × ${trade.securityId}`,
    `           quote ${quote.bidPx} / ${quote.offerPx}   ${greeks}   ORD-0001 filled @ ${trade.price}`,
  ]
}

function settlementLines({ story, balances }: DemoReport): readonly string[] {
  const { plan, policy, approvals, trade } = story
  if (!plan || !trade?.settlement) return []
  const { htlc } = plan
  const given = `a 2 h hash time lock would give away ${htlc.basisPoints} bp = ${money(htlc.minor, 0)} USDC`
  const eyes = Object.entries(approvals).map(([name, who]) => `${name} ${who.join('+')}`)
  const { before, after } = balances
  const options = BigInt(after.CEDAR.contracts) - BigInt(before.CEDAR.contracts)
  return [
    `   PLAN    ${plan.route} DvP   trust: ${plan.trust}   lock ${plan.lockSeconds} s   (${given})`,
    `   POLICY  allow  ${policy.rules.join(' ')}   (used ${usedOf(policy.inputs)} USDC)   four eyes: ${eyes.join(', ')}`,
    `   SIGN    digest ${trade.settlement.digest}   both parties, EIP-712`,
    `   SETTLE  USDC ${moved(before.ALDER.usdcMinor, after.ALDER.usdcMinor)} → ALDER   |   ${options} × ${trade.securityId} → CEDAR`,
    `           1 tx ${trade.settlement.txHash}   both legs or neither`,
  ]
}

const endLines = (report: DemoReport): readonly string[] => [
  `   REFUSED ${JSON.stringify(report.story.trade?.refusal ?? report.desk)}`,
  `           both journals agree: ${report.story.agreed ? 'yes' : 'NO'}   money conserved: ${conserved(report) ? 'yes' : 'NO'}`,
]

const killLines = (report: DemoReport): readonly string[] =>
  report.kills.map(
    ({ point, killed }) =>
      `   KILL    ${killed ? '✗' : '·'} ${point}${killed ? '' : ' (not reached)'}   after the restart: ${report.story.trade?.status ?? 'no trade'}, both journals agree: ${report.story.agreed ? 'yes' : 'NO'}, money conserved: ${conserved(report) ? 'yes' : 'NO'}`,
  )

function conserved({ balances: { before, after } }: DemoReport): boolean {
  return (
    total(before, 'usdcMinor') === total(after, 'usdcMinor') &&
    total(before, 'contracts') === total(after, 'contracts')
  )
}

const total = (
  { ALDER, CEDAR }: DemoReport['balances']['before'],
  member: 'usdcMinor' | 'contracts',
): bigint => BigInt(ALDER[member]) + BigInt(CEDAR[member])

/** What policy counted: cents of the premium. */
function usedOf({ context = null }: JsonObject): string {
  const cents = isJsonObject(context) ? context['amountCents'] : undefined
  return typeof cents === 'number' ? money((BigInt(cents) * 10_000n).toString(), 2) : '?'
}

const moved = (before: string, after: string): string => money((BigInt(after) - BigInt(before)).toString(), 2)

/** 43072000000 → 43,072.00; rounded half-even to the places asked. */
function money(minor: string, places: number): string {
  const amount = roundDecimal(fromMinor(BigInt(minor), 6), { mantissa: 1n, scale: places }, 'half-even')
  const [whole = '0', fraction = ''] = formatDecimal(amount).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return places === 0 ? grouped : `${grouped}.${fraction.padEnd(places, '0')}`
}

function short(text: string, step: string): string {
  const value = parseDecimal(text)
  const grid = parseDecimal(step)
  return isRefusal(value) || isRefusal(grid) ? '' : formatDecimal(roundDecimal(value, grid, 'half-even'))
}

/** Of the whole trade. */
function vegaOf(mark: { readonly vegaPerVolPt: string }, trade: { readonly quantity: string }): string {
  const vega = parseDecimal(mark.vegaPerVolPt)
  const quantity = parseDecimal(trade.quantity)
  return isRefusal(vega) || isRefusal(quantity)
    ? ''
    : short(formatDecimal(multiplyDecimal(vega, quantity)), '1')
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
    ` PROOF     evidence → ./${pack} (${report.pack.entries} entries of two logs, ${report.pack.bytes} bytes, cosigned ${report.pack.cosignatures.join('+')})   ${verdict}`,
    `           verify it offline:      npm run poundlock -- verify ${pack}`,
    `           without our code:       python3 verifier/python/verify.py ${pack}`,
    `           try to cheat:           npm start -- --once --tamper ${Math.floor(report.pack.entries / 2)}`,
    '           break it yourself:      npm start -- --once --kill ALDER@trade-confirmed',
  ]
  return tampered ? [...lines, ...tamperLines(tampered)] : lines
}

const tamperLines = ({ entry, index, log, verdict }: Tampered): readonly string[] => [
  '',
  ` TAMPER    one character of entry line ${entry} changed (entry ${index} of ${log}) → ${verdict.ok ? 'NOT FOUND' : 'FAIL'}`,
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
