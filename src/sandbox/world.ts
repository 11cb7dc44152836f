// A sandbox world without a story: two chains, two gateways, two witnesses, funded and onboarded, as processes.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { isRefusal, refuse, systemClock, type Instant, type Refusal } from '#core'
import type { SandboxContracts } from '#ledger'
import { alder, cedar, chains, fixture, portsFrom, sandboxStart, type Ports } from './cast.ts'
import { holdCeremony, type Ceremony } from './ceremony.ts'
import { startAnvil, type Anvil } from './chains.ts'
import { fund } from './funding.ts'
import type { KillPoint } from './killing.ts'
import { startProcess, type Managed } from './processes.ts'

export type WorldOptions = {
  readonly dir: string
  readonly portBase: number
  readonly kills: readonly KillPoint[]
  /** `sandbox`: all clocks start at the time of the fixture. `real`: for live peers, which have the machine's. */
  readonly clock: 'sandbox' | 'real'
  /** How long ALDER's quotes stand; without it, as long as in the fixture. */
  readonly quoteLifetimeMs?: number
  /** A line that can be shown already. */
  readonly progress: (line: string) => void
}

export type World = {
  readonly dir: string
  readonly ports: Ports
  readonly lagoon: Anvil
  readonly ceremony: Ceremony
  readonly contracts: SandboxContracts
  readonly processes: readonly Managed[]
  readonly startedMs: Readonly<Record<string, number>>
  /** Stopped with the world, last first. */
  readonly running: { stop(): Promise<unknown> }[]
  stop(): Promise<void>
}

/** Names the process whose folder this is. */
const marker = '.poundlock-demo'
/** With the highest offset of a port, still a port. */
const portBaseMax = 62_000

/**
 * What was started is stopped again when something refuses. Refuses `usage`, `port-in-use`, `file-unreadable` and
 * `disk-full` before the folder is emptied.
 */
export async function openWorld(options: WorldOptions): Promise<World | Refusal> {
  const dir = resolve(options.dir)
  const refusal = checkPortBase(options.portBase) ?? checkFolder(dir) ?? (await checkPorts(options.portBase))
  if (refusal) return refusal
  const cleared = clear(dir)
  if (cleared) return cleared
  const running: World['running'] = []
  const stop = async (): Promise<void> => {
    for (const one of running.toReversed()) await one.stop()
    release(dir)
  }
  const started = await start({ ...options, dir }, running)
  if (!isRefusal(started)) return { ...started, dir, running, stop }
  await stop()
  return started
}

type Started = Omit<World, 'dir' | 'running' | 'stop'>

async function start(options: WorldOptions, running: World['running']): Promise<Started | Refusal> {
  const startedMs: Record<string, number> = {}
  const timed = timer(startedMs)
  const ports = portsFrom(options.portBase)
  const startsAt = options.clock === 'sandbox' ? sandboxStart : systemClock.now()
  const lagoon = await timed('lagoon', () => startChain('lagoon', ports.lagoon, startsAt, running))
  if (isRefusal(lagoon)) return lagoon
  const harbour = await timed('harbour', () => startChain('harbour', ports.harbour, startsAt, running))
  if (isRefusal(harbour)) return harbour
  const quoteLifetimeMs = options.quoteLifetimeMs ?? fixture.quoteLifetimeMs
  const ceremony = holdCeremony(options.dir, ports, { startsAt, quoteLifetimeMs })
  if (isRefusal(ceremony)) return ceremony
  const contracts = await timed('funding', () => fund(lagoon, ceremony))
  if (isRefusal(contracts)) return contracts
  const processes = await timed('gateways', () => startParties(options, ceremony, running))
  if (isRefusal(processes)) return processes
  return { ports, lagoon, ceremony, contracts, processes, startedMs }
}

const timer =
  (startedMs: Record<string, number>) =>
  async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const from = performance.now()
    const result = await work()
    startedMs[name] = Math.round(performance.now() - from)
    return result
  }

/** `usage` when one of the ports would be no port. */
export const checkPortBase = (base: number): Refusal | undefined =>
  Number.isInteger(base) && base >= 0 && base <= portBaseMax
    ? undefined
    : refuse('usage', `--port-base ${base}: a number from 0 to ${portBaseMax}`)

/** Which of the ports something else listens on. */
export async function busyPorts(base: number): Promise<readonly (readonly [name: string, port: number])[]> {
  const named = Object.entries(portsFrom(base))
  const free = await Promise.all(named.map(([, port]) => isFree(port)))
  return named.filter((_, index) => !free[index])
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((settle) => {
    const server = createServer()
    server.once('error', () => settle(false))
    server.listen(port, '127.0.0.1', () => server.close(() => settle(true)))
  })

/** A start that cannot succeed must not empty the folder, which may be that of a demo that runs. */
async function checkPorts(base: number): Promise<Refusal | undefined> {
  const busy = await busyPorts(base)
  if (busy.length === 0) return undefined
  const list = busy.map(([name, port]) => `${port} (${name})`).join(', ')
  return refuse('port-in-use', `Something listens on 127.0.0.1 at ${list}; move all ports with --port-base`, {
    ports: busy.map(([, port]) => port).join(' '),
  })
}

/** A demo folder is emptied before each run; one in use, and any other with something in it, is left alone. */
function checkFolder(dir: string): Refusal | undefined {
  try {
    if (!existsSync(dir)) return undefined
    if (!statSync(dir).isDirectory()) return refuse('usage', `${dir} is a file; choose a folder with --dir`)
    if (readdirSync(dir).length === 0) return undefined
    if (!existsSync(join(dir, marker)))
      return refuse('usage', `${dir} is not a demo folder and not empty; choose another with --dir`)
    const owner = ownerOf(dir)
    return owner === undefined || owner === process.pid || !isAlive(owner)
      ? undefined
      : refuse(
          'usage',
          `another demo runs in ${dir} (process ${owner}); stop it, or choose another with --dir`,
        )
  } catch (error) {
    return storageRefusal(dir, error)
  }
}

function ownerOf(dir: string): number | undefined {
  const [, pid] = /^pid (\d{1,10})$/m.exec(readFileSync(join(dir, marker), 'utf8')) ?? []
  return pid === undefined ? undefined : Number.parseInt(pid, 10)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Alive, but somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function clear(dir: string): Refusal | undefined {
  try {
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, marker), `pid ${process.pid}\nemptied at each start of the demo\n`)
    return undefined
  } catch (error) {
    return storageRefusal(dir, error)
  }
}

/** When the world has ended, its folder is nobody's. */
function release(dir: string): void {
  try {
    if (ownerOf(dir) === process.pid) writeFileSync(join(dir, marker), 'emptied at each start of the demo\n')
  } catch {
    // The process ends, which frees the folder as well.
  }
}

/** Why a file could not be written, with `disk-full` said as such. */
export function storageRefusal(dir: string, error: unknown): Refusal {
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC')
    return refuse('disk-full', `there is no space left for ${dir}`)
  return refuse('file-unreadable', `${dir} cannot be written: ${error instanceof Error ? error.message : ''}`)
}

async function startChain(
  name: keyof typeof chains,
  port: number,
  startsAt: Instant,
  running: { stop(): Promise<unknown> }[],
): Promise<Anvil | Refusal> {
  const { chainId } = chains[name]
  const anvil = await startAnvil({ port, chainId, timestamp: Math.floor(startsAt / 1_000) })
  if (!isRefusal(anvil)) running.push(anvil)
  return anvil
}

/** A process has one kill point: the first that names it. */
export const armed = (kills: readonly KillPoint[], name: string): KillPoint | undefined =>
  kills.find((kill) => kill.name === name)

async function startParties(
  options: WorldOptions,
  ceremony: Ceremony,
  running: { stop(): Promise<unknown> }[],
): Promise<readonly Managed[] | Refusal> {
  const { configs } = ceremony
  const failed = (name: string, words: string): void => options.progress(`   ✗ ${name} stopped: ${words}`)
  const begin = async (name: string, args: readonly string[]): Promise<Managed | Refusal> => {
    const killAt = armed(options.kills, name)?.step
    let where = killAt === undefined ? '' : ` at ${killAt}`
    const onKilled = (): void => {
      options.progress(`   ✗ killed ${name}${where} … starting it again`)
      where = ''
    }
    const life = await startProcess({ name, args, onFailed: failed, onKilled, ...(killAt ? { killAt } : {}) })
    if (!isRefusal(life)) running.push(life)
    return life
  }
  const started = await Promise.all([
    ...configs.witnesses.map((config, index) =>
      begin(`witness${index + 1}`, ['witness', '--config', config]),
    ),
    begin(alder.name, ['gateway', '--config', configs.alder]),
    begin(cedar.name, ['gateway', '--config', configs.cedar]),
  ])
  return started.find(isRefusal) ?? started.filter((one): one is Managed => !isRefusal(one))
}
