import { sha256 } from '@noble/hashes/sha2.js'

/** Bytes and the text forms that the formats of `spec/` use. Each reader accepts one spelling only. */

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** UTF-8 to text; undefined for anything that is not well-formed UTF-8. A byte order mark is kept as text. */
export const fromUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

export const concatBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at])

export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Lower-case hexadecimal without prefix; undefined for anything else. */
export const fromHex = (text: string): Uint8Array | undefined => {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16)
  return bytes
}

const base64Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** RFC 4648 §4, with padding. */
export const toBase64 = (bytes: Uint8Array): string => {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    text += sixBits(word, 18) + sixBits(word, 12)
    text += left > 1 ? sixBits(word, 6) : '='
    text += left > 2 ? sixBits(word, 0) : '='
  }
  return text
}

/** RFC 4648 §4, padded, with zero bits in the padding; undefined for every other spelling. */
export const fromBase64 = (text: string): Uint8Array | undefined => {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const symbols = text.replace(/=+$/, '')
  const bytes = new Uint8Array(Math.floor((symbols.length * 3) / 4))
  let word = 0
  let bits = 0
  let at = 0
  for (const symbol of symbols) {
    word = ((word << 6) | base64Alphabet.indexOf(symbol)) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at] = (word >> bits) & 0xff
    at += 1
  }
  return toBase64(bytes) === text ? bytes : undefined
}

/** RFC 4648 §5 without padding. */
export const toBase64Url = (bytes: Uint8Array): string =>
  toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

export const fromBase64Url = (text: string): Uint8Array | undefined => {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined
  const padding = '='.repeat((4 - (text.length % 4)) % 4)
  return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/') + padding)
}

/** The one hash rule of Poundlock: SHA-256(u32be(|label|) ‖ label ‖ for each part: u32be(|part|) ‖ part). */
export const digest = (label: string, ...parts: readonly Uint8Array[]): Uint8Array =>
  sha256(concatBytes(...[utf8(label), ...parts].flatMap((part) => [u32be(part.length), part])))

export const u32be = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)

const sixBits = (word: number, shift: number): string => base64Alphabet[(word >> shift) & 63] ?? ''
