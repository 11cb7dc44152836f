import type { MessageTable } from './dictionary.ts'
import { Form, hasForm } from './format.ts'
import { groupDepthMax, Place, type Level } from './level.ts'
import { isValue } from './values.ts'

/** Fields of a message as the parser leaves them: four numbers each. */
export const fieldStride = 4
/** Offsets within the four: tag, first byte of the value, byte after the value, index of the next sibling. */
export const at = { tag: 0, start: 1, end: 2, next: 3 } as const

/** More entries in one repeating group are refused as a value out of range. */
export const groupEntriesMax = 4096

/** SessionRejectReason(373), FIX 4.4. */
export const Reason = {
  invalidTag: 0,
  requiredMissing: 1,
  notDefinedForType: 2,
  withoutValue: 4,
  incorrectValue: 5,
  incorrectFormat: 6,
  invalidMsgType: 11,
  appearsTwice: 13,
  outOfOrder: 14,
  groupOutOfOrder: 15,
  groupCount: 16,
} as const

/** What a session may relax; the names are those of QuickFIX's settings. */
export type ValidationOptions = {
  /** Default true: a header field after the body, or a body field after the trailer, is refused. */
  readonly validateFieldsOutOfOrder?: boolean
  /** Default true: an empty value is refused. */
  readonly validateFieldsHaveValues?: boolean
  /** Default true: tags from 5000 on must be defined too. */
  readonly validateUserDefinedFields?: boolean
  /** Default false: tags below 5000 that are not of this message are let through. */
  readonly allowUnknownMsgFields?: boolean
}

export const userDefinedTagMin = 5000

/** The first problem of each rank; the ranks are in the order in which QuickFIX looks. */
export type Findings = {
  outOfOrderTag: number
  requiredTag: number
  requiredGroupTag: number
  reason: number
  reasonTag: number
}

/**
 * One pass over the fields of a message: order of header, body and trailer, required fields, duplicates,
 * data formats, values, and the repeating groups, whose extent is written into the `next` number of each
 * count field. Reused from message to message; allocates nothing while it walks.
 */
export class Walk implements Findings {
  outOfOrderTag = none
  requiredTag = none
  requiredGroupTag = none
  reason = none
  reasonTag = none

  private fields: Int32Array = new Int32Array(0)
  private bytes: Uint8Array = new Uint8Array(0)
  private table!: MessageTable
  private fieldCount = 0
  /** stamps[depth * stride + tag] is the number of the entry in which the tag was last seen at that depth. */
  private stamps: Int32Array = new Int32Array(0)
  private stride = 0
  private stamp = 0
  private checkValues = true
  private checkUserDefined = true
  private checkUnknown = true

  run(bytes: Uint8Array, fields: Int32Array, table: MessageTable, options: ValidationOptions): void {
    this.bytes = bytes
    this.fields = fields
    this.fieldCount = fields.length / fieldStride
    this.table = table
    this.reset(table.fields.tagMax + 1)
    this.checkValues = options.validateFieldsHaveValues ?? true
    this.checkUserDefined = options.validateUserDefinedFields ?? true
    this.checkUnknown = !(options.allowUnknownMsgFields ?? false)
    this.walkMessage(table.level)
    if (options.validateFieldsOutOfOrder === false) this.outOfOrderTag = none
  }

  private reset(stride: number): void {
    this.outOfOrderTag = none
    this.requiredTag = none
    this.requiredGroupTag = none
    this.reason = none
    this.reasonTag = none
    const needed = stride * (groupDepthMax + 1)
    this.stride = stride
    if (this.stamps.length >= needed && this.stamp < stampMax) return
    this.stamps = new Int32Array(Math.max(needed, this.stamps.length))
    this.stamp = 0
  }

  private walkMessage(level: Level): void {
    const { fields, fieldCount } = this
    const stamp = ++this.stamp
    let section: number = Place.header
    for (let index = 0; index < fieldCount;) {
      const tag = fields[index * fieldStride]!
      const place = this.placeOf(tag, level)
      const of = place & (Place.header | Place.trailer)
      if (of === Place.header ? section !== Place.header : of === 0 && section === Place.trailer)
        this.noteOutOfOrder(tag)
      if (of !== Place.header) section = of === 0 ? Place.body : Place.trailer
      this.checkField(index, tag, place, 0, stamp)
      index = place & Place.count ? this.walkGroup(index, level, 0) : index + 1
    }
    this.requiredTag = this.firstMissing(level, 0, stamp)
  }

  private placeOf(tag: number, level: Level): number {
    return tag > 0 && tag < this.stride ? level.places[tag]! : Place.none
  }

  /** Returns the index of the field after the group. */
  private walkGroup(count: number, level: Level, depth: number): number {
    const { fields, fieldCount } = this
    const tag = fields[count * fieldStride]!
    const group = level.groups.get(tag)!
    const declared = this.declaredEntries(count)
    let index = count + 1
    let entries = 0
    while (index < fieldCount && fields[index * fieldStride] === group.delimiter) {
      index = this.walkEntry(index, group, level, depth + 1)
      entries++
    }
    fields[count * fieldStride + at.next] = index
    if (entries > groupEntriesMax) this.note(Reason.incorrectValue, tag)
    if (entries < declared) this.noteMisplacedMember(index, group, level)
    if (entries !== declared) this.note(Reason.groupCount, tag)
    return index
  }

  /** Returns the index of the field after the entry. */
  private walkEntry(first: number, group: Level, parent: Level, depth: number): number {
    const { fields, fieldCount } = this
    const stamp = ++this.stamp
    let index = first
    while (index < fieldCount) {
      const tag = fields[index * fieldStride]!
      const place = this.placeOf(tag, group)
      if (place === Place.none || (tag === group.delimiter && index > first)) break
      const seen = this.stamps[depth * this.stride + tag] === stamp
      if (seen && this.placeOf(tag, parent) !== Place.none) break
      this.checkField(index, tag, place, depth, stamp)
      index = place & Place.count ? this.walkGroup(index, group, depth) : index + 1
    }
    if (this.requiredGroupTag === none) this.requiredGroupTag = this.firstMissing(group, depth, stamp)
    return index
  }

  /** A member where the next entry should begin with the delimiter. */
  private noteMisplacedMember(index: number, group: Level, parent: Level): void {
    if (index >= this.fieldCount) return
    const tag = this.fields[index * fieldStride]!
    const member = this.placeOf(tag, group) !== Place.none && this.placeOf(tag, parent) === Place.none
    if (member) this.note(Reason.groupOutOfOrder, tag)
  }

  private declaredEntries(index: number): number {
    const start = this.fields[index * fieldStride + at.start]!
    const end = this.fields[index * fieldStride + at.end]!
    let value = 0
    for (let i = start; i < end; i++) {
      const digit = this.bytes[i]! - 0x30
      if (digit < 0 || digit > 9 || value > groupEntriesMax) return none
      value = value * 10 + digit
    }
    return start < end ? value : none
  }

  /** The checks of one field, in QuickFIX's order. */
  private checkField(index: number, tag: number, place: number, depth: number, stamp: number): void {
    const start = this.fields[index * fieldStride + at.start]!
    const end = this.fields[index * fieldStride + at.end]!
    if (tag <= 0 || tag >= this.stride) return this.checkForeign(tag, start, end)
    const seen = depth * this.stride + tag
    if (this.stamps[seen] === stamp) return this.note(Reason.appearsTwice, tag)
    this.stamps[seen] = stamp
    if (start === end) return this.checkValues ? this.note(Reason.withoutValue, tag) : undefined
    const { forms, values } = this.table.fields
    const form = forms[tag]!
    if (form !== Form.text && !hasForm(form, this.bytes, start, end))
      return this.note(Reason.incorrectFormat, tag)
    if (values.closed[tag] === 1 && !this.hasLegalValue(form, tag, start, end))
      return this.note(Reason.incorrectValue, tag)
    if (place === Place.none) this.noteUnknown(tag)
  }

  private checkForeign(tag: number, start: number, end: number): void {
    if (start === end && this.checkValues) return this.note(Reason.withoutValue, tag)
    this.noteUnknown(tag)
  }

  private hasLegalValue(form: number, tag: number, start: number, end: number): boolean {
    const { values } = this.table.fields
    if (form !== Form.list) return isValue(values, tag, this.bytes, start, end)
    let from = start
    for (let i = start; i <= end; i++) {
      if (i < end && this.bytes[i] !== space) continue
      if (!isValue(values, tag, this.bytes, from, i)) return false
      from = i + 1
    }
    return true
  }

  private noteUnknown(tag: number): void {
    if (tag >= userDefinedTagMin ? !this.checkUserDefined : !this.checkUnknown) return
    const isDefined = tag > 0 && tag < this.stride && this.table.fields.defined[tag] === 1
    this.note(isDefined ? Reason.notDefinedForType : Reason.invalidTag, tag)
  }

  private firstMissing(level: Level, depth: number, stamp: number): number {
    const { required } = level
    const offset = depth * this.stride
    for (let i = 0; i < required.length; i++)
      if (this.stamps[offset + required[i]!] !== stamp) return required[i]!
    return none
  }

  private noteOutOfOrder(tag: number): void {
    if (this.outOfOrderTag === none) this.outOfOrderTag = tag
  }

  private note(reason: number, tag: number): void {
    if (this.reason !== none) return
    this.reason = reason
    this.reasonTag = tag
  }
}

/** No problem of this rank. Tags can be negative on the wire, but not this low. */
export const none = -0x40000000
const space = 0x20
/** Before the entry numbers overflow 31 bits the stamps start afresh. */
const stampMax = 0x3fff0000
