import { utf8 } from './bytes.ts'
import { invariant } from './invariant.ts'
import { parseJson, type Json, type JsonLimits, type JsonObject } from './json.ts'
import { isRefusal, refuse, type Refusal } from './refusal.ts'

/**
 * The one text of a JSON value (RFC 8785): members sorted by UTF-16 units, no spaces, numbers as
 * ECMAScript prints them (so −0 is `0`), only the escapes that JSON needs.
 *
 * A value that JSON cannot carry (NaN, infinity, undefined, a lone surrogate) is a bug and throws.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string') return canonicalString(value)
  if (typeof value === 'number') {
    invariant(Number.isFinite(value), `JSON has no ${value}`)
    return String(value)
  }
  if (value === null || typeof value === 'boolean') return String(value)
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  invariant(typeof value === 'object', `JSON has no ${typeof value}`)
  return canonicalObject(value)
}

/** UTF-8 bytes of the canonical text. */
export const canonicalBytes = (value: Json): Uint8Array => utf8(canonicalJson(value))

/**
 * Parses and accepts only the canonical text itself. Refuses what `parseJson` refuses, and
 * `json-not-canonical`.
 */
export function parseCanonicalJson(text: string, limits: Partial<JsonLimits> = {}): Json | Refusal {
  const value = parseJson(text, limits)
  if (isRefusal(value)) return value
  return canonicalJson(value) === text ? value : refuse('json-not-canonical', 'Not the RFC 8785 form')
}

function canonicalObject(value: JsonObject): string {
  // Sorting without a comparator orders by UTF-16 units, as RFC 8785 §3.2.3 asks.
  const names = Object.keys(value).toSorted()
  const members = names.map((name) => {
    const member = value[name]
    invariant(member !== undefined, `JSON has no undefined (member ${name})`)
    return `${canonicalString(name)}:${canonicalJson(member)}`
  })
  return `{${members.join(',')}}`
}

// ECMAScript's string quoting is what RFC 8785 §3.2.2.2 prescribes, lone surrogates apart.
function canonicalString(text: string): string {
  invariant(text.isWellFormed(), 'a lone surrogate has no UTF-8')
  return JSON.stringify(text)
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value)
