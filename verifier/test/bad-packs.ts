// oxlint-disable typescript/no-unsafe-type-assertion -- the tests take JSON of their own making, and vectors, at their word
// Packs that are wrong in one thing each, and what a verifier must say of it.
import {
  canonical,
  draftsOf,
  edKey,
  instructionOf,
  jwsOf,
  linesOf,
  leis,
  logKeyOf,
  origins,
  policySet,
  recordKid,
  recordOf,
  sealed,
  sha256,
  uti,
  utiOf,
  vkey,
  witnessKeys,
} from './build-pack.ts'
import type { Draft, Drafts, Fields, Line, LogName, PackOptions, Record_ } from './build-pack.ts'

export type Expected = {
  check: string
  section: string
  line?: number
  log?: string
  index?: number
  part?: string
}
export type BadPack = {
  readonly name: string
  readonly breaks: string
  readonly pack: string
  /** All problems, in order. */
  readonly problems: readonly Expected[]
  /** Text of a trust file to verify with. */
  readonly trust?: string
}

// Order of secp256k1.
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

const alder = origins.alder
const cedar = origins.cedar

// ---- ways to make a pack wrong

const fromDrafts = (change: (drafts: Drafts) => void, options: PackOptions = {}): string => {
  const drafts = draftsOf()
  change(drafts)
  return sealed(linesOf(drafts, options))
}
const fromLines = (change: (lines: Line[]) => void): string => {
  const lines = linesOf(draftsOf())
  change(lines)
  return sealed(lines)
}
const fromText = (change: (text: string) => string): string => change(sealed(linesOf(draftsOf())))

const find = (drafts: readonly Draft[], type: string): Draft => {
  const found = drafts.find((draft) => draft.type === type)
  if (!found) throw new Error(`no ${type}`)
  return found
}
const indexOf = (log: LogName, type: string, drafts: Drafts = draftsOf()): number =>
  drafts[log].findIndex((draft) => draft.type === type)
const entryAt = (log: LogName, type: string): { log: string; index: number } => ({
  log: origins[log],
  index: indexOf(log, type),
})
const lineWhere = (lines: readonly Line[], want: Fields): Line => {
  const found = lines.find((line) => Object.entries(want).every(([name, value]) => line[name] === value))
  if (!found) throw new Error(`no line ${canonical(want)}`)
  return found
}
const both = (change: (drafts: Draft[], log: LogName) => void) => (drafts: Drafts) => {
  change(drafts.alder, 'alder')
  change(drafts.cedar, 'cedar')
}
const recordWith = (change: (record: Record_) => void): Record_ => {
  const record = recordOf()
  change(record)
  return record
}
/** A pack whose trade has another record than the good one, signed and settled as it says. */
const withRecord = (record: Record_): string =>
  sealed(linesOf(draftsOf({ record }), { subject: String(record['uti']) }))

const withWrongLei = (lei: string): string => {
  const record = recordWith((one) => {
    one['buyer'] = { lei, name: 'CEDAR' }
    one['uti'] = utiOf(leis.alder, lei, 'E-1')
  })
  const drafts = draftsOf({ record })
  for (const { body } of [...drafts.alder, ...drafts.cedar])
    if (body['owner'] === leis.cedar) body['owner'] = lei
  return sealed(linesOf(drafts, { subject: String(record['uti']) }))
}

/** The same problem of the proposed (ALDER) and the confirmed records of both logs. */
const atRecords = (check: string, types: readonly string[] = ['trade.confirmed']): Expected[] =>
  (['alder', 'cedar'] as const).flatMap((log) =>
    types
      .filter((type) => indexOf(log, type) >= 0)
      .map((type) => ({ check, section: 'opening', part: 'record', ...entryAt(log, type) })),
  )
const atInstructions = (check: string): Expected[] => [
  { check, section: 'opening', part: 'instruction', ...entryAt('alder', 'settlement.signed') },
  { check, section: 'opening', part: 'instruction', ...entryAt('alder', 'settlement.instructed') },
  { check, section: 'opening', part: 'instruction', ...entryAt('cedar', 'settlement.instructed') },
]
const entry = (check: string, log: LogName, index: number): Expected => ({
  check,
  section: 'entry',
  log: origins[log],
  index,
})

const trustFile = (logs: readonly string[], needed: string): string =>
  [
    '# keys that an auditor got by another channel',
    ...logs.map((key) => `log ${key}`),
    ...witnessKeys().map((key, at) => `witness w${at + 1} ${key} https://witness${at + 1}.example/`),
    'group pair all w1 w2',
    `quorum ${needed}`,
    '',
  ].join('\n')
export const goodTrust = trustFile([logKeyOf('alder'), logKeyOf('cedar')], 'pair')

const header = { section: 'header', line: 1 }

const formCases: readonly BadPack[] = [
  {
    name: 'header-not-canonical',
    breaks: 'the header has a space',
    pack: fromText((text) => text.replace('{"counts"', '{ "counts"')),
    problems: [{ check: 'pack/syntax', ...header }],
  },
  {
    name: 'header-unknown-member',
    breaks: 'the header has a member that the format does not know',
    pack: fromLines((lines) => Object.assign(lines[0] ?? {}, { comment: 'hello' })),
    problems: [{ check: 'pack/syntax', ...header }],
  },
  {
    name: 'format-unknown',
    breaks: 'the format is a later one',
    pack: fromLines((lines) => Object.assign(lines[0] ?? {}, { format: 'poundlock.evidence/2' })),
    problems: [{ check: 'pack/format', ...header }],
  },
  {
    name: 'counts-unpaired',
    breaks: 'one checkpoint for two logs',
    pack: fromLines((lines) => {
      const { counts } = lines[0] as { counts: Record<string, number> }
      counts['checkpoint'] = 1
      lines.splice(4, 1)
    }),
    problems: [{ check: 'pack/counts', ...header }],
  },
  {
    name: 'entry-line-removed',
    breaks: 'an entry line was cut out, and the seal made again',
    pack: fromLines((lines) => lines.splice(10, 1)),
    problems: [{ check: 'pack/counts', ...header }],
  },
  {
    name: 'line-feed-lost',
    breaks: 'two entry lines ran together',
    pack: fromText((text) => {
      const lines = text.split('\n')
      lines.splice(9, 2, `${lines[9]} ${lines[10]}`)
      return lines.join('\n')
    }),
    problems: [{ check: 'pack/syntax', section: 'entry', line: 10, log: alder, index: 4 }],
  },
  {
    name: 'last-line-feed-lost',
    breaks: 'the pack ends without a line feed',
    pack: fromText((text) => text.slice(0, -1)),
    problems: [{ check: 'pack/syntax', section: 'seal' }],
  },
  {
    name: 'member-twice',
    breaks: 'a trust line says its quorum twice',
    pack: fromText((text) => text.replace('"quorum":2,"section"', '"quorum":2,"quorum":2,"section"')),
    problems: [
      { check: 'pack/syntax', section: 'trust', line: 2 },
      { check: 'pack/seal', section: 'trust' },
    ],
  },
  {
    name: 'number-spelled-otherwise',
    breaks: 'an index is written 3.0',
    pack: fromText((text) => text.replace('"index":3,', '"index":3.0,')),
    problems: [
      { check: 'pack/syntax', section: 'entry', line: 9 },
      { check: 'pack/seal', section: 'entry' },
    ],
  },
  {
    name: 'created-changed',
    breaks: 'the header says another time, and nobody made the seal again',
    pack: fromText((text) => text.replace('T14:05:00', 'T14:06:00')),
    problems: [{ check: 'pack/seal', section: 'header' }],
  },
  {
    name: 'seal-changed',
    breaks: 'a digest in the seal is another',
    pack: fromText((text) =>
      text.replace(/"trust":"[0-9a-f]/, (found) => `${found.slice(0, -1)}${found.endsWith('0') ? '1' : '0'}`),
    ),
    problems: [{ check: 'pack/seal', section: 'seal' }],
  },
]

const trustCases: readonly BadPack[] = [
  {
    name: 'log-key-damaged',
    breaks: 'the key id of a log key is not that of the key',
    pack: fromLines((lines) => {
      const line = lineWhere(lines, { section: 'trust', log: alder })
      line['logKey'] = vkey(alder, 1, edKey('somebody else').publicKey).replace(
        /\+[0-9a-f]{8}\+/,
        String(line['logKey']).match(/\+[0-9a-f]{8}\+/)?.[0] ?? '',
      )
    }),
    problems: [{ check: 'trust/keys', section: 'trust', line: 2, log: alder }],
  },
  {
    name: 'quorum-zero',
    breaks: 'a log wants no witness at all',
    pack: fromLines((lines) =>
      Object.assign(lineWhere(lines, { section: 'trust', log: cedar }), { quorum: 0 }),
    ),
    problems: [{ check: 'trust/keys', section: 'trust', line: 3, log: cedar }],
  },
  {
    name: 'quorum-lowered',
    breaks: 'the trust line wants fewer witnesses than the log’s first entry',
    pack: fromLines((lines) =>
      Object.assign(lineWhere(lines, { section: 'trust', log: cedar }), { quorum: 1 }),
    ),
    problems: [{ check: 'trust/opened', section: 'trust', line: 3, log: cedar }],
  },
  {
    name: 'first-entry-missing',
    breaks: 'entry 0 of a log is not in the pack',
    pack: fromLines((lines) => {
      const at = lines.indexOf(lineWhere(lines, { section: 'entry', log: cedar, index: 0 }))
      lines.splice(at, 1)
      const { counts } = lines[0] as { counts: Record<string, number> }
      counts['entry'] = (counts['entry'] ?? 0) - 1
    }),
    problems: [{ check: 'trust/opened', section: 'trust', line: 3, log: cedar }],
  },
  {
    name: 'log-key-not-pinned',
    breaks: 'the reader trusts another key for a log',
    pack: fromText((text) => text),
    trust: trustFile([logKeyOf('alder'), vkey(cedar, 1, edKey('somebody else').publicKey)], 'pair'),
    problems: [{ check: 'trust/pinned', section: 'trust', line: 3, log: cedar }],
  },
  {
    name: 'quorum-not-pinned',
    breaks: 'the reader wants both witnesses, the log was content with one',
    pack: fromDrafts(
      both((drafts) => (find(drafts, 'journal.opened').body['quorum'] = 2)),
      { checkpoint: { cosigners: ['witness1.example'] } },
    ),
    trust: goodTrust,
    problems: [
      { check: 'checkpoint/quorum', section: 'checkpoint', line: 4, log: alder },
      { check: 'trust/pinned', section: 'checkpoint', line: 4, log: alder },
      { check: 'checkpoint/quorum', section: 'checkpoint', line: 5, log: cedar },
      { check: 'trust/pinned', section: 'checkpoint', line: 5, log: cedar },
    ],
  },
]

const checkpointCases: readonly BadPack[] = [
  {
    name: 'checkpoint-of-another-log',
    breaks: 'the checkpoint lines of the two logs were swapped',
    pack: fromLines((lines) => {
      const [one, two] = [lines[3], lines[4]] as [Line, Line]
      ;[one['note'], two['note']] = [two['note'], one['note']]
    }),
    problems: [
      { check: 'checkpoint/note', section: 'checkpoint', line: 4, log: alder },
      { check: 'checkpoint/note', section: 'checkpoint', line: 5, log: cedar },
    ],
  },
  {
    name: 'checkpoint-size-changed',
    breaks: 'the size in a checkpoint is another',
    pack: fromLines((lines) => {
      const line = lines[3] as Line
      line['note'] = String(line['note']).replace(/\n(\d+)\n/, (_, size: string) => `\n${Number(size) + 1}\n`)
    }),
    problems: [{ check: 'checkpoint/signature', section: 'checkpoint', line: 4, log: alder }],
  },
  {
    name: 'checkpoint-signed-by-another',
    breaks: 'somebody else signed the checkpoints in the logs’ names',
    pack: fromDrafts(() => undefined, { checkpoint: { logSigner: 'somebody else' } }),
    problems: [
      { check: 'checkpoint/signature', section: 'checkpoint', line: 4, log: alder },
      { check: 'checkpoint/signature', section: 'checkpoint', line: 5, log: cedar },
    ],
  },
  {
    name: 'cosignature-wrong',
    breaks: 'a witness’s time is not the one that it signed',
    pack: fromDrafts(() => undefined, { checkpoint: { wrongCosignature: 'witness2.example' } }),
    problems: [
      { check: 'checkpoint/cosignature', section: 'checkpoint', line: 4, log: alder },
      { check: 'checkpoint/quorum', section: 'checkpoint', line: 4, log: alder },
      { check: 'checkpoint/cosignature', section: 'checkpoint', line: 5, log: cedar },
      { check: 'checkpoint/quorum', section: 'checkpoint', line: 5, log: cedar },
    ],
  },
  {
    name: 'quorum-missed',
    breaks: 'one of two witnesses is missing',
    pack: fromDrafts(() => undefined, { checkpoint: { cosigners: ['witness1.example'] } }),
    problems: [
      { check: 'checkpoint/quorum', section: 'checkpoint', line: 4, log: alder },
      { check: 'checkpoint/quorum', section: 'checkpoint', line: 5, log: cedar },
    ],
  },
]

const entryCases: readonly BadPack[] = [
  {
    name: 'entry-changed',
    breaks: 'one entry says another amount, and the seal was made again',
    pack: fromLines((lines) => {
      const line = lineWhere(lines, { section: 'entry', ...entryAt('alder', 'settlement.settled') })
      line['entry'] = String(line['entry']).replace('"blockNumber":"12"', '"blockNumber":"13"')
    }),
    problems: [entry('entry/inclusion', 'alder', indexOf('alder', 'settlement.settled'))],
  },
  {
    name: 'entry-without-time',
    breaks: 'an entry of the log itself has no time',
    pack: fromDrafts(() => undefined, {
      leaf: (text, log, seq) => (log === 'cedar' && seq === 7 ? text.replace(/"at":"[^"]*",/, '') : text),
    }),
    problems: [entry('entry/leaf', 'cedar', 7)],
  },
  {
    name: 'entry-misnumbered',
    breaks: 'a log numbered an entry wrongly',
    pack: fromDrafts(() => undefined, {
      leaf: (text, log, seq) => (log === 'cedar' && seq === 7 ? text.replace('"seq":7', '"seq":8') : text),
    }),
    problems: [entry('entry/seq', 'cedar', 7)],
  },
  {
    name: 'entries-swapped',
    breaks: 'two entry lines changed places',
    pack: fromLines((lines) => {
      const at = lines.indexOf(lineWhere(lines, { section: 'entry', log: cedar, index: 6 }))
      ;[lines[at], lines[at + 1]] = [lines[at + 1] as Line, lines[at] as Line]
    }),
    problems: [entry('entry/order', 'cedar', 6)],
  },
  {
    name: 'clock-backwards',
    breaks: 'an entry of the log itself is earlier than the one before it',
    pack: fromDrafts(({ cedar: drafts }) => {
      find(drafts, 'command.refused').at = '2026-11-20T13:59:59.999Z'
    }),
    problems: [entry('entry/order', 'cedar', indexOf('cedar', 'command.refused'))],
  },
  {
    name: 'proof-short',
    breaks: 'a proof lacks its last hash',
    pack: fromLines((lines) => {
      const line = lineWhere(lines, { section: 'entry', log: alder, index: 2 })
      line['proof'] = (line['proof'] as string[]).slice(0, -1)
    }),
    problems: [entry('entry/inclusion', 'alder', 2)],
  },
  {
    name: 'entry-of-unknown-log',
    breaks: 'an entry belongs to a log that the pack does not introduce',
    pack: fromLines((lines) =>
      Object.assign(lineWhere(lines, { section: 'entry', log: alder, index: 2 }), {
        log: 'birch.example/journal',
      }),
    ),
    problems: [{ check: 'entry/leaf', section: 'entry', log: 'birch.example/journal', index: 2 }],
  },
]

const openingAt = { section: 'opening', part: 'record', ...entryAt('cedar', 'trade.confirmed') }

const openingCases: readonly BadPack[] = [
  {
    name: 'opening-changed',
    breaks: 'the opened record says another price',
    pack: fromLines((lines) => {
      const line = lineWhere(lines, openingAt)
      line['content'] = `${String(line['content'])} `
    }),
    problems: [{ check: 'opening/digest', ...openingAt }],
  },
  {
    name: 'salt-short',
    breaks: 'a salt has 15 bytes',
    pack: fromLines((lines) => {
      const line = lineWhere(lines, openingAt)
      line['salt'] = Buffer.alloc(15).toString('base64url')
    }),
    problems: [{ check: 'opening/digest', ...openingAt }],
  },
  {
    name: 'opening-of-nothing',
    breaks: 'an opening names a part that its entry does not have',
    pack: fromLines((lines) => Object.assign(lineWhere(lines, openingAt), { part: 'recording' })),
    problems: [{ check: 'opening/entry', ...openingAt, part: 'recording' }],
  },
  {
    name: 'openings-swapped',
    breaks: 'two openings changed places',
    pack: fromLines((lines) => {
      const at = lines.indexOf(lineWhere(lines, openingAt))
      ;[lines[at - 1], lines[at]] = [lines[at] as Line, lines[at - 1] as Line]
    }),
    problems: [{ check: 'opening/order', ...openingAt, part: 'policy' }],
  },
]

const keyDraft = (drafts: readonly Draft[], keyId: string): Draft => {
  const found = drafts.find(({ body }) => body['keyId'] === keyId)
  if (!found) throw new Error(`no key ${keyId}`)
  return found
}

const keyCases: readonly BadPack[] = [
  {
    name: 'key-registered-otherwise',
    breaks: 'one log registered another key under the same id than the other log',
    pack: fromDrafts(({ cedar: drafts }) => {
      const other = edKey('another').publicKey.toString('base64url')
      keyDraft(drafts, recordKid('alder')).body['publicKey'] = other
    }),
    problems: [
      entry('keys/agreement', 'cedar', 1),
      {
        check: 'keys/registered',
        section: 'opening',
        part: 'record',
        ...entryAt('cedar', 'trade.confirmed'),
      },
      { check: 'record/parties', section: 'opening', part: 'record', ...entryAt('cedar', 'trade.confirmed') },
    ],
  },
  {
    name: 'key-not-valid-yet',
    breaks: 'the record key of one party is valid only from the next day',
    pack: fromDrafts(
      both((drafts) => (keyDraft(drafts, recordKid('cedar')).body['validFrom'] = '2026-11-21T00:00:00.000Z')),
    ),
    problems: (['alder', 'cedar'] as const).flatMap((log) =>
      ['keys/registered', 'record/parties'].map((check) => ({
        check,
        section: 'opening',
        part: 'record',
        ...entryAt(log, 'trade.confirmed'),
      })),
    ),
  },
  {
    name: 'key-expired',
    breaks: 'the settlement key of the receiver was no longer valid in one log',
    pack: fromDrafts(({ alder: drafts }) => {
      keyDraft(drafts, 'cedar-settlement-1').body['validTo'] = '2026-11-20T14:00:03.190Z'
    }),
    problems: [
      {
        check: 'keys/registered',
        section: 'opening',
        part: 'instruction',
        ...entryAt('alder', 'settlement.instructed'),
      },
    ],
  },
]

const policyCases: readonly BadPack[] = [
  {
    name: 'policy-denied',
    breaks: 'a trade was confirmed although policy denied it',
    pack: fromDrafts(({ cedar: drafts }) => {
      Object.assign(find(drafts, 'trade.confirmed').body['policy'] as Fields, { decision: 'deny' })
    }),
    problems: [entry('policy/allow', 'cedar', indexOf('cedar', 'trade.confirmed'))],
  },
  {
    name: 'policy-without-inputs',
    breaks: 'an allow does not say its inputs',
    pack: fromDrafts(({ alder: drafts }) => {
      delete find(drafts, 'settlement.submitted').parts['policy']
    }),
    problems: [entry('policy/allow', 'alder', indexOf('alder', 'settlement.submitted'))],
  },
  {
    name: 'policy-never-released',
    breaks: 'an allow names a policy set that the log never released',
    pack: fromDrafts(({ alder: drafts }) => {
      const policy = find(drafts, 'trade.executed').body['policy'] as Fields
      policy['set'] = policySet.replace(/^./, (char) => (char === '0' ? '1' : '0'))
    }),
    problems: [entry('policy/released', 'alder', indexOf('alder', 'trade.executed'))],
  },
]

const recordCases: readonly BadPack[] = [
  {
    name: 'record-not-opened',
    breaks: 'one log’s record is not opened',
    pack: fromDrafts(({ cedar: drafts }) => {
      find(drafts, 'trade.confirmed').open = ['policy']
    }),
    problems: [entry('record/present', 'cedar', indexOf('cedar', 'trade.confirmed'))],
  },
  {
    name: 'record-malformed',
    breaks: 'the record has a member too many',
    pack: withRecord(recordWith((record) => (record['remark'] = 'see email'))),
    problems: atRecords('record/form', ['trade.proposed', 'trade.confirmed']),
  },
  {
    name: 'record-hash-wrong',
    breaks: 'an entry names another record than the one that it holds',
    pack: fromDrafts(({ cedar: drafts }) => {
      find(drafts, 'trade.confirmed').body['recordHash'] = sha256('another').toString('hex')
    }),
    problems: [
      entry('record/hash', 'cedar', indexOf('cedar', 'trade.confirmed')),
      entry('record/agreement', 'cedar', indexOf('cedar', 'trade.confirmed')),
    ],
  },
  {
    name: 'record-signature-wrong',
    breaks: 'a signature of the record is another party’s, made for another record',
    pack: fromDrafts(({ cedar: drafts }) => {
      const draft = find(drafts, 'trade.confirmed')
      const right = JSON.parse(draft.parts['record'] ?? '') as { signatures: Fields[] }
      const other = JSON.parse(
        jwsOf({ ...recordOf(), price: '430.73' }, [recordKid('alder')]),
      ) as typeof right
      right.signatures[0] = other.signatures[0] ?? {}
      draft.parts['record'] = canonical(right)
    }),
    problems: [
      { check: 'record/signature', ...openingAt },
      { check: 'record/parties', ...openingAt },
    ],
  },
  {
    name: 'record-type-wrong',
    breaks: 'the parties signed a document of another type',
    pack: sealed(linesOf(draftsOf({ typ: 'poundlock-margin+json' }))),
    problems: [
      {
        check: 'record/signature',
        section: 'opening',
        part: 'record',
        ...entryAt('alder', 'trade.proposed'),
      },
      ...(['alder', 'cedar'] as const).flatMap((log) =>
        ['record/signature', 'record/signature', 'record/parties'].map((check) => ({
          check,
          section: 'opening',
          part: 'record',
          ...entryAt(log, 'trade.confirmed'),
        })),
      ),
    ],
  },
  {
    name: 'record-signed-by-one',
    breaks: 'only one party signed the record',
    pack: sealed(linesOf(draftsOf({ kids: [recordKid('alder')] }))),
    problems: atRecords('record/parties'),
  },
  {
    name: 'record-key-unregistered',
    breaks: 'the record is signed with a key that no log registered',
    pack: sealed(linesOf(draftsOf({ kids: [recordKid('alder'), 'cedar-record-9'] }))),
    problems: (['alder', 'cedar'] as const).flatMap((log) =>
      ['keys/registered', 'record/parties'].map((check) => ({
        check,
        section: 'opening',
        part: 'record',
        ...entryAt(log, 'trade.confirmed'),
      })),
    ),
  },
  {
    name: 'premium-wrong',
    breaks: 'the premium is one unit more than price × quantity × multiplier',
    pack: withRecord(
      recordWith((record) => {
        record.premium['minor'] = '43072000001'
        record.settlement['payAmount'] = '43072000001'
      }),
    ),
    problems: atRecords('record/economics'),
  },
  {
    name: 'cfi-contradicts',
    breaks: 'the CFI code is a put’s, the record says call',
    pack: withRecord(recordWith((record) => ((record['product'] as Fields)['cfi'] = 'OPECCN'))),
    problems: atRecords('record/economics'),
  },
  {
    name: 'lei-wrong',
    breaks: 'the LEI of the buyer fails its check digits, in the record and wherever its keys are registered',
    pack: withWrongLei(leis.cedar.replace(/.$/, (digit) => String((Number(digit) + 1) % 10))),
    problems: atRecords('record/parties'),
  },
  {
    name: 'uti-made-up',
    breaks: 'the UTI is not the one that the rule gives',
    pack: withRecord(recordWith((record) => (record['uti'] = uti.replace(/.$/, 'X')))),
    problems: atRecords('record/uti'),
  },
  {
    name: 'records-differ',
    breaks: 'the two logs hold different records, each signed by both',
    pack: sealed(
      linesOf(
        draftsOf({
          cedarRecord: recordWith((record) => {
            ;(record['execution'] as Fields)['orderId'] = 'A-1002'
          }),
        }),
      ),
    ),
    problems: [entry('record/agreement', 'cedar', indexOf('cedar', 'trade.confirmed'))],
  },
  {
    name: 'one-log-only',
    breaks: 'the pack shows one party’s log only',
    pack: sealed(linesOf(draftsOf(), { logs: ['alder'] })),
    problems: [{ check: 'record/agreement', section: 'trust' }],
  },
]

const changed = (change: (message: Record<string, string>) => void) =>
  instructionOf(recordOf(), undefined, change)
const oneUnitLess = changed((message) => (message['payAmount'] = '43071999999'))

const instructionCases: readonly BadPack[] = [
  {
    name: 'instruction-not-opened',
    breaks: 'one log’s instruction is not opened',
    pack: fromDrafts(({ cedar: drafts }) => {
      find(drafts, 'settlement.instructed').open = []
    }),
    problems: [entry('instruction/present', 'cedar', indexOf('cedar', 'settlement.instructed'))],
  },
  {
    name: 'instruction-half-signed',
    breaks: 'an instruction counts as complete with one signature',
    pack: sealed(linesOf(draftsOf({ cedarInstruction: instructionOf(recordOf(), { deliverer: 'alder' }) }))),
    problems: [
      {
        check: 'instruction/form',
        section: 'opening',
        part: 'instruction',
        ...entryAt('cedar', 'settlement.instructed'),
      },
    ],
  },
  {
    name: 'instruction-digest-wrong',
    breaks: 'an entry names another digest than that of its instruction',
    pack: fromDrafts(({ cedar: drafts }) => {
      find(drafts, 'settlement.instructed').body['digest'] = `0x${'00'.repeat(32)}`
    }),
    problems: [entry('instruction/digest', 'cedar', indexOf('cedar', 'settlement.instructed'))],
  },
  {
    name: 'instruction-signed-by-another',
    breaks: 'somebody else signed for the deliverer',
    pack: sealed(
      linesOf(
        draftsOf({ cedarInstruction: instructionOf(recordOf(), { deliverer: 'cedar', receiver: 'cedar' }) }),
      ),
    ),
    problems: [
      {
        check: 'instruction/signature',
        section: 'opening',
        part: 'instruction',
        ...entryAt('cedar', 'settlement.instructed'),
      },
    ],
  },
  {
    name: 'signature-high-s',
    breaks: 'a signature has s in the upper half of the order',
    pack: fromDrafts(({ cedar: drafts }) => {
      const draft = find(drafts, 'settlement.instructed')
      const instruction = JSON.parse(draft.parts['instruction'] ?? '') as {
        signatures: Record<string, string>
      }
      instruction.signatures['receiver'] = mirrored(instruction.signatures['receiver'] ?? '')
      draft.parts['instruction'] = canonical(instruction)
    }),
    problems: [
      {
        check: 'instruction/signature',
        section: 'opening',
        part: 'instruction',
        ...entryAt('cedar', 'settlement.instructed'),
      },
    ],
  },
  {
    name: 'amount-one-unit-less',
    breaks: 'both signed an instruction that pays one unit less than the record',
    pack: sealed(linesOf(draftsOf({ instruction: oneUnitLess, cedarInstruction: oneUnitLess }))),
    problems: atInstructions('instruction/matches-record'),
  },
  {
    name: 'instructions-differ',
    breaks: 'the two logs hold different instructions',
    pack: sealed(linesOf(draftsOf({ cedarInstruction: changed((message) => (message['nonce'] = '2')) }))),
    problems: [
      {
        check: 'instruction/matches-record',
        section: 'opening',
        part: 'instruction',
        ...entryAt('cedar', 'settlement.instructed'),
      },
      entry('settlement/agreement', 'cedar', indexOf('cedar', 'settlement.instructed')),
    ],
  },
]

/** Two entries change places, and each takes the other's time. */
const swap = (drafts: Draft[], type: string, other: string): void => {
  const [first, second] = [find(drafts, type), find(drafts, other)]
  const [one, two] = [drafts.indexOf(first), drafts.indexOf(second)]
  drafts[one] = { ...second, at: first.at }
  drafts[two] = { ...first, at: second.at }
}

const settlementCases: readonly BadPack[] = [
  {
    name: 'settled-otherwise',
    breaks: 'the two logs saw the settlement in different blocks',
    pack: fromDrafts(({ cedar: drafts }) => {
      find(drafts, 'settlement.settled').body['blockHash'] = `0x${'cd'.repeat(32)}`
    }),
    problems: [entry('settlement/agreement', 'cedar', indexOf('cedar', 'settlement.settled'))],
  },
  {
    name: 'settled-by-unknown-transaction',
    breaks: 'nobody submitted the transaction that settled',
    pack: fromDrafts(({ alder: drafts }) => {
      drafts.splice(drafts.indexOf(find(drafts, 'settlement.submitted')), 1)
    }),
    problems: [
      entry('settlement/agreement', 'alder', indexOf('alder', 'settlement.settled') - 1),
      entry('settlement/agreement', 'cedar', indexOf('cedar', 'settlement.settled')),
    ],
  },
  {
    name: 'submitted-before-instructed',
    breaks: 'the transaction was submitted before the log held the instruction',
    pack: fromDrafts(({ alder: drafts }) => swap(drafts, 'settlement.submitted', 'settlement.instructed')),
    problems: [entry('order/write-ahead', 'alder', indexOf('alder', 'settlement.instructed'))],
  },
  {
    name: 'confirmed-before-executed',
    breaks: 'the record was confirmed before the log held the execution',
    pack: fromDrafts(({ cedar: drafts }) => swap(drafts, 'trade.confirmed', 'trade.executed')),
    problems: [entry('order/write-ahead', 'cedar', indexOf('cedar', 'trade.executed'))],
  },
]

export const badPacks = (): readonly BadPack[] => [
  ...formCases,
  ...trustCases,
  ...checkpointCases,
  ...entryCases,
  ...openingCases,
  ...keyCases,
  ...policyCases,
  ...recordCases,
  ...instructionCases,
  ...settlementCases,
]

/** The same signature with s replaced by n − s and v by the other one: valid curve arithmetic, refused. */
function mirrored(signature: string): string {
  const s = order - BigInt(`0x${signature.slice(66, 130)}`)
  const v = signature.endsWith('1b') ? '1c' : '1b'
  return `${signature.slice(0, 66)}${s.toString(16).padStart(64, '0')}${v}`
}
