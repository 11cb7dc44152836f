/**
 * One journal entry: what is hashed into the log, and the confidential parts beside it.
 *
 * ```
 * leaf   = canonical JSON {"at","body","corr","log","parts","seq","type","v":1}, at most 65,535 bytes
 * parts  = {<name>: base64url(digest)}; the member is left out when there are none
 * digest = digest('poundlock/part/v1', salt[16], utf8(name), utf8(content))
 * ```
 * The leaf is public to whoever may see the log. A part is opened by showing salt and content; without the
 * salt its digest says nothing about the content. See spec/journal-entry.md.
 */
import {
  canonicalJson,
  concatBytes,
  formatInstant,
  fromBase64Url,
  fromUtf8,
  invariant,
  isRefusal,
  parseCanonicalJson,
  parseInstant,
  refuse,
  toBase64Url,
  utf8,
  type Instant,
  type Json,
  type JsonObject,
  type Random,
  type Refusal,
} from '#core'
import { digest } from '#crypto'
import { entryBytesMax } from './tiles.ts'

export const entryVersion = 1
export const saltBytes = 16
export const partsMax = 16
export const partBytesMax = 1_048_576
export const corrCharsMax = 256
export const typeCharsMax = 64
const partLabel = 'poundlock/part/v1'
const typePattern = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*){1,3}$/
const partNamePattern = /^[a-zA-Z][a-zA-Z0-9-]{0,63}$/

/** What a caller gives: the public body, and parts that only some may see. */
export type EntryDraft = {
  /** `family.event`, lower case. */
  readonly type: string
  /** What the entry belongs to: a trade, a session, a command. */
  readonly corr: string
  readonly body: JsonObject
  readonly parts?: Readonly<Record<string, PartDraft>>
}

/** `evolve` must not read an erasable part: it can be gone at the next replay. */
export type PartDraft = { readonly content: string; readonly erasable?: true }

/** `salt` is base64url. */
export type OpenedPart = { readonly salt: string; readonly content: string }

/** The members of a leaf. */
export type EntryFields = {
  readonly seq: number
  readonly at: Instant
  readonly type: string
  readonly corr: string
  readonly log: string
  readonly body: JsonObject
  /** Part name to base64url digest. */
  readonly parts: Readonly<Record<string, string>>
}

export type JournalEntry = Omit<EntryFields, 'log'> & {
  /** The leaf, byte for byte. */
  readonly bytes: Uint8Array
  readonly opened: Readonly<Record<string, OpenedPart | 'erased'>>
}

/** A draft whose parts are sealed: salts drawn, digests made. It can be numbered again without changing them. */
export type SealedDraft = {
  readonly draft: EntryDraft
  readonly bodyText: string
  readonly parts: readonly SealedPart[]
}

export type SealedPart = OpenedPart & {
  readonly name: string
  readonly digest: string
  readonly erasable: boolean
}

/** Refuses `entry-too-large` for too many or too long parts. A draft of the wrong form is a bug and throws. */
export function sealDraft(draft: EntryDraft, random: Random): SealedDraft | Refusal {
  invariant(isEntryType(draft.type), `an entry type is family.event: ${draft.type}`)
  invariant(draft.corr.length <= corrCharsMax, 'a correlation id is at most 256 characters')
  const names = Object.keys(draft.parts ?? {}).toSorted()
  if (names.length > partsMax) return tooLarge(`it has ${names.length} parts`)
  const parts: SealedPart[] = []
  for (const name of names) {
    const part = draft.parts?.[name]
    invariant(part !== undefined && partNamePattern.test(name), `a part has a plain name: ${name}`)
    const sealed = sealPart(name, part, random.bytes(saltBytes))
    if (isRefusal(sealed)) return sealed
    parts.push(sealed)
  }
  return { draft, bodyText: canonicalJson(draft.body), parts }
}

function sealPart(name: string, part: PartDraft, salt: Uint8Array): SealedPart | Refusal {
  if (utf8(part.content).length > partBytesMax) return tooLarge(`its part ${name} is over 1 MiB`)
  return {
    name,
    salt: toBase64Url(salt),
    content: part.content,
    digest: toBase64Url(partDigest(salt, name, part.content)),
    erasable: part.erasable === true,
  }
}

export function partDigest(salt: Uint8Array, name: string, content: string): Uint8Array {
  invariant(content.isWellFormed(), 'a part is well-formed text')
  return digest(partLabel, salt, utf8(name), utf8(content))
}

/** Whether an opening belongs to the digest in a leaf. */
export function verifyPart(expected: string, name: string, { salt, content }: OpenedPart): boolean {
  const bytes = fromBase64Url(salt)
  if (isRefusal(bytes) || bytes.length !== saltBytes || !content.isWellFormed()) return false
  return toBase64Url(partDigest(bytes, name, content)) === expected
}

/** Gives a sealed draft its place. Refuses `entry-too-large` above 65,535 bytes. */
export function formatEntry(
  { draft, bodyText, parts }: SealedDraft,
  place: { readonly log: string; readonly seq: number; readonly at: Instant },
): Uint8Array | Refusal {
  // Members in RFC 8785 order; the body is canonical already, and is not walked again for each renumbering.
  const digests = parts.map(({ name, digest: value }) => `"${name}":"${value}"`).join(',')
  const text = [
    `{"at":"${formatInstant(place.at)}","body":${bodyText},"corr":${canonicalJson(draft.corr)},`,
    `"log":${canonicalJson(place.log)},${parts.length === 0 ? '' : `"parts":{${digests}},`}`,
    `"seq":${place.seq},"type":"${draft.type}","v":${entryVersion}}`,
  ].join('')
  const bytes = utf8(text)
  return bytes.length > entryBytesMax ? tooLarge(`its leaf has ${bytes.length} bytes`) : bytes
}

export function entryOf(sealed: SealedDraft, seq: number, at: Instant, bytes: Uint8Array): JournalEntry {
  const { type, corr, body } = sealed.draft
  const parts = Object.fromEntries(sealed.parts.map(({ name, digest: value }) => [name, value]))
  const opened = Object.fromEntries(sealed.parts.map(({ name, salt, content }) => [name, { salt, content }]))
  return { seq, at, type, corr, body, parts, bytes, opened }
}

/**
 * Reads leaf bytes strictly. Refuses `verification-failed`: not canonical, a member missing, of the wrong type
 * or unknown, another version.
 */
export function parseEntry(bytes: Uint8Array): EntryFields | Refusal {
  const text = bytes.length > entryBytesMax ? undefined : fromUtf8(bytes)
  if (text === undefined || isRefusal(text)) return badEntry('it is too long or not UTF-8')
  const value = parseCanonicalJson(text)
  if (isRefusal(value)) return badEntry(value.detail)
  if (!isObject(value) || value['v'] !== entryVersion) return badEntry('it is not an entry of version 1')
  const { at, body, corr, log, parts = {}, seq, type, v: _, ...unknown } = value
  const instant = typeof at === 'string' ? parseInstant(at) : undefined
  if (instant === undefined || isRefusal(instant) || formatInstant(instant) !== at)
    return badEntry('its time is not RFC 3339 UTC with milliseconds')
  if (typeof corr !== 'string' || typeof log !== 'string' || typeof type !== 'string')
    return badEntry('corr, log or type is not a text')
  if (corr.length > corrCharsMax || !isEntryType(type)) return badEntry('corr is too long or type not a type')
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 0) return badEntry('seq is not an index')
  if (!isObject(body) || !isDigests(parts)) return badEntry('body or parts has the wrong shape')
  if (Object.keys(unknown).length > 0 || (value['parts'] !== undefined && Object.keys(parts).length === 0))
    return badEntry('it has a member that does not belong there')
  return { seq, at: instant, type, corr, log, body, parts }
}

function isEntryType(type: string): boolean {
  return type.length <= typeCharsMax && typePattern.test(type)
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isDigests(value: Json): value is Record<string, string> {
  if (!isObject(value) || Object.keys(value).length > partsMax) return false
  return Object.entries(value).every(([name, text]) => {
    const bytes = typeof text === 'string' ? fromBase64Url(text) : undefined
    return partNamePattern.test(name) && bytes instanceof Uint8Array && bytes.length === 32
  })
}

// What is stored of a part: 0 erased ‖ time of the erasure, or 1 kept | 2 erasable ‖ salt[16] ‖ content.
const erasedMark = 0
const keptMark = 1
const erasableMark = 2

export function encodePart({ erasable, salt, content }: SealedPart): Uint8Array {
  const saltBytesOf = fromBase64Url(salt)
  invariant(!isRefusal(saltBytesOf), 'a salt is base64url')
  return concatBytes(Uint8Array.of(erasable ? erasableMark : keptMark), saltBytesOf, utf8(content))
}

export function encodeTombstone(at: Instant): Uint8Array {
  return concatBytes(Uint8Array.of(erasedMark), utf8(formatInstant(at)))
}

/** Undefined when the bytes are none of the three. */
export function decodePart(bytes: Uint8Array): (OpenedPart & { erasable: boolean }) | 'erased' | undefined {
  if (bytes[0] === erasedMark) return 'erased'
  if (bytes[0] !== keptMark && bytes[0] !== erasableMark) return undefined
  const content = fromUtf8(bytes.subarray(1 + saltBytes))
  if (isRefusal(content)) return undefined
  const salt = toBase64Url(bytes.subarray(1, 1 + saltBytes))
  return { salt, content, erasable: bytes[0] === erasableMark }
}

function tooLarge(reason: string): Refusal {
  return refuse('entry-too-large', `The entry is too large: ${reason}`)
}

function badEntry(reason: string): Refusal {
  return refuse('verification-failed', `The leaf is not a journal entry: ${reason}`)
}
