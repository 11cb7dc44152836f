// Runs `poundlock demo --once --json` as a user would, in a folder and on ports of its own, and hands back what it said.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { portsFrom } from '#sandbox'
import { jsonObject, type Fields } from '../audit/fields.ts'

export const project = join(import.meta.dirname, '../..')
const main = join(project, 'src/cli/main.ts')
const runMsMax = 170_000

export type Run = { readonly code: number | null; readonly out: string; readonly err: string }

/** Runs a program to its end; past the limit it is stopped and the run fails by its code. */
export function run(command: string, args: readonly string[], cwd: string = project): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    const timer = setTimeout(() => child.kill('SIGTERM'), runMsMax)
    child.on('error', (error) => resolve({ code: null, out, err: `${err}${error.message}` }))
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, out, err })
    })
  })
}

export const demo = (dir: string, portBase: number, ...args: readonly string[]): Promise<Run> =>
  run(process.execPath, [
    main,
    'demo',
    '--once',
    '--json',
    '--dir',
    dir,
    '--port-base',
    String(portBase),
    ...args,
  ])

/** A folder that goes away with the test. */
export function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'poundlock-e2e-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))
  return folder
}

let next = 20_000 + (process.pid % 300) * 40

/** A base at which all ports of a demo are free now. */
export async function freePortBase(): Promise<number> {
  for (;;) {
    next = next > 28_000 ? 20_000 : next + 1_000 + 7
    const free = await Promise.all(Object.values(portsFrom(next)).map(isFree))
    if (free.every(Boolean)) return next
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

export const facts = ({ out }: Run): Fields => jsonObject(out)
