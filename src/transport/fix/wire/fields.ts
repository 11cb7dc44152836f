import { lengthTagTable } from '../dictionary/dictionary.ts'
import { at, fieldStride } from '../dictionary/walk.ts'
import { checksumFieldAt, checksumFieldBytes, checksumOf, equalsSign, naturalAt, soh } from './bytes.ts'
import type { GarbledReason } from './frame.ts'

export type ParseLimits = { readonly messageBytesMax: number; readonly fieldsMax: number }
export const defaultParseLimits: ParseLimits = { messageBytesMax: 256 * 1024, fieldsMax: 16_384 }

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
 * tag the tag of its Length field. A data field that does not follow its Length field ends at the next SOH.
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
  const length = scan(bytes, lengthTags, limits.fieldsMax)
  if (typeof length === 'string') return length
  return envelopeProblem(bytes, length, trailer) ?? scratch.slice(0, length)
}

/** Where the fields of the message being read are gathered; kept from message to message. */
let scratch = new Int32Array(256 * fieldStride)

/** Returns how many numbers of the scratch are filled. */
function scan(bytes: Uint8Array, lengthTags: Uint16Array, fieldsMax: number): number | GarbledReason {
  let filled = 0
  let before = 0
  let position = 0
  while (position < bytes.length) {
    if (filled === fieldsMax * fieldStride) return 'too-many-fields'
    if (filled === scratch.length) grow()
    let tag = bytes[position++]! - 0x30
    if (tag < 1 || tag > 9) {
      tag = unusualTag(bytes, position - 1)
      while (bytes[position] !== equalsSign && position < bytes.length) position++
    } else {
      for (let digit = bytes[position]! - 0x30; digit >= 0 && digit <= 9; digit = bytes[++position]! - 0x30)
        tag = tag * 10 + digit
    }
    if (tag > tagMax || bytes[position++] !== equalsSign) return 'tag'
    let end = position
    if (tag > 0 && tag < lengthTags.length && lengthTags[tag] !== 0 && lengthTags[tag] === before) {
      end = dataEnd(bytes, position, filled - fieldStride)
      if (bytes[end] !== soh) return 'data-length'
    } else while (bytes[end] !== soh) end++
    scratch[filled + at.tag] = tag
    scratch[filled + at.start] = position
    scratch[filled + at.end] = end
    scratch[filled + at.next] = filled / fieldStride + 1
    filled += fieldStride
    before = tag
    position = end + 1
  }
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

/** Where the data field ends whose Length field is at `lengthField`; -1 when that is no length. */
function dataEnd(bytes: Uint8Array, start: number, lengthField: number): number {
  const length = naturalAt(bytes, scratch[lengthField + at.start]!, scratch[lengthField + at.end]!)
  return length >= 0 && start + length < bytes.length ? start + length : -1
}

function grow(): void {
  const grown = new Int32Array(scratch.length * 2)
  grown.set(scratch)
  scratch = grown
}

function envelopeProblem(bytes: Uint8Array, filled: number, trailer: number): GarbledReason | undefined {
  const isHead =
    filled >= 4 * fieldStride &&
    scratch[at.tag] === 8 &&
    scratch[fieldStride + at.tag] === 9 &&
    scratch[2 * fieldStride + at.tag] === 35
  if (!isHead) return 'first-three-fields'
  const last = filled - fieldStride
  if (scratch[last + at.tag] !== 10 || scratch[last + at.start] !== trailer + 3) return 'checksum'
  const lengthEnd = scratch[fieldStride + at.end]!
  const length = naturalAt(bytes, scratch[fieldStride + at.start]!, lengthEnd)
  return length === trailer - lengthEnd - 1 ? undefined : 'body-length'
}
