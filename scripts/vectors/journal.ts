// Writes spec/vectors/journal.json. Everything is made here with node:crypto and the definitions of the standards,
// not with our own journal, so that the vectors check it. Keys derive from labels and hold nothing.
//   node scripts/vectors/journal.ts
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const target = join(import.meta.dirname, '../../spec/vectors/journal.json')
const origin = 'alder.example/journal'
const seconds = 1_795_183_260
const partLabel = 'poundlock/part/v1'

type Text = string | number | boolean | readonly Text[] | { readonly [member: string]: Text }

/** RFC 8785 for what stands here: well-formed text, small integers, objects; members in UTF-16 order. */
function canonical(value: Text): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`
}

function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The one hash rule: SHA-256 over u32be(length) ‖ bytes of the label and of each part. */
function digestOf(label: string, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256')
  for (const bytes of [label, ...parts].map((part) => Buffer.from(part))) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  return hash.digest()
}

// ---- RFC 6962 §2.1 by its recursions, without any tree kept

const leafHash = (entry: string | Uint8Array) => sha256(Uint8Array.of(0), entry)
const nodeHash = (left: Uint8Array, right: Uint8Array) => sha256(Uint8Array.of(1), left, right)

function split(width: number): number {
  return 2 ** (Math.ceil(Math.log2(width)) - 1)
}

function treeHash(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves
  if (only === undefined) return sha256('')
  if (leaves.length === 1) return only
  const k = split(leaves.length)
  return nodeHash(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)))
}

function pathOf(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return []
  const k = split(leaves.length)
  return index < k
    ? [...pathOf(index, leaves.slice(0, k)), treeHash(leaves.slice(k))]
    : [...pathOf(index - k, leaves.slice(k)), treeHash(leaves.slice(0, k))]
}

function subproof(oldSize: number, leaves: readonly Buffer[], whole: boolean): Buffer[] {
  if (oldSize === leaves.length) return whole ? [] : [treeHash(leaves)]
  const k = split(leaves.length)
  return oldSize <= k
    ? [...subproof(oldSize, leaves.slice(0, k), whole), treeHash(leaves.slice(k))]
    : [...subproof(oldSize - k, leaves.slice(k), false), treeHash(leaves.slice(0, k))]
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const base64All = (hashes: readonly Buffer[]) => hashes.map(base64)

// ---- keys and notes

type Key = {
  readonly name: string
  readonly type: number
  readonly publicKey: Buffer
  readonly secret: KeyObject
}

/** Ed25519 (RFC 8032) with SHA-256 of a label as the seed, in the PKCS#8 wrapping of RFC 8410. */
function keyOf(name: string, type: number, label = name): Key {
  const seed = sha256(`poundlock test key ${label}`)
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(12)
  return { name, type, publicKey, secret }
}

const idOf = ({ name, type, publicKey }: Key) =>
  sha256(`${name}\n`, Uint8Array.of(type), publicKey).subarray(0, 4)
const vkeyOf = (key: Key) =>
  `${key.name}+${idOf(key).toString('hex')}+${base64(Buffer.concat([Uint8Array.of(key.type), key.publicKey]))}`

function lineOf(key: Key, signature: Uint8Array): string {
  return `\u2014 ${key.name} ${base64(Buffer.concat([idOf(key), signature]))}\n`
}

const signLine = (key: Key, text: string) => lineOf(key, sign(null, Buffer.from(text), key.secret))

function cosignLine(key: Key, text: string, at = seconds): string {
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(at))
  const message = `cosignature/v1\ntime ${at}\n${text}`
  return lineOf(key, Buffer.concat([time, sign(null, Buffer.from(message), key.secret)]))
}

const log = keyOf(origin, 1)
const w1 = keyOf('witness1.example', 4)
const w2 = keyOf('witness2.example', 4)
const stranger = keyOf('stranger.example', 4)
const impostor = keyOf(origin, 1, 'impostor')
const future: Key = { ...keyOf('witness3.example', 6), publicKey: Buffer.alloc(1_312, 7) }

const checkpointText = (size: number, root: Uint8Array, name = origin) =>
  `${name}\n${size}\n${base64(root)}\n`

// ---- the log of the vectors

type Opening = {
  readonly index: number
  readonly part: string
  readonly salt: string
  readonly content: string
}

function saltOf(index: number, part: string): Buffer {
  return sha256(`poundlock test salt ${index} ${part}`).subarray(0, 16)
}

/** Type, body and parts of each entry; seq, time and digests follow. */
const drafts: readonly (readonly [
  string,
  { readonly [member: string]: Text },
  Readonly<Record<string, string>>,
])[] = [
  [
    'journal.opened',
    { origin, logKey: vkeyOf(log), witnesses: [vkeyOf(w1), vkeyOf(w2)], quorum: 2, version: 1 },
    {},
  ],
  [
    'rfq.received',
    { rfqId: 'RFQ-1', side: 'Buy' },
    { terms: '{"orderQty":"100","symbol":"ETH-25JUN27-4000-C"}' },
  ],
  [
    'quote.issued',
    { rfqId: 'RFQ-1', quoteId: 'Q-1', validUntil: '2026-11-20T14:00:30.000Z' },
    { terms: '{"offerPx":"430.72"}', record: '' },
  ],
  [
    'command.refused',
    {
      refusal: 'quote-expired',
      command: 'order.place',
      principal: 'd\u00e9sk \u{1f6a2} "quoted" \\ \u20ac\t',
    },
    {},
  ],
  [
    'order.received',
    { orderId: 'O-1', quoteId: 'Q-1', amounts: [1, 0, 2 ** 53 - 1], nested: { b: true, a: false } },
    {},
  ],
  [
    'trade.executed',
    { tradeId: 'T-1', orderId: 'O-1' },
    { terms: 'line one\nline two \u00e9', inputs: '{"limit":"5000000"}' },
  ],
  ['trade.settled', { tradeId: 'T-1' }, {}],
]

function makeLog() {
  const openings: Opening[] = []
  const leaves = drafts.map(([type, body, contents], seq) => {
    const parts: Record<string, string> = {}
    for (const [part, content] of Object.entries(contents)) {
      const salt = saltOf(seq, part)
      parts[part] = digestOf(partLabel, salt, part, content).toString('base64url')
      openings.push({ index: seq, part, salt: salt.toString('base64url'), content })
    }
    const at = new Date(Date.UTC(2026, 10, 20, 14, 0, 0, 412 + seq * 250)).toISOString()
    const members = { at, body, corr: `c-${seq}`, log: origin, seq, type, v: 1 }
    return canonical(Object.keys(parts).length === 0 ? members : { ...members, parts })
  })
  return { leaves, openings }
}

function entryVectors(leaves: readonly string[]) {
  return leaves.map((leaf, index) => ({ index, leaf, leafHash: leafHash(leaf).toString('hex') }))
}

function refusedEntries(leaves: readonly string[]) {
  const leaf = leaves[1] ?? ''
  const alter = (why: string, from: string | RegExp, to: string) => ({ why, leaf: leaf.replace(from, to) })
  return [
    alter('a space, so not canonical', '","body"', '", "body"'),
    alter('members out of order', /^\{("at":"[^"]+"),(.*),"v":1\}$/, '{$2,"v":1,$1}'),
    alter('a member twice', '{"at"', '{"at":"2026-11-20T14:00:00.000Z","at"'),
    alter('an unknown member', '"v":1}', '"v":1,"w":1}'),
    alter('a member missing', /"corr":"[^"]*",/, ''),
    alter('another version', '"v":1}', '"v":2}'),
    alter('seq as a text', '"seq":1', '"seq":"1"'),
    alter('a negative seq', '"seq":1', '"seq":-1'),
    alter('a type that begins with a capital', '"type":"rfq', '"type":"Rfq'),
    alter('a time without milliseconds', /\.\d{3}Z/, 'Z'),
    alter('a time with an offset', /Z"/, '+00:00"'),
    alter('a digest that is too short', /"terms":"[^"]{4}/, '"terms":"'),
    alter('a padded digest', /("terms":"[^"]+)"/, '$1="'),
    alter('parts that are there and empty', /"parts":\{[^}]*\}/, '"parts":{}'),
    alter('body as a list', /"body":\{[^}]*\}/, '"body":[]'),
  ]
}

function partVectors(openings: readonly Opening[], leaves: readonly string[]) {
  const parts = openings.map(({ index, part, salt, content }) => {
    const leaf: { parts: Record<string, string> } = JSON.parse(leaves[index] ?? '')
    return { index, part, salt, content, digest: leaf.parts[part] ?? '' }
  })
  const [first, second] = parts
  if (first === undefined || second === undefined) throw new Error('the log has parts')
  const refused = [
    { why: 'another content', ...first, content: `${first.content} ` },
    { why: 'another name', ...first, part: 'term' },
    { why: 'the salt of another part', ...first, salt: second.salt },
    { why: 'a padded salt', ...first, salt: `${first.salt}==` },
    {
      why: 'a salt of 15 bytes',
      ...first,
      salt: Buffer.from(first.salt, 'base64url').subarray(0, 15).toString('base64url'),
    },
    {
      why: 'name and content moved into each other',
      ...first,
      part: `${first.part}{`,
      content: first.content.slice(1),
    },
  ]
  return { parts, refused }
}

function digestVectors() {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', []],
    ['poundlock/test/v1', []],
    ['poundlock/test/v1', ['']],
    ['poundlock/test/v1', ['', '']],
    ['poundlock/test/v1', ['ab', 'c']],
    ['poundlock/test/v1', ['a', 'bc']],
    ['poundlock/test/v1', ['abc']],
    ['poundlock/test/v1a', ['bc']],
    ['poundlock/t\u00e9st/v1', ['\u{1f6a2}', '\u0000']],
    [partLabel, ['x'.repeat(300)]],
  ]
  return cases.map(([label, parts]) => ({
    label,
    parts: parts.map((part) => Buffer.from(part).toString('hex')),
    digest: digestOf(label, ...parts).toString('hex'),
  }))
}

/** Index and size; old size and size. */
const included = '0/1 0/2 1/2 2/3 4/7 6/7 0/8 99/100 255/256 256/257 0/600 511/600 512/600 599/600'
const continued = '1/1 1/2 2/3 3/7 4/7 6/8 7/100 255/256 256/257 256/600 512/600 599/600 600/600'

function pairsOf(text: string): { first: number; size: number }[] {
  return text.split(' ').map((pair) => {
    const [first = 0, size = 0] = pair.split('/').map(Number)
    return { first, size }
  })
}

/** Leaf i is the text `entry-<i>`. */
function treeVectors() {
  const leaves = Array.from({ length: 600 }, (_, i) => leafHash(`entry-${i}`))
  const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 33, 100, 255, 256, 257, 511, 512, 513, 600]
  const roots = sizes.map((size) => ({ size, root: treeHash(leaves.slice(0, size)).toString('hex') }))
  const inclusion = pairsOf(included).map(({ first, size }) => ({
    index: first,
    size,
    proof: base64All(pathOf(first, leaves.slice(0, size))),
  }))
  const consistency = pairsOf(continued).map(({ first, size }) => ({
    oldSize: first,
    size,
    proof: base64All(subproof(first, leaves.slice(0, size), true)),
  }))
  return { leaves: 'leaf i is the text entry-<i>', roots, inclusion, consistency, ...refusedProofs(leaves) }
}

function refusedProofs(leaves: readonly Buffer[]) {
  const good = base64All(pathOf(5, leaves.slice(0, 7)))
  const flip = (hash = '') =>
    base64(Buffer.from(hash, 'base64').map((byte, i) => (i === 31 ? byte ^ 1 : byte)))
  const step = base64All(subproof(3, leaves.slice(0, 7), true))
  return {
    refusedInclusion: [
      { why: 'of another index', index: 4, size: 7, proof: good },
      { why: 'an index that is not in the tree', index: 7, size: 7, proof: good },
      { why: 'of another size', index: 5, size: 8, proof: good },
      { why: 'one hash too few', index: 5, size: 7, proof: good.slice(1) },
      { why: 'one hash too many', index: 5, size: 7, proof: [...good, ...good.slice(0, 1)] },
      { why: 'one bit changed', index: 5, size: 7, proof: [flip(good[0]), ...good.slice(1)] },
      {
        why: 'a hash of 31 bytes',
        index: 5,
        size: 7,
        proof: [base64(Buffer.from(good[0] ?? '', 'base64').subarray(1)), ...good.slice(1)],
      },
    ],
    refusedConsistency: [
      { why: 'from another size', oldSize: 2, size: 7, proof: step },
      { why: 'to another size', oldSize: 3, size: 8, proof: step },
      { why: 'to a smaller size', oldSize: 7, size: 3, proof: step },
      { why: 'one hash too few', oldSize: 3, size: 7, proof: step.slice(1) },
      { why: 'one hash too many', oldSize: 3, size: 7, proof: [...step, ...step.slice(0, 1)] },
      { why: 'one bit changed', oldSize: 3, size: 7, proof: [flip(step[0]), ...step.slice(1)] },
      { why: 'equal sizes with a proof', oldSize: 7, size: 7, proof: step },
      { why: 'from an empty tree nothing is proved', oldSize: 0, size: 7, proof: [] },
    ],
  }
}

type Notes = Readonly<Record<string, string>>
type SignedLog = {
  readonly text: string
  readonly good: string
  readonly one: string
  readonly other: string
  readonly foreign: string
  readonly root: Buffer
}

function noteVectors(hashes: readonly Buffer[]) {
  const root = treeHash(hashes)
  const text = checkpointText(hashes.length, root)
  const one = `${text}\n${signLine(log, text)}${cosignLine(w1, text)}`
  const other = checkpointText(hashes.length - 1, treeHash(hashes.slice(0, -1)))
  const foreign = checkpointText(hashes.length, root, 'cedar.example/journal')
  const signed = { text, good: signedByAll(text), one, other, foreign, root }
  const groups: Readonly<Record<string, Notes>> = {
    'witness-quorum-missing': withoutQuorum(signed),
    'note-unsigned': withoutLog(signed),
    'signature-invalid': withBadSignatures(signed),
    'note-malformed': malformedNotes(signed),
    'checkpoint-malformed': malformedCheckpoints(signed),
  }
  const refused = Object.entries(groups).flatMap(([reason, notes]) =>
    Object.entries(notes).map(([name, note]) => ({ reason, name, note })),
  )
  const accepted = Object.entries(goodNotes(signed)).map(([name, note]) => ({ name, note }))
  const vkeys = { log: vkeyOf(log), witnesses: [vkeyOf(w1), vkeyOf(w2)] }
  return { vkeys, quorum: 2, policy: policyText(), accepted, refused }
}

function goodNotes({ text, good, one }: SignedLog): Notes {
  return {
    'log and both witnesses': good,
    'the other order': `${text}\n${cosignLine(w2, text)}${cosignLine(w1, text)}${signLine(log, text)}`,
    'a stranger signed too': good + cosignLine(stranger, text),
    'a line of a key type that is not known': good + lineOf(future, Buffer.alloc(2_428, 1)),
    'a witness signed twice': good + cosignLine(w1, text, seconds + 1),
    'a key of the same name and another id': good + signLine(impostor, text),
    'an extension line': extended(text),
    'another time': `${one}${cosignLine(w2, text, seconds + 3_600)}`,
  }
}

function withoutQuorum({ text, one }: SignedLog): Notes {
  return {
    'only one witness': one,
    'a stranger instead of a witness': one + cosignLine(stranger, text),
    'the same witness twice': one + cosignLine(w1, text, seconds + 1),
  }
}

function withoutLog({ text, foreign }: SignedLog): Notes {
  return {
    'witnesses without the log': `${text}\n${cosignLine(w1, text)}${cosignLine(w2, text)}`,
    'an impostor for the log': `${text}\n${signLine(impostor, text)}`,
    'the log under the origin of another': signedByAll(foreign),
  }
}

function withBadSignatures({ text, good, one, other }: SignedLog): Notes {
  const cosignatures = `${cosignLine(w1, text)}${cosignLine(w2, text)}`
  const size = text.split('\n')[1] ?? ''
  return {
    'the signature of the log is of another text': `${text}\n${signLine(log, other)}${cosignatures}`,
    'a cosignature is of another text': one + cosignLine(w2, other),
    'a cosignature is of another key': one + cosignLine({ ...w2, secret: impostor.secret }, text),
    'a cosignature without its time': one + lineOf(w2, sign(null, Buffer.from(text), w2.secret)),
    'a cosignature whose time was changed': one + retimed(text),
    'the size was changed': good.replace(`\n${size}\n`, `\n${Number(size) + 1}\n`),
  }
}

function malformedNotes({ text, good }: SignedLog): Notes {
  return {
    'no signature': text,
    'an empty signature block': `${text}\n`,
    'no final newline': good.slice(0, -1),
    'a hyphen for the dash': good.replaceAll('\u2014', '-'),
    'carriage returns': good.replaceAll('\n', '\r\n'),
    'a tab in the text': good.replace('alder', 'al\tder'),
    'a space after a signature': good.replace(/\n$/, ' \n'),
    'a signature without padding': good.replace(/=+\n$/, '\n'),
  }
}

function malformedCheckpoints({ root }: SignedLog): Notes {
  return {
    'a size with a leading zero': signedByAll(`${origin}\n07\n${base64(root)}\n`),
    'a root of 31 bytes': signedByAll(`${origin}\n7\n${base64(root.subarray(1))}\n`),
    'two lines': signedByAll(`${origin}\n7\n`),
  }
}

function signedByAll(text: string): string {
  return `${text}\n${signLine(log, text)}${cosignLine(w1, text)}${cosignLine(w2, text)}`
}

const extended = (text: string) => signedByAll(`${text}an extension line\n`)

/** The cosignature of one second with the time of the next. */
function retimed(text: string): string {
  const bytes = Buffer.from(cosignLine(w2, text).split(' ')[2] ?? '', 'base64')
  bytes.writeBigUInt64BE(BigInt(seconds + 1), 4)
  return lineOf(w2, bytes.subarray(4))
}

function policyText(): string {
  const witnesses = [w1, w2].map((key) => `witness ${key.name} ${vkeyOf(key)}`)
  return [`log ${vkeyOf(log)}`, ...witnesses, `group both all ${w1.name} ${w2.name}`, 'quorum both', ''].join(
    '\n',
  )
}

function receiptVectors(leaves: readonly string[], hashes: readonly Buffer[]) {
  const text = checkpointText(hashes.length, treeHash(hashes))
  const head = (index: number) =>
    [
      'c2sp.org/tlog-proof@v1',
      `index ${index}`,
      ...base64All(pathOf(index, hashes)),
      '',
      signedByAll(text),
    ].join('\n')
  return {
    accepted: [0, 3, hashes.length - 1].map((index) => ({ receipt: head(index), leaf: leaves[index] ?? '' })),
    refused: [
      { reason: 'proof-invalid', why: 'of another entry', receipt: head(3), leaf: leaves[4] ?? '' },
      {
        reason: 'proof-invalid',
        why: 'the index was changed',
        receipt: head(3).replace('index 3', 'index 2'),
        leaf: leaves[3] ?? '',
      },
      {
        reason: 'receipt-malformed',
        why: 'another version',
        receipt: head(3).replace('@v1', '@v2'),
        leaf: leaves[3] ?? '',
      },
    ],
  }
}

function tileVectors(leaves: readonly string[], hashes: readonly Buffer[]) {
  const bundle = Buffer.concat(
    leaves.flatMap((leaf) => {
      const bytes = Buffer.from(leaf)
      return [Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]
    }),
  )
  const paths = [
    { level: 0, n: 0, width: 256, path: 'tile/0/000' },
    { level: 0, n: 0, width: 7, path: 'tile/0/000.p/7' },
    { level: 1, n: 999, width: 256, path: 'tile/1/999' },
    { level: 0, n: 1_234_067, width: 1, path: 'tile/0/x001/x234/067.p/1' },
    { level: 'entries', n: 1_000, width: 256, path: 'tile/entries/x001/000' },
  ]
  return { paths, tile: base64(Buffer.concat(hashes)), entryBundle: base64(bundle) }
}

/** The file's text. */
export function journalVectors(): string {
  const { leaves, openings } = makeLog()
  const hashes = leaves.map(leafHash)
  const { parts, refused } = partVectors(openings, leaves)
  const vectors = {
    format: 'poundlock.vectors.journal/1',
    origin,
    digest: digestVectors(),
    entries: entryVectors(leaves),
    refusedEntries: refusedEntries(leaves),
    parts,
    refusedParts: refused,
    logRoots: leaves.map((_, i) => ({ size: i + 1, root: treeHash(hashes.slice(0, i + 1)).toString('hex') })),
    tree: treeVectors(),
    notes: noteVectors(hashes),
    receipts: receiptVectors(leaves, hashes),
    tiles: tileVectors(leaves, hashes),
  }
  return `${JSON.stringify(vectors, null, 1)}\n`
}

if (import.meta.main) writeFileSync(target, journalVectors())
