/**
 * C2SP tlog-cosignature v1.0.1, Ed25519 form (type 0x04): a witness says that at a time this was the largest
 * consistent tree it knew of the log.
 *
 * ```
 * signature bytes = u64be POSIX seconds ‖ Ed25519 signature[64]
 * signed message  = "cosignature/v1\ntime <seconds>\n" ‖ checkpoint text
 * ```
 * ML-DSA-44 cosignatures (0x06) are not verified here: their lines are lines of unknown keys.
 */
import { concatBytes, invariant, isRefusal, refuse, utf8, type Refusal } from '#core'
import { verifySignature, type Signer } from '#crypto'
import { ed25519NoteVerifier, noteEd25519, noteKeyId, parseVkey, formatVkey } from './note.ts'
import type { NoteSignature, NoteSigner, NoteVerifier, VerifierKey } from './note.ts'

/** The type byte of timestamped Ed25519 cosignatures. */
export const cosignatureEd25519 = 0x04

const timeBytes = 8
const signatureBytes = 64

export function cosignatureVkey(name: string, publicKey: Uint8Array): string {
  return formatVkey(name, cosignatureEd25519, publicKey)
}

/** Signs checkpoints as `name` with the given time in whole POSIX seconds, which must not be zero. */
export function cosigner(name: string, signer: Signer, seconds: number): NoteSigner {
  invariant(Number.isSafeInteger(seconds) && seconds > 0, 'a cosignature has a time')
  const keyId = noteKeyId(name, cosignatureEd25519, signer.publicKey)
  const sign = (text: string) => concatBytes(u64(seconds), signer.sign(signedMessage(seconds, text)))
  return { name, keyId, sign }
}

/** Verifier of Ed25519 cosignatures. A time of zero or beyond 2^53 − 1 seconds does not verify. */
export function cosignatureVerifier(key: VerifierKey): NoteVerifier | Refusal {
  if (key.type !== cosignatureEd25519 || key.publicKey.length !== 32)
    return refuse('key-invalid', 'The verifier key is not an Ed25519 cosignature key')
  const verify = (text: string, signature: Uint8Array): boolean => {
    const seconds = cosignedAt({ signature })
    if (seconds === undefined) return false
    const message = signedMessage(seconds, text)
    return verifySignature('Ed25519', key.publicKey, message, signature.slice(timeBytes))
  }
  return { name: key.name, keyId: key.keyId, type: key.type, verify }
}

/** The POSIX seconds of a cosignature; undefined when the bytes cannot be one. Verify before trusting it. */
export function cosignedAt({ signature }: Pick<NoteSignature, 'signature'>): number | undefined {
  if (signature.length !== timeBytes + signatureBytes) return undefined
  const view = new DataView(signature.buffer, signature.byteOffset, timeBytes)
  const seconds = Number(view.getBigUint64(0))
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : undefined
}

/** The verifier of a vkey, by its type byte. Refuses `key-invalid` for types that are not verified here. */
export function noteVerifier(vkey: string): NoteVerifier | Refusal {
  const key = parseVkey(vkey)
  if (isRefusal(key)) return key
  return key.type === noteEd25519 ? ed25519NoteVerifier(key) : cosignatureVerifier(key)
}

function signedMessage(seconds: number, text: string): Uint8Array {
  return utf8(`cosignature/v1\ntime ${seconds}\n${text}`)
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(timeBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}
