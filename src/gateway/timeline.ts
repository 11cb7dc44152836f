// A trade's entries as steps that a person reads: which lane, what happened, under whose signatures.
import { formatInstant, isJsonObject, isRefusal, parseJson, type Json, type JsonObject } from '#core'
import type { JournalEntry } from '#journal'
import type { TimelineStep } from './api.ts'
import { textMember } from './shape.ts'

type Lane = TimelineStep['lane']

const steps: Readonly<Record<string, readonly [Lane, string]>> = {
  'rfq.requested': ['desk', 'Request for quote sent to the maker'],
  'rfq.received': ['desk', 'Request for quote received'],
  'rfq.refused': ['desk', 'Request for quote refused'],
  'quote.issued': ['desk', 'Two-sided quote issued'],
  'quote.received': ['desk', 'Quote received'],
  'quote.canceled': ['desk', 'Quote withdrawn'],
  'order.placed': ['desk', 'Order against the quote allowed by policy and sent'],
  'order.refused': ['desk', 'Order refused'],
  'trade.executed': ['gateway', 'Execution recorded'],
  'trade.proposed': ['peer', 'Trade record signed and proposed'],
  'trade.confirmed': ['peer', 'Trade record signed by both'],
  'trade.approved': ['gateway', 'Settlement approved by an operator'],
  'trade.refused': ['peer', 'Trade record refused'],
  'trade.busted': ['peer', 'Fill taken back by the maker'],
  'trade.corrected': ['peer', 'Fill corrected by the maker; another stands in its place'],
  'trade.allocated': ['desk', 'Fill allocated to accounts'],
  'trade.acknowledged': ['desk', 'Report acknowledged by the desk'],
  'settlement.signed': ['peer', 'Settlement instruction signed'],
  'settlement.instructed': ['peer', 'Settlement instruction signed by both'],
  'settlement.submitted': ['ledger', 'Both legs submitted in one transaction'],
  'settlement.settled': ['ledger', 'Both legs moved; the ledger is final'],
  'settlement.failed': ['ledger', 'Settlement did not happen and cannot happen any more'],
  'command.refused': ['gateway', 'Command refused'],
}

export function timelineOf(entry: JournalEntry): TimelineStep {
  const [lane, title] = steps[entry.type] ?? ['gateway', entry.type]
  const digest = entry.body['recordHash'] ?? entry.body['digest'] ?? entry.body['txHash']
  const signers = signersOf(entry)
  return {
    index: entry.seq,
    at: formatInstant(entry.at),
    type: entry.type,
    lane,
    title,
    ...(typeof digest === 'string' ? { digest } : {}),
    ...(signers.length > 0 ? { signers } : {}),
  }
}

/** Key ids of a JWS, or the sides that have signed an instruction. */
function signersOf(entry: JournalEntry): readonly string[] {
  const record = openedPart(entry, 'record')
  if (record) return signatures(record)
  const instruction = openedPart(entry, 'instruction')
  const sides = instruction?.['signatures']
  return isJsonObject(sides) ? Object.keys(sides) : []
}

function signatures(jws: JsonObject): readonly string[] {
  return objectsOf(jws['signatures']).flatMap((one) => {
    const header = parseJson(Buffer.from(textMember(one, 'protected'), 'base64url'))
    return isRefusal(header) || !isJsonObject(header) ? [] : [textMember(header, 'kid')]
  })
}

const objectsOf = (list: Json | undefined): readonly JsonObject[] =>
  Array.isArray(list) ? list.filter((one: Json) => isJsonObject(one)) : []

function openedPart(entry: JournalEntry, name: string): JsonObject | undefined {
  const part = entry.opened[name]
  if (part === undefined || part === 'erased') return undefined
  const value = parseJson(part.content)
  return isRefusal(value) || !isJsonObject(value) ? undefined : value
}
