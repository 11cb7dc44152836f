import { invariant } from '#core'
import { checksumOf, equalsSign, soh } from './bytes.ts'

/** A tag and its value; text is written as latin1. */
export type FixField = readonly [tag: number, value: string | Uint8Array]

/** A message without header and trailer; the fields are written in this order. */
export type FixBody = { readonly msgType: string; readonly fields: readonly FixField[] }

export type FixDraft = {
  readonly beginString: string
  /** Header fields after 8, 9 and 35. */
  readonly header: readonly FixField[]
  readonly msgType: string
  readonly body: readonly FixField[]
}

/** A repeating group, flat: its count field, then the fields of each entry. */
export function group(countTag: number, entries: readonly (readonly FixField[])[]): FixField[] {
  return [[countTag, String(entries.length)], ...entries.flat()]
}

/** A data field with the Length field before it; the bytes may hold anything. */
export function data(lengthTag: number, dataTag: number, bytes: Uint8Array): FixField[] {
  return [
    [lengthTag, String(bytes.length)],
    [dataTag, bytes],
  ]
}

/**
 * `8=…|9=…|35=…|header|body|10=nnn|` with BodyLength and CheckSum computed. Text that holds an SOH, or
 * characters beyond latin1, would be another message than was meant: that is a bug of the caller and throws.
 */
export function encodeMessage(draft: FixDraft): Uint8Array {
  invariant(isWritable(draft.beginString), 'BeginString cannot carry SOH')
  const fields: readonly FixField[] = [[35, draft.msgType], ...draft.header, ...draft.body]
  const lengths = fields.map(([tag, value]) => String(tag).length + value.length + 2)
  const bodyBytes = lengths.reduce((sum, length) => sum + length, 0)
  const head = `8=${draft.beginString}\u00019=${bodyBytes}\u0001`
  const bytes = Buffer.allocUnsafe(head.length + bodyBytes + 7)
  let end = bytes.write(head, 0, 'latin1')
  for (const field of fields) end = writeField(bytes, end, field)
  bytes.write(`10=${String(checksumOf(bytes, 0, end)).padStart(3, '0')}\u0001`, end, 'latin1')
  return bytes
}

function writeField(bytes: Buffer, from: number, [tag, value]: FixField): number {
  let end = from + bytes.write(String(tag), from, 'latin1')
  bytes[end++] = equalsSign
  if (typeof value === 'string') {
    invariant(isWritable(value), `tag ${tag} cannot carry SOH or characters beyond latin1`)
    end += bytes.write(value, end, 'latin1')
  } else {
    bytes.set(value, end)
    end += value.length
  }
  bytes[end++] = soh
  return end
}

function isWritable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === soh || code > 0xff) return false
  }
  return true
}
