import { posix } from 'node:path'
import { functionsOf } from './functions.ts'
import { importsOf, type Import } from './imports.ts'
import {
  bodyLinesMax,
  buildPackages,
  clockFile,
  consolePackages,
  consoleTypes,
  layers,
  pureLayers,
  testFolder,
  testPackages,
  verifierPackages,
  verifierTestPackages,
  type May,
} from './table.ts'
import { codeOf, tokensOf, type Token } from './tokens.ts'

/** Source texts by path from the repository's root, with forward slashes. */
export type Tree = ReadonlyMap<string, string>
/** Finds what breaks one rule: `path:line what, and what to do instead`. */
export type Rule = (tree: Tree) => readonly string[]

/** src: layers see only the layers and packages that the table lists for them. */
export const layerImports: Rule = (tree) =>
  importsIn(tree, 'src/', ({ path, one }) => {
    const layer = path.split('/')[1] ?? ''
    const may = layers[layer]
    if (may === undefined) return `is in src/${layer}, which the table does not list`
    return layerMay(layer, may, path, one) ? undefined : `may not import ${one.to}`
  })

/** core, trade, risk and transfer get clock, randomness, disk and network as arguments. */
export const pureImports: Rule = (tree) =>
  importsIn(tree, 'src/', ({ path, one }) =>
    isPure(path) && one.to.startsWith('node:') ? `is pure and may not import ${one.to}` : undefined,
  )

/** The verifier imports nothing of ours, and Node only where it is a program. */
export const verifierImports: Rule = (tree) =>
  importsIn(tree, 'verifier/', ({ path, one }) => {
    const packages = isTest(path) ? verifierTestPackages : isBuild(path) ? buildPackages : verifierPackages
    const ok =
      leadsInto('verifier', path, one.to) ||
      isOneOf(packages, one.to) ||
      (isTest(path) && leadsInto('spec', path, one.to)) ||
      (one.to.startsWith('node:') && !runsInBrowser(path))
    return ok ? undefined : `may not import ${one.to}`
  })

/** The console knows the verifier, HTTP, and of the gateway the types of its API. */
export const consoleImports: Rule = (tree) =>
  importsIn(tree, 'console/src/', ({ path, one }) => {
    const types = one.typeOnly && posix.join(posix.dirname(path), one.to) === consoleTypes
    const ok =
      types ||
      leadsInto('console/src', path, one.to) ||
      isOneOf(consolePackages, one.to) ||
      (isTest(path) && (one.to.startsWith('node:') || isOneOf(testPackages, one.to)))
    return ok ? undefined : `may not import ${one.to}`
  })

/** An attack knows the network and spec/. */
export const attackImports: Rule = (tree) =>
  importsIn(tree, 'attack/', ({ path, one }) => {
    const ok =
      one.to.startsWith('node:') || leadsInto('attack', path, one.to) || leadsInto('spec', path, one.to)
    return ok ? undefined : `may not import ${one.to}`
  })

/** Calls that would bring in a clock, randomness, floats for money, or unstable bytes. */
export const bannedCalls: Rule = (tree) =>
  codeIn(tree, 'src/').flatMap(({ path, code }) =>
    isTest(path)
      ? []
      : code.flatMap((token, at) =>
          bans.flatMap(({ where, found, instead }) =>
            token.kind === 'word' && code[at - 1]?.text !== 'function' && where(path) && found(code, at)
              ? [`${path}:${token.line} uses ${token.text}: ${instead}`]
              : [],
          ),
        ),
  )

/** No function body is longer than `bodyLinesMax` lines. */
export const functionLength: Rule = (tree) =>
  filesIn(tree, '').flatMap(([path, text]) =>
    isTest(path)
      ? []
      : functionsOf(text)
          .filter(({ bodyLines }) => bodyLines > bodyLinesMax)
          .map(
            ({ name, line, bodyLines }) =>
              `${path}:${line} ${name} has ${bodyLines} lines; at most ${bodyLinesMax}`,
          ),
  )

/** No comment promises work for later. */
export const leftovers: Rule = (tree) =>
  filesIn(tree, '').flatMap(([path, text]) =>
    tokensOf(text)
      .filter(({ kind, text: comment }) => kind === 'comment' && /\b(?:FIXME|TODO|XXX|HACK)\b/.test(comment))
      .map(({ line }) => `${path}:${line} leaves work for later: do it, or open an issue`),
  )

/** No test is left switched off, or switches off the others. */
export const focusedTests: Rule = (tree) =>
  codeIn(tree, '').flatMap(({ path, code }) =>
    code.flatMap(({ text, line }, at) =>
      isTest(path) &&
      (text === 'only' || text === 'todo') &&
      code[at - 1]?.text === '.' &&
      ['test', 'it', 'describe', 'suite'].includes(code[at - 2]?.text ?? '') &&
      code[at + 1]?.text === '('
        ? [`${path}:${line} uses ${text}: run every test`]
        : [],
    ),
  )

type Ban = {
  readonly where: (path: string) => boolean
  readonly found: (code: readonly Token[], at: number) => boolean
  readonly instead: string
}

const everywhere = (): boolean => true
const outsideClock = (path: string): boolean => path !== clockFile
/** The command line prints durations; money it prints with `formatAmount` as everybody else does. */
const outsideTerminal = (path: string): boolean => outsideRisk(path) && !path.startsWith('src/cli/')
const outsideRisk = (path: string): boolean => !path.startsWith('src/risk/')
const outsideCrypto = (path: string): boolean => !path.startsWith('src/crypto/')
const isPure = (path: string): boolean =>
  pureLayers.includes(path.split('/')[1] ?? '') && outsideClock(path) && !isTest(path)
/** The canonical form itself, and layers whose JSON is read by people and browsers and never signed. */
const signs = (path: string): boolean =>
  path !== 'src/core/canonical.ts' && !/^src\/(?:server|cli|sandbox)\//.test(path)

const bans: readonly Ban[] = [
  { where: everywhere, found: (code, at) => isMember(code, at, 'Math', 'random'), instead: 'take a Random' },
  {
    where: outsideClock,
    found: (code, at) => isMember(code, at, 'Date', 'now'),
    instead: 'take a Clock or an Instant',
  },
  { where: outsideClock, found: isDateOfNow, instead: 'take a Clock or an Instant' },
  { where: everywhere, found: (code, at) => code[at]?.text === 'parseFloat', instead: 'use parseDecimal' },
  {
    where: outsideTerminal,
    found: (code, at) => isCallOf(code, at, 'toFixed'),
    instead: 'use formatDecimal or formatAmount',
  },
  { where: outsideRisk, found: isNumberOfMoney, instead: 'money and quantities are bigint or Decimal' },
  {
    where: signs,
    found: (code, at) => isMember(code, at, 'JSON', 'stringify'),
    instead: 'use canonicalJson',
  },
  { where: outsideCrypto, found: touchesPrivateKeys, instead: 'take a Signer of #crypto' },
  { where: isPure, found: readsTheWorld, instead: 'a pure layer takes it as an argument' },
]

function isMember(code: readonly Token[], at: number, object: string, member: string): boolean {
  if (code[at]?.text !== object || code[at - 1]?.text === '.') return false
  if (code[at + 1]?.text === '.') return code[at + 2]?.text === member
  return code[at + 1]?.text === '[' && code[at + 2]?.text === member
}

/** `new Date()` and `new Date` without an argument, and `Date()` as a call. */
function isDateOfNow(code: readonly Token[], at: number): boolean {
  if (code[at]?.text !== 'Date' || code[at - 1]?.text === '.') return false
  if (code[at + 1]?.text === '(') return code[at + 2]?.text === ')'
  return code[at - 1]?.text === 'new' && code[at + 1]?.text !== '<'
}

const isCallOf = (code: readonly Token[], at: number, name: string): boolean =>
  code[at]?.text === name && code[at + 1]?.text === '('

const moneyWords = /amount|minor|price|premium|quantity|qty|notional|strike|balance|collateral|proceeds/i

/** `Number(…)` of something that is called like money. */
function isNumberOfMoney(code: readonly Token[], at: number): boolean {
  if (!isCallOf(code, at, 'Number') || code[at - 1]?.text === '.') return false
  let depth = 0
  for (const token of code.slice(at + 1)) {
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (depth === 0) return false
    if (token.kind === 'word' && moneyWords.test(token.text)) return true
  }
  return false
}

const world = new Set([
  'process',
  'performance',
  'crypto',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'WebSocket',
])

function readsTheWorld(code: readonly Token[], at: number): boolean {
  const used = ['.', '(', '['].includes(code[at + 1]?.text ?? '')
  return used && world.has(code[at]?.text ?? '') && code[at - 1]?.text !== '.'
}

const privateKeyCalls = new Set([
  'createPrivateKey',
  'generateKeyPair',
  'generateKeyPairSync',
  'createSign',
  'privateKeyToAccount',
  'mnemonicToAccount',
  'hdKeyToAccount',
  'generatePrivateKey',
  'randomSecretKey',
])

function touchesPrivateKeys(code: readonly Token[], at: number): boolean {
  return privateKeyCalls.has(code[at]?.text ?? '') && code[at + 1]?.text === '('
}

function layerMay(layer: string, may: May, path: string, { to, typeOnly }: Import): boolean {
  if (to.startsWith('node:')) return true
  if (leadsInto(`src/${layer}`, path, to)) return true
  if (to.startsWith('#')) {
    const other = to.slice(1)
    return may.layers.includes(other) || ((typeOnly || isTest(path)) && (may.types ?? []).includes(other))
  }
  if (isTest(path) && leadsInto(testFolder, path, to)) return true
  if (isTest(path) && isOneOf(testPackages, to)) return true
  if (isOneOf(may.packages ?? [], to)) return true
  return Object.entries(may.only ?? {}).some(
    ([name, folders]) => isOneOf([name], to) && folders.some((folder) => path.startsWith(folder)),
  )
}

type Found = { readonly path: string; readonly one: Import }

function importsIn(
  tree: Tree,
  folder: string,
  judge: (found: Found) => string | undefined,
): readonly string[] {
  return filesIn(tree, folder).flatMap(([path, text]) =>
    importsOf(text).flatMap((one) => {
      const problem = judge({ path, one })
      return problem === undefined ? [] : [`${path}:${one.line} ${problem}`]
    }),
  )
}

const codeIn = (tree: Tree, folder: string): readonly { path: string; code: readonly Token[] }[] =>
  filesIn(tree, folder).map(([path, text]) => ({ path, code: codeOf(text) }))

const filesIn = (tree: Tree, folder: string): readonly (readonly [string, string])[] =>
  [...tree].filter(([path]) => path.startsWith(folder) && /\.tsx?$/.test(path))

/** A relative import, extension included, that stays in `folder`. */
const leadsInto = (folder: string, path: string, to: string): boolean =>
  /^\.{1,2}\/.*\.[a-z]+$/.test(to) && posix.join(posix.dirname(path), to).startsWith(`${folder}/`)

const isOneOf = (names: readonly string[], to: string): boolean =>
  names.some((name) =>
    name.endsWith('/*') ? to.startsWith(name.slice(0, -1)) : to === name || to.startsWith(`${name}/`),
  )

/** Tests and what only they use: fixtures, fakes and contract suites. */
const isTest = (path: string): boolean =>
  path.endsWith('.test.ts') || /(?:^|\/)(?:test|testing)\/|\/contract\.ts$/.test(path)

const isBuild = (path: string): boolean => path.endsWith('.config.ts')

/** The verifier's library, as opposed to its command, its build scripts and its tests. */
const runsInBrowser = (path: string): boolean =>
  path.startsWith('verifier/src/') && !/\/cli(?:\/|\.ts$)/.test(path) && !isTest(path)
