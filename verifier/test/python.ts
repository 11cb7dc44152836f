// oxlint-disable typescript/no-unsafe-type-assertion -- the tests take JSON of their own making, and vectors, at their word
// Runs verifier/python/verify.py beside the TypeScript verifier, in one process for many packs.
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Problem, Report } from '../src/index.ts'

export const script = fileURLToPath(new URL('../python/verify.py', import.meta.url))

/** Why Python cannot be asked here, or undefined. */
export const pythonAbsent = (): string | undefined =>
  spawnSync('python3', ['--version']).status === 0
    ? undefined
    : 'python3 is not installed (Debian: apt-get install python3)'

const outputBytesMax = 1024 * 1024 * 1024

export const runPython = (
  args: readonly string[],
): { status: number | null; stdout: string; stderr: string } =>
  spawnSync('python3', [...args], { encoding: 'utf8', maxBuffer: outputBytesMax })

export type Asked = { readonly pack: string; readonly trust?: string }

const driver = `
import json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import verify
for asked in json.load(open(sys.argv[2])):
    pinned = verify.parse_trust(asked["trust"]) if "trust" in asked else None
    print(json.dumps(verify.verify_pack(asked["pack"].encode("utf-8"), pinned)))
`

/** The reports of verify.py on these packs, in order. */
export const pythonReports = (asked: readonly Asked[]): Promise<readonly Report[]> =>
  withFile(JSON.stringify(asked), async (file) =>
    reportsOf(runPython(['-c', driver, join(script, '..'), file])),
  )

/** The reports of `verify.py --flips` on one pack. */
export const pythonFlips = (pack: string, flips: readonly Flip[]): Promise<readonly Report[]> =>
  withFile(pack, (packFile) =>
    withFile(flips.map(({ offset, mask }) => `${offset} ${mask}\n`).join(''), async (flipsFile) =>
      reportsOf(
        await runFile('python3', [script, packFile, '--flips', flipsFile], { maxBuffer: outputBytesMax }),
      ),
    ),
  )

const runFile = promisify(execFile)

export type Flip = { readonly offset: number; readonly mask: number }

/** What both implementations must say alike: all but the words for people. */
export const comparable = (report: Report): unknown => ({
  ...report,
  problems: report.problems.map(placeOnly),
  notChecked: report.notChecked.map(({ what }) => what),
})

/** A problem without its words, members in a fixed order. */
export const placeOnly = (problem: Problem): unknown => {
  const { detail: _detail, ...rest } = problem
  return Object.fromEntries(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

export const withFile = async <T>(text: string, use: (file: string) => Promise<T>): Promise<T> => {
  const dir = mkdtempSync(join(tmpdir(), 'poundlock-verify-'))
  try {
    const file = join(dir, 'file')
    writeFileSync(file, text)
    return await use(file)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const reportsOf = ({ stdout, stderr }: { stdout: string; stderr: string }): readonly Report[] => {
  if (stderr !== '') throw new Error(`verify.py said: ${stderr}`)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Report)
}
