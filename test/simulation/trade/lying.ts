// A dishonest peer: what it sends instead. It holds its own keys, so that it can sign whatever it likes; it does not
// hold the other's.
import {
  canonicalJson,
  invariant,
  isJsonObject,
  isRefusal,
  parseJson,
  refuse,
  utf8,
  type Json,
  type JsonObject,
  type Refusal,
} from '#core'
import { signJws } from '#crypto'
import { tradeRecordTyp } from '../../../src/gateway/sealing.ts'
import { textOf } from '../../audit/fields.ts'
import { actors, foreignKeys } from './cast.ts'
import type { Chance, Lie } from './chance.ts'

export function lieAbout(
  lie: Lie,
  path: string,
  message: Json,
  heard: readonly Json[],
  chance: Chance,
): Json {
  const honest = objectOf(message)
  const isRecord = path.endsWith('/confirmations')
  if (lie === 'record-member' && isRecord) return { record: resigned(objectOf(honest['record']), chance) }
  if (lie === 'record-bytes' && isRecord) return { record: withOtherBytes(objectOf(honest['record'])) }
  if (lie === 'digest' && !isRecord) return { ...honest, digest: `0x${'ab'.repeat(32)}` }
  if (lie === 'foreign-signature' && !isRecord) return { ...honest, signature: foreignSignature(honest) }
  if (lie === 'replayed') return heard[chance.int(0, heard.length - 1)] ?? message
  return message
}

/** The payload with one member changed, under the maker's own good signature. */
function resigned(record: JsonObject, chance: Chance): JsonObject {
  const payload = parseJson(payloadText(record))
  invariant(!isRefusal(payload), 'a record is JSON')
  const terms = objectOf(payload)
  const within = (name: string, changed: JsonObject): JsonObject => ({
    [name]: { ...objectOf(terms[name]), ...changed },
  })
  const { deliverer = '' } = objectOf(terms['settlement'])
  const change = chance.pick<JsonObject>([
    within('settlement', { receiver: deliverer }),
    within('settlement', { deadline: '2026-11-20T15:00:00.000Z' }),
    within('settlement', { nonce: '7' }),
    { executedAt: '2026-11-20T13:59:59.000Z' },
    { quantity: '99' },
    within('buyer', { name: 'CEDAR2' }),
    within('settlement', { contract: `0x${'66'.repeat(20)}` }),
    within('execution', { clOrdId: 'ORD-X' }),
    {
      price: '430.73',
      ...within('premium', { minor: '43073000000' }),
      ...within('settlement', { payAmount: '43073000000' }),
    },
  ])
  const bytes = utf8(canonicalJson({ ...terms, ...change }))
  return signJws(bytes, tradeRecordTyp, actors.ALDER.keys.record)
}

function withOtherBytes(record: JsonObject): JsonObject {
  const other = payloadText(record).replace('"430.72"', '"430.71"')
  return { ...record, payload: Buffer.from(other).toString('base64url') }
}

const payloadText = (record: JsonObject): string =>
  Buffer.from(textOf(record['payload']), 'base64url').toString()

function foreignSignature({ digest = `0x${'00'.repeat(32)}` }: JsonObject): string {
  const signed = foreignKeys.settlement.signDigest(Buffer.from(textOf(digest).slice(2), 'hex'))
  return `0x${Buffer.from(signed).toString('hex')}`
}

/** What comes back instead of the true answer. */
export function lieInAnswer(lie: Lie, path: string, answer: Json): Json | Refusal {
  if (lie === 'refused-answer') return refuse('policy-denied', 'said the dishonest peer')
  if (lie !== 'other-answer') return answer
  return path.endsWith('/confirmations')
    ? { record: { payload: '', signatures: [] } }
    : { signature: foreignSignature({}) }
}

function objectOf(value: Json | undefined): JsonObject {
  invariant(isJsonObject(value), 'messages and records are objects')
  return value
}
