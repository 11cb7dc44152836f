import { refuse, type Refusal } from './refusal.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const hexPattern = /^(?:[0-9a-f]{2})*$/i

/** UTF-8 of a text. A lone surrogate would become U+FFFD: parsers refuse it before it gets here. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** Text of UTF-8 bytes. Refuses `utf8-invalid`; keeps a byte order mark as a character. */
export function fromUtf8(bytes: Uint8Array): string | Refusal {
  try {
    return decoder.decode(bytes)
  } catch {
    return refuse('utf8-invalid', 'The bytes are not UTF-8')
  }
}

/** Lower-case hexadecimal, no prefix. */
export const toHex = (bytes: Uint8Array): string => view(bytes).toString('hex')

/** Bytes of hexadecimal in either case, without prefix. Refuses `encoding-invalid`. */
export const fromHex = (text: string): Uint8Array | Refusal =>
  hexPattern.test(text) ? copy(Buffer.from(text, 'hex')) : refuse('encoding-invalid', 'Not hexadecimal')

/** Base64 with padding (RFC 4648 §4). */
export const toBase64 = (bytes: Uint8Array): string => view(bytes).toString('base64')

/** Bytes of canonical, padded base64. Refuses `encoding-invalid` for every other spelling of the same bytes. */
export const fromBase64 = (text: string): Uint8Array | Refusal => decode(text, 'base64')

/** Base64url without padding (RFC 7515 §2). */
export const toBase64Url = (bytes: Uint8Array): string => view(bytes).toString('base64url')

/** Bytes of canonical, unpadded base64url. Refuses `encoding-invalid` for every other spelling. */
export const fromBase64Url = (text: string): Uint8Array | Refusal => decode(text, 'base64url')

/** One array that holds the parts in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Same length and content. Not constant in time: for public bytes only. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => view(a).equals(b)

/** Byte order of two arrays: negative, zero or positive. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b)

// Node's decoder skips what it does not know, so the text must come back unchanged.
function decode(text: string, form: 'base64' | 'base64url'): Uint8Array | Refusal {
  const bytes = Buffer.from(text, form)
  return bytes.toString(form) === text ? copy(bytes) : refuse('encoding-invalid', `Not canonical ${form}`)
}

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

// Small Buffers share one pool; a plain copy keeps neighbours out of reach of `.buffer`.
const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)
