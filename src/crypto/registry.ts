import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  equalBytes,
  formatInstant,
  fromBase64Url,
  isJsonObject,
  isRefusal,
  parseInstant,
  parseLei,
  refuse,
  toBase64Url,
  type Instant,
  type Json,
  type JsonObject,
  type Lei,
  type Refusal,
} from '#core'
import type { KeyAlgorithm } from './keystore.ts'
import { publicKeyObject, rawPublicKey } from './signature.ts'

const keyUses = ['record', 'journal', 'witness', 'settlement', 'tls'] as const
export type KeyUse = (typeof keyUses)[number]

/** Who may sign what with which key, from when until when. */
export type KeyRecord = {
  readonly keyId: string
  readonly algorithm: KeyAlgorithm
  readonly publicKey: Uint8Array
  readonly owner: Lei
  readonly use: KeyUse
  readonly validFrom: Instant
  /** First instant at which the key is no longer valid. */
  readonly validTo?: Instant
}

/** An immutable set of key records; each change gives a new one. It is a fold over the journal. */
export type KeyRegistry = {
  readonly records: ReadonlyMap<string, KeyRecord>
  /** The record, if valid at `asOf`. Refuses `key-unknown`, `key-expired`. */
  readonly find: (keyId: string, asOf: Instant) => KeyRecord | Refusal
  /** `find` for one use and owner. Refuses also `key-use`. */
  readonly findFor: (keyId: string, asOf: Instant, owner: Lei, use: KeyUse) => KeyRecord | Refusal
  /** The keys of a party that are valid at `asOf`, oldest first: two while a rotation overlaps. */
  readonly current: (owner: Lei, use: KeyUse, asOf: Instant) => readonly KeyRecord[]
}

export const keyIdLengthMax = 128
export const emptyKeyRegistry: KeyRegistry = registryOf(new Map())

/**
 * Adds a key. Refuses `key-invalid` (not canonical, small order, off the curve) and `key-conflict`: an id is
 * never re-used, and one key has one id, owner and use.
 */
export function registerKey(registry: KeyRegistry, record: KeyRecord): KeyRegistry | Refusal {
  const problem = checkPublicKey(record.algorithm, record.publicKey)
  if (problem !== undefined) return problem
  if (record.validTo !== undefined && record.validTo <= record.validFrom)
    return refuse('key-invalid', `Key ${record.keyId} ends before it starts`)
  for (const known of registry.records.values())
    if (known.keyId === record.keyId || equalBytes(known.publicKey, record.publicKey))
      return refuse('key-conflict', `Key ${record.keyId} is registered as ${known.keyId}`)
  return registryOf(new Map([...registry.records, [record.keyId, record]]))
}

/** Ends a key at `validTo`, never later than it was to end. Refuses `key-unknown`, `key-conflict`. */
export function endKey(registry: KeyRegistry, keyId: string, validTo: Instant): KeyRegistry | Refusal {
  const known = registry.records.get(keyId)
  if (known === undefined) return unknownKey(keyId)
  if (known.validTo !== undefined && known.validTo < validTo)
    return refuse('key-conflict', `Key ${keyId} ends already at ${formatInstant(known.validTo)}`)
  return registryOf(new Map([...registry.records, [keyId, { ...known, validTo }]]))
}

/**
 * Accepts only canonical encodings of points of full order. Verifiers disagree about the others, so none
 * may get in. Refuses `key-invalid`.
 */
export function checkPublicKey(algorithm: KeyAlgorithm, publicKey: Uint8Array): Refusal | undefined {
  const invalid = refuse('key-invalid', `Not a canonical ${algorithm} public key of full order`)
  try {
    return checks[algorithm](publicKey) ? undefined : invalid
  } catch {
    return invalid
  }
}

/** Body of a `key.registered` entry. */
export const keyRecordJson = (record: KeyRecord): JsonObject => ({
  keyId: record.keyId,
  algorithm: record.algorithm,
  publicKey: toBase64Url(record.publicKey),
  owner: record.owner,
  use: record.use,
  validFrom: formatInstant(record.validFrom),
  ...(record.validTo === undefined ? {} : { validTo: formatInstant(record.validTo) }),
})

/** The record of a `key.registered` body. Refuses `json-shape`, `id-lei`, `time-invalid`, `encoding-invalid`. */
export function parseKeyRecord(value: Json): KeyRecord | Refusal {
  if (!isTexts(value)) return refuse('json-shape', 'A key record is an object of texts')
  const { keyId, algorithm, publicKey, owner, use, validFrom, validTo, ...others } = value
  if (Object.keys(others).length > 0 || !isKeyId(keyId) || !isAlgorithm(algorithm) || !isUse(use))
    return refuse('json-shape', 'A key record has another member, id, algorithm or use')
  const lei = parseLei(owner ?? '')
  const key = fromBase64Url(publicKey ?? '')
  const from = parseInstant(validFrom ?? '')
  const to = validTo === undefined ? undefined : parseInstant(validTo)
  if (isRefusal(lei)) return lei
  if (isRefusal(key)) return key
  if (isRefusal(from)) return from
  if (isRefusal(to)) return to
  const record = { keyId, algorithm, publicKey: key, owner: lei, use, validFrom: from }
  return to === undefined ? record : { ...record, validTo: to }
}

function registryOf(records: ReadonlyMap<string, KeyRecord>): KeyRegistry {
  const find = (keyId: string, asOf: Instant): KeyRecord | Refusal => {
    const record = records.get(keyId)
    if (record === undefined) return unknownKey(keyId)
    return isValid(record, asOf)
      ? record
      : refuse('key-expired', `Key ${keyId} is not valid at ${formatInstant(asOf)}`, { keyId })
  }
  return {
    records,
    find,
    findFor: (keyId, asOf, owner, use) => {
      const record = find(keyId, asOf)
      if (isRefusal(record) || (record.owner === owner && record.use === use)) return record
      return refuse('key-use', `Key ${keyId} is not a ${use} key of ${owner}`, { keyId })
    },
    current: (owner, use, asOf) =>
      [...records.values()]
        .filter((record) => record.owner === owner && record.use === use && isValid(record, asOf))
        .toSorted((a, b) => a.validFrom - b.validFrom),
  }
}

const isValid = (record: KeyRecord, asOf: Instant): boolean =>
  record.validFrom <= asOf && (record.validTo === undefined || asOf < record.validTo)

const checks: Readonly<Record<KeyAlgorithm, (publicKey: Uint8Array) => boolean>> = {
  Ed25519: (publicKey) => {
    const point = ed25519.Point.fromBytes(publicKey, false)
    return equalBytes(point.toBytes(), publicKey) && !point.isSmallOrder() && point.isTorsionFree()
  },
  ES256: (publicKey) => {
    const key = publicKeyObject('ES256', publicKey)
    return key !== undefined && equalBytes(rawPublicKey(key), publicKey)
  },
  secp256k1: (publicKey) => equalBytes(secp256k1.Point.fromBytes(publicKey).toBytes(true), publicKey),
}

const isTexts = (value: Json): value is Readonly<Record<string, string>> =>
  isJsonObject(value) && Object.values(value).every((member) => typeof member === 'string')

const isKeyId = (value: string | undefined): value is string =>
  value !== undefined && /^[\x21-\x7e]+$/.test(value) && value.length <= keyIdLengthMax

const isAlgorithm = (value: string | undefined): value is KeyAlgorithm =>
  value !== undefined && Object.hasOwn(checks, value)

const isUse = (value: string | undefined): value is KeyUse => keyUses.some((use) => use === value)

const unknownKey = (keyId: string): Refusal =>
  refuse('key-unknown', `No key ${keyId.slice(0, keyIdLengthMax)}`, { keyId: keyId.slice(0, keyIdLengthMax) })
