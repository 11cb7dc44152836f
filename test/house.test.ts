import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { functionsOf } from './house/functions.ts'
import { importsOf } from './house/imports.ts'
import {
  attackImports,
  bannedCalls,
  consoleImports,
  focusedTests,
  functionLength,
  layerImports,
  leftovers,
  pureImports,
  verifierImports,
  type Rule,
} from './house/rules.ts'
import { bodyLinesMax, layers, pureLayers } from './house/table.ts'
import { codeOf, tokensOf } from './house/tokens.ts'

const roots = ['src', 'verifier', 'console', 'contracts', 'attack', 'test', 'bench', 'examples', 'scripts']
const built = /(?:^|\/)(?:node_modules|dist|out|cache|lib)\//

const tree = new Map(
  roots
    .flatMap((root) => globSync(`${root}/**/*.{ts,tsx}`, { exclude: ['**/node_modules/**'] }))
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !built.test(path))
    .toSorted()
    .map((path) => [path, readFileSync(path, 'utf8')] as const),
)

/** A rule holds for the house, finds each planted violation, and lets each neighbour of one pass. */
function house(title: string, rule: Rule, planted: readonly Planted[], allowed: readonly Planted[]): void {
  test(`${title}: the house keeps it`, () => assert.deepEqual(rule(tree), []))
  test(`${title}: a planted violation is found`, () => {
    for (const [path, text] of planted) {
      const found = rule(new Map([[path, text]]))
      assert.equal(found.length, 1, `${path}: ${text} gave ${found.join(' | ') || 'nothing'}`)
      assert.ok(found[0]?.startsWith(`${path}:`), found[0])
    }
  })
  test(`${title}: what is allowed passes`, () => {
    for (const [path, text] of allowed)
      assert.deepEqual(rule(new Map([[path, text]])), [], `${path}: ${text}`)
  })
}

type Planted = readonly [path: string, text: string]

house(
  'layers import what the table lists',
  layerImports,
  [
    ['src/core/a.ts', "import { openJournal } from '#journal'"],
    ['src/core/a.ts', "import { x } from '@noble/hashes/sha2.js'"],
    ['src/core/a.test.ts', "import { x } from '#crypto'"],
    ['src/crypto/a.ts', "import { x } from '../core/bytes.ts'"],
    ['src/crypto/a.ts', "import { x } from '#core/bytes.ts'"],
    ['src/crypto/a.ts', "import { x } from './b'"],
    ['src/crypto/a.ts', "import { x } from 'noble'"],
    ['src/crypto/a.ts', "export * from '#ledger'"],
    ['src/trade/a.ts', "import type { Policy } from '#policy'"],
    ['src/risk/a.ts', "import { instrument } from '#trade'"],
    ['src/risk/a.ts', "import { type Instrument } from '#trade'"],
    ['src/transport/fix/a.ts', "import { plan } from '#transfer'"],
    ['src/transport/fix/a.ts', "import { generate } from '../../../scripts/fix/generate.ts'"],
    ['src/transport/fix/a.ts', "import { Client } from 'undici'"],
    ['src/transport/fix/a.ts', "import { SaxesParser } from 'saxes'"],
    ['src/ledger/memory/a.ts', "import { createPublicClient } from 'viem'"],
    ['src/ledger/evm/a.ts', "import pg from 'pg'"],
    ['src/gateway/a.ts', "import { createPublicClient } from 'viem'"],
    ['src/gateway/a.ts', "import { serve } from '#server'"],
    ['src/server/a.ts', "import { signer } from '#crypto'"],
    ['src/server/a.ts', "import { cast } from '#sandbox'"],
    ['src/gateway/a.ts', "import { cast } from '#sandbox'"],
    ['src/journal/store/a.ts', "const pack = await import('../../../verifier/src/index.ts')"],
    ['src/journal/a.ts', "import '@poundlock/verify'"],
    ['src/journal/a.ts', 'const module = await import(name)'],
    ['src/journal/a.ts', "const { x } = require('fastify')"],
    ['src/journal/a.ts', "new Worker(new URL('../ledger/worker.ts', import.meta.url))"],
    ['src/newcomer/a.ts', "import { utf8 } from '#core'"],
    ['src/core/a.ts', "import fc from 'fast-check'"],
  ],
  [
    [
      'src/crypto/a.ts',
      "import { utf8 } from '#core'\nimport { x } from './b.ts'\nimport { y } from '@noble/curves/nist.js'",
    ],
    ['src/risk/a.ts', "import type { Instrument } from '#trade'"],
    ['src/risk/a.test.ts', "import { instrument } from '#trade'"],
    ['src/transport/fix/a.test.ts', "import { generate } from '../../../scripts/fix/generate.ts'"],
    ['src/transport/peer/a.ts', "import { Client } from 'undici'"],
    ['src/ledger/evm/a.ts', "import { http } from 'viem'\nimport { mainnet } from 'viem/chains'"],
    ['src/journal/store/postgres.ts', "import pg from 'pg'"],
    ['src/server/a.ts', "import { trace } from '@opentelemetry/api'"],
    ['src/cli/a.ts', "import { cast } from '#sandbox'"],
    ['src/core/a.test.ts', "import fc from 'fast-check'"],
    ['src/sandbox/a.ts', "spawn(node, [fileURLToPath(new URL('../cli/main.ts', import.meta.url))])"],
    ['src/core/a.ts', "// import { x } from '#journal'\nconst text = \"import { x } from '#journal'\""],
  ],
)

house(
  'pure layers import nothing of Node',
  pureImports,
  ['fs', 'net', 'http', 'tls', 'crypto', 'timers/promises', 'worker_threads'].flatMap((name) =>
    pureLayers.map((layer): Planted => [`src/${layer}/a.ts`, `import * as x from 'node:${name}'`]),
  ),
  [
    ['src/core/clock.ts', "import { performance } from 'node:perf_hooks'"],
    ['src/core/a.test.ts', "import { readFileSync } from 'node:fs'"],
    ['src/journal/a.ts', "import { readFileSync } from 'node:fs'"],
  ],
)

house(
  'the verifier stands alone',
  verifierImports,
  [
    ['verifier/src/a.ts', "import { utf8 } from '#core'"],
    ['verifier/src/a.ts', "import { utf8 } from '../../src/core/index.ts'"],
    ['verifier/src/a.ts', "import type { Jws } from '../../src/crypto/jws.ts'"],
    ['verifier/src/a.ts', "import { createHash } from 'node:crypto'"],
    ['verifier/src/a.ts', "import { hashTypedData } from 'viem'"],
    ['verifier/test/a.test.ts', "import { openJournal } from '../../src/journal/index.ts'"],
  ],
  [
    ['verifier/src/a.ts', "import { b } from './b.ts'\nimport { sha256 } from '@noble/hashes/sha2.js'"],
    ['verifier/src/cli.ts', "import { readFileSync } from 'node:fs'"],
    ['verifier/test/a.test.ts', "import { test } from 'node:test'\nimport { verify } from '../src/index.ts'"],
  ],
)

house(
  'the console sees the verifier and the types of the API',
  consoleImports,
  [
    ['console/src/a.tsx', "import { limits } from '../../src/server/api.ts'"],
    ['console/src/a.tsx', "import type { Trade } from '../../src/trade/index.ts'"],
    ['console/src/a.tsx', "import { signer } from '#crypto'"],
    ['console/src/a.tsx', "import { readFileSync } from 'node:fs'"],
    ['console/src/a.tsx', "import { useState } from 'react'"],
  ],
  [
    ['console/src/a.tsx', "import type { Trade } from '../../src/server/api.ts'"],
    ['console/src/a.tsx', "import { verifyPack } from '@poundlock/verify'\nimport { render } from 'preact'"],
    ['console/src/parts/a.tsx', "import { useState } from 'preact/hooks'\nimport { b } from '../b.tsx'"],
  ],
)

house(
  'an attack is a stranger',
  attackImports,
  [
    ['attack/a.ts', "import { signer } from '#crypto'"],
    ['attack/a.ts', "import { frame } from '../src/transport/fix/index.ts'"],
    ['attack/a.ts', "import { request } from 'undici'"],
  ],
  [
    [
      'attack/a.ts',
      "import { connect } from 'node:net'\nimport { b } from './b.ts'\nimport v from '../spec/vectors/a.json'",
    ],
  ],
)

house(
  'banned calls have replacements',
  bannedCalls,
  [
    ['src/gateway/a.ts', 'const id = Math.random()'],
    ['src/gateway/a.ts', "const id = Math['random']()"],
    ['src/gateway/a.ts', 'const now = Date.now()'],
    ['src/gateway/a.ts', 'const clock = { now: Date.now }'],
    ['src/gateway/a.ts', 'const now = new Date()'],
    ['src/gateway/a.ts', 'const now = new Date'],
    ['src/gateway/a.ts', 'const text = `at ${new Date().toISOString()}`'],
    ['src/trade/a.ts', 'const price = parseFloat(text)'],
    ['src/trade/a.ts', 'const price = Number.parseFloat(text)'],
    ['src/trade/a.ts', 'const price = Number(order.price)'],
    ['src/ledger/evm/a.ts', 'const usd = Number(amount.minor / 10n ** 6n)'],
    ['src/gateway/a.ts', 'const text = value.toFixed(2)'],
    ['src/journal/a.ts', 'const leaf = JSON.stringify(entry)'],
    ['src/transport/peer/a.ts', 'body.map(JSON.stringify)'],
    ['src/core/a.ts', 'const started = performance.now()'],
    ['src/trade/a.ts', "const limit = process.env['LIMIT']"],
    ['src/risk/a.ts', 'const bytes = crypto.getRandomValues(new Uint8Array(8))'],
    ['src/transfer/a.ts', 'setTimeout(retry, 10)'],
    ['src/ledger/evm/a.ts', 'const account = privateKeyToAccount(key)'],
    ['src/gateway/a.ts', 'const key = createPrivateKey(pem)'],
  ],
  [
    ['src/core/clock.ts', 'export const systemClock = { now: () => instant(Date.now()) }'],
    [
      'src/gateway/a.ts',
      'const at = new Date(ms)\nconst port = Number(text)\nconst day = Date.UTC(2026, 10, 20)',
    ],
    [
      'src/gateway/a.ts',
      "// never Math.random()\nconst why = 'Date.now() is banned'\nconst pattern = /parseFloat/",
    ],
    ['src/risk/a.ts', 'const forward = Number(mark.price)'],
    ['src/core/canonical.ts', 'return JSON.stringify(text)'],
    ['src/cli/a.ts', 'const text = `${seconds.toFixed(1)} s`'],
    ['src/server/a.ts', 'reply.send(JSON.stringify(page))'],
    ['src/gateway/a.test.ts', 'const now = Date.now()'],
    ['src/gateway/a.ts', 'setTimeout(retry, 10)'],
    ['src/crypto/a.ts', 'const key = createPrivateKey(pem)'],
    ['src/trade/a.ts', 'const { process } = steps\nview.process(1)'],
  ],
)

const lines = (count: number): string => Array.from({ length: count }, (_, at) => `  step(${at})`).join('\n')
const tooLong = lines(bodyLinesMax + 1)
const longest = lines(bodyLinesMax)

house(
  'functions are short',
  functionLength,
  [
    ['src/core/a.ts', `export function f(a: string): string {\n${tooLong}\n}`],
    ['src/core/a.ts', `export async function* f<T>(a: T): AsyncGenerator<{ b: T }> {\n${tooLong}\n}`],
    ['src/core/a.ts', `const f = (a: string): { readonly b: string } | undefined => {\n${tooLong}\n}`],
    ['src/core/a.ts', `const f = async a => {\n${tooLong}\n}`],
    ['src/core/a.ts', `function f(a: unknown): a is { b: string } {\n${tooLong}\n}`],
    ['src/core/a.ts', `function f(a: unknown): asserts a is string {\n${tooLong}\n}`],
    ['src/core/a.ts', `function f(): (a: string) => void {\n${tooLong}\n}`],
    ['src/core/a.ts', `class A {\n  get b(): number {\n${tooLong}\n  }\n}`],
    ['src/core/a.ts', `class A {\n  constructor() {\n${tooLong}\n  }\n}`],
    ['src/core/a.ts', `const a = {\n  async b(c) {\n${tooLong}\n  },\n}`],
    ['src/core/a.ts', `const a = { b: function () {\n${tooLong}\n} }`],
    ['console/src/a.tsx', `export function A({ b }: Props) {\n  return <p>Don't</p>\n${tooLong}\n}`],
    ['scripts/a.ts', `function f(a = { b: ')' }, c = /[)}]/) {\n${tooLong}\n}`],
  ],
  [
    ['src/core/a.ts', `export function f(): void {\n${longest}\n}`],
    ['src/core/a.ts', `const table = {\n${lines(99).replaceAll(/(step\(\d+\))/g, "'$1': 1,")}\n}`],
    ['src/core/a.ts', `type A = {\n${lines(99).replaceAll(/step\((\d+)\)/g, 'b$1: string')}\n}`],
    ['src/core/a.ts', `if (a) {\n${lines(99)}\n}\nfor (const b of c) {\n${lines(99)}\n}`],
    ['src/core/a.ts', `class A {\n${lines(99)}\n}\nexport class B extends C {\n${lines(99)}\n}`],
    ['src/core/a.test.ts', `test('a', () => {\n${tooLong}\n})`],
  ],
)

house(
  'nothing is left for later',
  leftovers,
  [
    ['src/core/a.ts', '// TODO later\nconst a = 1'],
    ['test/a.ts', '/* FIXME */'],
    ['scripts/a.ts', 'const a = 1 /** HACK: b */'],
  ],
  [['src/core/a.ts', "const word = 'TODO'\n// a method"]],
)

house(
  'every test runs',
  focusedTests,
  [
    ['src/core/a.test.ts', "test.only('a', () => {})"],
    ['src/core/a.test.ts', "describe.todo('a')"],
  ],
  [['src/core/a.test.ts', "test('only', (t) => t.skip('no corpora'))"]],
)

test('the table is acyclic and lists exactly the layers that exist or have their place', () => {
  const seen = new Set<string>()
  for (const [layer, { layers: others, types = [] }] of Object.entries(layers)) {
    for (const other of [...others, ...types])
      assert.ok(seen.has(other), `${layer} → ${other} is not downward`)
    seen.add(layer)
  }
  const present = globSync('src/*').map((path) => path.slice('src/'.length))
  assert.deepEqual(
    present.filter((layer) => !seen.has(layer)),
    [],
  )
})

const entryOf = (layer: string | undefined): string =>
  `src/${layer}/${layer === 'cli' ? 'main.ts' : 'index.ts'}`

test('every layer is entered by its index.ts, the command line by main.ts', () => {
  const used = new Set(
    [...tree.keys()].filter((path) => path.startsWith('src/')).map((path) => path.split('/')[1]),
  )
  assert.deepEqual(
    [...used].filter((layer) => !existsSync(entryOf(layer))),
    [],
  )
})

const text = (source: string): string[] => codeOf(source).map((token) => token.text)
const seen = (source: string): string[] =>
  importsOf(source).map(({ to, typeOnly }) => (typeOnly ? `type ${to}` : to))

test('the tokenizer tells code from strings, templates, regular expressions and comments', () => {
  assert.deepEqual(text('a /* b */ c // d\ne'), ['a', 'c', 'e'])
  assert.deepEqual(text(String.raw`'it\'s' "a // b" x`), [String.raw`it\'s`, 'a // b', 'x'])
  assert.deepEqual(text('a / b / c'), ['a', '/', 'b', '/', 'c'])
  assert.deepEqual(text('return /[/"]\\//g.test(a)'), ['return', '/[/"]\\//g', '.', 'test', '(', 'a', ')'])
  assert.deepEqual(text('(a) / 2 + b[0] / 3'), ['(', 'a', ')', '/', '2', '+', 'b', '[', '0', ']', '/', '3'])
  assert.deepEqual(text('`a ${b + `c ${{ d: 1 }.d}`} e` + f'), [
    '`a ${',
    'b',
    '+',
    '`c ${',
    '{',
    'd',
    ':',
    '1',
    '}',
    '.',
    'd',
    '}`',
    '} e`',
    '+',
    'f',
  ])
  assert.deepEqual(text('`\\`${a}\\${b}`'), ['`\\`${', 'a', '}\\${b}`'])
  assert.deepEqual(text('x => 0x1f + 1_000n + .5'), ['x', '=>', '0x1f', '+', '1_000n', '+', '.5'])
  assert.deepEqual(text('this.#secret'), ['this', '.', '#secret'])
  assert.deepEqual(text("<p>Don't</p>"), ['<', 'p', '>', 'Don', "'", 't', '<', '/', 'p', '>'])
  assert.deepEqual(
    tokensOf('a\n/* b\n */ c `d\n` e').map(({ line }) => line),
    [1, 2, 3, 3, 4],
  )
})

test('every kind of import is seen, with what it names', () => {
  assert.deepEqual(seen("import a, { b as c, type D } from 'x'"), ['x'])
  assert.deepEqual(seen('import * as a from "x"; import \'y\''), ['x', 'y'])
  assert.deepEqual(seen("import type { A } from 'x'\nimport type B from 'y'\nimport type from 'z'"), [
    'type x',
    'type y',
    'z',
  ])
  assert.deepEqual(
    seen("export * from 'x'\nexport * as a from 'y'\nexport type { B } from 'z'\nexport { c }"),
    ['x', 'y', 'type z'],
  )
  assert.deepEqual(seen("const a = await import('x')\ntype B = import('y').B\nimport(`z${1}`)"), [
    'x',
    'y',
    '<computed>',
  ])
  assert.deepEqual(seen("import a from 'x' with { type: 'json' }"), ['x'])
  assert.deepEqual(
    seen("import.meta.url\nconst from = 'x'\nexport const b = { from: 'y' }\nexport default from"),
    [],
  )
  assert.deepEqual(seen("import {\n  // from 'no'\n  a,\n} from\n  'x'"), ['x'])
  assert.deepEqual(seen("obj.import('x'); obj.require('y')"), [])
})

test('functions are found with their names and lengths', () => {
  const source = `export function first(): void {
  if (a) {
    b()
  }
}
const second = async (x: number): Promise<{ y: number }> => {
  return { y: x }
}
class Third {
  fourth<T>(x: T): x is T & { z: 1 } {
    return true
  }
}
const fifth = cond ? call(a) : { b }
switch (x) { case f(a): { break } }
`
  assert.deepEqual(
    functionsOf(source).map(({ name, line, bodyLines }) => [name, line, bodyLines]),
    [
      ['first', 1, 3],
      ['second', 6, 1],
      ['fourth', 10, 1],
    ],
  )
})
