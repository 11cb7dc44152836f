import { invariant } from '#core'
import { checksumFieldBytes, checksumOf, soh } from './bytes.ts'

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
  const text = `${written(35, draft.msgType)}${joined(draft.header)}${joined(draft.body)}`
  const head = `8=${draft.beginString}${separator}9=${text.length}${separator}`
  const bytes = Buffer.allocUnsafe(head.length + text.length + checksumFieldBytes)
  bytes.write(head, 0, 'latin1')
  const trailer = head.length + bytes.write(text, head.length, 'latin1')
  const sum = String(checksumOf(bytes, 0, trailer)).padStart(3, '0')
  bytes.write(`10=${sum}${separator}`, trailer, 'latin1')
  return bytes
}

const separator = String.fromCharCode(soh)

/** Latin1 text stands for the bytes until the end: one string written at once is faster than many pieces. */
function joined(fields: readonly FixField[]): string {
  let text = ''
  for (const [tag, value] of fields)
    text += typeof value === 'string' ? written(tag, value) : `${tag}=${latin1(value)}${separator}`
  return text
}

function written(tag: number, value: string): string {
  if (!isWritable(value)) invariant(false, `tag ${tag} cannot carry SOH or characters beyond latin1`)
  return `${tag}=${value}${separator}`
}

function isWritable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === soh || code > 0xff) return false
  }
  return true
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
