import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { invariant, isRefusal, refuse, type Refusal } from '#core'

export type AnvilOptions = {
  /** 0 picks a free port. */
  readonly port: number
  readonly chainId: number
  /** Unix seconds at which the chain's clock starts; on a restart, the sandbox time of the restart. */
  readonly timestamp: number
  /** Kept when anvil stops and every few seconds, and read when it starts: a restart keeps the chain. */
  readonly stateFile?: string
  /**
   * `steady` (the default): a transaction makes a block at once, and a block comes every second.
   * `manual`: a block comes with evm_mine only, for tests.
   */
  readonly mining?: 'steady' | 'manual'
  /** Where to look for anvil. */
  readonly binary?: string
}

export type Anvil = {
  readonly url: string
  readonly port: number
  readonly chainId: number
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<void>
  /** Asks anvil to end, which writes the state file; ends it by force when it does not. */
  readonly stop: () => Promise<void>
  /** A JSON-RPC request; throws on an error. For the anvil_ and evm_ methods of the sandbox. */
  readonly rpc: (method: string, ...params: readonly unknown[]) => Promise<unknown>
  /** Sets the ether of an account, in wei. */
  readonly setBalance: (address: string, wei: bigint) => Promise<void>
}

const stateIntervalSeconds = 10
const stopMsMax = 5_000
const startMsMax = 20_000

/**
 * Starts an EVM chain of our own on loopback. Refuses `missing-binary` where anvil is not installed,
 * `port-in-use`, and `ledger-unreachable` when it ends or stays silent instead of listening.
 */
export async function startAnvil(options: AnvilOptions): Promise<Anvil | Refusal> {
  const binary = options.binary ?? findAnvil()
  if (isRefusal(binary)) return binary
  // The shell that holds the leash would only say that there is no such file.
  if (!isExecutable(binary)) return missingAnvil(`${binary} cannot be executed`)
  const port = await freePort(options.port)
  if (isRefusal(port)) return port
  const child = spawnLeashed(binary, anvilArguments({ ...options, port }))
  const exited = ended(child)
  const failure = await listening(child, exited, port)
  if (failure !== undefined) {
    await stop(child, exited)
    return failure
  }
  const url = `http://127.0.0.1:${port}`
  const rpc = rpcTo(url)
  return {
    url,
    port,
    chainId: options.chainId,
    exited,
    rpc,
    stop: () => stop(child, exited),
    setBalance: async (address, wei) =>
      void (await rpc('anvil_setBalance', address, `0x${wei.toString(16)}`)),
  }
}

// Ends anvil when the pipe at descriptor 3 ends: also when this process is killed and can end nothing any more.
const leash = '"$@" 3<&- & p=$!; { read -r _ <&3; kill "$p" 2>/dev/null; } & exec 3<&-; wait "$p"'

const spawnLeashed = (binary: string, args: readonly string[]): ChildProcess =>
  spawn('/bin/sh', ['-c', leash, 'anvil', binary, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  })

const leashOf = (child: ChildProcess): { destroy(): unknown } | undefined => child.stdio[3] ?? undefined

/** The anvil of the npm package that the lockfile pins, else one on the PATH. Refuses `missing-binary`. */
export function findAnvil(): string | Refusal {
  const candidates = [
    packagedAnvil(),
    ...(process.env['PATH'] ?? '').split(delimiter).map((d) => join(d, 'anvil')),
  ]
  const found = candidates.find((path) => path !== undefined && isExecutable(path))
  return found ?? missingAnvil(`no anvil for ${process.platform} ${process.arch}`)
}

function packagedAnvil(): string | undefined {
  try {
    const name = `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin/anvil')
  } catch {
    return undefined
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function anvilArguments(options: AnvilOptions): string[] {
  const { port, chainId, timestamp, stateFile, mining = 'steady' } = options
  const blocks = mining === 'steady' ? ['--block-time', '1', '--mixed-mining'] : ['--no-mining']
  const state =
    stateFile === undefined ? [] : ['--state', stateFile, '--state-interval', String(stateIntervalSeconds)]
  const listen = ['--host', '127.0.0.1', '--port', String(port)]
  // No accounts with well-known keys: the sandbox funds its own.
  const genesis = ['--chain-id', String(chainId), '--timestamp', String(timestamp), '--accounts', '0']
  return [...listen, ...genesis, ...blocks, ...state]
}

// Asking first gives a clear answer; anvil itself would say so only in its own words.
async function freePort(port: number): Promise<number | Refusal> {
  const probe = createServer()
  probe.listen(port, '127.0.0.1')
  try {
    await once(probe, 'listening')
    const address = probe.address()
    invariant(typeof address === 'object' && address !== null, 'a TCP server has a port')
    return address.port
  } catch (error) {
    return portTaken(port, error instanceof Error ? error.message : 'it cannot be bound')
  } finally {
    probe.close()
  }
}

async function listening(
  child: ChildProcess,
  exited: Promise<void>,
  port: number,
): Promise<Refusal | undefined> {
  invariant(child.stdout !== null && child.stderr !== null, 'both outputs are piped')
  const complaint: string[] = []
  createInterface(child.stderr).on('line', (line) => complaint.length < 20 && complaint.push(line))
  const lines = createInterface(child.stdout)
  const ready = new Promise<'ready'>((resolve) => {
    // Kept for the whole life of the child: an output that nobody reads would stop it.
    lines.on('line', (line) => line.includes('Listening on') && resolve('ready'))
  })
  const timer = new AbortController()
  const outcome = await Promise.race([ready, exited, elapsed(startMsMax, timer.signal)])
  timer.abort()
  if (outcome === 'ready') return undefined
  const why = complaint.join(' ')
  if (/address already in use/i.test(why)) return portTaken(port, why)
  if (child.pid === undefined) return missingAnvil('anvil cannot be started')
  return refuse('ledger-unreachable', `anvil did not start: ${why === '' ? 'no message' : why}`)
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => {
      leashOf(child)?.destroy()
      resolve()
    })
    child.once('error', () => resolve())
  })

/** Letting go of the leash is asking to end. */
async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  const timer = new AbortController()
  leashOf(child)?.destroy()
  const late = (await Promise.race([exited, elapsed(stopMsMax, timer.signal)])) === 'late'
  timer.abort()
  if (!late) return
  // Its own group: the shell that holds the leash, and anvil.
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  await exited
}

const elapsed = (ms: number, signal: AbortSignal): Promise<'late'> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve('late'), ms)
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })

const rpcTo =
  (url: string) =>
  async (method: string, ...params: readonly unknown[]): Promise<unknown> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const answer: { result?: unknown; error?: { message: string } } = JSON.parse(await response.text())
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
    return answer.result
  }

const portTaken = (port: number, why: string): Refusal =>
  refuse('port-in-use', `Port ${port} on 127.0.0.1 cannot be used: ${why}`, { port: String(port) })

const missingAnvil = (why: string): Refusal =>
  refuse('missing-binary', `${why}. Run npm ci with optional dependencies, or install Foundry`, {
    binary: 'anvil',
  })
