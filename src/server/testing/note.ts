import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { sha256 } from './merkle.ts'

/** A key of a log or of a witness, with its C2SP signed-note verifier key. */
export type NoteKey = {
  readonly name: string
  readonly vkey: string
  readonly id: Buffer
  readonly key: KeyObject
}

const logKeyType = 1
const cosignatureKeyType = 4

export const logKey = (name: string): NoteKey => noteKey(name, logKeyType)
export const witnessKey = (name: string): NoteKey => noteKey(name, cosignatureKeyType)

/** C2SP tlog-checkpoint body. */
export const checkpointBody = (origin: string, size: number, root: Buffer): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`

export const signNote = (body: string, by: NoteKey): string =>
  signatureLine(by, sign(null, Buffer.from(body), by.key))

/** C2SP tlog-cosignature, Ed25519 form: an eight byte time stands before the signature. */
export function cosignNote(body: string, by: NoteKey, seconds: number): string {
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(seconds))
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${body}`), by.key)
  return signatureLine(by, Buffer.concat([time, signature]))
}

const signatureLine = (by: NoteKey, signature: Buffer): string =>
  `\u2014 ${by.name} ${Buffer.concat([by.id, signature]).toString('base64')}\n`

function noteKey(name: string, type: number): NoteKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  const typed = Buffer.concat([Buffer.of(type), raw])
  const id = sha256(Buffer.from(`${name}\n`), typed).subarray(0, 4)
  return { name, id, key: privateKey, vkey: `${name}+${id.toString('hex')}+${typed.toString('base64')}` }
}
