import { fromBase64Url, utf8 } from './bytes.ts'
import { hasExactly, isCount, isObject, isText, member, parseCanonical } from './json.ts'
import type { Json, JsonObject } from './json.ts'
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
  const [at, body, corr] = [member(value, 'at'), member(value, 'body'), member(value, 'corr')]
  const [log, seq, type] = [member(value, 'log'), member(value, 'seq'), member(value, 'type')]
  const parts = hasParts ? readParts(member(value, 'parts')) : {}
  if (!isText(at) || !isInstant(at) || !isObject(body) || parts === undefined) return undefined
  if (!isText(corr) || corr.length > corrUnitsMax || !isText(log) || !isCount(seq)) return undefined
  return isText(type) && isType(type) ? { at, body, corr, log, seq, type, parts } : undefined
}

const isType = (text: string): boolean =>
  text.length <= 64 && /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*){1,3}$/.test(text)

const readParts = (value: Json | undefined): Leaf['parts'] | undefined => {
  const parts: Record<string, string> = {}
  if (!isObject(value)) return undefined
  for (const [name, hash] of Object.entries(value)) {
    if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(name)) return undefined
    if (!isText(hash) || fromBase64Url(hash)?.length !== 32) return undefined
    parts[name] = hash
  }
  const count = Object.keys(parts).length
  return count > 0 && count <= partsMax ? parts : undefined
}
