// Two gateways in memory for the tests of this layer: ALDER (maker) and CEDAR (taker) with real keys, journals and
// policy over a chain in memory. Their workers are off: a test does one piece of work after the other.
import {
  canonicalJson,
  formatInstant,
  invariant,
  isRefusal,
  manualClock,
  parseInstant,
  parseJson,
  seededRandom,
  toBase64Url,
  utf8,
  type Instant,
  type Json,
  type JsonObject,
  type ManualClock,
  type Refusal,
} from '#core'
import { digest, memoryKeyStore, type KeyStore, type Signer } from '#crypto'
import { memoryStore, openJournal, type Journal, type Store } from '#journal'
import { memoryChain, openMemoryLedger, type MemoryChain, type SignedInstruction } from '#ledger'
import { createPdp, defaultPolicyFolder, loadPolicyFolder, type Pdp } from '#policy'
import {
  tradeIdOf,
  type DeskContext,
  type DeskEvent,
  type ExecutionTerms,
  type Role,
  type Trade,
  type WorkKind,
} from '#trade'
import { approvalOf, takeApproval } from './approving.ts'
import { settlementLedger } from './chain.ts'
import { parseGatewayConfig, type GatewayConfig } from './config.ts'
import { assembleCore, type GatewayCore } from './core.ts'
import { onEvidence, type EvidenceParts } from './evidence-exchange.ts'
import { openingDrafts, peerKeys } from './opening.ts'
import { confirmationsPath, instructionsPath, onConfirmation, onInstruction } from './peering.ts'
import { createProjection } from './projection.ts'
import { instructionOf, recordFromJws } from './sealing.ts'
import { doers } from './settling.ts'

export const start: Instant = known(parseInstant('2026-11-20T14:00:00.000Z'))

export const alderLei = '5299000POUNDLOCK0A94'
export const cedarLei = '5299000POUNDLOCK0C88'
const members = {
  ALDER: { lei: alderLei, origin: 'alder.example/journal', other: 'CEDAR' },
  CEDAR: { lei: cedarLei, origin: 'cedar.example/journal', other: 'ALDER' },
} as const
export type Name = keyof typeof members

export const addresses = {
  settlement: '0x5000000000000000000000000000000000000005',
  positions: '0x6000000000000000000000000000000000000006',
  usdc: '0x7000000000000000000000000000000000000007',
} as const

export const keysOf = (): KeyStore =>
  memoryKeyStore({
    journal: 'Ed25519',
    record: 'Ed25519',
    settlement: 'secp256k1',
    operator1: 'Ed25519',
    operator2: 'Ed25519',
  })

/** A configuration as its file says it. */
export function configJson(name: Name, own: KeyStore, other: KeyStore): JsonObject {
  const { lei, origin, other: peer } = members[name]
  const { settlement, positions, usdc } = addresses
  const operators = ['operator1', 'operator2'].map((id) => keyJson(own.signer(id), { id }))
  const validFrom = formatInstant(start)
  return {
    name,
    lei,
    environment: 'sandbox',
    dataDir: 'data',
    keysDir: 'keys',
    clock: { startsAt: validFrom, at: validFrom },
    journal: { origin, quorum: 0, witnesses: [] },
    fix: { acceptors: [], sessions: [] },
    peering: { host: '127.0.0.1', port: 0, peers: [peerJson(peer, other, validFrom)] },
    ledger: {
      chainId: 'eip155:31337',
      name: 'lagoon',
      rpc: ['http://127.0.0.1:1'],
      agreeing: 1,
      confirmations: 1,
      payToken: { address: usdc, symbol: 'USDC', decimals: 6 },
      optionPositions: positions,
      settlement,
    },
    ...(name === 'ALDER' ? { maker: makerJson } : {}),
    operators,
    settlementWindowMs: 60_000,
    checkpointEveryMs: 100,
  }
}

export const makerJson = {
  instruments: ['ETH-25JUN27-4000-C'],
  forward: '3250',
  vol: '0.677',
  halfSpreadVolPts: '0.3',
  quoteLifetimeMs: 10_000,
}

const keyJson = (
  { keyId, publicKey }: { readonly keyId: string; readonly publicKey: Uint8Array },
  more: JsonObject,
): JsonObject => ({ keyId, publicKey: toBase64Url(publicKey), ...more })

function peerJson(name: Name, keys: KeyStore, validFrom: string): JsonObject {
  const settlement = keys.digestSigner('settlement')
  return {
    name,
    lei: members[name].lei,
    url: 'https://127.0.0.1:1',
    uri: `poundlock:${name}`,
    certificate: 'none',
    pin: `pin of ${name}`,
    policyTier: 'tier1',
    recordKey: keyJson(keys.signer('record'), { validFrom }),
    settlementKey: keyJson(settlement, { validFrom }),
    settlementAddress: settlement.address,
  }
}

export type Party = {
  readonly name: Name
  readonly config: GatewayConfig
  readonly keys: KeyStore
  readonly store: Store
  readonly journal: Journal
  readonly core: GatewayCore
  readonly evidence: EvidenceParts
  /** Failures that would have ended the process. */
  readonly bugs: unknown[]
}

/** What a test puts between the two: an answer, or undefined to let the message through. */
export type Between = { intercept: (path: string, message: Json) => Json | Refusal | undefined }

export type TwoParties = {
  readonly clock: ManualClock
  readonly chain: MemoryChain
  readonly between: Between
  readonly ALDER: Party
  readonly CEDAR: Party
}

export type TestWitness = { readonly name: string; readonly vkey: string }

export async function twoParties(witnesses: readonly TestWitness[] = []): Promise<TwoParties> {
  const clock = manualClock(start)
  const chain = memoryChain(clock)
  const between: Between = { intercept: () => undefined }
  const keys = { ALDER: keysOf(), CEDAR: keysOf() }
  const parties: Partial<Record<Name, Party>> = {}
  const world = { clock, chain, between, keys, parties, witnesses }
  const ALDER = (parties.ALDER = await partyOf('ALDER', world))
  const CEDAR = (parties.CEDAR = await partyOf('CEDAR', world))
  const seriesId = ALDER.core.peering.place.seriesIdOf(securityId, start)
  invariant(!isRefusal(seriesId), 'the fixture is a listed option')
  chain.write(keys.ALDER.digestSigner('settlement').address, addresses.positions, seriesId, 1_000n)
  chain.grant(keys.CEDAR.digestSigner('settlement').address, addresses.usdc, 1_000_000_000_000n)
  return { clock, chain, between, ALDER, CEDAR }
}

type Making = Pick<TwoParties, 'clock' | 'chain' | 'between'> & {
  readonly keys: Readonly<Record<Name, KeyStore>>
  readonly parties: Partial<Record<Name, Party>>
  readonly witnesses: readonly TestWitness[]
}

async function partyOf(name: Name, world: Making): Promise<Party> {
  const { clock, chain } = world
  const { other, origin } = members[name]
  const keys = world.keys[name]
  const config = configWith(configJson(name, keys, world.keys[other]), world.witnesses)
  const store = memoryStore()
  const random = seededRandom(name === 'ALDER' ? 1 : 2)
  const journal = openJournal({ store, origin, signer: keys.signer('journal'), clock, random })
  await journal.append(
    known(openingDrafts(journal, { config, keys: keyRecords(keys, config), policySet: pdp().set })),
  )
  const bugs: unknown[] = []
  const { chainId } = config.ledger
  const account = keys.digestSigner('settlement')
  const sent = new Map<string, SignedInstruction>()
  const contracts = { settlement: addresses.settlement, positions: addresses.positions }
  const finality = { confirmations: 1 }
  const ledger = openMemoryLedger({ chainId, chain, contracts, finality, account: account.address, sent })
  const client = { post: postFrom(name, world), close: () => Promise.resolve() }
  const core = known(
    assembleCore({
      config,
      clock,
      random,
      journal,
      pdp: pdp(),
      keys: { record: keys.signer('record'), settlement: account },
      ledger: settlementLedger(ledger),
      peerClient: () => client,
      later: () => () => undefined,
      probe: () => undefined,
      onBug: (error) => bugs.push(error),
    }),
  )
  await core.worker.close()
  const { state } = core.peering.loop
  const projection = createProjection(journal)
  const evidence = { journal, projection, config, state, clock, peerClient: () => client }
  return { name, config, keys, store, journal, core, evidence, bugs }
}

function configWith(config: JsonObject, witnesses: readonly TestWitness[]): GatewayConfig {
  const given = known(parseGatewayConfig(utf8(canonicalJson(config))))
  const reached = witnesses.map((witness) => ({ ...witness, url: 'http://127.0.0.1:1' }))
  return { ...given, journal: { ...given.journal, witnesses: reached, quorum: reached.length } }
}

/** As over a wire: what arrives has been text, and is dealt with by the other's handlers. */
const postFrom =
  (name: Name, { between, parties }: Making) =>
  async (path: string, message: Json): Promise<Json | Refusal> => {
    const early = between.intercept(path, message)
    if (early !== undefined) return early
    const party = parties[members[name].other]
    invariant(party, 'both parties are there')
    const received = known(parseJson(canonicalJson(message)))
    if (path === confirmationsPath) return onConfirmation(party.core.peering, name, received)
    if (path === instructionsPath) return onInstruction(party.core.peering, name, received)
    return onEvidence(party.evidence, name, received)
  }

export function keyRecords(
  keys: KeyStore,
  config: GatewayConfig,
): Parameters<typeof openingDrafts>[1]['keys'] {
  const own = [
    { ...keys.signer('journal'), owner: config.lei, use: 'journal', validFrom: start },
    { ...keys.signer('record'), owner: config.lei, use: 'record', validFrom: start },
    { ...keys.digestSigner('settlement'), owner: config.lei, use: 'settlement', validFrom: start },
  ] as const
  return [...own, ...peerKeys(config)]
}

let loaded: Pdp | undefined
export function pdp(): Pdp {
  loaded ??= known(createPdp({ ...known(loadPolicyFolder(defaultPolicyFolder)), digest }))
  return loaded
}

export const securityId = 'ETH-25JUN27-4000-C'
export const tradeId = 'ALDER/E-1'

/** Job 1: CEDAR buys 100 calls from ALDER at 430.72. */
export const execution = (changes: Partial<ExecutionTerms> = {}): ExecutionTerms => ({
  tradeId,
  execId: 'E-1',
  orderId: 'A-1001',
  clOrdId: 'ORD-1',
  quoteId: 'Q-1',
  quoteReqId: 'RFQ-1',
  securityId,
  side: 'Buy',
  lastQty: '100',
  lastPx: '430.72',
  currency: 'USDC',
  premiumMinor: '43072000000',
  transactTime: formatInstant(start),
  validUntilTime: '2026-11-20T14:00:10.000Z',
  taker: { name: 'CEDAR', lei: cedarLei },
  maker: { name: 'ALDER', lei: alderLei },
  ...changes,
})

/** Records the fill, and what led to it, in one journal. */
export async function execute({ name, core }: Party, terms = execution()): Promise<void> {
  const { loop, authorise, instrumentOf } = core.peering
  const instrument = known(instrumentOf(terms.securityId))
  const [action, counterparty] =
    name === 'ALDER' ? (['AcceptOrder', 'CEDAR'] as const) : (['PlaceOrder', 'ALDER'] as const)
  const acted = loop.act({
    name: action,
    by: { kind: 'fix', id: 'desk' },
    corr: corrOf(terms),
    authorised: authorise.deal(action, { counterparty, instrument, terms }),
    decide: (_state, { policy }) => historyOf(terms, name === 'ALDER' ? 'maker' : 'taker', policy),
  })
  await loop.commit(acted.bundle)
  invariant(!acted.refused, acted.refused?.detail ?? '')
}

const corrOf = ({ taker, quoteReqId }: ExecutionTerms): string => `${taker.name}/${quoteReqId}`

function historyOf(terms: ExecutionTerms, role: Role, policy: DeskContext['policy']): readonly DeskEvent[] {
  const { side, currency, taker, maker, quoteReqId, quoteId, clOrdId, validUntilTime, lastQty } = terms
  const corr = corrOf(terms)
  const rfq = { quoteReqId, securityId, side, orderQty: lastQty, currency, taker, maker, principal: 'desk' }
  const sizes = { bidSize: lastQty, offerSize: lastQty, bidPx: '424.78', offerPx: terms.lastPx }
  const quote = { quoteId, quoteReqId, ...sizes, currency, validUntilTime }
  const filled = { tradeId: tradeIdOf(maker, terms.execId), clOrdId, role, policy: policy.mark }
  return [
    { type: 'rfq.requested', corr, body: { quoteReqId }, parts: { terms: rfq } },
    { type: 'quote.received', corr, body: { quoteReqId, quoteId, validUntilTime }, parts: { terms: quote } },
    { type: 'trade.executed', corr, body: filled, parts: { terms, policy: policy.inputs } },
  ]
}

export function tradeOf({ core }: Party, id = tradeId): Trade {
  const trade = core.peering.loop.state.trades.get(id)
  invariant(trade, `${id} is known`)
  return trade
}

/** One piece of the worker's work. */
export const work = (party: Party, kind: WorkKind, id = tradeId): Promise<Refusal | undefined> =>
  doers[kind](party.core.settling, { tradeId: id, trade: tradeOf(party, id) })

/** A person of `party` approves exactly what the trade has, or what `changes` say. */
export function approve(
  party: Party,
  operator: Signer,
  changes: { readonly recordHash?: string; readonly digest?: string; readonly tradeId?: string } = {},
): Promise<Refusal | undefined> {
  const { record = {}, recordHash = '' } = tradeOf(party)
  const { digest: signed } = instructionOf(recordFromJws(record, party.core.peering.place)).hashes
  const approval = approvalOf({ tradeId, recordHash, digest: signed, ...changes }, operator)
  return takeApproval(party.core.peering, party.config.operators, tradeId, approval)
}

export async function approveBoth(...parties: readonly Party[]): Promise<void> {
  for (const party of parties)
    for (const id of ['operator1', 'operator2']) {
      const refused = await approve(party, party.keys.signer(id))
      invariant(!refused, refused?.detail ?? '')
    }
}

/** Everything up to a co-signed record. */
export async function confirmed(witnesses: readonly TestWitness[] = []): Promise<TwoParties> {
  const world = await twoParties(witnesses)
  await execute(world.ALDER)
  await execute(world.CEDAR)
  for (const kind of ['propose', 'send-proposal'] as const) {
    const refused = await work(world.ALDER, kind)
    invariant(!refused, refused?.detail ?? '')
  }
  return world
}

/** Types of the newest entries. */
export const lastTypes = ({ journal }: Party, count: number): readonly string[] =>
  journal.read(journal.size() - count, journal.size()).map(({ type }) => type)

/** The value; a refusal fails the test with what it says. */
export function known<T>(value: T | Refusal): T {
  invariant(!isRefusal(value), isRefusal(value) ? `${value.refusal}: ${value.detail}` : '')
  return value
}
