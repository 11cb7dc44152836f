import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { generateAbi } from '../scripts/contracts/abi.ts'

type Suite = { readonly test_results: Readonly<Record<string, { readonly status: string }>> }

const root = join(import.meta.dirname, '..')
const binaries = join(root, 'node_modules/.bin')
const forge = join(binaries, 'forge')
// The npm package of forge that is pinned exists for Linux on x64.
const skip = existsSync(forge) ? false : `forge is not installed on ${process.platform} ${process.arch}`
const run = promisify(execFile)

test('the contracts pass their unit, fuzz and invariant tests', { skip }, async () => {
  const { stdout } = await run(forge, ['test', '--json'], {
    cwd: join(root, 'contracts'),
    env: { ...process.env, PATH: `${binaries}:${process.env['PATH'] ?? ''}` },
    maxBuffer: 64 * 1024 * 1024,
  })
  const suites: Readonly<Record<string, Suite>> = JSON.parse(stdout)
  const tests = Object.values(suites).flatMap((suite) => Object.entries(suite.test_results))
  assert.ok(tests.length > 0, 'forge found tests')
  for (const [name, { status }] of tests) assert.equal(status, 'Success', name)
})

test('the committed ABIs and bytecode are what the Solidity sources give', { skip }, () => {
  assert.equal(readFileSync(join(root, 'src/ledger/evm/abi.ts'), 'utf8'), generateAbi())
})
