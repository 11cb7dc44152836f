import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Why the QuickFIX programs cannot be built here; undefined when they can. */
export function missing(): string | undefined {
  if (!existsSync('/usr/include/quickfix/Application.h'))
    return 'QuickFIX C++ is not installed: apt-get install libquickfix-dev'
  try {
    execFileSync('g++', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'g++ is not installed: apt-get install g++'
  }
}

/** Compiles one of the programs of this folder into `folder`; returns its path. */
export async function build(name: 'client' | 'roundtrip', folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const program = join(folder, name)
  const source = join(import.meta.dirname, `${name}.cpp`)
  const options = ['-std=c++14', '-O2', '-w', source, '-o', program, '-lquickfix', '-lpthread']
  await new Promise<void>((resolve, reject) =>
    execFile('g++', options, (error, _out, errors) => (error ? reject(new Error(errors)) : resolve())),
  )
  return program
}

export type PeerSettings = {
  readonly port: number
  /** Folder of the file store: the same one again continues the sequence numbers. */
  readonly store: string
  readonly sender: string
  readonly target: string
  readonly heartBtIntSeconds?: number
  readonly resetOnLogon?: boolean
  /** A FIX44.xml; QuickFIX reads without one when there is none. */
  readonly dictionary?: string
}

/** The environment that the configuration templates of this folder read. */
export function environment(settings: PeerSettings): NodeJS.ProcessEnv {
  mkdirSync(settings.store, { recursive: true })
  return {
    ...process.env,
    FIX_PORT: String(settings.port),
    FIX_STORE: settings.store,
    FIX_SENDER: settings.sender,
    FIX_TARGET: settings.target,
    FIX_HEARTBTINT: String(settings.heartBtIntSeconds ?? 30),
    FIX_RESET: settings.resetOnLogon ? 'Y' : 'N',
    FIX_USE_DICTIONARY: settings.dictionary ? 'Y' : 'N',
    FIX_DICTIONARY: settings.dictionary ?? '',
  }
}

/** A running QuickFIX program: lines out, lines in. */
export type Peer = {
  readonly lines: readonly string[]
  say(line: string): void
  /** The first line from `since` on that holds all of `parts`; rejects when it does not come in time. */
  line(parts: readonly string[], options?: { since?: number; waitMs?: number }): Promise<string>
  /** Ends it as its `quit` does and waits for it. */
  quit(): Promise<void>
  kill(): void
}

/** `leading` are arguments before the configuration. */
export function startPeer(
  program: string,
  template: string,
  settings: PeerSettings,
  leading: readonly string[] = [],
): Peer {
  const child = spawn(program, [...leading, join(import.meta.dirname, template)], {
    env: environment(settings),
  })
  return watch(child)
}

const waitMsDefault = 10_000

function watch(child: ChildProcess): Peer {
  const lines: string[] = []
  const watchers = new Set<() => void>()
  const { stdin, stdout, stderr } = child
  if (!stdin || !stdout || !stderr) throw new Error('a peer talks through pipes')
  createInterface({ input: stdout }).on('line', (line) => {
    lines.push(line)
    for (const look of watchers) look()
  })
  stderr.on('data', (text: Buffer) => lines.push(`STDERR ${text.toString()}`))
  stdin.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    lines,
    say: (line) => void stdin.write(`${line}\n`),
    line: (parts, { since = 0, waitMs = waitMsDefault } = {}) => find(lines, watchers, parts, since, waitMs),
    async quit() {
      stdin.write('quit\n')
      stdin.end()
      await ended
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function find(
  lines: readonly string[],
  watchers: Set<() => void>,
  parts: readonly string[],
  since: number,
  waitMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      watchers.delete(look)
      reject(new Error(`no line with ${parts.join(' and ')} in:\n${lines.slice(since).join('\n')}`))
    }, waitMs)
    function look(): void {
      const found = lines.slice(since).find((line) => parts.every((part) => line.includes(part)))
      if (found === undefined) return
      clearTimeout(timer)
      watchers.delete(look)
      resolve(found)
    }
    watchers.add(look)
    look()
  })
}
