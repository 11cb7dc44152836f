// oxlint-disable typescript/no-unsafe-type-assertion -- the tests take JSON of their own making, and vectors, at their word
// Builds evidence packs for the tests, from the words of spec/ and with other libraries than the verifier
// uses for the same thing: node:crypto for Ed25519 and SHA-256, viem for EIP-712. All keys come from seeds.
import { createHash, createPrivateKey, createPublicKey, sign as signBytes } from 'node:crypto'
import { keccak256, hashTypedData } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { secp256k1 } from '@noble/curves/secp256k1.js'

export type Fields = { [name: string]: unknown }
export type Draft = {
  at: string
  type: string
  corr: string
  body: Fields
  parts: Record<string, string>
  /** Parts that the pack opens. */
  open?: readonly string[]
}
export type LogName = 'alder' | 'cedar'
export type Line = Fields & { section?: string }

export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = value as Fields
  const members = Object.keys(fields).toSorted()
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(fields[name])}`).join(',')}}`
}
export const sha256 = (...parts: readonly (Buffer | string)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
export const labelled = (label: string, ...parts: readonly (Buffer | string)[]): Buffer =>
  sha256(...[label, ...parts].flatMap((part) => [u32(Buffer.byteLength(part)), part]))

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

// ---- keys

const seedOf = (name: string): Buffer => sha256(`poundlock test key ${name}`)
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

export type EdKey = { readonly publicKey: Buffer; sign(message: Buffer | string): Buffer }

export const edKey = (name: string): EdKey => {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8, seedOf(name)]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { publicKey, sign: (message) => signBytes(null, Buffer.from(message), key) }
}

const keyIdOf = (name: string, typed: Buffer): Buffer => sha256(`${name}\n`, typed).subarray(0, 4)
export const vkey = (name: string, kind: 1 | 4, publicKey: Buffer): string => {
  const typed = Buffer.concat([Buffer.of(kind), publicKey])
  return `${name}+${keyIdOf(name, typed).toString('hex')}+${typed.toString('base64')}`
}
const noteLine = (name: string, kind: 1 | 4, key: EdKey, signature: Buffer): string => {
  const id = keyIdOf(name, Buffer.concat([Buffer.of(kind), key.publicKey]))
  return `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`
}

export const witnesses = ['witness1.example', 'witness2.example'] as const
export const origins: Readonly<Record<LogName, string>> = {
  alder: 'alder.example/journal',
  cedar: 'cedar.example/journal',
}
export const logKeyOf = (log: LogName): string => vkey(origins[log], 1, edKey(origins[log]).publicKey)
export const witnessKeys = (): string[] => witnesses.map((name) => vkey(name, 4, edKey(name).publicKey))

const leiOf = (stem: string): string => {
  const digits = Array.from(`${stem}00`, (char) => Number.parseInt(char, 36)).join('')
  return stem + String(98n - (BigInt(digits) % 97n)).padStart(2, '0')
}
export const leis: Readonly<Record<LogName, string>> = {
  alder: leiOf('5299000POUNDLOCK0A'),
  cedar: leiOf('5299000POUNDLOCK0C'),
}
const chainAccount = (name: string) =>
  privateKeyToAccount(`0x${seedOf(`${name} settlement`).toString('hex')}`)
const addressOf = (name: string): string => chainAccount(name).address.toLowerCase()
const fixtureAddress = (name: string): string => keccak256(Buffer.from(name)).slice(0, 42)

// ---- the trade

const time = (ms: number): string => new Date(Date.UTC(2026, 10, 20, 14) + ms).toISOString()

export const execId = 'E-1'
export const utiOf = (maker: string, taker: string, exec: string): string =>
  maker + labelled('poundlock/uti/v1', maker, taker, exec).toString('hex').slice(0, 32).toUpperCase()
export const uti = utiOf(leis.alder, leis.cedar, execId)
export const tradeId = 'ALDER/E-1'
export const policySet = sha256('the policy set of the test').toString('hex')
export const txHash = `0x${sha256('the transaction of the test').toString('hex')}`

export type Record_ = Fields & { settlement: Record<string, string>; premium: Record<string, string> }

export const recordOf = (): Record_ => {
  const payToken = fixtureAddress('USDC')
  return {
    v: 1,
    uti,
    tradeDate: '2026-11-20',
    executedAt: time(3_130),
    buyer: { lei: leis.cedar, name: 'CEDAR' },
    seller: { lei: leis.alder, name: 'ALDER' },
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
    premium: { asset: `eip155:31337/erc20:${payToken}`, minor: '43072000000' },
    execution: { quoteId: 'Q-77f1', orderId: 'A-1001', clOrdId: 'ORD-0001', execId },
    settlement: {
      route: 'same-ledger',
      chainId: 'eip155:31337',
      contract: fixtureAddress('Settlement'),
      deliverer: addressOf('alder'),
      receiver: addressOf('cedar'),
      deliverToken: fixtureAddress('OptionPositions'),
      deliverId: '123456789012345678901234567890',
      deliverAmount: '100',
      payToken,
      payAmount: '43072000000',
      deadline: '2026-11-20T14:01:10.000Z',
      nonce: '1',
    },
  }
}

export const recordHashOf = (record: Fields): string =>
  labelled('poundlock/record/v1', canonical(record)).toString('hex')

/** JWS General JSON; `kids` name whose keys sign. */
export const jwsOf = (record: Fields, kids: readonly string[], typ = 'poundlock-trade+json'): string => {
  const payload = Buffer.from(canonical(record)).toString('base64url')
  const signatures = kids.map((kid) => {
    const header = Buffer.from(canonical({ alg: 'Ed25519', kid, typ })).toString('base64url')
    const signature = edKey(kid).sign(`${header}.${payload}`).toString('base64url')
    return { protected: header, signature }
  })
  return canonical({ payload, signatures })
}

const uint = (name: string) => ({ name, type: 'uint256' })
const address = (name: string) => ({ name, type: 'address' })
const types = {
  SettlementInstruction: [
    { name: 'tradeId', type: 'bytes32' },
    ...['deliverer', 'receiver', 'deliverToken'].map(address),
    ...['deliverId', 'deliverAmount'].map(uint),
    address('payToken'),
    ...['payAmount', 'deadline', 'nonce'].map(uint),
  ],
}

export type InstructionOf = { readonly digest: string; readonly content: Fields; readonly where: Fields }

export const instructionOf = (
  record: Record_,
  signers: Readonly<Record<string, string>> = { deliverer: 'alder', receiver: 'cedar' },
  change: (message: Record<string, string>) => void = () => undefined,
): InstructionOf => {
  const { settlement } = record
  const domain = {
    name: 'Poundlock Settlement',
    version: '1',
    chainId: Number(settlement['chainId']?.slice('eip155:'.length)),
    verifyingContract: settlement['contract'],
  }
  const { chainId, contract, route: _route, ...rest } = settlement
  const message: Record<string, string> = {
    ...rest,
    tradeId: `0x${labelled('poundlock/trade/v1', String(record['uti'])).toString('hex')}`,
    deadline: String(Date.parse(settlement['deadline'] ?? '') / 1000),
  }
  change(message)
  const typed = { domain, types, primaryType: 'SettlementInstruction', message }
  const digest = hashTypedData(typed as unknown as Parameters<typeof hashTypedData>[0])
  const signatures = Object.fromEntries(
    Object.entries(signers).map(([role, who]) => [role, signDigest(who, digest)]),
  )
  return { digest, content: { domain, message, signatures }, where: { chainId, contract } }
}

// ---- the logs

export type Drafts = Record<LogName, Draft[]>
export type TradeOptions = {
  /** RFQs that were quoted and not hit, before the trade. */
  readonly rounds?: number
  readonly record?: Record_
  readonly cedarRecord?: Record_
  readonly kids?: readonly string[]
  readonly typ?: string
  readonly instruction?: InstructionOf
  readonly cedarInstruction?: InstructionOf
}

export const recordKid = (log: LogName): string => `${log}-record-1`

const keyDraft = (at: string, body: Fields): Draft => ({
  at,
  type: 'key.registered',
  corr: 'keys',
  body: { validFrom: '2026-11-20T13:00:00.000Z', ...body },
  parts: {},
})

const opening = (log: LogName): Draft[] => {
  const record = (owner: LogName): Draft =>
    keyDraft(time(0), {
      keyId: recordKid(owner),
      algorithm: 'Ed25519',
      publicKey: edKey(recordKid(owner)).publicKey.toString('base64url'),
      owner: leis[owner],
      use: 'record',
    })
  const settlement = (owner: LogName): Draft =>
    keyDraft(time(0), {
      keyId: `${owner}-settlement-1`,
      algorithm: 'secp256k1',
      publicKey: compressed(owner).toString('base64url'),
      owner: leis[owner],
      use: 'settlement',
    })
  const body = {
    origin: origins[log],
    logKey: logKeyOf(log),
    witnesses: witnessKeys(),
    quorum: 2,
    version: '0.1.0',
  }
  return [
    { at: time(0), type: 'journal.opened', corr: 'journal', body, parts: {} },
    record('alder'),
    record('cedar'),
    settlement('alder'),
    settlement('cedar'),
    {
      at: time(1),
      type: 'policy.released',
      corr: 'policy',
      body: { version: policySet, set: 'sandbox' },
      parts: {},
    },
  ]
}

const compressed = (owner: LogName): Buffer => {
  const point = Buffer.from(chainAccount(owner).publicKey.slice(4), 'hex')
  return Buffer.concat([Buffer.of(2 + ((point[63] ?? 0) & 1)), point.subarray(0, 32)])
}

const round = (log: LogName, at: number): Draft[] => {
  const corr = `RFQ-${String(9000 + at)}`
  const [asked, quoted] =
    log === 'alder' ? ['rfq.received', 'quote.issued'] : ['rfq.requested', 'quote.received']
  const terms = canonical({ securityId: 'ETH-25JUN27-4000-C', orderQty: '10', note: `round “${at}” €` })
  const body = { quoteReqId: corr, quoteId: `Q-${at}`, validUntilTime: time(at * 50 + 10_000) }
  return [
    { at: time(at * 50), type: asked, corr, body: { quoteReqId: corr }, parts: { terms } },
    { at: time(at * 50 + 7), type: quoted, corr, body, parts: { terms, mark: terms } },
  ]
}

const allow = (): Fields => ({ decision: 'allow', rules: ['otc.options.tier1'], set: policySet })
const inputs = canonical({ notional: '43072.00', limit: '50000.00', counterparty: 'CEDAR' })

const tradeDrafts = (log: LogName, options: TradeOptions): Draft[] => {
  const alder = log === 'alder'
  const common = options.record ?? recordOf()
  const record = (alder ? undefined : options.cedarRecord) ?? common
  const kids = options.kids ?? [recordKid('alder'), recordKid('cedar')]
  const { digest, content, where } =
    (alder ? undefined : options.cedarInstruction) ?? options.instruction ?? instructionOf(record)
  const corr = 'RFQ-0001'
  const recordHash = recordHashOf(record)
  const instruction = canonical(content)
  const signed = canonical({ ...content, signatures: only(content['signatures'] as Fields, 'deliverer') })
  const terms = canonical({ side: 'Buy', lastPx: '430.72', lastQty: '100' })
  const drafts: (Draft | false)[] = [
    draft(
      3_131,
      'trade.executed',
      { clOrdId: 'ORD-0001', role: alder ? 'maker' : 'taker', policy: allow() },
      { terms, policy: inputs },
      ['terms'],
    ),
    alder &&
      draft(
        3_140,
        'trade.proposed',
        { uti: common['uti'], recordHash },
        { record: jwsOf(record, kids.slice(0, 1), options.typ) },
        ['record'],
      ),
    draft(
      3_160,
      'trade.confirmed',
      { uti: common['uti'], recordHash, policy: allow() },
      { record: jwsOf(record, kids, options.typ), policy: inputs },
      ['policy', 'record'],
    ),
    alder &&
      draft(
        3_170,
        'settlement.signed',
        { digest, policy: allow() },
        { instruction: signed, policy: inputs },
        ['instruction'],
      ),
    draft(
      3_190,
      'settlement.instructed',
      { digest, ...where, policy: allow() },
      { instruction, policy: inputs },
      ['instruction'],
    ),
    alder &&
      draft(
        3_200,
        'settlement.submitted',
        { txHash, nonce: '0', effectId: 'effect-1', policy: allow() },
        { policy: inputs },
        [],
      ),
    draft(
      3_900,
      'settlement.settled',
      { txHash, blockNumber: '12', blockHash: `0x${'ab'.repeat(32)}` },
      {},
      [],
    ),
    draft(
      4_000,
      'command.refused',
      { refusal: 'duplicate-cl-ord-id', command: 'order.place', principal: 'DESK' },
      {},
      [],
    ),
  ]
  return drafts.filter((one) => one !== false)

  function draft(
    ms: number,
    type: string,
    body: Fields,
    parts: Record<string, string>,
    open: readonly string[],
  ): Draft {
    return {
      at: time(ms),
      type,
      corr,
      body: type === 'command.refused' ? body : { tradeId, ...body },
      parts,
      open,
    }
  }
}

const only = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => key === name))

export const draftsOf = (options: TradeOptions = {}): Drafts => {
  const rounds = Array.from({ length: options.rounds ?? 1 }, (_, at) => at + 1)
  const of = (log: LogName): Draft[] => [
    ...opening(log),
    ...rounds.flatMap((at) => round(log, at)),
    ...tradeDrafts(log, options),
  ]
  return { alder: of('alder'), cedar: of('cedar') }
}

// ---- the tree

const leafHash = (leaf: string): Buffer => sha256(Buffer.of(0), leaf)
const rootOf = (leaves: readonly Buffer[]): Buffer => {
  if (leaves.length === 0) return sha256('')
  if (leaves.length === 1) return leaves[0] ?? Buffer.alloc(0)
  const split = splitAt(leaves.length)
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)))
}
const proofOf = (leaves: readonly Buffer[], index: number): Buffer[] => {
  if (leaves.length === 1) return []
  const split = splitAt(leaves.length)
  return index < split
    ? [...proofOf(leaves.slice(0, split), index), rootOf(leaves.slice(split))]
    : [...proofOf(leaves.slice(split), index - split), rootOf(leaves.slice(0, split))]
}
const splitAt = (size: number): number => 2 ** (31 - Math.clz32(size - 1))

// ---- the pack

export type CheckpointOptions = {
  readonly logSigner?: string
  readonly cosigners?: readonly string[]
  /** Signs another time than the one it states. */
  readonly wrongCosignature?: string
  readonly origin?: string
}

const noteOf = (log: LogName, leaves: readonly Buffer[], options: CheckpointOptions): string => {
  const text = `${options.origin ?? origins[log]}\n${leaves.length}\n${rootOf(leaves).toString('base64')}\n`
  const key = edKey(origins[log])
  const lines = (options.cosigners ?? witnesses).map((name) => {
    const stamp = Buffer.alloc(8)
    const seconds = Date.UTC(2026, 10, 20, 14, 0, 5) / 1000
    stamp.writeBigUInt64BE(BigInt(seconds))
    const said = options.wrongCosignature === name ? seconds + 1 : seconds
    const signature = edKey(name).sign(`cosignature/v1\ntime ${said}\n${text}`)
    return noteLine(name, 4, edKey(name), Buffer.concat([stamp, signature]))
  })
  const signature = edKey(options.logSigner ?? origins[log]).sign(text)
  return `${text}\n${noteLine(origins[log], 1, key, signature)}${lines.join('')}`
}

const leafOf = (log: LogName, draft: Draft, seq: number): string => {
  const { at, body, corr, type } = draft
  const names = Object.keys(draft.parts)
  const hashes = names.map((name) => {
    const hash = labelled('poundlock/part/v1', saltOf(log, seq, name), name, draft.parts[name] ?? '')
    return [name, hash.toString('base64url')] as const
  })
  const parts = names.length > 0 ? { parts: Object.fromEntries(hashes) } : {}
  return canonical({ at, body, corr, log: origins[log], seq, type, v: 1, ...parts })
}
const saltOf = (log: LogName, seq: number, name: string): Buffer =>
  sha256(`salt ${log} ${seq} ${name}`).subarray(0, 16)

export type PackOptions = {
  readonly checkpoint?: CheckpointOptions
  /** Logs that the pack shows. */
  readonly logs?: readonly LogName[]
  /** Changes the text of leaves before the tree is made. */
  readonly leaf?: (text: string, log: LogName, seq: number) => string
  readonly subject?: string
}

/** The lines of a pack, without its seal. */
export const linesOf = (drafts: Drafts, options: PackOptions = {}): Line[] => {
  const logs = options.logs ?? ['alder', 'cedar']
  const trust: Line[] = []
  const checkpoint: Line[] = []
  const entry: Line[] = []
  const openings: Line[] = []
  for (const name of logs) {
    const log = origins[name]
    const texts = drafts[name].map((draft, seq) => {
      const text = leafOf(name, draft, seq)
      return options.leaf?.(text, name, seq) ?? text
    })
    const leaves = texts.map(leafHash)
    trust.push({ section: 'trust', log, logKey: logKeyOf(name), witnesses: witnessKeys(), quorum: 2 })
    checkpoint.push({ section: 'checkpoint', log, note: noteOf(name, leaves, options.checkpoint ?? {}) })
    for (const [index, text] of texts.entries()) {
      const proof = proofOf(leaves, index).map((hash) => hash.toString('base64'))
      entry.push({ section: 'entry', log, index, entry: text, proof })
      for (const part of (drafts[name][index]?.open ?? []).toSorted()) {
        const salt = saltOf(name, index, part).toString('base64url')
        const content = drafts[name][index]?.parts[part]
        openings.push({ section: 'opening', log, index, part, salt, content })
      }
    }
  }
  const counts = {
    trust: trust.length,
    checkpoint: checkpoint.length,
    entry: entry.length,
    opening: openings.length,
  }
  const created = '2026-11-20T14:05:00.000Z'
  const header = { format: 'poundlock.evidence/1', created, subject: { uti: options.subject ?? uti }, counts }
  return [header, ...trust, ...checkpoint, ...entry, ...openings]
}

/** The text of a pack: the lines and their seal. */
export const sealed = (lines: readonly Line[]): string => {
  const texts = lines.map((line) => `${canonical(line)}\n`)
  const digestOf = (section: string): string =>
    sha256(texts.filter((_, at) => (lines[at]?.section ?? 'header') === section).join('')).toString('hex')
  const names = ['header', 'trust', 'checkpoint', 'entry', 'opening']
  const digests = Object.fromEntries(names.map((name) => [name, digestOf(name)]))
  const digest = sha256(canonical(digests)).toString('hex')
  return `${texts.join('')}${canonical({ section: 'seal', digest, digests })}\n`
}

export const goodPack = (rounds = 14): string => sealed(linesOf(draftsOf({ rounds })))

/** r ‖ s ‖ v over a digest, as 0x hex. */
export const signDigest = (who: string, digest: string): string => {
  const signature = secp256k1.sign(Buffer.from(digest.slice(2), 'hex'), seedOf(`${who} settlement`), {
    prehash: false,
    format: 'recovered',
  })
  const [v = 0, ...rs] = signature
  return `0x${Buffer.from([...rs, 27 + v]).toString('hex')}`
}
