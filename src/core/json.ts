import { fromUtf8 } from './bytes.ts'
import { jsonBytesMax, jsonDepthMax, jsonMembersMax } from './limits.ts'
import { isRefusal, refuse, type Refusal, type RefusalCode } from './refusal.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [member: string]: Json }
export type JsonLimits = {
  readonly bytesMax: number
  readonly depthMax: number
  /** Object members and array items, counted together. */
  readonly membersMax: number
}

const defaults: JsonLimits = { bytesMax: jsonBytesMax, depthMax: jsonDepthMax, membersMax: jsonMembersMax }

/**
 * Strict JSON (RFC 8259, I-JSON RFC 7493): one value, nothing that two parsers would read differently.
 *
 * Refuses `json-syntax` (control characters and a byte order mark included), `json-duplicate-key` (also when
 * an escape hides it), `json-too-deep`, `json-too-large`, `json-too-many-members`, `json-lone-surrogate`,
 * `json-number` (overflow, underflow to zero, and integers whose digits a double would lose),
 * `utf8-invalid`.
 * `meta.at` is the position in UTF-16 units. `__proto__` is a member like any other.
 */
export function parseJson(text: Uint8Array | string, limits: Partial<JsonLimits> = {}): Json | Refusal {
  const within = { ...defaults, ...limits }
  const decoded = decode(text, within.bytesMax)
  if (isRefusal(decoded)) return decoded
  const reader: Reader = { text: decoded, at: 0, depth: 0, members: 0, limits: within }
  try {
    const value = readValue(reader)
    skipSpace(reader)
    return reader.at === decoded.length ? value : fail(reader, 'json-syntax', 'Text after the value')
  } catch (error) {
    if (error instanceof JsonStop) return error.refusal
    throw error
  }
}

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Reader = {
  readonly text: string
  at: number
  depth: number
  members: number
  readonly limits: JsonLimits
}

const numberPattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

function decode(text: Uint8Array | string, bytesMax: number): string | Refusal {
  const tooLarge = (): Refusal => refuse('json-too-large', `More than ${bytesMax} bytes`)
  if (typeof text !== 'string') return text.length > bytesMax ? tooLarge() : fromUtf8(text)
  if (text.length > bytesMax || Buffer.byteLength(text) > bytesMax) return tooLarge()
  return text
}

function readValue(reader: Reader): Json {
  skipSpace(reader)
  switch (reader.text.charAt(reader.at)) {
    case '{':
      return readObject(reader)
    case '[':
      return readArray(reader)
    case '"':
      return readString(reader)
    case 't':
      return readWord(reader, 'true', true)
    case 'f':
      return readWord(reader, 'false', false)
    case 'n':
      return readWord(reader, 'null', null)
    default:
      return readNumber(reader)
  }
}

function readObject(reader: Reader): JsonObject {
  const object: Record<string, Json> = {}
  for (let more = open(reader, '}'); more; more = next(reader, '}')) {
    skipSpace(reader)
    const at = reader.at
    const name = readString(reader)
    if (Object.hasOwn(object, name))
      fail({ ...reader, at }, 'json-duplicate-key', `Member named twice: ${name}`)
    skipSpace(reader)
    expect(reader, ':')
    setMember(object, name, readValue(reader))
  }
  return object
}

function readArray(reader: Reader): Json[] {
  const items: Json[] = []
  for (let more = open(reader, ']'); more; more = next(reader, ']')) items.push(readValue(reader))
  return items
}

// Assignment to `__proto__` would set the prototype instead of a member.
function setMember(object: Record<string, Json>, name: string, value: Json): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

/** Enters an array or object; false if it is empty. */
function open(reader: Reader, close: string): boolean {
  reader.at += 1
  reader.depth += 1
  if (reader.depth > reader.limits.depthMax)
    fail(reader, 'json-too-deep', `More than ${reader.limits.depthMax} levels`)
  skipSpace(reader)
  if (reader.text[reader.at] !== close) return countMember(reader)
  leave(reader)
  return false
}

/** Goes to the next member; false, having left, at the end. */
function next(reader: Reader, close: string): boolean {
  skipSpace(reader)
  if (reader.text[reader.at] === close) {
    leave(reader)
    return false
  }
  expect(reader, ',')
  return countMember(reader)
}

function leave(reader: Reader): void {
  reader.at += 1
  reader.depth -= 1
}

function countMember(reader: Reader): true {
  reader.members += 1
  if (reader.members > reader.limits.membersMax)
    fail(reader, 'json-too-many-members', `More than ${reader.limits.membersMax} members`)
  return true
}

function readString(reader: Reader): string {
  const start = reader.at
  expect(reader, '"')
  let value = readPlain(reader)
  while (reader.text[reader.at] !== '"') {
    if (reader.text[reader.at] !== '\\')
      fail(reader, 'json-syntax', 'A string is not closed or holds a control character')
    value += readEscape(reader) + readPlain(reader)
  }
  reader.at += 1
  if (!value.isWellFormed())
    fail({ ...reader, at: start }, 'json-lone-surrogate', 'A lone surrogate in a string')
  return value
}

/** Everything up to a quote, a backslash, a control character or the end. */
function readPlain(reader: Reader): string {
  const start = reader.at
  for (;;) {
    const code = reader.text.charCodeAt(reader.at)
    // Past the end the code is NaN, for which no comparison holds.
    if (!(code >= 0x20) || code === 0x22 || code === 0x5c) return reader.text.slice(start, reader.at)
    reader.at += 1
  }
}

function readEscape(reader: Reader): string {
  const letter = reader.text[reader.at + 1] ?? ''
  if (letter !== 'u') {
    const plain = escapes[letter]
    if (plain === undefined) return fail(reader, 'json-syntax', 'An escape that JSON does not have')
    reader.at += 2
    return plain
  }
  const digits = reader.text.slice(reader.at + 2, reader.at + 6)
  if (!/^[0-9a-fA-F]{4}$/.test(digits))
    fail(reader, 'json-syntax', 'A \\u escape needs four hexadecimal digits')
  reader.at += 6
  return String.fromCharCode(Number.parseInt(digits, 16))
}

function readWord<T extends Json>(reader: Reader, word: string, value: T): T {
  if (!reader.text.startsWith(word, reader.at)) fail(reader, 'json-syntax', 'Not a JSON value')
  reader.at += word.length
  return value
}

function readNumber(reader: Reader): number {
  numberPattern.lastIndex = reader.at
  const match = numberPattern.exec(reader.text)
  if (match === null) return fail(reader, 'json-syntax', 'Not a JSON value')
  const [token, fraction, exponent] = match
  const value = Number(token)
  const whole = fraction === undefined && exponent === undefined
  if (!Number.isFinite(value) || (whole ? losesDigits(token, value) : vanishes(token, value)))
    fail(reader, 'json-number', `A double cannot hold ${token.slice(0, 40)}`)
  reader.at += token.length
  return value
}

const losesDigits = (token: string, value: number): boolean =>
  !Number.isSafeInteger(value) && BigInt(token) !== BigInt(value)

const vanishes = (token: string, value: number): boolean => value === 0 && /^[-0.]*[1-9]/.test(token)

function skipSpace(reader: Reader): void {
  for (;;) {
    const code = reader.text.charCodeAt(reader.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    reader.at += 1
  }
}

function expect(reader: Reader, character: string): void {
  if (reader.text[reader.at] !== character) fail(reader, 'json-syntax', `Expected ${character}`)
  reader.at += 1
}

function fail(reader: Reader, code: RefusalCode, detail: string): never {
  throw new JsonStop(refuse(code, detail, { at: String(reader.at) }))
}

/** Leaves the recursion; never leaves this module. */
class JsonStop extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.detail)
    this.refusal = refusal
  }
}
