import { canonicalBytes, invariant, isJsonObject, isRefusal, parseJson, type Json } from '#core'
import type { Hex } from '../port.ts'

/** A call to a contract, or with empty data a transfer of nothing. */
export type Call = { readonly to: Hex; readonly data: Hex }

/** What identifies a settlement on chain, so that it is found also when somebody else submitted it. */
export type SettlementKey = {
  readonly deliverer: Hex
  readonly receiver: Hex
  readonly tradeId: Hex
  readonly digest: Hex
}

/** One signed form of the transaction. A fee bump adds another with the same nonce. Fees in wei, decimal. */
export type Attempt = {
  readonly txHash: Hex
  readonly raw: Hex
  readonly maxFeePerGas: string
  readonly maxPriorityFeePerGas: string
}

/** The transaction of an effect. All attempts share the nonce, so at most one of them is ever executed. */
export type Lane = { readonly nonce: number; readonly gas: string; readonly attempts: readonly Attempt[] }

/** What is remembered of an effect, as canonical JSON in one row. Without a lane another account submitted it. */
export type EffectRecord = {
  readonly v: 1
  readonly effectId: string
  readonly call: Call
  readonly settlement?: SettlementKey
  readonly lane?: Lane
  /** The block in which it was once seen final. Its disappearance is an alarm. */
  readonly final?: { readonly txHash: Hex; readonly blockHash: Hex }
}

/** The account's position on a chain: the nonce to give out next. */
export type LaneHead = { readonly v: 1; readonly genesis: Hex; readonly next: number }

export const encodeRecord = (record: EffectRecord): Uint8Array => canonicalBytes(record)
export const encodeLaneHead = (head: LaneHead): Uint8Array => canonicalBytes(head)

export const decodeRecord = (bytes: Uint8Array): EffectRecord => decode(bytes, isRecord, 'effect record')
export const decodeLaneHead = (bytes: Uint8Array): LaneHead => decode(bytes, isLaneHead, 'nonce lane')

// The rows are our own: one that cannot be read is a damaged store, and going on would sign over it.
function decode<T extends Json>(bytes: Uint8Array, is: (value: Json) => value is T, what: string): T {
  const value = parseJson(bytes)
  invariant(!isRefusal(value) && is(value), `the ${what} in the store is damaged`)
  return value
}

const isLaneHead = (value: Json): value is LaneHead =>
  isJsonObject(value) && value['v'] === 1 && isHex(value['genesis']) && isCount(value['next'])

const isRecord = (value: Json): value is EffectRecord =>
  isJsonObject(value) &&
  value['v'] === 1 &&
  typeof value['effectId'] === 'string' &&
  hexMembers(value['call'], ['to', 'data']) &&
  optional(value['settlement'], (key) => hexMembers(key, ['deliverer', 'receiver', 'tradeId', 'digest'])) &&
  optional(value['lane'], isLane) &&
  optional(value['final'], (final) => hexMembers(final, ['txHash', 'blockHash']))

function isLane(value: Json): boolean {
  if (!isJsonObject(value)) return false
  const { nonce, gas, attempts } = value
  return (
    isCount(nonce) &&
    isDecimal(gas) &&
    Array.isArray(attempts) &&
    attempts.length > 0 &&
    attempts.every(isAttempt)
  )
}

const isAttempt = (value: Json): boolean =>
  hexMembers(value, ['txHash', 'raw']) &&
  isJsonObject(value) &&
  isDecimal(value['maxFeePerGas']) &&
  isDecimal(value['maxPriorityFeePerGas'])

const hexMembers = (value: Json | undefined, names: readonly string[]): boolean =>
  isJsonObject(value) && names.every((name) => isHex(value[name]))

const optional = (value: Json | undefined, is: (value: Json) => boolean): boolean =>
  value === undefined || is(value)

const isHex = (value: Json | undefined): boolean => typeof value === 'string' && /^0x[0-9a-f]*$/i.test(value)
const isDecimal = (value: Json | undefined): boolean => typeof value === 'string' && /^\d+$/.test(value)
const isCount = (value: Json | undefined): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

export const sameCall = (a: Call, b: Call): boolean =>
  a.to.toLowerCase() === b.to.toLowerCase() && a.data.toLowerCase() === b.data.toLowerCase()
