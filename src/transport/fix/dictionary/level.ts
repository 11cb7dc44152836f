import { invariant } from '#core'

/** What a tag is at a level of a message. */
export const Place = { none: 0, body: 1, header: 2, trailer: 4, count: 8 } as const

/**
 * One level of a message: its own fields, or the members of one repeating group. `places` is indexed by tag;
 * `count` is set in addition at the tags that open a repeating group, and `groups` has the level below.
 */
export type Level = {
  readonly places: Uint8Array
  /** Ascending tags. */
  readonly required: Int32Array
  readonly groups: ReadonlyMap<number, Level>
  /** The field that begins each entry; 0 at the top level. */
  readonly delimiter: number
}

export type Structure = {
  readonly text: string
  readonly components: readonly string[]
  readonly place: number
}

/** Deeper nesting than any FIX version has is a mistake in a definition. */
export const groupDepthMax = 8

/** Reads structure strings (see data.ts) into a level. */
export function compileLevel(structures: readonly Structure[], tagMax: number): Level {
  const builder = newBuilder(tagMax)
  for (const { text, components, place } of structures)
    readMembers({ tokens: tokensOf(text), at: 0, components, depth: 0 }, builder, place, true)
  return finished(builder)
}

type Builder = {
  places: Uint8Array
  required: number[]
  groups: Map<number, Level>
  delimiter: number
}

const newBuilder = (tagMax: number): Builder => ({
  places: new Uint8Array(tagMax + 1),
  required: [],
  groups: new Map(),
  delimiter: 0,
})

const finished = (builder: Builder): Level => ({
  ...builder,
  required: Int32Array.from(builder.required).toSorted(),
})

type Reader = { readonly tokens: readonly string[]; at: number; components: readonly string[]; depth: number }

const tokensOf = (text: string): string[] => text.match(/&?\d+!?|[{}]/g) ?? []

/**
 * Reads members up to the closing brace or the end. A required field of a component that is itself
 * optional is optional; a required member of a group is required in each entry that is there.
 */
function readMembers(reader: Reader, into: Builder, place: number, obliged: boolean): void {
  invariant(reader.depth <= groupDepthMax, `components nested deeper than ${groupDepthMax}`)
  while (reader.at < reader.tokens.length) {
    const token = reader.tokens[reader.at++]!
    if (token === '}') return
    const required = obliged && token.endsWith('!')
    const number = Number(token.replace('&', '').replace('!', ''))
    if (token.startsWith('&')) readComponent(reader, number, into, place, required)
    else if (reader.tokens[reader.at] === '{') readGroup(reader, number, into, place, required)
    else addField(into, number, place, required)
  }
}

function readComponent(from: Reader, index: number, into: Builder, place: number, obliged: boolean): void {
  const reader = {
    tokens: tokensOf(from.components[index]!),
    at: 0,
    components: from.components,
    depth: from.depth + 1,
  }
  readMembers(reader, into, place, obliged)
}

function readGroup(reader: Reader, count: number, into: Builder, place: number, required: boolean): void {
  reader.at++
  const group = newBuilder(into.places.length - 1)
  readMembers(reader, group, Place.body, true)
  into.groups.set(count, finished(group))
  addField(into, count, place | Place.count, required)
}

function addField(level: Builder, tag: number, place: number, required: boolean): void {
  level.places[tag] = place
  level.delimiter ||= tag
  if (required) level.required.push(tag)
}
