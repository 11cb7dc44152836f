import { codeOf, type Token } from './tokens.ts'

export type Span = {
  readonly name: string
  /** Line of the opening brace, from 1. */
  readonly line: number
  /** Lines between the braces, blank lines and comments included. */
  readonly bodyLines: number
}

/** Every function, method, accessor and arrow function with a block as its body. */
export function functionsOf(source: string): readonly Span[] {
  const code = codeOf(source)
  const pairs = pairsOf(code)
  return code.flatMap((token, at) => {
    if (token.text !== '{' || token.kind !== 'punctuation') return []
    const parameters = parametersBefore(code, pairs, at)
    const end = code[pairs.get(at) ?? -1]
    if (parameters === undefined || end === undefined) return []
    return [
      {
        name: nameBefore(code, parameters),
        line: token.line,
        bodyLines: Math.max(0, end.line - token.line - 1),
      },
    ]
  })
}

const partner: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }
const control = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await'])
/** After these a brace in a type opens a type, not the body. */
const expectsType = new Set([
  ':',
  '|',
  '&',
  'is',
  'extends',
  'keyof',
  'readonly',
  'typeof',
  'asserts',
  '?',
  '<',
  ',',
  '(',
])

/** Brackets by index, both ways. */
function pairsOf(code: readonly Token[]): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>()
  const open: number[] = []
  code.forEach(({ kind, text }, at) => {
    if (kind !== 'punctuation') return
    if ('([{'.includes(text)) open.push(at)
    if (!Object.hasOwn(partner, text) || code[open.at(-1) ?? -1]?.text !== partner[text]) return
    const start = open.pop() ?? at
    pairs.set(start, at).set(at, start)
  })
  return pairs
}

/** Index of the `(` of the function whose body opens at `at`; for an arrow with one bare name, of the name. */
function parametersBefore(
  code: readonly Token[],
  pairs: ReadonlyMap<number, number>,
  at: number,
): number | undefined {
  const before = code[at - 1]
  if (before?.text === '=>') return arrowStart(code, pairs, at - 2)
  if (before?.text === ')') return functionStart(code, pairs, at - 1)
  return typedStart(code, pairs, at)
}

function arrowStart(code: readonly Token[], pairs: ReadonlyMap<number, number>, at: number): number {
  if (code[at]?.text === ')') return pairs.get(at) ?? at
  return typedStart(code, pairs, at + 1) ?? at
}

/** The `(` that matches a `)` at `at`, unless it belongs to a control statement. */
function functionStart(
  code: readonly Token[],
  pairs: ReadonlyMap<number, number>,
  at: number,
): number | undefined {
  const start = pairs.get(at)
  const before = code[(start ?? 0) - 1]
  if (start === undefined || before === undefined) return undefined
  const named =
    before.kind === 'word' || before.kind === 'string' || before.text === '>' || before.text === ']'
  const arrow = before.text === '=' || before.text === '(' || before.text === ',' || before.text === ':'
  return (named && !control.has(before.text)) || arrow ? start : undefined
}

/** Walks back over a return type, `): Promise<A | { b: C }> {`, to the parameters. */
function typedStart(
  code: readonly Token[],
  pairs: ReadonlyMap<number, number>,
  body: number,
): number | undefined {
  if (expectsType.has(code[body - 1]?.text ?? '')) return undefined
  for (let at = body - 1; at > 0; at -= 1) {
    const token = code[at]
    if (token === undefined) return undefined
    if (token.text === ':' && code[at - 1]?.text === ')') return functionStart(code, pairs, at - 1)
    if (token.kind === 'punctuation' && Object.hasOwn(partner, token.text)) at = pairs.get(at) ?? 0
    else if (token.kind === 'punctuation' && !'<>|&.,?:'.includes(token.text) && token.text !== '=>')
      return undefined
    else if (token.kind === 'word' && statements.has(token.text)) return undefined
  }
  return undefined
}

/** Words that no return type holds. */
const statements = new Set(
  'return const let var if else for while do switch case default break throw try finally class new export import function in of'.split(
    ' ',
  ),
)

function nameBefore(code: readonly Token[], parameters: number): string {
  const at = beforeGenerics(code, parameters)
  const words = code.slice(Math.max(0, at - 4), at).filter(({ kind }) => kind === 'word' || kind === 'string')
  return (
    words.findLast(({ text }) => !['async', 'function', 'const', 'export'].includes(text))?.text ??
    '(anonymous)'
  )
}

/** `name<T, U>(`: the index of `<`, else the index given. */
function beforeGenerics(code: readonly Token[], parameters: number): number {
  if (code[parameters - 1]?.text !== '>') return parameters
  let depth = 0
  for (let at = parameters - 1; at > 0; at -= 1) {
    if (code[at]?.text === '>') depth += 1
    if (code[at]?.text === '<') depth -= 1
    if (depth === 0) return at
  }
  return parameters
}
