import { fromBase64Url } from './bytes.ts'
import { addressOf } from './eip712.ts'
import { placeOf } from './entries.ts'
import type { Entry } from './entries.ts'
import { member } from './json.ts'
import type { Findings } from './report.ts'
import { isInstant } from './time.ts'

/** The parties' keys, as the logs registered them with `key.registered` entries (spec/evidence-pack.md §4.5). */

export type RegisteredKey = {
  readonly log: string
  readonly index: number
  readonly keyId: string
  readonly algorithm: string
  readonly publicKey: string
  readonly owner: string
  readonly use: string
  readonly validFrom: string
  readonly validTo?: string
}

/** All registrations; one that cannot be read, or that contradicts another log's, is a problem. */
export const checkKeys = (entries: readonly Entry[], findings: Findings): readonly RegisteredKey[] => {
  const keys: RegisteredKey[] = []
  for (const entry of entries.filter(({ type }) => type === 'key.registered')) {
    const key = readKey(entry)
    const same =
      key !== undefined && keys.every((other) => other.keyId !== key.keyId || isSameKey(key, other))
    const detail = 'the registration is not valid, or another one says something else of this key'
    if (findings.check('keys/agreement', same, placeOf(entry), detail) && key) keys.push(key)
  }
  return keys
}

/**
 * The keys that count at an entry: registered earlier in the same log, the last registration of each key id,
 * valid from validFrom (inclusive) to validTo (exclusive) at the entry's time.
 */
export const keysAt = (keys: readonly RegisteredKey[], entry: Entry): readonly RegisteredKey[] => {
  const earlier = keys.filter(({ log, index }) => log === entry.log && index < entry.index)
  const last = new Map(earlier.map((key) => [key.keyId, key]))
  return [...last.values()].filter(
    ({ validFrom, validTo }) => validFrom <= entry.at && (validTo === undefined || entry.at < validTo),
  )
}

export const publicKeyOf = (key: RegisteredKey): Uint8Array =>
  fromBase64Url(key.publicKey) ?? new Uint8Array()

const keyBytes: ReadonlyMap<string, number> = new Map([
  ['Ed25519', 32],
  ['ES256', 33],
  ['secp256k1', 33],
])

const readKey = (entry: Entry): RegisteredKey | undefined => {
  const text = (name: string): string | undefined => {
    const value = member(entry.body, name)
    return typeof value === 'string' && value.length > 0 ? value : undefined
  }
  const [keyId, algorithm, publicKey] = [text('keyId'), text('algorithm'), text('publicKey')]
  const [owner, use, validFrom, validTo] = [text('owner'), text('use'), text('validFrom'), text('validTo')]
  if (!keyId || !algorithm || !publicKey || !owner || !use || !validFrom) return undefined
  if (!isInstant(validFrom) || (Object.hasOwn(entry.body, 'validTo') && !isInstant(validTo ?? '')))
    return undefined
  const bytes = fromBase64Url(publicKey)
  if (bytes === undefined || bytes.length !== keyBytes.get(algorithm)) return undefined
  if (algorithm === 'secp256k1' && addressOf(bytes) === undefined) return undefined
  const { log, index } = entry
  const key = { log, index, keyId, algorithm, publicKey, owner, use, validFrom }
  return validTo === undefined ? key : { ...key, validTo }
}

const isSameKey = (a: RegisteredKey, b: RegisteredKey): boolean =>
  a.algorithm === b.algorithm && a.publicKey === b.publicKey && a.owner === b.owner && a.use === b.use
