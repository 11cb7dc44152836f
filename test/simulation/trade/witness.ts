// I1 seen from outside: whatever leaves a gateway must already be ordered by an entry on its disk. It reads wire
// bytes and stored leaves, and knows nothing of the machines that made them.
import { membersOf, objectOf, type Fields } from '../../audit/fields.ts'
import { createAuditor, type Auditor, type Entry } from '../../audit/journal.ts'
import type { Disk } from './disk.ts'

export type Outside = {
  readonly auditor: Auditor
  /** Takes what has become durable since the last look. */
  look(): void
  sawFix(session: string, bytes: Uint8Array): void
  sawMessage(path: string, message: unknown): void
  sawAnswer(path: string, answer: unknown): void
  sawSubmission(digest: string): void
}

export function watchFromOutside(disk: Disk, origin: string, complain: (problem: string) => void): Outside {
  const auditor = createAuditor(origin)
  let told = 0
  const look = (): void => {
    for (let at = auditor.entries.length; at < disk.size(); at += 1)
      auditor.take(disk.leaf(at) ?? new Uint8Array(), (key) => disk.part(key))
    if (disk.size() < auditor.entries.length) complain(`I7 ${origin} has become shorter`)
    for (const problem of auditor.problems.slice(told)) complain(`${origin}: ${problem}`)
    told = auditor.problems.length
  }
  const needs = (what: string, type: string, body: Fields): void => {
    look()
    const found = auditor.entries.some((entry) => entry.type === type && contains(entry, body))
    if (!found) complain(`I1 ${origin}: ${what} left before ${type} ${JSON.stringify(body)} was durable`)
  }
  return {
    auditor,
    look,
    sawFix: (session, bytes) => {
      for (const fields of messagesOf(bytes)) {
        const wanted = orderOf(session, fields)
        if (wanted) needs(`${session} 35=${fields.get(35) ?? ''}`, ...wanted)
      }
    },
    sawMessage: (path, message) => {
      const members = objectOf(message)
      if (path.endsWith('/confirmations')) needs(path, 'trade.proposed', { recordOf: payloadOf(members) })
      else needs(path, 'settlement.signed', { digest: members['digest'] })
    },
    sawAnswer: (path, answer) => {
      const members = objectOf(answer)
      if (path.endsWith('/confirmations'))
        needs(`answer to ${path}`, 'trade.confirmed', { recordOf: payloadOf(members) })
      else needs(`answer to ${path}`, 'settlement.instructed', { signed: members['signature'] })
    },
    sawSubmission: (digest) => needs('a transaction', 'settlement.instructed', { digest }),
  }
}

const payloadOf = (members: Fields): unknown => membersOf(members['record'])['payload']

function contains({ body, parts }: Entry, wanted: Fields): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    if (name === 'recordOf') return parts['record']?.['payload'] === value
    if (name === 'signed')
      return Object.values(membersOf(parts['instruction']?.['signatures'])).includes(value)
    return body[name] === value
  })
}

const soh = '\x01'
const messageStart = new RegExp(`(?=8=FIX\\.4\\.4${soh}9=)`)

/** Tag=value up to SOH; the messages of this slice have no data fields. */
function messagesOf(bytes: Uint8Array): ReadonlyMap<number, string>[] {
  const text = Buffer.from(bytes).toString('latin1')
  return text.split(messageStart).map((message) => new Map(message.split(soh).map((field) => fieldOf(field))))
}

function fieldOf(field: string): [number, string] {
  const at = field.indexOf('=')
  return [Number.parseInt(field.slice(0, at), 10), field.slice(at + 1)]
}

/** Which entry orders an application message. */
function orderOf(session: string, fields: ReadonlyMap<number, string>): [string, Fields] | undefined {
  const isTaker = session.startsWith('CEDAR')
  switch (fields.get(35) ?? '') {
    case 'R':
      return ['rfq.requested', { quoteReqId: fields.get(131) }]
    case 'S':
      return [isTaker ? 'quote.received' : 'quote.issued', { quoteId: fields.get(117) }]
    case 'D':
      return ['order.placed', { clOrdId: fields.get(11) }]
    case '8':
      return fields.get(150) === 'F' ? ['trade.executed', { clOrdId: fields.get(11) }] : undefined
    default:
      return undefined
  }
}
