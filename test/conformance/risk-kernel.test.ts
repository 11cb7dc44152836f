import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const source = join(root, 'scripts/peers/kernel/black76.cpp')
const compilers = ['g++', 'c++', 'clang++']

function findCompiler(): string | undefined {
  return compilers.find((name) => spawnSync(name, ['--version']).status === 0)
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stdout.trim()
}

function golden(name: string): string {
  const text = readFileSync(join(root, 'src/risk/kernel.test.ts'), 'utf8')
  const found = new RegExp(`^const ${name} = '?([0-9a-f_]+)'?$`, 'm').exec(text)?.[1]
  assert.ok(found, name)
  return found.replaceAll('_', '')
}

test('the kernel in C++ gives the golden bits at every optimisation level', (t) => {
  const compiler = findCompiler()
  if (compiler === undefined) return t.skip(`none of ${compilers.join(', ')} is installed (Debian: g++)`)
  const folder = mkdtempSync(join(tmpdir(), 'poundlock-kernel-'))
  try {
    for (const level of [['-O0'], ['-O3', '-march=native']]) {
      const program = join(folder, 'black76')
      run(compiler, ['-std=c++17', ...level, '-ffp-contract=off', source, '-o', program])
      const hash = run(program, [golden('goldenSeed'), golden('goldenOptions')])
      assert.equal(hash, golden('goldenHash'), level.join(' '))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
