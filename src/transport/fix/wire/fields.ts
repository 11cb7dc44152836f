import { lengthTagTable } from '../dictionary/dictionary.ts'
import { at, fieldStride } from '../dictionary/walk.ts'
import { checksumFieldAt, checksumFieldBytes, checksumOf, equalsSign, naturalAt, soh } from './bytes.ts'
import type { GarbledReason } from './frame.ts'

export type ParseLimits = { readonly messageBytesMax: number; readonly fieldsMax: number }
export const defaultParseLimits: ParseLimits = { messageBytesMax: 256 * 1024, fieldsMax: 16_384 }

/** 32 KiB: some forty messages of fifty fields. */
const blockLength = 2048 * fieldStride

/** Data tag → its Length tag, as in FIX 4.4: what a message without a dictionary is split by. */
export const standardLengthTags: Uint16Array = lengthTagTable([
  [89, 93],
  [91, 90],
  [96, 95],
  [213, 212],
  [349, 348],
  [351, 350],
  [353, 352],
  [355, 354],
  [357, 356],
  [359, 358],
  [361, 360],
  [363, 362],
  [365, 364],
  [446, 445],
  [619, 618],
  [622, 621],
])

/**
 * Splits a whole message into fields: four numbers each (tag, start and end of the value, index of the
 * next sibling, which is the next field until the walk finds groups). Checks what makes a message garbled
 * (FIX 4.4 vol. 2, "Valid FIX message"): 8, 9 and 35 first, BodyLength, CheckSum last and right, tags that
 * are numbers, data fields of the length that the field before them says. `lengthTags` gives for each data
 * tag the tag of its Length field; a data field without one is garbled, for nobody can say where it ends.
 */
export function splitFields(
  bytes: Uint8Array,
  lengthTags: Uint16Array,
  limits: ParseLimits,
): Int32Array | GarbledReason {
  if (bytes.length > limits.messageBytesMax) return 'too-large'
  const trailer = bytes.length - checksumFieldBytes
  const sum = trailer > 0 && bytes[trailer - 1] === soh ? checksumFieldAt(bytes, trailer) : -1
  if (sum < 0 || sum !== checksumOf(bytes, 0, trailer)) return 'checksum'
  const filled = scan(bytes, lengthTags, limits.fieldsMax)
  if (typeof filled === 'string') return filled
  const fields = new Int32Array(block.buffer, used * Int32Array.BYTES_PER_ELEMENT, filled)
  const problem = envelopeProblem(bytes, fields, trailer)
  if (problem === undefined) used += filled
  return problem ?? fields
}

/**
 * Fields are gathered in blocks that neighbouring messages share: an array of its own would cost each message
 * more than all the rest of the parsing. A message that is kept keeps its block.
 */
let block = new Int32Array(blockLength)
/** How many numbers of the block belong to messages already read. */
let used = 0

/** Returns how many numbers behind `used` are filled. */
function scan(bytes: Uint8Array, lengthTags: Uint16Array, fieldsMax: number): number | GarbledReason {
  const total = bytes.length
  let numbers = block
  let row = used
  let position = 0
  for (let next = 1; position < total; next++) {
    if (next > fieldsMax) return 'too-many-fields'
    if (row === numbers.length) {
      row = moveToNewBlock(row - used)
      numbers = block
    }
    let tag = bytes[position++]! - 0x30
    if (tag >= 1 && tag <= 9) {
      for (let digit = bytes[position]! - 0x30; digit >= 0 && digit <= 9; digit = bytes[++position]! - 0x30)
        tag = tag * 10 + digit
    } else {
      tag = unusualTag(bytes, position - 1)
      while (bytes[position] !== equalsSign && position < total) position++
    }
    if (tag > tagMax || bytes[position++] !== equalsSign) return 'tag'
    let end = position
    if (tag > 0 && tag < lengthTags.length && lengthTags[tag] !== 0) {
      end = dataEnd(bytes, position, lengthTags[tag]!, row)
      if (bytes[end] !== soh) return 'data-length'
    } else while (bytes[end] !== soh) end++
    numbers[row + at.tag] = tag
    numbers[row + at.start] = position
    numbers[row + at.end] = end
    numbers[row + at.next] = next
    row += fieldStride
    position = end + 1
  }
  return row - used
}

/** The block is full: the message being read takes its fields along. Returns where it goes on. */
function moveToNewBlock(filled: number): number {
  const next = new Int32Array(Math.max(blockLength, filled * 2))
  next.set(block.subarray(used, used + filled))
  block = next
  used = 0
  return filled
}

/** Nine digits; what is longer is no tag of anybody. */
const tagMax = 999_999_999

/** Tag 0 and negative tags are readable, so that the reject can name them; leading zeros are not. */
function unusualTag(bytes: Uint8Array, start: number): number {
  if (bytes[start] === 0x30 && bytes[start + 1] === equalsSign) return 0
  let end = start
  while (end < bytes.length && end < start + 11 && bytes[end] !== equalsSign) end++
  const value = bytes[start] === 0x2d && bytes[start + 1] !== 0x30 ? naturalAt(bytes, start + 1, end) : -1
  return value > 0 && value <= tagMax ? -value : tagMax + 1
}

/** How many fields back a data field looks for its Length field, which should be the one before it. */
const lengthLookBackMax = 32

/** Where the data field at `row` ends; -1 when no Length field says so. */
function dataEnd(bytes: Uint8Array, start: number, lengthTag: number, row: number): number {
  const first = Math.max(used, row - lengthLookBackMax * fieldStride)
  for (let field = row - fieldStride; field >= first; field -= fieldStride) {
    if (block[field] !== lengthTag) continue
    const length = naturalAt(bytes, block[field + at.start]!, block[field + at.end]!)
    return length >= 0 && start + length < bytes.length ? start + length : -1
  }
  return -1
}

function envelopeProblem(bytes: Uint8Array, fields: Int32Array, trailer: number): GarbledReason | undefined {
  const isHead =
    fields.length >= 4 * fieldStride &&
    fields[at.tag] === 8 &&
    fields[fieldStride + at.tag] === 9 &&
    fields[2 * fieldStride + at.tag] === 35
  if (!isHead) return 'first-three-fields'
  const last = fields.length - fieldStride
  if (fields[last + at.tag] !== 10 || fields[last + at.start] !== trailer + 3) return 'checksum'
  const lengthEnd = fields[fieldStride + at.end]!
  const length = naturalAt(bytes, fields[fieldStride + at.start]!, lengthEnd)
  return length === trailer - lengthEnd - 1 ? undefined : 'body-length'
}
