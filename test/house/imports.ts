import { codeOf, type Token } from './tokens.ts'

export type Import = {
  /** The specifier as written; `<computed>` if it is not a literal. */
  readonly to: string
  /** `import type` or `export type`: gone when the file runs. Inline `type` modifiers keep the import. */
  readonly typeOnly: boolean
  readonly line: number
}

/**
 * Every module that a file names: static imports, re-exports, `import()`, `require()`, and workers
 * started by `new Worker(new URL('./x.ts', import.meta.url))`. A process started from a path is no import.
 */
export function importsOf(source: string): readonly Import[] {
  const code = codeOf(source)
  return code.flatMap((token, at) => {
    if (token.kind !== 'word' || code[at - 1]?.text === '.') return []
    if (token.text === 'import') return importAt(code, at)
    if (token.text === 'export') return exportAt(code, at)
    if (token.text === 'require' && isCall(code, at)) return [literalAt(code, at + 2)]
    return token.text === 'URL' ? urlAt(code, at) : []
  })
}

function importAt(code: readonly Token[], at: number): readonly Import[] {
  const next = code[at + 1]
  if (next?.text === '(') return [literalAt(code, at + 2)]
  if (next?.kind === 'string') return [{ to: next.text, typeOnly: false, line: next.line }]
  if (next?.kind === 'punctuation' && !'{*'.includes(next.text)) return []
  return fromClause(code, at + 1)
}

function exportAt(code: readonly Token[], at: number): readonly Import[] {
  const start = code[at + 1]?.text === 'type' ? at + 2 : at + 1
  const opens = code[start]?.text
  return opens === '{' || opens === '*' ? fromClause(code, at + 1) : []
}

/** `… from 'x'`: names, braces, commas and stars only; anything else is not a clause. */
function fromClause(code: readonly Token[], start: number): readonly Import[] {
  const typeOnly = code[start]?.text === 'type' && !['from', ','].includes(code[start + 1]?.text ?? '')
  for (let at = start; at < code.length; at += 1) {
    const token = code[at]
    const to = code[at + 1]
    if (token?.text === 'from' && to?.kind === 'string') return [{ to: to.text, typeOnly, line: to.line }]
    if (
      token === undefined ||
      (token.kind !== 'word' && token.kind !== 'string' && !'{},*'.includes(token.text))
    )
      break
  }
  return []
}

function urlAt(code: readonly Token[], at: number): readonly Import[] {
  const to = code[at + 2]
  const starts = code[at - 1]?.text === 'new' && code[at - 2]?.text === '(' && code[at - 3]?.text === 'Worker'
  const file = starts && isCall(code, at) && to?.kind === 'string' && /^\.{1,2}\/.*\.tsx?$/.test(to.text)
  return file ? [{ to: to.text, typeOnly: false, line: to.line }] : []
}

function literalAt(code: readonly Token[], at: number): Import {
  const token = code[at]
  const after = code[at + 1]?.text
  const literal = token?.kind === 'string' && (after === ')' || after === ',')
  return { to: literal ? token.text : '<computed>', typeOnly: false, line: token?.line ?? 0 }
}

const isCall = (code: readonly Token[], at: number): boolean => code[at + 1]?.text === '('
