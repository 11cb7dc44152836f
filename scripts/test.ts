// `npm test`: unit and conformance tests in one process (they share nothing), then those that start processes of
// their own, one after another. `--long` runs the same code with more seeds.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const long = process.argv.includes('--long')
const environment = { ...process.env, NODE_NO_WARNINGS: '1', ...(long ? { POUNDLOCK_LONG: '1' } : {}) }
const longMinutesMax = 60
const minutesMax = 4

const together = ['src/**/*.test.ts', 'test/*.test.ts']
const alone = [
  'verifier/test/**/*.test.ts',
  'scripts/**/*.test.ts',
  'examples/**/*.test.ts',
  'test/*/**/*.test.ts',
]

function run(title: string, flags: readonly string[], patterns: readonly string[]): boolean {
  const files = globSync([...patterns]).toSorted()
  if (files.length === 0) return true
  process.stdout.write(`\n# ${title}: ${files.length} files\n`)
  const timeout = `--test-timeout=${(long ? longMinutesMax : minutesMax) * 60_000}`
  const { status } = spawnSync(process.execPath, ['--test', timeout, ...flags, ...files], {
    stdio: 'inherit',
    env: environment,
  })
  return status === 0
}

const unit = run('in one process', ['--test-isolation=none'], together)
const processes = run('with processes of their own', ['--test-concurrency=1'], alone)
process.exitCode = unit && processes ? 0 : 1
