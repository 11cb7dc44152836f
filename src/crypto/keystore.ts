import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { invariant, isRefusal, refuse, toHex, utf8, type Refusal } from '#core'
import { digest } from './hash.ts'
import { digestSignerOf, type DigestSigner } from './secp256k1.ts'
import { rawPublicKey, type SignatureAlgorithm, type Signer } from './signature.ts'

export type KeyAlgorithm = SignatureAlgorithm | 'secp256k1'

/**
 * Keys of one party, by name. It signs; it has no way to give a private key out.
 * Asking for a name or an algorithm that was not opened is a bug and throws.
 */
export type KeyStore = {
  readonly names: readonly string[]
  readonly signer: (name: string) => Signer
  readonly digestSigner: (name: string) => DigestSigner
}

const namePattern = /^[a-z0-9][a-z0-9-]{0,63}$/
const curveOf = { ES256: 'prime256v1', secp256k1: 'secp256k1' } as const

/**
 * File keys for the sandbox: PKCS#8 PEM, one per name, mode 0600 in a directory of mode 0700, created on
 * first use. Refuses `file-unreadable`: a file that others may read, is no key or is of another algorithm.
 *
 * What it does not do: encrypt at rest. A real deployment keeps keys in hardware behind the same types.
 */
export function openKeyStore(
  directory: string,
  keys: Readonly<Record<string, KeyAlgorithm>>,
): KeyStore | Refusal {
  const signers = new Map<string, Signer | DigestSigner>()
  for (const [name, algorithm] of Object.entries(keys)) {
    invariant(namePattern.test(name), `not a key name: ${name}`)
    const key = loadOrCreateKey(directory, name, algorithm)
    if (isRefusal(key)) return key
    signers.set(name, signerOf(name, algorithm, key))
  }
  return keyStoreOf(signers)
}

/** Keys that live in memory only: for tests, simulations and short-lived tools. */
export function memoryKeyStore(keys: Readonly<Record<string, KeyAlgorithm>>): KeyStore {
  const signers = Object.entries(keys).map(
    ([name, algorithm]) => [name, signerOf(name, algorithm, generate(algorithm))] as const,
  )
  return keyStoreOf(new Map(signers))
}

/** The id of a key: its name, then 16 hexadecimal digits that only this key has. */
export const keyIdOf = (name: string, algorithm: KeyAlgorithm, publicKey: Uint8Array): string =>
  `${name}.${toHex(digest('poundlock/key-id/v1', utf8(algorithm), publicKey)).slice(0, 16)}`

function keyStoreOf(signers: ReadonlyMap<string, Signer | DigestSigner>): KeyStore {
  return {
    names: [...signers.keys()],
    signer: (name) => {
      const found = signers.get(name)
      invariant(found !== undefined && found.algorithm !== 'secp256k1', `no message key named ${name}`)
      return found
    },
    digestSigner: (name) => {
      const found = signers.get(name)
      invariant(found !== undefined && found.algorithm === 'secp256k1', `no digest key named ${name}`)
      return found
    },
  }
}

function signerOf(name: string, algorithm: KeyAlgorithm, key: KeyObject): Signer | DigestSigner {
  if (algorithm === 'secp256k1') {
    const secret = new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'))
    return digestSignerOf((publicKey) => keyIdOf(name, algorithm, publicKey), secret)
  }
  const publicKey = rawPublicKey(key)
  return { keyId: keyIdOf(name, algorithm, publicKey), algorithm, publicKey, sign: signWith(algorithm, key) }
}

const signWith =
  (algorithm: SignatureAlgorithm, key: KeyObject) =>
  (message: Uint8Array): Uint8Array =>
    new Uint8Array(
      algorithm === 'Ed25519'
        ? sign(null, message, key)
        : sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }),
    )

function generate(algorithm: KeyAlgorithm): KeyObject {
  if (algorithm === 'Ed25519') return generateKeyPairSync('ed25519').privateKey
  return generateKeyPairSync('ec', { namedCurve: curveOf[algorithm] }).privateKey
}

/** Stays inside this layer: what it returns can be exported. */
export function loadOrCreateKey(
  directory: string,
  name: string,
  algorithm: KeyAlgorithm,
): KeyObject | Refusal {
  const path = join(directory, `${name}.pem`)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    createOnce(path, algorithm)
    if ((statSync(path).mode & 0o077) !== 0) return unusable(path, 'others may read it; chmod 600')
    const key = createPrivateKey(readFileSync(path))
    return isFor(algorithm, key) ? key : unusable(path, `it is not an ${algorithm} key`)
  } catch (error) {
    return unwritten(path, error) ?? unusable(path, error instanceof Error ? error.message : 'unknown error')
  }
}

// `wx` never overwrites: a key that exists is loaded, whoever made it first.
function createOnce(path: string, algorithm: KeyAlgorithm): void {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw error
  }
  try {
    writeSync(file, generate(algorithm).export({ format: 'pem', type: 'pkcs8' }).toString())
    fsyncSync(file)
  } catch (error) {
    // Half a key would be taken for a damaged one at the next start.
    unlinkSync(path)
    throw error
  } finally {
    closeSync(file)
  }
}

function isFor(algorithm: KeyAlgorithm, key: KeyObject): boolean {
  if (algorithm === 'Ed25519') return key.asymmetricKeyType === 'ed25519'
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curveOf[algorithm]
}

/** `disk-full` when that is why a file could not be written. */
export const unwritten = (path: string, error: unknown): Refusal | undefined =>
  error instanceof Error && 'code' in error && error.code === 'ENOSPC'
    ? refuse('disk-full', `There is no space left to write ${path}`)
    : undefined

const unusable = (path: string, why: string): Refusal =>
  refuse('file-unreadable', `The key file ${path} cannot be used: ${why}`)
