// Readers of JSON and rows that somebody else wrote: what has another shape than it must have stops the test.
import { inspect } from 'node:util'

export type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function objectOf(value: unknown): Fields {
  if (!isFields(value)) throw unexpected('an object', value)
  return value
}

export const jsonObject = (text: string): Fields => objectOf(JSON.parse(text))

/** The members of an object that may be missing; then it has none. */
export const membersOf = (value: unknown): Fields => (isFields(value) ? value : {})

export function itemsOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpected('a list', value)
  return value
}

export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw unexpected('a text', value)
  return value
}

export function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw unexpected('bytes', value)
  return value
}

/** A member by its path, `story.trade.status`; undefined where the path ends early. */
export const valueAt = (fields: Fields, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => membersOf(value)[name], fields)

export const textAt = (fields: Fields, path: string): string => textOf(valueAt(fields, path))

const unexpected = (wanted: string, value: unknown): TypeError =>
  new TypeError(`expected ${wanted}, not ${inspect(value)}`)
