// `poundlock doctor`: what this machine has and lacks, each lack with its fix. Looks only; changes nothing.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isRefusal } from '#core'
import { busyPorts, checkPortBase, defaultPortBase, findAnvil } from '#sandbox'
import { refuseWith, type Output } from './output.ts'

const words = { ok: 'ok', missing: 'MISSING', busy: 'BUSY', optional: 'optional' } as const

type Finding = {
  readonly what: string
  readonly state: keyof typeof words
  readonly detail: string
  readonly fix?: string
}

const bytesFreeMin = 512 * 1024 * 1024
const nodeMajorMin = 24
const portBasesTried = [10_000, 20_000, 30_000, 40_000, 50_000]

export async function doctor(portBase: number | undefined, output: Output): Promise<number> {
  const base = portBase ?? defaultPortBase
  const refusal = checkPortBase(base)
  if (refusal) return refuseWith(refusal, output)
  const findings = [node(), anvil(), disk(), folder(), consoleBuilt(), await ports(base), ...peers()]
  for (const { what, state, detail, fix } of findings) {
    output.say(`${words[state].padEnd(8)}  ${what}: ${detail}`)
    if (fix !== undefined) output.say(`            fix: ${fix}`)
  }
  const ok = findings.every(({ state }) => state === 'ok' || state === 'optional')
  output.document({ ok, findings })
  return ok ? 0 : 1
}

function node(): Finding {
  const major = Number.parseInt(process.versions.node, 10)
  const detail = `${process.versions.node} at ${process.execPath}`
  return major >= nodeMajorMin
    ? { what: 'Node', state: 'ok', detail }
    : { what: 'Node', state: 'missing', detail, fix: 'npm ci, then run verbs as npm run poundlock -- <verb>' }
}

function anvil(): Finding {
  const found = findAnvil()
  const what = 'anvil (sandbox chains)'
  return isRefusal(found)
    ? {
        what,
        state: 'missing',
        detail: found.detail,
        fix: 'npm ci --include=optional, or put anvil of Foundry on the PATH',
      }
    : { what, state: 'ok', detail: found }
}

function disk(): Finding {
  const { bavail, bsize } = statfsSync(process.cwd())
  const free = bavail * bsize
  const detail = `${Math.floor(free / 1024 / 1024)} MiB free here`
  if (free >= bytesFreeMin) return { what: 'disk', state: 'ok', detail }
  return { what: 'disk', state: 'missing', detail, fix: 'free 512 MiB, or run in another folder with --dir' }
}

function folder(): Finding {
  try {
    accessSync(process.cwd(), constants.W_OK)
    return { what: 'folder', state: 'ok', detail: `${process.cwd()} can be written` }
  } catch {
    return {
      what: 'folder',
      state: 'missing',
      detail: `${process.cwd()} cannot be written`,
      fix: 'choose a folder with --dir',
    }
  }
}

function consoleBuilt(): Finding {
  const built = existsSync(fileURLToPath(new URL('../../console/dist/index.html', import.meta.url)))
  const detail = built ? 'built' : 'not built yet; npm start builds it'
  return { what: 'console', state: built ? 'ok' : 'optional', detail }
}

async function ports(base: number): Promise<Finding> {
  const busy = await busyPorts(base)
  if (busy.length === 0)
    return { what: 'ports', state: 'ok', detail: `${base + 401} to ${base + 2_879} are free` }
  const detail = `something else listens on ${busy.map(([name, port]) => `${port} (${name})`).join(', ')}`
  const other = await freeBase(base)
  const fix = `stop the other demo, or npm start -- --port-base ${other}, which moves all ports`
  return { what: 'ports', state: 'busy', detail, fix }
}

/** The next round base above, or from the start again, at which all ports are free. */
async function freeBase(base: number): Promise<number | 'N'> {
  for (const next of portBasesTried) {
    const other = (base + next) % 60_000
    if (other >= 1_000 && (await busyPorts(other)).length === 0) return other
  }
  return 'N'
}

const optional: readonly (readonly [command: string, what: string, pack: string])[] = [
  ['python3', 'verifies evidence without our code', 'python3'],
  ['chromium', 'browser tests of the console', 'chromium'],
  ['g++', 'the QuickFIX client (with libquickfix-dev)', 'g++ libquickfix-dev'],
  ['go', "Go's transparency log code checks ours", 'golang-go golang-golang-x-mod-dev'],
]

function peers(): readonly Finding[] {
  return optional.map(([command, why, pack]) => {
    const found = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).stdout.trim()
    return found === ''
      ? {
          what: command,
          state: 'optional',
          detail: `not found; ${why}`,
          fix: `on Debian: apt-get install ${pack}`,
        }
      : { what: command, state: 'ok', detail: found }
  })
}
