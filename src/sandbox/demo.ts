// The demo: two chains, two gateways, two witnesses and a desk as separate processes; one trade from request for
// quote to settlement; one file that proves it. Every number printed is read from them or computed here.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isRefusal, refuse, type Refusal } from '#core'
import { balancesOf, type Balances } from './balances.ts'
import { alder, cedar, chains, portsFrom, sandboxStart, type Ports } from './cast.ts'
import { holdCeremony, type Ceremony } from './ceremony.ts'
import { startAnvil, type Anvil } from './chains.ts'
import type { DeskFact } from './desk.ts'
import { fund } from './funding.ts'
import type { HealthView } from '#gateway'
import { getJson } from './http.ts'
import type { KillPoint } from './killing.ts'
import { startProcess, type Managed } from './processes.ts'
import { storyOf, type Story } from './story.ts'
import { gatherEvidence, tradeOnce, urlsOf, type Evidence } from './trading.ts'

export type DemoOptions = {
  readonly dir: string
  readonly portBase: number
  readonly kills: readonly KillPoint[]
  /** A line that can be shown already; the whole comes back as the report. */
  readonly progress: (line: string) => void
}

export type DemoReport = {
  readonly dir: string
  readonly startedMs: Readonly<Record<string, number>>
  readonly ports: Ports
  /** How the trade ended for the desk. */
  readonly desk: DeskFact
  readonly story: Story
  readonly health: Readonly<Record<string, HealthView>>
  readonly balances: { readonly before: Balances; readonly after: Balances }
  readonly kills: readonly { readonly point: string; readonly killed: boolean }[]
  readonly pack?: Evidence
}

export type RunningDemo = { readonly report: DemoReport; stop(): Promise<void> }

const marker = '.poundlock-demo'

/** Starts everything, trades once, gathers the evidence. What was started is stopped again when it is refused. */
export async function runDemo(options: DemoOptions): Promise<RunningDemo | Refusal> {
  const dir = resolve(options.dir)
  const cleared = clear(dir)
  if (cleared) return cleared
  const running: { stop(): Promise<unknown> }[] = []
  const stop = async (): Promise<void> => {
    for (const one of running.toReversed()) await one.stop()
  }
  const report = await perform({ ...options, dir }, running)
  if (!isRefusal(report)) return { report, stop }
  await stop()
  return report
}

async function perform(
  options: DemoOptions,
  running: { stop(): Promise<unknown> }[],
): Promise<DemoReport | Refusal> {
  const startedMs: Record<string, number> = {}
  const timed = timer(startedMs)
  const ports = portsFrom(options.portBase)
  const lagoon = await timed('lagoon', () => startChain('lagoon', ports.lagoon, running))
  if (isRefusal(lagoon)) return lagoon
  const harbour = await timed('harbour', () => startChain('harbour', ports.harbour, running))
  if (isRefusal(harbour)) return harbour
  const ceremony = holdCeremony(options.dir, ports)
  if (isRefusal(ceremony)) return ceremony
  const contracts = await timed('funding', () => fund(lagoon, ceremony))
  if (isRefusal(contracts)) return contracts
  const parties = { lagoon, ceremony, contracts }
  const before = await balancesOf(parties)
  if (isRefusal(before)) return before
  const gateways = await timed('gateways', () => startParties(options, ceremony, running))
  if (isRefusal(gateways)) return gateways
  const desk = await tradeOnce(options.progress, ports, ceremony, running)
  if (isRefusal(desk)) return desk
  const after = await balancesOf(parties)
  if (isRefusal(after)) return after
  const story = await storyOf(urlsOf(ports))
  if (isRefusal(story)) return story
  const health = await healthOfAll(urlsOf(ports))
  if (isRefusal(health)) return health
  const kills = options.kills.map(({ name, step }) => ({
    point: `${name}@${step}`,
    killed: gateways.some((gateway) => gateway.name === name && gateway.kills() > 0),
  }))
  const pack = await gatherEvidence(options.dir, ports, story)
  if (isRefusal(pack)) return pack
  const report = {
    dir: options.dir,
    startedMs,
    ports,
    desk,
    story,
    health,
    balances: { before, after },
    kills,
  }
  return pack ? { ...report, pack } : report
}

async function healthOfAll(urls: Readonly<Record<string, string>>): Promise<DemoReport['health'] | Refusal> {
  const all: Record<string, HealthView> = {}
  for (const [name, url] of Object.entries(urls)) {
    const health = await getJson<HealthView>(url, '/v1/health')
    if (isRefusal(health)) return health
    all[name] = health
  }
  return all
}

const timer =
  (startedMs: Record<string, number>) =>
  async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const from = performance.now()
    const result = await work()
    startedMs[name] = Math.round(performance.now() - from)
    return result
  }

/** A demo folder is emptied before each run; any other folder with something in it is left alone. */
function clear(dir: string): Refusal | undefined {
  if (existsSync(dir) && readdirSync(dir).length > 0 && !existsSync(join(dir, marker)))
    return refuse('usage', `${dir} is not a demo folder and not empty; choose another with --dir`)
  try {
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, marker), 'emptied at each start of the demo\n')
    return undefined
  } catch (error) {
    return storageRefusal(dir, error as NodeJS.ErrnoException)
  }
}

const storageRefusal = (dir: string, error: NodeJS.ErrnoException): Refusal =>
  error.code === 'ENOSPC'
    ? refuse('disk-full', `there is no space left for ${dir}`)
    : refuse('file-unreadable', `${dir} cannot be written (${error.code ?? error.message})`)

async function startChain(
  name: keyof typeof chains,
  port: number,
  running: { stop(): Promise<unknown> }[],
): Promise<Anvil | Refusal> {
  const { chainId } = chains[name]
  const anvil = await startAnvil({ port, chainId, timestamp: sandboxStart / 1_000 })
  if (!isRefusal(anvil)) running.push(anvil)
  return anvil
}

async function startParties(
  options: DemoOptions,
  ceremony: Ceremony,
  running: { stop(): Promise<unknown> }[],
): Promise<readonly Managed[] | Refusal> {
  const { configs } = ceremony
  const failed = (name: string, words: string): void => options.progress(`   ✗ ${name} stopped: ${words}`)
  const start = async (name: string, args: readonly string[]): Promise<Managed | Refusal> => {
    const killAt = options.kills.find((kill) => kill.name === name)?.step
    const onKilled = (): void =>
      options.progress(`   ✗ killed ${name} at ${killAt ?? ''} … starting it again`)
    const life = await startProcess({ name, args, onFailed: failed, onKilled, ...(killAt ? { killAt } : {}) })
    if (!isRefusal(life)) running.push(life)
    return life
  }
  const started = await Promise.all([
    ...configs.witnesses.map((config, index) =>
      start(`witness${index + 1}`, ['witness', '--config', config]),
    ),
    start(alder.name, ['gateway', '--config', configs.alder]),
    start(cedar.name, ['gateway', '--config', configs.cedar]),
  ])
  return started.find(isRefusal) ?? started.filter((one): one is Managed => !isRefusal(one))
}
