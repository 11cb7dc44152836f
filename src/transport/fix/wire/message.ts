import type { Instant } from '#core'
import type { Dictionary } from '../dictionary/dictionary.ts'
import type { Level } from '../dictionary/level.ts'
import { at, fieldStride, Walk, type Findings, type ValidationOptions } from '../dictionary/walk.ts'
import { defaultParseLimits, splitFields, standardLengthTags, type ParseLimits } from './fields.ts'
import { garbledBytesMax, type Garbled } from './frame.ts'
import { integerAt, timestampAt } from './values.ts'

/**
 * A whole message as a view: no value is copied or decoded before it is asked for. With a dictionary the
 * fields of repeating groups are reached through `groups` only, and data fields may hold any byte; without
 * one all fields lie side by side, and the data fields are those of FIX 4.4.
 *
 * Says only whether the bytes are a message. Whether the message is right is `validateMessage`'s business.
 */
export function parseMessage(
  bytes: Uint8Array,
  dictionary?: Dictionary,
  limits: ParseLimits = defaultParseLimits,
): FixMessage | Garbled {
  const fields = splitFields(bytes, dictionary?.lengthTags ?? standardLengthTags, limits)
  if (typeof fields === 'string')
    return { kind: 'garbled', reason: fields, bytes: bytes.subarray(0, garbledBytesMax) }
  return new FixMessage(bytes, fields, dictionary)
}

/** A message or an entry of a group, materialised. */
export type FixObject = { [name: string]: string | FixObject[] }

/** Fields of one level: of a message, or of one entry of a repeating group. The first of a tag counts. */
class FieldsView {
  protected readonly source: Source
  /** Index of the first field, and of the one behind the last. */
  private readonly from: number
  private readonly to: number

  constructor(source: Source, from: number, to: number) {
    this.source = source
    this.from = from
    this.to = to
  }

  has(tag: number): boolean {
    return this.find(tag) >= 0
  }

  /** The value as latin1 text; undefined when the field is not there, '' when it is empty. */
  text(tag: number): string | undefined {
    const index = this.find(tag)
    return index < 0 ? undefined : this.source.textAt(index)
  }

  /** Undefined when the field is not there or is not an integer that a double holds exactly. */
  int(tag: number): number | undefined {
    const index = this.find(tag)
    if (index < 0) return undefined
    return integerAt(this.source.bytes, this.source.startAt(index), this.source.endAt(index))
  }

  /** `Y` is true, `N` is false, all else undefined. */
  flag(tag: number): boolean | undefined {
    const text = this.text(tag)
    return text === 'Y' ? true : text === 'N' ? false : undefined
  }

  /** The bytes of the value, as a view. */
  raw(tag: number): Uint8Array | undefined {
    const index = this.find(tag)
    return index < 0 ? undefined : this.source.rawAt(index)
  }

  /** A UTCTIMESTAMP, cut to milliseconds; undefined when the value is none. */
  timestamp(tag: number): Instant | undefined {
    const index = this.find(tag)
    if (index < 0) return undefined
    return timestampAt(this.source.bytes, this.source.startAt(index), this.source.endAt(index))
  }

  /** The entries of a repeating group, in order; none when the count field is not there. */
  groups(countTag: number): FixGroupEntry[] {
    const { source } = this
    const count = this.find(countTag)
    const end = count < 0 ? 0 : source.nextAt(count)
    const delimiter = source.tagAt(count + 1)
    const entries: FixGroupEntry[] = []
    for (let start = count + 1; start < end;) {
      let stop = source.nextAt(start)
      while (stop < end && source.tagAt(stop) !== delimiter) stop = source.nextAt(stop)
      entries.push(new FixGroupEntry(source, start, stop))
      start = stop
    }
    return entries
  }

  /**
   * All of this level by FIX names, values as text, each repeating group as the list of its entries under the
   * name of its count field. A tag without a name stands under its number.
   */
  toObject(dictionary: Dictionary): FixObject {
    return this.materialise(dictionary, dictionary.message(this.source.msgType)?.level)
  }

  protected materialise(dictionary: Dictionary, level: Level | undefined): FixObject {
    const { source } = this
    source.resolve()
    const object: FixObject = {}
    for (let index = this.from; index < this.to; index = source.nextAt(index)) {
      const tag = source.tagAt(index)
      const group = level?.groups.get(tag)
      object[dictionary.fieldName(tag) ?? String(tag)] =
        group === undefined
          ? source.textAt(index)
          : this.groups(tag).map((entry) => entry.materialise(dictionary, group))
    }
    return object
  }

  private find(tag: number): number {
    this.source.resolve()
    const { fields } = this.source
    for (let index = this.from; index < this.to; index = fields[index * fieldStride + at.next]!)
      if (fields[index * fieldStride] === tag) return index
    return -1
  }
}

/** One entry of a repeating group. */
export class FixGroupEntry extends FieldsView {}

export class FixMessage extends FieldsView {
  /** MsgType(35). */
  readonly msgType: string
  readonly fieldCount: number

  constructor(bytes: Uint8Array, fields: Int32Array, dictionary: Dictionary | undefined) {
    const source = new Source(bytes, fields, dictionary)
    const fieldCount = fields.length / fieldStride
    super(source, 0, fieldCount)
    this.fieldCount = fieldCount
    this.msgType = source.msgType
  }

  get bytes(): Uint8Array {
    return this.source.bytes
  }

  /** The i-th field on the wire, groups included. */
  tagAt(index: number): number {
    return this.source.tagAt(index)
  }

  textAt(index: number): string {
    return this.source.textAt(index)
  }

  rawAt(index: number): Uint8Array {
    return this.source.rawAt(index)
  }

  /** Walks the message by a dictionary; undefined when that has no such message type. */
  walk(dictionary: Dictionary, options: ValidationOptions): Findings | undefined {
    return this.source.walk(dictionary, options)
  }
}

/** What the views of one message share. */
class Source {
  readonly bytes: Uint8Array
  readonly fields: Int32Array
  readonly msgType: string
  private readonly dictionary: Dictionary | undefined
  private decoded: string | undefined
  private isResolved = false

  constructor(bytes: Uint8Array, fields: Int32Array, dictionary: Dictionary | undefined) {
    this.bytes = bytes
    this.fields = fields
    this.dictionary = dictionary
    this.msgType = shortText(bytes, this.startAt(msgTypeIndex), this.endAt(msgTypeIndex))
  }

  /** Finds the extent of the repeating groups, once. */
  resolve(): void {
    if (this.isResolved) return
    this.isResolved = true
    if (this.dictionary !== undefined) this.walk(this.dictionary, {})
  }

  walk(dictionary: Dictionary, options: ValidationOptions): Findings | undefined {
    const table = dictionary.message(this.msgType)
    if (table === undefined) return undefined
    sharedWalk.run(this.bytes, this.fields, table, options)
    this.isResolved = true
    return sharedWalk
  }

  tagAt(index: number): number {
    return this.fields[index * fieldStride]!
  }

  startAt(index: number): number {
    return this.fields[index * fieldStride + at.start]!
  }

  endAt(index: number): number {
    return this.fields[index * fieldStride + at.end]!
  }

  nextAt(index: number): number {
    return this.fields[index * fieldStride + at.next]!
  }

  rawAt(index: number): Uint8Array {
    return this.bytes.subarray(this.startAt(index), this.endAt(index))
  }

  /** The message is decoded once, its values are slices of that. */
  textAt(index: number): string {
    this.decoded ??= latin1(this.bytes)
    return this.decoded.slice(this.startAt(index), this.endAt(index))
  }
}

const msgTypeIndex = 2

/** Its findings hold until the next walk; a walk is never interrupted. */
const sharedWalk = new Walk()

function shortText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start === 1) return String.fromCharCode(bytes[start]!)
  return latin1(bytes.subarray(start, end))
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
