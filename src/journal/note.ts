/**
 * C2SP signed-note v1.0.0: a text with signature lines under it.
 *
 * ```
 * text (ends in \n)
 * \n
 * — <key name> <base64(key id[4] ‖ signature)>\n        one or more; the dash is U+2014
 * key id = SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]
 * vkey   = <name>+<hex key id>+<base64(type ‖ public key)>
 * ```
 * A note that opens says only that *some* known key signed it: whoever needs the log's own key, or a quorum
 * of witnesses, must look for them in `verified` (see policy.ts).
 */
import { concatBytes, fromBase64, fromUtf8, isRefusal, refuse, toBase64, toHex, utf8 } from '#core'
import type { Refusal } from '#core'
import { sha256, verifySignature, type Signer } from '#crypto'

/** Longest note in bytes: a checkpoint with some 200 post-quantum cosignatures. */
export const noteBytesMax = 1_000_000

/** Most signature lines in one note, as in Go's x/mod/sumdb/note; the specification asks for at least 16. */
export const noteSignaturesMax = 100

export const keyIdBytes = 4

/** The type byte of plain Ed25519 note signatures. */
export const noteEd25519 = 0x01

/** Checks the signatures of one key. `verify` gets the note text and the bytes after the key id. */
export type NoteVerifier = {
  readonly name: string
  /** 8 lower-case hexadecimal digits. */
  readonly keyId: string
  readonly type: number
  readonly verify: (text: string, signature: Uint8Array) => boolean
}

/** Makes the bytes after the key id for one note text. */
export type NoteSigner = {
  readonly name: string
  readonly keyId: string
  readonly sign: (text: string) => Uint8Array
}

export type NoteSignature = {
  readonly name: string
  readonly keyId: string
  /** The bytes after the key id. */
  readonly signature: Uint8Array
  /** The whole line without its newline. */
  readonly line: string
}

export type OpenedNote = {
  readonly text: string
  /** One signature for each known key, in the order of the note. */
  readonly verified: readonly NoteSignature[]
  /** Lines of keys that nobody named; they say nothing. */
  readonly unknown: readonly NoteSignature[]
}

export type VerifierKey = {
  readonly name: string
  readonly keyId: string
  readonly type: number
  readonly publicKey: Uint8Array
}

/** Non-empty, without Unicode white space, control characters and `+`. */
export function isKeyName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- the standard forbids exactly these
  return name !== '' && !/[\p{White_Space}+\u0000-\u001f]/u.test(name)
}

export function noteKeyId(name: string, type: number, publicKey: Uint8Array): string {
  return toHex(sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, keyIdBytes))
}

export function formatVkey(name: string, type: number, publicKey: Uint8Array): string {
  const material = toBase64(concatBytes(Uint8Array.of(type), publicKey))
  return `${name}+${noteKeyId(name, type, publicKey)}+${material}`
}

/** Reads a vkey of any type. Refuses `key-invalid`: bad name, bad base64, an id that is not the key's. */
export function parseVkey(vkey: string): VerifierKey | Refusal {
  const [name, keyId, ...rest] = vkey.split('+')
  const material = fromBase64(rest.join('+'))
  if (name === undefined || keyId === undefined || isRefusal(material)) return badKey('it is not three parts')
  if (!isKeyName(name)) return badKey('its name is not a key name')
  const type = material[0]
  if (type === undefined) return badKey('it holds no key')
  const publicKey = material.slice(1)
  if (noteKeyId(name, type, publicKey) !== keyId) return badKey('its id does not belong to name and key')
  return { name, keyId, type, publicKey }
}

/** Verifier of plain Ed25519 note signatures (type 0x01). */
export function ed25519NoteVerifier(key: VerifierKey): NoteVerifier | Refusal {
  if (key.type !== noteEd25519 || key.publicKey.length !== 32) return badKey('it is not an Ed25519 note key')
  const verify = (text: string, signature: Uint8Array) =>
    verifySignature('Ed25519', key.publicKey, utf8(text), signature)
  return { name: key.name, keyId: key.keyId, type: key.type, verify }
}

/** Signs note texts with a plain Ed25519 key (type 0x01) under `name`. */
export function ed25519NoteSigner(name: string, signer: Signer): NoteSigner {
  const keyId = noteKeyId(name, noteEd25519, signer.publicKey)
  return { name, keyId, sign: (text) => signer.sign(utf8(text)) }
}

/** The whole signed note. `text` must end in a newline. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  return `${text}\n${signers.map((signer) => signatureLine(signer, text)).join('')}`
}

/** One signature line, with its newline. */
export function signatureLine(signer: NoteSigner, text: string): string {
  const key = Buffer.from(signer.keyId, 'hex')
  return `\u2014 ${signer.name} ${toBase64(concatBytes(key, signer.sign(text)))}\n`
}

/** Text and signature lines without looking at any key. Refuses `note-malformed`. */
export function splitNote(
  note: string | Uint8Array,
): { text: string; signatures: NoteSignature[] } | Refusal {
  const whole = wholeNote(note)
  if (isRefusal(whole)) return whole
  const split = whole.lastIndexOf('\n\n')
  if (split < 0) return malformed('it has no signature block')
  const block = whole.slice(split + 2)
  if (!block.endsWith('\n')) return malformed('its signature block is empty or unfinished')
  const lines = block.slice(0, -1).split('\n')
  if (lines.length > noteSignaturesMax) return malformed('it has too many signatures')
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const signature = parseSignatureLine(line)
    if (isRefusal(signature)) return signature
    signatures.push(signature)
  }
  return { text: whole.slice(0, split + 1), signatures }
}

/**
 * Opens a note with the keys that the caller trusts. Refuses `note-malformed`, `signature-invalid` when a
 * known key's line does not verify (the whole note is then worthless), `note-unsigned` when no known key signed.
 */
export function openNote(note: string | Uint8Array, known: readonly NoteVerifier[]): OpenedNote | Refusal {
  const split = splitNote(note)
  if (isRefusal(split)) return split
  const verified: NoteSignature[] = []
  const unknown: NoteSignature[] = []
  for (const signature of split.signatures) {
    const key = known.find(({ name, keyId }) => name === signature.name && keyId === signature.keyId)
    if (key === undefined) unknown.push(signature)
    else if (verified.some((earlier) => sameKey(earlier, signature))) continue
    else if (key.verify(split.text, signature.signature)) verified.push(signature)
    else return invalidSignature(signature)
  }
  if (verified.length === 0) return refuse('note-unsigned', 'No key that is trusted here signed the note')
  return { text: split.text, verified, unknown }
}

function wholeNote(note: string | Uint8Array): string | Refusal {
  const bytes = typeof note === 'string' ? utf8(note) : note
  if (bytes.length > noteBytesMax) return malformed('it is too long')
  const text = fromUtf8(bytes)
  if (isRefusal(text)) return malformed('it is not UTF-8')
  // A lone surrogate in a string has no UTF-8 form: its bytes would not be the ones that were signed.
  if (typeof note === 'string' && text !== note) return malformed('it is not UTF-8')
  // oxlint-disable-next-line no-control-regex -- the standard forbids exactly these
  return /[\u0000-\u0009\u000b-\u001f]/.test(text) ? malformed('it holds a control character') : text
}

function parseSignatureLine(line: string): NoteSignature | Refusal {
  const [dash, name, encoded, ...rest] = line.split(' ')
  if (dash !== '\u2014' || name === undefined || encoded === undefined || rest.length > 0)
    return malformed('a signature line is not dash, name, base64')
  if (!isKeyName(name)) return malformed('a signature line has a bad key name')
  const bytes = fromBase64(encoded)
  if (isRefusal(bytes) || bytes.length <= keyIdBytes) return malformed('a signature is not canonical base64')
  const keyId = toHex(bytes.slice(0, keyIdBytes))
  return { name, keyId, signature: bytes.slice(keyIdBytes), line }
}

function sameKey(a: NoteSignature, b: NoteSignature): boolean {
  return a.name === b.name && a.keyId === b.keyId
}

function badKey(reason: string): Refusal {
  return refuse('key-invalid', `The verifier key is unusable: ${reason}`)
}

function malformed(reason: string): Refusal {
  return refuse('note-malformed', `The note is malformed: ${reason}`)
}

function invalidSignature({ name, keyId }: NoteSignature): Refusal {
  return refuse('signature-invalid', `The signature of ${name} on the note is invalid`, { name, keyId })
}
