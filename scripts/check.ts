// `npm run check`: types, lint, format, generated files. What fails is named; nothing is changed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const folders = ['src', 'verifier', 'console', 'contracts', 'test', 'scripts', 'bench', 'examples'].filter(
  existsSync,
)
const checks: readonly (readonly [title: string, command: string, args: readonly string[]])[] = [
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['types of the verifier', 'tsc', ['-p', 'verifier/tsconfig.json', '--noEmit']],
  ['types of the evidence page', 'tsc', ['-p', 'verifier/html/tsconfig.json', '--noEmit']],
  ['types of the verifier tests', 'tsc', ['-p', 'verifier/test/tsconfig.json', '--noEmit']],
  ['types of the console', 'tsc', ['-p', 'console/tsconfig.json', '--noEmit']],
  ['lint', 'oxlint', ['--type-aware', ...folders]],
  ['format', 'oxfmt', ['--check', ...folders]],
  ['generated FIX tables', 'node', ['scripts/fix/generate.ts', '--check']],
  ['generated contract ABIs', 'node', ['scripts/contracts/abi.ts', '--check']],
]

let failed = 0
for (const [title, command, args] of checks) {
  const { status } = spawnSync(command, [...args], { stdio: 'inherit' })
  process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'} ${title}\n`)
  if (status !== 0) failed += 1
}
process.exitCode = failed === 0 ? 0 : 1
