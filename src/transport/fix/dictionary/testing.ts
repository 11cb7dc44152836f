import type { FixField } from '../wire/encode.ts'
import type { Dictionary, MessageTable } from './dictionary.ts'
import { Form } from './format.ts'
import { Place, type Level } from './level.ts'

/** For tests: a number in [0, below). */
export type Pick = (below: number) => number

const formSamples: Readonly<Record<number, readonly string[]>> = {
  [Form.text]: ['x', 'ETH-25JUN27-4000-C', 'a b=c', '\u00e9'],
  [Form.char]: ['A', '1'],
  [Form.boolean]: ['Y', 'N'],
  [Form.int]: ['0', '-7', '42'],
  [Form.natural]: ['1', '42'],
  [Form.decimal]: ['430.72', '-0.5', '100', '0.000000000000000001'],
  [Form.timestamp]: ['20261120-14:00:00', '20261120-14:00:00.412'],
  [Form.time]: ['08:00:00', '08:00:00.001'],
  [Form.date]: ['20270625'],
  [Form.monthYear]: ['202706', '20270625', '202706w4'],
  [Form.dayOfMonth]: ['1', '31'],
  [Form.list]: ['A', 'A B'],
  [Form.data]: ['data'],
  [Form.zonedTime]: ['08:00Z'],
  [Form.zonedTimestamp]: ['20270625-08:00Z'],
}

/**
 * For tests: the body of a right message of the type, drawn from its table: all required fields, some others,
 * each group with up to two entries, nested ones too. Data fields come with their Length fields.
 */
export function sampleBody(dictionary: Dictionary, msgType: string, pick: Pick): FixField[] {
  const table = dictionary.message(msgType)
  if (table === undefined) throw new Error(`no message type ${msgType}`)
  return sampleLevel({ dictionary, table, pick }, table.level, 0)
}

type Sample = { readonly dictionary: Dictionary; readonly table: MessageTable; readonly pick: Pick }

function sampleLevel(sample: Sample, level: Level, depth: number): FixField[] {
  const { pick } = sample
  const tags = Array.from(level.places.keys()).filter((tag) => level.places[tag]! & Place.body)
  const wanted = tags.filter(
    (tag) => level.required.includes(tag) || tag === level.delimiter || pick(6) === 0,
  )
  const isFirst = (tag: number): boolean => depth > 0 && tag === level.delimiter
  const plain = wanted.filter((tag) => !level.groups.has(tag) && !isFirst(tag))
  const groups = wanted.filter((tag) => level.groups.has(tag) && !isFirst(tag))
  const ordered = [...wanted.filter(isFirst), ...shuffled(plain, pick), ...unambiguous(groups, level)]
  return ordered.flatMap((tag) => sampleField(sample, level, tag, depth, ordered))
}

/** A field that could also go on with the group before it would be read as a member of that group. */
function unambiguous(groups: readonly number[], level: Level): number[] {
  const kept: number[] = []
  for (const tag of groups)
    if (!kept.some((before) => canHold(level.groups.get(before)!, tag))) kept.push(tag)
  return kept
}

const canHold = (level: Level, tag: number): boolean =>
  level.places[tag] !== Place.none || [...level.groups.values()].some((group) => canHold(group, tag))

function sampleField(
  sample: Sample,
  level: Level,
  tag: number,
  depth: number,
  chosen: readonly number[],
): FixField[] {
  const { dictionary } = sample
  const group = level.groups.get(tag)
  if (group !== undefined) {
    const entries = Array.from({ length: entriesOf(sample, tag, depth) }, () =>
      sampleLevel(sample, group, depth + 1),
    )
    return [[tag, String(entries.length)], ...entries.flat()]
  }
  const value = sampleValue(sample, tag)
  const lengthTag = dictionary.lengthTags[tag] ?? 0
  if (lengthTag === 0)
    return chosen.some((other) => dictionary.lengthTags[other] === tag) ? [] : [[tag, value]]
  return level.places[lengthTag] === Place.none
    ? [[tag, value]]
    : [
        [lengthTag, String(value.length)],
        [tag, value],
      ]
}

/** Some counts have a closed list, as one or two sides. */
function entriesOf({ table, pick }: Sample, countTag: number, depth: number): number {
  if (table.fields.values.closed[countTag] === 1) return 1 + pick(2)
  return depth > 2 ? 0 : pick(3)
}

function sampleValue({ dictionary, table, pick }: Sample, tag: number): string {
  const isClosed = table.fields.values.closed[tag] === 1
  const samples = isClosed ? [...dictionary.valuesOf(tag).keys()] : formSamples[table.fields.forms[tag]!]!
  return samples[pick(samples.length)]!
}

function shuffled(tags: readonly number[], pick: Pick): number[] {
  const keyed = tags.map((tag) => ({ tag, key: pick(1 << 20) }))
  return keyed.toSorted((a, b) => a.key - b.key).map(({ tag }) => tag)
}
