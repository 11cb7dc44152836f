// oxlint-disable typescript/no-unsafe-type-assertion -- the tests take JSON of their own making, and vectors, at their word
// The package as others get it: packed, installed in an empty folder beside noble, run by Node, no network.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, suite, test } from 'node:test'
import { goodTrust } from './bad-packs.ts'
import { comparable, pythonAbsent } from './python.ts'
import type { Report } from '../src/index.ts'
import { vectorsDir } from './write-vectors.ts'

const verifier = fileURLToPath(new URL('..', import.meta.url))
const modules = join(verifier, '../node_modules')
const vector = (name: string): string => fileURLToPath(new URL(name, vectorsDir))
let home = ''
let cli = ''

const link = (name: string, to: string): void => {
  mkdirSync(join(to, dirname(name)), { recursive: true })
  cpSync(join(modules, name), join(to, name), { recursive: true, dereference: true })
}

/** In a network namespace without any interface where the system lets us make one. */
const cut = spawnSync('unshare', ['-rn', 'true']).status === 0 ? ['unshare', '-rn'] : []
const run = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } => {
  const [program = '', ...rest] = [...cut, process.execPath, cli, ...args]
  return spawnSync(program, rest, { encoding: 'utf8', cwd: home, env: { PATH: process.env['PATH'] } })
}

suite('The package, alone', () => {
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'poundlock-alone-'))
    const source = join(home, 'source')
    for (const name of ['src', 'python', 'package.json', 'tsconfig.json', 'README.md', 'LICENSE'])
      cpSync(join(verifier, name), join(source, name), { recursive: true })
    for (const name of ['@noble', '@types', 'undici-types']) link(name, join(source, 'node_modules'))
    execFileSync(join(modules, '.bin/tsc'), ['-p', source, '--listEmittedFiles', 'false'])
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', home], {
        cwd: source,
        encoding: 'utf8',
      }),
    ) as [{ filename: string }]
    const installed = join(home, 'app/node_modules/@poundlock/verify')
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['-xzf', join(home, packed.filename), '--strip-components=1', '-C', installed])
    link('@noble', join(home, 'app/node_modules'))
    cli = join(installed, 'dist/cli.js')
  })

  after(() => rmSync(home, { recursive: true, force: true }))

  test('the packed package holds what it should, and no build information', () => {
    const files = readdirSync(join(dirname(cli), '..'), { recursive: true, encoding: 'utf8' })
    for (const name of [
      'dist/index.js',
      'dist/index.d.ts',
      'src/index.ts',
      'python/verify.py',
      'README.md',
      'LICENSE',
    ])
      assert.ok(files.includes(name), name)
    assert.deepEqual(
      files.filter((name) => /tsbuildinfo|__pycache__|\.test\./.test(name)),
      [],
    )
    assert.ok(readFileSync(cli, 'utf8').startsWith('#!/usr/bin/env node\n'))
  })

  test('the good pack exits 0, a bad one 5 and names the entry, wrong usage 2', () => {
    const good = run(vector('good.pack'))
    assert.equal(good.stderr, '')
    assert.equal(good.status, 0)
    assert.match(good.stdout, /^OK/)
    assert.match(good.stdout, /not checked: trust/)
    const bad = run(vector('bad-entry-changed.pack'))
    assert.equal(bad.status, 5)
    assert.match(bad.stdout, /entry\/inclusion at entry 14 of alder\.example\/journal \(line 20\)/)
    for (const args of [
      [],
      ['no-such-file'],
      [vector('good.pack'), '--jsn'],
      [vector('good.pack'), '--trust', vector('good.pack')],
    ])
      assert.equal(run(...args).status, 2, args.join(' '))
  })

  test('a trust file pins the keys', () => {
    const file = join(home, 'trust')
    writeFileSync(file, goodTrust)
    const { status, stdout } = run(vector('good.pack'), '--trust', file, '--json')
    assert.equal(status, 0)
    const report = JSON.parse(stdout) as Report
    assert.ok(report.checked.some(({ check, count }) => check === 'trust/pinned' && count === 4))
    assert.ok(report.notChecked.every(({ what }) => what !== 'trust'))
  })

  test('verify.py has the same exit codes and the same JSON', (t) => {
    const absent = pythonAbsent()
    if (absent) return t.skip(absent)
    const script = join(dirname(cli), '../python/verify.py')
    const python = (...args: readonly string[]) =>
      spawnSync('python3', ['-I', script, ...args], { encoding: 'utf8' })
    assert.equal(python(vector('good.pack')).status, 0)
    assert.match(python(vector('good.pack')).stdout, /not checked: chain/)
    assert.equal(python(vector('bad-premium-wrong.pack')).status, 5)
    for (const args of [
      [],
      ['no-such-file'],
      [vector('good.pack'), '--jsn'],
      [vector('good.pack'), '--trust', vector('good.pack')],
    ])
      assert.equal(python(...args).status, 2, args.join(' '))
    for (const name of ['good.pack', 'bad-premium-wrong.pack']) {
      const ours = JSON.parse(run(vector(name), '--json').stdout) as Report
      const theirs = JSON.parse(python(vector(name), '--json').stdout) as Report
      assert.deepEqual(comparable(theirs), comparable(ours))
    }
  })

  test('the package imports nothing of the gateway, and only noble', () => {
    for (const name of readdirSync(join(verifier, 'src')))
      for (const [, to = ''] of readFileSync(join(verifier, 'src', name), 'utf8').matchAll(
        /\bfrom '([^']+)'/g,
      ))
        assert.ok(/^\.\/[a-z0-9-]+\.ts$|^@noble\/(curves|hashes)\/|^node:/.test(to), `${name} imports ${to}`)
  })
})
