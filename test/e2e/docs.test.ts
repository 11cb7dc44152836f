// Every command that the documents show, run as a newcomer types it: in a copy of the checkout, with the shell's own
// node, through npm. What cannot be run here is in a table (test/docs/commands.ts) with the place where it is run.
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { defaultPortBase, portsFrom } from '#sandbox'
import { elsewhere, isBeside, onDefaultPorts, serving } from '../docs/commands.ts'
import { commandsOf, project, readDocuments } from '../docs/documents.ts'

const runMsMax = 170_000
const readyMsMax = 60_000
const commands = [...new Set(readDocuments().flatMap(commandsOf))]
const alone = commands.filter(
  (command) => !(command in elsewhere) && !isBeside(command) && command !== serving,
)

let checkout = ''
let busy: string | false = false

describe('the commands of the documents', () => {
  before(async () => {
    busy = await busyPorts()
    checkout = mkdtempSync(join(tmpdir(), 'poundlock-checkout-'))
    copyCheckout(checkout)
  })
  after(() => rmSync(checkout, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))

  for (const command of alone)
    test(command, async (t) => {
      const reason = skipped(command)
      if (reason !== undefined) return t.skip(reason)
      const { code, words } = await ended(start(command))
      assert.equal(code, 0, words.slice(-3_000))
    })

  const beside = commands.filter(isBeside)
  test(`${serving}, and beside it: ${beside.join(', ')}`, async (t) => {
    if (busy) return t.skip(busy)
    assert.ok(commands.includes(serving) && beside.length >= 3)
    const demo = start(serving)
    try {
      await says(demo, /Ctrl-C/)
      for (const command of beside) {
        const { code, words } = await ended(start(command))
        assert.equal(code, 0, `${command}: ${words}`)
      }
    } finally {
      interrupt(demo)
    }
    const { words } = await ended(demo)
    assert.doesNotMatch(words, / stopped: /)
  })
})

function skipped(command: string): string | undefined {
  if (onDefaultPorts(command) && busy) return busy
  if (command.startsWith('python3 ') && !inPath('python3')) return 'no python3: apt-get install python3'
  return undefined
}

/** The demo's default ports are fixed, and somebody else may have one of them. */
async function busyPorts(): Promise<string | false> {
  const ports = Object.values(portsFrom(defaultPortBase))
  const free = await Promise.all(ports.map(isFree))
  const taken = ports.filter((_port, index) => free[index] === false)
  return taken.length > 0 && `the default ports are in use: ${taken.join(' ')}`
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

const left = /(?:^|\/)(?:node_modules|\.git|dist|out|cache|poundlock-demo[^/]*)$/

/** As after `git clone` and `npm ci`: nothing that a run has made. */
function copyCheckout(folder: string): void {
  cpSync(project, folder, { recursive: true, filter: (path) => !left.test(path.slice(project.length)) })
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
}

const shellPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((entry) => !entry.includes('node_modules'))
const inPath = (name: string): boolean => shellPath.some((entry) => existsSync(join(entry, name)))

/** Without what npm put into the environment of this test. */
function shellEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:npm_|NODE_|INIT_CWD)/i.test(name))
  return { ...Object.fromEntries(own), PATH: shellPath.join(delimiter) }
}

type Running = { readonly child: ChildProcess; readonly words: () => string }

function start(command: string): Running {
  const child = spawn('sh', ['-c', `exec ${command}`], {
    cwd: checkout,
    env: shellEnvironment(),
    detached: true,
  })
  let words = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (words += chunk.toString()))
  return { child, words: () => words }
}

/** Ctrl-C: the terminal tells the command and all that it has started. */
function interrupt({ child }: Running): void {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT')
}

function ended({ child, words }: Running): Promise<{ code: number | null; words: string }> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => interrupt({ child, words }), runMsMax)
    const end = (): void => {
      clearTimeout(timer)
      resolve({ code: child.exitCode, words: words() })
    }
    if (child.exitCode === null && child.signalCode === null) child.once('close', end)
    else end()
  })
}

async function says(running: Running, what: RegExp): Promise<void> {
  const until = performance.now() + readyMsMax
  while (!what.test(running.words())) {
    assert.ok(running.child.exitCode === null, running.words())
    assert.ok(performance.now() < until, `it does not say ${what}: ${running.words()}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
