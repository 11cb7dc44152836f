import { fromBase64Url, utf8 } from './bytes.ts'
import { hasExactly, isObject, member, parseCanonical } from './json.ts'
import type { JsonObject } from './json.ts'
import { isInstant } from './time.ts'

/** A journal entry's leaf (spec/journal-entry.md): what is public of it, and a digest for each part. */

export const leafBytesMax = 65_535
export const corrUnitsMax = 256
export const partsMax = 16

export type Leaf = {
  readonly at: string
  readonly body: JsonObject
  readonly corr: string
  readonly log: string
  readonly parts: Readonly<Record<string, string>>
  readonly seq: number
  readonly type: string
}

/** The leaf of a text; undefined when it is not canonical, too long, or not exactly of this shape. */
export const parseLeaf = (text: string): Leaf | undefined => {
  const value = parseCanonical(text)
  if (!isObject(value) || utf8(text).length > leafBytesMax) return undefined
  const hasParts = Object.hasOwn(value, 'parts')
  const names = ['at', 'body', 'corr', 'log', 'seq', 'type', 'v', ...(hasParts ? ['parts'] : [])]
  if (!hasExactly(value, names) || member(value, 'v') !== 1) return undefined
  const { at, body, corr, log, seq, type, parts } = value as Readonly<Record<string, JsonObject[string]>>
  if (typeof at !== 'string' || !isInstant(at) || !isObject(body)) return undefined
  if (typeof corr !== 'string' || corr.length > corrUnitsMax || typeof log !== 'string' || !isSeq(seq))
    return undefined
  if (typeof type !== 'string' || !isType(type)) return undefined
  if (hasParts && !isParts(parts)) return undefined
  return { at, body, corr, log, seq, type, parts: (parts ?? {}) as Readonly<Record<string, string>> }
}

const isType = (text: string): boolean =>
  text.length <= 64 && /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*){1,3}$/.test(text)

const isSeq = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const isParts = (value: JsonObject[string] | undefined): boolean =>
  isObject(value) &&
  Object.keys(value).length > 0 &&
  Object.keys(value).length <= partsMax &&
  Object.entries(value).every(
    ([name, hash]) =>
      /^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(name) &&
      typeof hash === 'string' &&
      fromBase64Url(hash)?.length === 32,
  )
