// A dishonest peer: what it sends instead. It holds its own keys, so that it can sign whatever it likes; it does not
// hold the other's.
import { canonicalJson, utf8, type Json, type JsonObject } from '#core'
import { signJws } from '#crypto'
import { tradeRecordTyp } from '../../../src/gateway/sealing.ts'
import { actors, foreignKeys } from './cast.ts'
import type { Chance, Lie } from './chance.ts'

export function lieAbout(
  lie: Lie,
  path: string,
  message: Json,
  heard: readonly Json[],
  chance: Chance,
): Json {
  const honest = message as JsonObject
  const isRecord = path.endsWith('/confirmations')
  if (lie === 'record-member' && isRecord) return { record: resigned(honest['record'] as JsonObject, chance) }
  if (lie === 'record-bytes' && isRecord) return { record: withOtherBytes(honest['record'] as JsonObject) }
  if (lie === 'digest' && !isRecord) return { ...honest, digest: `0x${'ab'.repeat(32)}` }
  if (lie === 'foreign-signature' && !isRecord) return { ...honest, signature: foreignSignature(honest) }
  if (lie === 'replayed') return heard[chance.int(0, heard.length - 1)] ?? message
  return message
}

/** The payload with one member changed, under the maker's own good signature. */
function resigned(record: JsonObject, chance: Chance): JsonObject {
  const payload = JSON.parse(Buffer.from(String(record['payload']), 'base64url').toString()) as Record<
    string,
    any
  >
  const change = chance.pick([
    () => (payload['settlement'].receiver = payload['settlement'].deliverer),
    () => (payload['settlement'].deadline = '2026-11-20T15:00:00.000Z'),
    () => (payload['settlement'].nonce = '7'),
    () => (payload['executedAt'] = '2026-11-20T13:59:59.000Z'),
    () => (payload['quantity'] = '99'),
    () => (payload['buyer'].name = 'CEDAR2'),
    () => (payload['settlement'].contract = `0x${'66'.repeat(20)}`),
    () => (payload['execution'].clOrdId = 'ORD-X'),
    () => {
      payload['price'] = '430.73'
      payload['premium'].minor = payload['settlement'].payAmount = '43073000000'
    },
  ])
  change()
  const bytes = utf8(canonicalJson(payload))
  return signJws(bytes, tradeRecordTyp, actors.ALDER.keys.record) as unknown as JsonObject
}

function withOtherBytes(record: JsonObject): JsonObject {
  const payload = Buffer.from(String(record['payload']), 'base64url').toString()
  const other = payload.replace('"430.72"', '"430.71"')
  return { ...record, payload: Buffer.from(other).toString('base64url') }
}

function foreignSignature(honest: JsonObject): string {
  const digest = Buffer.from(String(honest['digest'] ?? `0x${'00'.repeat(32)}`).slice(2), 'hex')
  return `0x${Buffer.from(foreignKeys.settlement.signDigest(digest)).toString('hex')}`
}

/** What comes back instead of the true answer. */
export function lieInAnswer(lie: Lie, path: string, answer: Json): Json | 'refused' {
  if (lie === 'refused-answer') return 'refused'
  if (lie !== 'other-answer') return answer
  return path.endsWith('/confirmations')
    ? { record: { payload: '', signatures: [] } }
    : { signature: foreignSignature({}) }
}
