import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes, fromBase64, fromHex, utf8 } from './bytes.ts'
import { hashBytes } from './merkle.ts'
import { verifyEd25519 } from './ed25519.ts'

/** C2SP signed-note, tlog-checkpoint and tlog-cosignature (type 0x04), canonical forms only. */

export type KeyKind = 'log' | 'witness'

/** A verifier key `name+hex8(keyId)+base64(type ‖ public key)`; type 0x01 signs notes, 0x04 cosigns them. */
export type VerifierKey = {
  readonly text: string
  readonly name: string
  readonly keyId: Uint8Array
  readonly kind: KeyKind
  readonly publicKey: Uint8Array
}

export type NoteSignature = { readonly name: string; readonly keyId: Uint8Array; readonly bytes: Uint8Array }

/** `text` ends with its line feed; signatures cover exactly these bytes. */
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] }

/** `origin\nsize\nbase64(root)\n`, then extension lines, none of them empty. */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array }

export const signaturesMax = 100
export const nameCharsMax = 255

const kinds: Readonly<Record<number, KeyKind>> = { 1: 'log', 4: 'witness' }

/** Printable ASCII without space, plus, quote and backslash: narrower than C2SP, so that a name has one spelling. */
export const isKeyName = (name: string): boolean =>
  name.length > 0 && name.length <= nameCharsMax && /^[!#-*,-[\]-~]+$/.test(name)

export const parseVerifierKey = (text: string): VerifierKey | undefined => {
  const [name = '', idText = '', ...rest] = text.split('+')
  const keyId = fromHex(idText)
  const typed = fromBase64(rest.join('+'))
  if (!isKeyName(name) || keyId?.length !== 4 || typed?.length !== 33) return undefined
  const kind = kinds[typed[0] ?? 0]
  const expected = sha256(concatBytes(utf8(`${name}\n`), typed)).subarray(0, 4)
  if (kind === undefined || !equalBytes(keyId, expected)) return undefined
  return { text, name, keyId, kind, publicKey: typed.subarray(1) }
}

export const parseNote = (note: string): Note | undefined => {
  const split = note.lastIndexOf('\n\n')
  // eslint-disable-next-line no-control-regex -- the format forbids them
  if (split < 1 || !note.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f]/.test(note)) return undefined
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > signaturesMax) return undefined
  const signatures = lines.map(parseSignature)
  return signatures.includes(undefined)
    ? undefined
    : { text: note.slice(0, split + 1), signatures: signatures.filter((one) => one !== undefined) }
}

/** Extension lines after the root are signed, so they are accepted, but nothing is read from them. */
export const parseCheckpoint = (text: string): Checkpoint | undefined => {
  const [origin = '', sizeText = '', rootText = '', ...rest] = text.split('\n')
  const root = fromBase64(rootText)
  const size = /^(0|[1-9][0-9]{0,15})$/.test(sizeText) ? Number(sizeText) : Number.NaN
  if (rest.at(-1) !== '' || rest.slice(0, -1).includes('') || !isKeyName(origin)) return undefined
  if (!Number.isSafeInteger(size) || root?.length !== hashBytes) return undefined
  return { origin, size, root }
}

/** The first signature line of this key, if the note has one. Later lines of the same key are not looked at. */
export const signatureOf = (note: Note, key: VerifierKey): NoteSignature | undefined =>
  note.signatures.find(({ name, keyId }) => name === key.name && equalBytes(keyId, key.keyId))

/** Ed25519 over the note text (type 0x01), or over the cosignature/v1 message (type 0x04). */
export const verifyNoteSignature = (note: Note, key: VerifierKey, signature: NoteSignature): boolean =>
  key.kind === 'log'
    ? verifyEd25519(key.publicKey, utf8(note.text), signature.bytes)
    : verifyCosignature(note, key, signature.bytes)

/** `u64be seconds ‖ Ed25519("cosignature/v1\ntime <seconds>\n" + text)` */
const verifyCosignature = (note: Note, key: VerifierKey, bytes: Uint8Array): boolean => {
  if (bytes.length !== 72) return false
  const seconds = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)
  if (seconds === 0n) return false
  const message = `cosignature/v1\ntime ${seconds}\n${note.text}`
  return verifyEd25519(key.publicKey, utf8(message), bytes.subarray(8))
}

const parseSignature = (line: string): NoteSignature | undefined => {
  const [dash, name = '', encoded = '', ...more] = line.split(' ')
  const bytes = fromBase64(encoded)
  if (dash !== '—' || more.length > 0 || !isKeyName(name) || bytes === undefined || bytes.length < 5)
    return undefined
  return { name, keyId: bytes.subarray(0, 4), bytes: bytes.subarray(4) }
}
