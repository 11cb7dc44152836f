/**
 * Just enough of TypeScript's grammar to tell code from text: strings, templates, regular expressions and
 * comments are one token each (a template's expressions are code again). It does not parse.
 */
export type Token = {
  readonly kind: 'word' | 'number' | 'punctuation' | 'string' | 'template' | 'regex' | 'comment'
  /** Of a string the content between the quotes, else the source text. */
  readonly text: string
  /** First line, from 1. */
  readonly line: number
}

const word = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy
const number = /(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?|\.\d+)n?/y
const comment = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
// A quote without its partner on the same line is an apostrophe in JSX text.
const string = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const regex = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const templatePart = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y

/** Words after which a slash starts a regular expression. */
const beforeRegex = new Set(
  'return typeof case in of do else void delete instanceof new throw yield await'.split(' '),
)
const closing = new Set([')', ']', '}'])

/** Each rule reads every file, so texts are scanned once. */
const scanned = new Map<string, readonly Token[]>()

export function tokensOf(source: string): readonly Token[] {
  const known = scanned.get(source) ?? scan(source)
  scanned.set(source, known)
  return known
}

/** The tokens that are code. */
export const codeOf = (source: string): readonly Token[] =>
  tokensOf(source).filter(({ kind }) => kind !== 'comment')

function scan(source: string): readonly Token[] {
  const tokens: Token[] = []
  /** For each open template expression, how many braces are open inside it. */
  const templates: number[] = []
  let at = 0
  let line = 1
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  const push = (kind: Token['kind'], text: string, whole: string): void => {
    tokens.push({ kind, text, line })
    at += whole.length
    line += whole.split('\n').length - 1
  }
  while (at < source.length) {
    const [kind, text] = nextToken(source, at, take, lastCode(tokens), templates)
    if (kind === 'space') {
      if (text === '\n') line += 1
      at += text.length
    } else push(kind, kind === 'string' ? text.slice(1, -1) : text, text)
  }
  return tokens
}

type Take = (pattern: RegExp) => string | undefined

function nextToken(
  source: string,
  at: number,
  take: Take,
  last: Token | undefined,
  templates: number[],
): readonly [Token['kind'] | 'space', string] {
  const character = source.charAt(at)
  if (/\s/.test(character)) return ['space', character]
  if (character === '`') return ['template', '`' + openTemplate(source, at + 1, templates)]
  if (character === '}' && templates.at(-1) === 0) {
    templates.pop()
    return ['template', '}' + openTemplate(source, at + 1, templates)]
  }
  const found = firstOf(take, last)
  if (found !== undefined) return found
  countBrace(character, templates)
  return ['punctuation', source.startsWith('=>', at) ? '=>' : character]
}

function firstOf(take: Take, last: Token | undefined): readonly [Token['kind'], string] | undefined {
  const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
    ['comment', comment],
    ['string', string],
    ['word', word],
    ['number', number],
    ...(mayStartRegex(last) ? ([['regex', regex]] as const) : []),
  ]
  for (const [kind, pattern] of patterns) {
    const text = take(pattern)
    if (text !== undefined && text !== '') return [kind, text]
  }
  return undefined
}

/** Text of a template up to its end or to the next `${`, which opens an expression. */
function openTemplate(source: string, at: number, templates: number[]): string {
  templatePart.lastIndex = at
  const text = templatePart.exec(source)?.[0] ?? ''
  const end = source.slice(at + text.length, at + text.length + 2)
  if (end !== '${') return text + end.slice(0, 1)
  templates.push(0)
  return text + end
}

function countBrace(character: string, templates: number[]): void {
  const open = templates.at(-1)
  if (open === undefined || (character !== '{' && character !== '}')) return
  templates[templates.length - 1] = open + (character === '{' ? 1 : -1)
}

function mayStartRegex(last: Token | undefined): boolean {
  if (last === undefined) return true
  if (last.kind === 'word') return beforeRegex.has(last.text)
  return last.kind === 'punctuation'
    ? !closing.has(last.text)
    : last.kind === 'template' && last.text.endsWith('${')
}

const lastCode = (tokens: readonly Token[]): Token | undefined =>
  tokens.findLast(({ kind }) => kind !== 'comment')
