// An auditor's reading of one journal, from its stored bytes alone. It shares no code with the gateway: bytes, JSON,
// SHA-256. What it finds wrong it says as a sentence that begins with the invariant (ARCHITECTURE.md).
import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { bytesOf, jsonObject, membersOf, objectOf, textOf, type Fields } from './fields.ts'

/** As stored: 32 bytes of leaf hash, then the leaf; and the sealed parts by `<seq>/<name>`. */
export type RawJournal = {
  readonly origin: string
  readonly leaves: readonly Uint8Array[]
  readonly parts: ReadonlyMap<string, Uint8Array>
}

export type Entry = {
  readonly seq: number
  readonly at: string
  readonly type: string
  readonly body: Fields
  readonly parts: Readonly<Record<string, Fields>>
}
export type Audited = {
  readonly entries: readonly Entry[]
  readonly root: string
  readonly problems: readonly string[]
}

const hashBytes = 32
const saltBytes = 16

const sha256 = (...pieces: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest()
}

export function auditJournal(raw: RawJournal): Audited {
  const auditor = createAuditor(raw.origin)
  for (const stored of raw.leaves) auditor.take(stored, (key) => raw.parts.get(key))
  return auditor.report()
}

export type Auditor = {
  readonly entries: readonly Entry[]
  readonly problems: readonly string[]
  take(stored: Uint8Array, part: (key: string) => Uint8Array | undefined): void
  report(): Audited
}

/** Reads entry after entry, as they become durable. */
export function createAuditor(origin: string): Auditor {
  const problems: string[] = []
  const entries: Entry[] = []
  const hashes: Buffer[] = []
  const lives: Lives = new Map()
  return {
    entries,
    problems,
    take: (stored, part) => {
      const index = entries.length
      const leaf = stored.subarray(hashBytes)
      const hash = sha256(Uint8Array.of(0), leaf)
      hashes.push(hash)
      if (!hash.equals(stored.subarray(0, hashBytes)))
        problems.push(`I7 entry ${index} is not what was hashed`)
      const text = Buffer.from(leaf).toString('utf8')
      const fields = jsonObject(text)
      problems.push(...entryProblems(origin, index, fields, text, entries.at(-1)))
      const parts = openParts(part, index, fields, problems)
      const { at, type, body } = fields
      const entry = { seq: index, at: textOf(at), type: textOf(type), body: objectOf(body), parts }
      entries.push(entry)
      problems.push(...valueProblems(entry), ...orderProblems(lives, entry), ...termProblems(entries, entry))
    },
    report: () => ({ entries, root: treeRoot(hashes).toString('hex'), problems }),
  }
}

function entryProblems(
  origin: string,
  index: number,
  fields: Fields,
  text: string,
  before?: Entry,
): string[] {
  const { seq, log, v, at } = fields
  const problems: string[] = []
  if (seq !== index || log !== origin || v !== 1)
    problems.push(`I7 entry ${index} says ${String(log)} ${String(seq)}`)
  if (sorted(fields) !== text) problems.push(`I8 entry ${index} is not in canonical form`)
  if (before && String(at) < before.at) problems.push(`I7 entry ${index} is earlier than the one before it`)
  return problems
}

/** Members sorted by UTF-16 code units, no space: enough for text, integers and ASCII names. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${sorted(member)}`).join(',')}}`
}

/** Each part's digest is recomputed from its salt and content (spec/journal.md: label and parts, length-prefixed). */
function openParts(
  part: Parameters<Auditor['take']>[1],
  index: number,
  fields: Fields,
  problems: string[],
): Record<string, Fields> {
  const opened: Record<string, Fields> = {}
  for (const [name, digest] of Object.entries(membersOf(fields['parts']))) {
    const stored = part(`${index}/${name}`)
    if (!stored) {
      problems.push(`I8 part ${name} of entry ${index} is not stored`)
      continue
    }
    const salt = stored.subarray(1, 1 + saltBytes)
    const content = stored.subarray(1 + saltBytes)
    const actual = labelled('poundlock/part/v1', salt, Buffer.from(name), content).toString('base64url')
    if (actual !== digest) problems.push(`I7 part ${name} of entry ${index} is not what its digest says`)
    opened[name] = jsonObject(Buffer.from(content).toString('utf8'))
  }
  return opened
}

function labelled(label: string, ...parts: readonly Uint8Array[]): Buffer {
  const pieces = [Buffer.from(label), ...parts].flatMap((part) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    return [length, part]
  })
  return sha256(...pieces)
}

/** RFC 6962 §2.1, by its recursive definition. */
function treeRoot(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return sha256()
  const [only] = hashes
  if (hashes.length === 1 && only) return only
  let split = 1
  while (split * 2 < hashes.length) split *= 2
  return sha256(Uint8Array.of(1), treeRoot(hashes.slice(0, split)), treeRoot(hashes.slice(split)))
}

/** I9: names of money and quantity, and what may stand there. I5: an allow with its inputs. */
const minorUnits = /(^minor|Minor|payAmount|deliverAmount|deliverId|nonce|blockNumber)$/
const decimals =
  /^(bidPx|offerPx|bidSize|offerSize|orderQty|lastQty|lastPx|price|quantity|strike|multiplier|forward|vol)$/
const movesValue = new Set([
  'order.placed',
  'trade.executed',
  'trade.confirmed',
  'settlement.signed',
  'settlement.instructed',
  'settlement.submitted',
])

function valueProblems(entry: Entry): string[] {
  const { seq, type, body, parts } = entry
  const problems: string[] = []
  const visit = (value: unknown, name: string): void => {
    if (typeof value === 'number' && !Number.isSafeInteger(value))
      problems.push(`I9 entry ${seq} ${name}: ${value}`)
    if (minorUnits.test(name) && !/^(\d+)?$/.test(String(value)))
      problems.push(`I9 entry ${seq} ${name}: ${String(value)}`)
    if (decimals.test(name) && !isDecimal(value)) problems.push(`I9 entry ${seq} ${name}: ${String(value)}`)
    if (typeof value === 'object' && value !== null)
      for (const [key, one] of Object.entries(value)) visit(one, key)
  }
  visit(body, 'body')
  visit(parts, 'parts')
  for (const record of recordsOf(entry)) visit(record, 'record')
  if (movesValue.has(type)) problems.push(...permissionProblems(entry))
  return problems
}

const isDecimal = (value: unknown): boolean => typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)

/** The payload of a sealed record is the JSON that both sign. */
const recordsOf = ({ parts }: Entry): Fields[] => {
  const payload = parts['record']?.['payload']
  return typeof payload === 'string' ? [jsonObject(Buffer.from(payload, 'base64url').toString())] : []
}

function permissionProblems({ seq, type, body, parts }: Entry): string[] {
  const { decision, rules, set } = membersOf(body['policy'])
  const hasRules = Array.isArray(rules) && rules.length > 0
  const hasSet = typeof set === 'string' && /^[0-9a-f]{64}$/.test(set)
  const permitted = decision === 'allow' && hasRules && hasSet
  const inputs = parts['policy']
  const asked = typeof inputs?.['action'] === 'string' && typeof inputs['context'] === 'object'
  return permitted && asked ? [] : [`I5 entry ${seq} ${type} carries no allow with policy set and inputs`]
}

const before: Readonly<Record<string, readonly string[]>> = {
  'trade.proposed': ['trade.executed'],
  'trade.confirmed': ['trade.executed'],
  'settlement.signed': ['trade.confirmed'],
  'settlement.instructed': ['trade.confirmed'],
  'settlement.submitted': ['settlement.instructed'],
}
/** The types that each trade has had. */
type Lives = Map<string, Set<string>>
const ends = new Map<string, NonNullable<Standing['end']>>([
  ['settlement.settled', 'settled'],
  ['settlement.failed', 'failed'],
  ['trade.refused', 'refused'],
])

/** One life per trade: no step without the one before it, none twice, nothing after the end. */
function orderProblems(lives: Lives, { seq, type, body }: Entry): string[] {
  const { tradeId } = body
  if (typeof tradeId !== 'string') return []
  const problems: string[] = []
  const types = lives.get(tradeId) ?? new Set<string>()
  lives.set(tradeId, types)
  const ended = [...types].find((one) => ends.has(one))
  if (ended !== undefined) problems.push(`I3 entry ${seq} ${type} of ${tradeId} comes after ${ended}`)
  if (types.has(type) && type !== 'trade.approved')
    problems.push(`I3 entry ${seq} repeats ${type} of ${tradeId}`)
  if (!(before[type] ?? []).every((one) => types.has(one)))
    problems.push(`I3 entry ${seq} ${type} of ${tradeId} without ${String(before[type])}`)
  types.add(type)
  return problems
}

/** What is co-signed is what was executed, and an order is executed once. */
function termProblems(entries: readonly Entry[], entry: Entry): string[] {
  const { seq, type, body } = entry
  const executed = (name: string, wanted: unknown): Entry | undefined =>
    entries.find((one) => one.type === 'trade.executed' && one.seq < seq && one.body[name] === wanted)
  if (type === 'trade.executed') return executedBefore(entries, entry)
  const [record] = recordsOf(entry)
  const terms = executed('tradeId', body['tradeId'])?.parts['terms']
  if (!record || !terms) return []
  const [execution, premium, settlement] = ['execution', 'premium', 'settlement'].map((name) =>
    membersOf(record[name]),
  )
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [record['quantity'], terms['lastQty']],
    [record['price'], terms['lastPx']],
    [premium?.['minor'], terms['premiumMinor']],
    [settlement?.['payAmount'], terms['premiumMinor']],
    [execution?.['clOrdId'], terms['clOrdId']],
    [execution?.['execId'], terms['execId']],
    [record['executedAt'], terms['transactTime']],
  ]
  const differs = pairs.some(([signed, traded]) => signed !== traded)
  const same = settlement?.['deliverer'] === settlement?.['receiver']
  return differs || same ? [`I3 entry ${seq} ${type} is not what was executed`] : []
}

/** An order and a firm quote are each executed once. */
function executedBefore(entries: readonly Entry[], { seq, body, parts }: Entry): string[] {
  const again = entries.some(
    (one) =>
      one.type === 'trade.executed' &&
      one.seq < seq &&
      (one.body['clOrdId'] === body['clOrdId'] ||
        one.parts['terms']?.['quoteId'] === parts['terms']?.['quoteId']),
  )
  return again ? [`I3 entry ${seq} executes ${String(body['clOrdId'])} again`] : []
}

/** How a trade stands in one journal. */
export type Standing = {
  readonly end: 'settled' | 'refused' | 'failed' | undefined
  readonly recordHash: unknown
  readonly digest: unknown
  readonly txHash: unknown
}

export function standings(entries: readonly Entry[]): ReadonlyMap<string, Standing> {
  const trades = new Map<string, Standing>()
  for (const { type, body } of entries) {
    const tradeId = body['tradeId']
    if (typeof tradeId !== 'string') continue
    const old = trades.get(tradeId) ?? {
      end: undefined,
      recordHash: undefined,
      digest: undefined,
      txHash: undefined,
    }
    const end = ends.get(type) ?? old.end
    const settled = type === 'settlement.settled' ? body['txHash'] : old.txHash
    const { recordHash = old.recordHash, digest = old.digest } = body
    trades.set(tradeId, { end, recordHash, digest, txHash: settled })
  }
  return trades
}

/** Both journals say the same: settled on both with the same record, digest and transaction, or on neither. */
export function disagreements(mine: readonly Entry[], theirs: readonly Entry[]): readonly string[] {
  const [a, b] = [standings(mine), standings(theirs)]
  const problems: string[] = []
  for (const tradeId of new Set([...a.keys(), ...b.keys()])) {
    const [here, there] = [a.get(tradeId), b.get(tradeId)]
    for (const one of [here, there])
      if (one && one.end === undefined) problems.push(`I4 ${tradeId} has not ended`)
    if (here?.end !== 'settled' && there?.end !== 'settled') continue
    for (const member of ['end', 'recordHash', 'digest', 'txHash'] as const)
      if (here?.[member] !== there?.[member])
        problems.push(
          `I7 the journals differ in ${member} of ${tradeId}: ${String(here?.[member])}, ${String(there?.[member])}`,
        )
  }
  return problems
}

const logEntriesMax = 2 ** 40

/** A journal as a gateway left it on disk. */
export function readSqliteJournal(path: string, origin: string): RawJournal {
  const db = new DatabaseSync(path)
  try {
    const log = db.prepare('SELECT no FROM logs WHERE name = ?').get(origin)
    const from = Number(log?.['no'] ?? 0) * logEntriesMax
    const rows = db
      .prepare('SELECT bytes FROM log WHERE id >= ? AND id < ? ORDER BY id')
      .all(from, from + logEntriesMax)
    const parts = db.prepare("SELECT key, value FROM row WHERE tab = 'journal/part'").all()
    return {
      origin,
      leaves: rows.map((row) => bytesOf(row['bytes'])),
      parts: partsOf(parts.map((row) => ({ key: String(row['key']), value: bytesOf(row['value']) }))),
    }
  } finally {
    db.close()
  }
}

/** Keys are `<origin> <seq, 16 digits>/<name>`. */
export function partsOf(
  rows: readonly { readonly key: string; readonly value: Uint8Array }[],
): RawJournal['parts'] {
  return new Map(
    rows.map(({ key, value }) => {
      const [seq = '', ...name] = key.slice(key.indexOf(' ') + 1).split('/')
      return [`${BigInt(seq)}/${name.join('/')}`, value]
    }),
  )
}
