/**
 * RFC 8785 canonical JSON, read strictly. A text is accepted only if printing what it says gives the same
 * text again. That one comparison refuses white space, duplicate members, unsorted members, other
 * spellings of a number or a string, and everything that a lenient parser would have repaired.
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [member: string]: Json }

export const depthMax = 64

/** The value of a canonical text; undefined when the text is not canonical JSON or deeper than `depthMax`. */
export const parseCanonical = (text: string): Json | undefined => {
  try {
    const value: Json = JSON.parse(text)
    return canonicalJson(value) === text ? value : undefined
  } catch {
    return undefined
  }
}

/** RFC 8785 §3.2. Throws CanonicalError for lone surrogates, numbers that are not finite, and deep nesting. */
export const canonicalJson = (value: Json, depth = 0): string => {
  if (depth > depthMax) throw new CanonicalError('nested deeper than the limit')
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return printNumber(value)
  if (typeof value === 'string') return printString(value)
  if (isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`
  const members = Object.keys(value)
    .toSorted(byUtf16)
    .map((name) => `${printString(name)}:${canonicalJson(value[name] ?? null, depth + 1)}`)
  return `{${members.join(',')}}`
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

export const isText = (value: Json | undefined): value is string => typeof value === 'string'

export const isTexts = (value: Json | undefined): value is readonly string[] =>
  isArray(value) && value.every(isText)

/** An integer from 0 to 2^53 − 1. */
export const isCount = (value: Json | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** True when the object has these members and no others. */
export const hasExactly = (value: JsonObject, names: readonly string[]): boolean =>
  Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name))

/** An own member, never one inherited from Object.prototype. */
export const member = (value: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(value, name) ? value[name] : undefined

const printNumber = (value: number): string => {
  if (!Number.isFinite(value)) throw new CanonicalError('a number that JSON cannot hold')
  return Object.is(value, -0) ? '0' : String(value)
}

const printString = (text: string): string => {
  if (!text.isWellFormed()) throw new CanonicalError('a lone surrogate')
  // eslint-disable-next-line no-control-regex -- control characters are what must be escaped
  return `"${text.replace(/[\u0000-\u001f"\\]/g, escaped)}"`
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
}

const escaped = (char: string): string =>
  shortEscapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

const byUtf16 = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export class CanonicalError extends Error {
  override readonly name = 'Json.CanonicalError'
}
