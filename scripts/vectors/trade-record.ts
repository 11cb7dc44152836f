// Writes spec/vectors/trade-record.json. Canonical text, hashes and signatures are made here with node:crypto
// alone, not with our own code, so that the vectors check it. Keys derive from labels and hold nothing.
//   node scripts/vectors/trade-record.ts
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../spec/vectors')
const recordType = 'poundlock-trade+json'

type Text = string | number | boolean | readonly Text[] | { readonly [member: string]: Text }

/** RFC 8785 for what stands here: ASCII text, small integers, objects. */
function canonical(value: Text): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`
}

/** The one hash rule: SHA-256 over u32be(length) ‖ bytes of the label and of each part. */
function digestOf(label: string, ...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const bytes of [label, ...parts].map((part) => Buffer.from(part))) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  return hash.digest('hex')
}

type Key = {
  readonly keyId: string
  readonly publicKey: string
  readonly owner: string
  readonly secret: KeyObject
}

/** Ed25519 (RFC 8032) with SHA-256 of a label as the seed, in the PKCS#8 wrapping of RFC 8410. */
function keyOf(name: string, owner: string): Key {
  const seed = createHash('sha256').update(`poundlock/vector/${name}`).digest()
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const raw = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32)
  const keyId = `${name}.${digestOf('poundlock/key-id/v1', 'Ed25519', raw).slice(0, 16)}`
  return { keyId, publicKey: raw.toString('base64url'), owner, secret }
}

type Header = { readonly alg: string; readonly kid: string; readonly typ: string }
type Signature = { readonly protected: string; readonly signature: string }

function signatureOf(payload: string, key: Key, header: Partial<Header> = {}): Signature {
  const whole = { alg: 'Ed25519', kid: key.keyId, typ: recordType, ...header }
  const encoded = Buffer.from(canonical(whole)).toString('base64url')
  const signature = sign(null, Buffer.from(`${encoded}.${payload}`), key.secret).toString('base64url')
  return { protected: encoded, signature }
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url')

// The settlement vectors hold the addresses, ids and limits of the same trade.
const settlement: {
  trade: { maker: string; taker: string; execId: string; uti: string; tradeId: string }
  vectors: [{ domain: { verifyingContract: string }; message: Record<string, string>; digest: string }]
} = JSON.parse(readFileSync(join(folder, 'settlement-instruction.json'), 'utf8'))
const { maker, taker, execId, uti } = settlement.trade
const [{ domain, message, digest }] = settlement.vectors
const member = (name: string): string => message[name] ?? ''

const alder = keyOf('alder-record', maker)
const cedar = keyOf('cedar-record', taker)
const asset = { id: `eip155:31337/erc20:${member('payToken')}`, symbol: 'USDC', decimals: 6 }

const record = {
  v: 1,
  uti,
  tradeDate: '2026-11-20',
  executedAt: '2026-11-20T14:00:03.130Z',
  buyer: { lei: taker, name: 'CEDAR' },
  seller: { lei: maker, name: 'ALDER' },
  product: {
    securityId: 'ETH-25JUN27-4000-C',
    cfi: 'OCECCN',
    underlying: 'ETH',
    putOrCall: 'Call',
    exerciseStyle: 'European',
    settlMethod: 'Cash',
    strike: '4000',
    strikeCurrency: 'USD',
    expiry: '2027-06-25T08:00:00.000Z',
    multiplier: '1',
  },
  quantity: '100',
  price: '430.72',
  premium: { asset: asset.id, minor: '43072000000' },
  execution: { quoteId: 'Q-77f1', orderId: 'A-1001', clOrdId: 'ORD-0001', execId },
  settlement: {
    route: 'same-ledger',
    chainId: 'eip155:31337',
    contract: domain.verifyingContract,
    deliverer: member('deliverer'),
    receiver: member('receiver'),
    deliverToken: member('deliverToken'),
    deliverId: member('deliverId'),
    deliverAmount: '100',
    payToken: member('payToken'),
    payAmount: '43072000000',
    deadline: '2026-11-20T14:01:10.000Z',
    nonce: '1',
  },
} as const

type Members = { readonly [member: string]: Text }

/** The record with one member, named by its path, replaced or (undefined) left out. */
function changed(path: string, value: Text | undefined): string {
  const members: Members = record
  const [first = '', second] = path.split('.')
  const inner = members[first]
  if (second === undefined) return canonical(lay(members, first, value))
  if (!isMembers(inner)) throw new Error(`no members in ${first}`)
  return canonical(lay(members, first, lay(inner, second, value)))
}

function lay(members: Members, name: string, value: Text | undefined): Members {
  const rest = Object.entries(members).filter(([key]) => key !== name)
  return Object.fromEntries(value === undefined ? rest : [...rest, [name, value]])
}

function isMembers(value: Text | undefined): value is Members {
  return typeof value === 'object' && !Array.isArray(value)
}

type Change = readonly [why: string, path: string, value: Text | undefined, named?: string]

// One change per rule: the member changed, its new value (undefined: left out) and, where a contradiction is
// named at another member, that one.
const changes: readonly Change[] = [
  ['another version', 'v', 2],
  ['a member that no record has', 'memo', 'x'],
  ['a member missing inside', 'settlement.nonce', undefined],
  ['a number instead of text', 'quantity', 100],
  ['a quantity not in shortest form', 'quantity', '100.0'],
  ['a price with an exponent', 'price', '4.3072e2'],
  ['a price off the tick', 'price', '430.725'],
  ['a fraction of a contract', 'quantity', '100.5'],
  ['a premium one minor unit too small', 'premium.minor', '43071999999'],
  [
    'a premium in another asset',
    'premium.asset',
    'eip155:31338/erc20:0x5256a8ea20f9045a08c4e1141240c83884d54fa9',
  ],
  ['a payment that is not the premium', 'settlement.payAmount', '43072000001'],
  ['a delivery that is not the quantity', 'settlement.deliverAmount', '99'],
  ['a payment in another token', 'settlement.payToken', member('deliverToken')],
  ['an address in mixed case', 'settlement.receiver', `${member('receiver').slice(0, -2)}AB`],
  ['one party on both sides of the delivery', 'settlement.receiver', member('deliverer')],
  ['a nonce beyond uint256', 'settlement.nonce', (2n ** 256n).toString()],
  ['a nonce with a leading zero', 'settlement.nonce', '01'],
  ['a deadline within a second', 'settlement.deadline', '2026-11-20T14:01:10.500Z'],
  ['a deadline before the execution', 'settlement.deadline', '2026-11-20T14:00:03.000Z'],
  ['a deadline at the expiry', 'settlement.deadline', '2027-06-25T08:00:00.000Z'],
  ['a time without milliseconds', 'executedAt', '2026-11-20T14:00:03Z'],
  ['a trade date of another day', 'tradeDate', '2026-11-21'],
  ['an expiry on a Sunday', 'product.securityId', 'ETH-27JUN27-4000-C'],
  ['an expiry that its SecurityID does not say', 'product.expiry', '2027-06-25T09:00:00.000Z'],
  ['a put in the members, a call in the SecurityID', 'product.putOrCall', 'Put'],
  ['a CFI code of a put', 'product.cfi', 'OPECCN'],
  ['another strike', 'product.strike', '4100'],
  ['another multiplier', 'product.multiplier', '10'],
  ['an LEI with wrong check digits', 'buyer.lei', `${taker.slice(0, 18)}00`],
  ['one party as buyer and seller', 'seller.lei', taker],
  ['a UTI that begins with a stranger', 'uti', `5299000POUNDLOCK0W28${uti.slice(20)}`],
  ['a UTI that the rule does not give', 'uti', `${maker}${'0'.repeat(32)}`],
  ['an ExecID that does not belong to the UTI', 'execution.execId', 'EXEC-0002', 'uti'],
  ['an id with a space', 'execution.clOrdId', 'ORD 1'],
  ['a name with a line break', 'buyer.name', 'CEDAR\n'],
  ['a route that is not built', 'settlement.route', 'htlc'],
]

/** `path` is the member that a refusal names; empty for the bytes themselves. */
function refusedRecords(): readonly { why: string; path: string; text: string }[] {
  const good = canonical(record)
  const swapped = good.replace(/^\{("buyer":\{.*?\}),("executedAt":"[^"]*")/, '{$2,$1')
  return [
    { why: 'a space: not canonical', path: '', text: good.replace('"v":1', '"v": 1') },
    { why: 'a member named twice', path: '', text: good.replace('"v":1', '"v":1,"v":1') },
    { why: 'two members in another order', path: '', text: swapped },
    { why: 'a byte after the end', path: '', text: `${good}\n` },
    ...changes.map(([why, path, value, named = path]) => ({ why, path: named, text: changed(path, value) })),
  ]
}

/** Statements over the good record that do not confirm it. */
function refusedStatements(): readonly { why: string; jws: string }[] {
  const payload = base64url(canonical(record))
  const [a, c] = [signatureOf(payload, alder), signatureOf(payload, cedar)]
  const stranger = keyOf('stranger-record', maker)
  const other = base64url(changed('price', '430.73'))
  return [
    { why: 'no signature', jws: canonical({ payload, signatures: [] }) },
    { why: 'the same key twice', jws: canonical({ payload, signatures: [a, a] }) },
    {
      why: 'a key that is not registered',
      jws: canonical({ payload, signatures: [a, signatureOf(payload, stranger)] }),
    },
    {
      why: 'a signature under the kid of the other party',
      jws: canonical({ payload, signatures: [a, signatureOf(payload, alder, { kid: cedar.keyId })] }),
    },
    { why: 'signatures over another payload', jws: canonical({ payload: other, signatures: [a, c] }) },
    {
      why: 'another typ',
      jws: canonical({ payload, signatures: [a, signatureOf(payload, cedar, { typ: 'JOSE' })] }),
    },
    {
      why: 'the polymorphic alg EdDSA',
      jws: canonical({ payload, signatures: [a, signatureOf(payload, cedar, { alg: 'EdDSA' })] }),
    },
    {
      why: 'alg none',
      jws: canonical({
        payload,
        signatures: [a, { ...signatureOf(payload, cedar, { alg: 'none' }), signature: '' }],
      }),
    },
    { why: 'padded base64url', jws: canonical({ payload: `${payload}=`, signatures: [a, c] }) },
  ]
}

/** The text of the vector file. */
export function tradeRecordVectors(): string {
  const text = canonical(record)
  const payload = base64url(text)
  const publicKeys = [alder, cedar].map(({ keyId, publicKey, owner }) => ({
    keyId,
    algorithm: 'Ed25519',
    publicKey,
    owner,
  }))
  const file = {
    spec: 'spec/trade-record.md',
    venue: 'otc-linear-usdc',
    premiumAsset: asset,
    keys: publicKeys,
    uti: settlement.trade,
    record,
    canonical: text,
    recordHash: digestOf('poundlock/record/v1', text),
    proposal: canonical({ payload, signatures: [signatureOf(payload, alder)] }),
    confirmation: canonical({
      payload,
      signatures: [signatureOf(payload, alder), signatureOf(payload, cedar)],
    }),
    settlementDigest: digest,
    refusedRecords: refusedRecords(),
    refusedStatements: refusedStatements(),
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

if (import.meta.main) writeFileSync(join(folder, 'trade-record.json'), tradeRecordVectors())
