import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gatewayVersion } from '#gateway'
import { elsewhere } from './docs/commands.ts'
import { commandsOf, project, readDocuments, type Document } from './docs/documents.ts'
import { brokenLinks, brokenPaths, brokenVectors, foreignWords, packagesOf } from './docs/rules.ts'

const documents = readDocuments()
const read = (path: string): string => readFileSync(join(project, path), 'utf8')
const exists = (path: string): boolean =>
  path.includes('*')
    ? globSync(path, { cwd: project, exclude: ['**/node_modules/**'] }).length > 0
    : existsSync(join(project, path))
const manifest: {
  version: string
  license: string
  dependencies: Record<string, string>
  scripts: Record<string, string>
} = JSON.parse(read('package.json'))
const members = (path: string): readonly string[] => Object.keys(JSON.parse(read(path)))
const plant = (text: string, path = 'README.md'): Document => ({ path, text })

test('every link inside the project ends at a file and a heading that are there', () => {
  assert.ok(documents.length >= 10, documents.map(({ path }) => path).join(' '))
  assert.deepEqual(brokenLinks(documents, exists), [])
  const planted = plant('# One\n[a](nowhere.md) [b](#one) [c](#two) [d](https://example.com/x)')
  assert.equal(brokenLinks([planted], exists).length, 2)
})

test('every path that a document names is there', () => {
  assert.deepEqual(brokenPaths(documents, exists), [])
  const planted = plant('`src/core/money.ts` `src/none.ts` `spec/` `poundlock/part/v1` `none.json` `1.5`')
  assert.equal(brokenPaths([planted], exists).length, 2)
})

test('every specification names vectors that are there, and every vector is named', () => {
  const specs = documents.filter(({ path }) => path.startsWith('spec/'))
  assert.ok(specs.length >= 5)
  assert.deepEqual(
    specs.flatMap((spec) => brokenVectors(spec, exists, members)),
    [],
  )
  const text = specs.map((spec) => spec.text).join('\n')
  for (const path of globSync('vectors/*', { cwd: join(project, 'spec') }))
    assert.ok(text.includes(path), `a specification names ${path}`)
  for (const planted of ['no word', 'vectors/none.json', 'vectors/journal.json Vectors: `parts`, `gone`.'])
    assert.equal(brokenVectors(plant(planted, 'spec/a.md'), exists, members).length, 1, planted)
})

test('the README lists exactly the packages that the gateway depends on', () => {
  assert.deepEqual(packagesOf(read('README.md')).toSorted(), Object.keys(manifest.dependencies).toSorted())
  assert.deepEqual(packagesOf('## Dependencies\n| `a`, `b` | x |\n| `c` | y |\n## Next\n'), ['a', 'b', 'c'])
})

test('the version is the same everywhere, and the changelog has it', () => {
  assert.equal(gatewayVersion, manifest.version)
  assert.match(read('CHANGELOG.md'), new RegExp(`^## ${manifest.version.replaceAll('.', '\\.')}\\b`, 'm'))
})

test('the licence is Apache-2.0 in every package', () => {
  assert.match(read('LICENSE'), /^\s*Apache License\s+Version 2\.0, January 2004/)
  for (const path of globSync('{package.json,*/package.json}', {
    cwd: project,
    exclude: ['node_modules/**'],
  })) {
    const { license }: { license?: string } = JSON.parse(read(path))
    assert.equal(license, 'Apache-2.0', path)
  }
  assert.equal(read('verifier/LICENSE'), read('LICENSE'))
})

test('every command of the documents is an npm script or a program, and what runs elsewhere really does', () => {
  const commands = new Set(documents.flatMap(commandsOf))
  assert.ok(commands.size > 10)
  for (const command of commands) {
    const [, script] = /^npm (?:run )?([\w:]+)/.exec(command) ?? []
    const ownWord = script === 'ci' || script === undefined || command.includes(' -w ')
    assert.ok(ownWord || script in manifest.scripts, `${command} is a script`)
  }
  for (const [command, { by, file }] of Object.entries(elsewhere)) {
    assert.ok(commands.has(command), `${command} is still in a document`)
    assert.ok(read(file).includes(by), `${file} runs ${command}`)
  }
})

test('no file of the project names a machine or a package registry', () => {
  assert.deepEqual(trackedFiles().flatMap(foreignWords), [])
  for (const [words, found] of [
    [['', 'work', 'main'].join('/'), 1],
    [['https://registry', 'example', 'org/x'].join('.'), 1],
    ['./work/', 0],
    ['a/home/b', 0],
  ] as const)
    assert.equal(foreignWords(plant(words)).length, found, words)
})

const textBytesMax = 2_000_000

/** As committed; an unpacked archive has no list, so there the folders are read. */
function trackedFiles(): readonly Document[] {
  const paths = existsSync(join(project, '.git'))
    ? execFileSync('git', ['ls-files', '-z'], { cwd: project, encoding: 'utf8' }).split('\0')
    : globSync('{*.*,{src,verifier,console,contracts,test,scripts,bench,examples,spec,bin}/**/*.*}', {
        cwd: project,
        exclude: ['**/node_modules/**', '**/dist/**', '**/out/**', '**/cache/**'],
      })
  return paths
    .filter((path) => path !== '' && existsSync(join(project, path)))
    .map((path) => ({ path, bytes: readFileSync(join(project, path)) }))
    .filter(({ bytes }) => bytes.length < textBytesMax && !bytes.includes(0))
    .map(({ path, bytes }) => ({ path, text: bytes.toString('utf8') }))
}
