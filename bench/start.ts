// Time and memory of the demo as a newcomer runs it: from the command to the verified pack, all processes together.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const sampleMs = 100
const portBase = '31000'

export async function benchStart(): Promise<readonly { name: string; value: number; unit: string }[]> {
  const dir = mkdtempSync(join(tmpdir(), 'poundlock-start-'))
  const from = performance.now()
  const child = spawn(
    process.execPath,
    [main, 'demo', '--once', '--dir', join(dir, 'demo'), '--port-base', portBase],
    {
      stdio: 'ignore',
    },
  )
  let peakKiB = 0
  const timer = setInterval(() => (peakKiB = Math.max(peakKiB, treeKiB(child.pid ?? 0))), sampleMs)
  const code = await new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1)))
  clearInterval(timer)
  rmSync(dir, { recursive: true, force: true })
  return [
    { name: 'exit code', value: code, unit: '' },
    {
      name: 'from the command to its end, pack verified',
      value: (performance.now() - from) / 1_000,
      unit: 's',
    },
    { name: 'peak resident memory of all its processes', value: peakKiB / 1_024, unit: 'MiB' },
  ]
}

/** Resident memory of a process and all below it, from /proc; 0 where there is none. */
function treeKiB(root: number): number {
  try {
    const children = new Map<number, number[]>()
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue
      const parent = Number(statusOf(name, 'PPid'))
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    }
    const sum = (pid: number): number =>
      Number(statusOf(String(pid), 'VmRSS')) +
      (children.get(pid) ?? []).reduce((total, one) => total + sum(one), 0)
    return sum(root)
  } catch {
    return 0
  }
}

function statusOf(pid: string, field: string): string {
  try {
    return (
      new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
    )
  } catch {
    return '0'
  }
}
