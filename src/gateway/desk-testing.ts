// Two desks in memory for the tests of this layer: ALDER (maker) and CEDAR (taker), each with a FIX desk of its own.
// What is said goes through as bytes that the dictionary accepts; sockets and sequence numbers alone are left out.
import {
  canonicalJson,
  invariant,
  isJsonObject,
  isRefusal,
  manualClock,
  parseJson,
  seededRandom,
  utf8,
  type Json,
  type JsonObject,
  type ManualClock,
  type Refusal,
} from '#core'
import type { KeyStore } from '#crypto'
import { memoryStore, openJournal, type Journal, type JournalEntry, type Store } from '#journal'
import { memoryChain, openMemoryLedger, type MemoryChain, type SignedInstruction } from '#ledger'
import type { DeskState, Trade, WorkKind } from '#trade'
import {
  encodeMessage,
  getDictionary,
  parseMessage,
  validateMessage,
  type DeliveryFlags,
  type DeskBody,
  type FixField,
  type FixMessage,
  type FixTurn,
} from '#transport'
import { settlementLedger } from './chain.ts'
import { parseGatewayConfig, type GatewayConfig } from './config.ts'
import { assembleCore, type GatewayCore } from './core.ts'
import { createFixDesk, type FixDesk } from './fix-desk.ts'
import type { Bundle } from './line.ts'
import { openingDrafts } from './opening.ts'
import { confirmationsPath, instructionsPath, onConfirmation, onInstruction } from './peering.ts'
import { doers } from './settling.ts'
import {
  addresses,
  configJson,
  keyRecords,
  keysOf,
  known,
  pdp,
  securityId,
  start,
  type Name,
} from './testing.ts'

export const deskOf = { CEDAR: 'FIX.4.4:CEDAR->DESK', ALDER: 'FIX.4.4:ALDER->BOOK' } as const
export const lineOf = { CEDAR: 'FIX.4.4:CEDAR->ALDER', ALDER: 'FIX.4.4:ALDER->CEDAR' } as const
const otherOf = { CEDAR: 'ALDER', ALDER: 'CEDAR' } as const

export type Side = {
  readonly name: Name
  readonly config: GatewayConfig
  readonly keys: KeyStore
  readonly store: Store
  readonly journal: Journal
  readonly core: GatewayCore
  readonly desk: FixDesk
  /** What the gateway has said on its sessions, by session, as it was received. */
  readonly heard: Map<string, FixMessage[]>
}

export type Desks = {
  readonly clock: ManualClock
  readonly chain: MemoryChain
  readonly sides: Record<Name, Side>
  /** Called with what goes from one gateway to the other; false loses it. */
  passes: (message: FixMessage, from: Name) => boolean
}

type Making = Omit<Desks, 'sides'> & { readonly sides: Partial<Record<Name, Side>> }

const sessionsOf = (name: Name): readonly JsonObject[] => {
  const other = otherOf[name]
  const fix = { beginString: 'FIX.4.4', heartBtIntSeconds: 30, senderCompId: name }
  return [
    {
      ...fix,
      targetCompId: deskOf[name].split('->')[1] ?? '',
      role: 'acceptor',
      use: 'desk',
      party: name,
      extended: name === 'CEDAR',
      tradeReports: true,
    },
    {
      ...fix,
      targetCompId: other,
      role: name === 'CEDAR' ? 'initiator' : 'acceptor',
      use: 'counterparty',
      party: other,
      pin: `pin of ${other}`,
      connect: {
        host: '127.0.0.1',
        port: 1,
      },
    },
  ]
}

export type ChangeSessions = (sessions: readonly JsonObject[], name: Name) => readonly JsonObject[]

/** The rest of a configuration as its file says it. */
export type ChangeConfig = (config: JsonObject, name: Name) => JsonObject

export async function openDesks(
  change: ChangeSessions = (sessions) => sessions,
  changeConfig: ChangeConfig = (config) => config,
): Promise<Desks> {
  const clock = manualClock(start)
  const chain = memoryChain(clock)
  const keys = { ALDER: keysOf(), CEDAR: keysOf() }
  const making: Making = { clock, chain, sides: {}, passes: () => true }
  for (const name of ['ALDER', 'CEDAR'] as const) {
    const json = {
      ...changeConfig(configJson(name, keys[name], keys[otherOf[name]]), name),
      fix: { acceptors: [], sessions: change(sessionsOf(name), name) },
    }
    const config = known(parseGatewayConfig(utf8(canonicalJson(json))))
    making.sides[name] = await openSide(making, { name, config, keys: keys[name], store: memoryStore() })
  }
  const { ALDER, CEDAR } = making.sides
  invariant(ALDER && CEDAR, 'both are open')
  const seriesId = known(ALDER.core.peering.place.seriesIdOf(securityId, start))
  chain.write(keys.ALDER.digestSigner('settlement').address, addresses.positions, seriesId, 1_000n)
  chain.grant(keys.CEDAR.digestSigner('settlement').address, addresses.usdc, 1_000_000_000_000n)
  return Object.assign(making, { sides: { ALDER, CEDAR } })
}

type Base = Pick<Side, 'name' | 'config' | 'keys' | 'store'>

async function openSide(world: Making, base: Base): Promise<Side> {
  const { name, config, keys, store } = base
  const { clock } = world
  const random = seededRandom(name === 'ALDER' ? 1 : 2)
  const { origin } = config.journal
  const journal = openJournal({ store, origin, signer: keys.signer('journal'), clock, random })
  const drafts = openingDrafts(journal, { config, keys: keyRecords(keys, config), policySet: pdp().set })
  if (known(drafts).length > 0) await journal.append(known(drafts))
  const core = known(
    assembleCore({
      config,
      clock,
      random,
      journal,
      pdp: pdp(),
      later: () => () => undefined,
      probe: () => undefined,
      keys: { record: keys.signer('record'), settlement: keys.digestSigner('settlement') },
      ledger: ledgerOf(world, base),
      peerClient: () => peerOf(world, name),
      onBug: bug,
    }),
  )
  await core.worker.close()
  return connect(world, base, journal, core)
}

function ledgerOf({ chain }: Making, { config, keys }: Base): ReturnType<typeof settlementLedger> {
  const ledger = openMemoryLedger({
    chainId: config.ledger.chainId,
    chain,
    contracts: { settlement: addresses.settlement, positions: addresses.positions },
    finality: { confirmations: 1 },
    account: keys.digestSigner('settlement').address,
    sent: new Map<string, SignedInstruction>(),
  })
  return settlementLedger(ledger)
}

function connect(world: Making, base: Base, journal: Journal, core: GatewayCore): Side {
  const desk = createFixDesk(core.peering, (session, body) => void outgoing(side).push({ session, body }))
  const side: Side = { ...base, journal, core, desk, heard: new Map() }
  core.peering.outbox.bind(async (session, body, { attachments = [] } = {}) => {
    // oxlint-disable-next-line no-unsafe-type-assertion -- what this gateway attached comes back
    await core.peering.loop.commitBatch(attachments as readonly Bundle[], [])
    await deliver(world, side, [{ session, body }])
  })
  return side
}

const bug = (error: unknown): void => invariant(false, String(error))

type Said = { readonly session: string; readonly body: DeskBody }

const queues = new WeakMap<Side, Said[]>()
function outgoing(side: Side): Said[] {
  const queue = queues.get(side) ?? []
  queues.set(side, queue)
  return queue
}

const peerOf = (world: Making, name: Name): ReturnType<GatewayCore['settling']['peerClient']> => ({
  close: () => Promise.resolve(),
  post: async (path: string, message: Json): Promise<Json | Refusal> => {
    const side = world.sides[otherOf[name]]
    invariant(side, 'the other side is open')
    const received = known(parseJson(canonicalJson(message)))
    if (path === confirmationsPath) return onConfirmation(side.core.peering, name, received)
    invariant(path === instructionsPath, path)
    return onInstruction(side.core.peering, name, received)
  },
})

/** The process ends and starts again: what is not in the store is gone. */
export async function restart(world: Desks, name: Name): Promise<void> {
  const { config, keys, store } = world.sides[name]
  world.sides[name] = await openSide(world, { name, config, keys, store })
}

/** The state that a replay of the journal gives. */
export async function replayed(
  { clock, chain }: Desks,
  { name, config, keys, store }: Side,
): Promise<DeskState> {
  const alone: Making = { clock, chain, sides: {}, passes: () => true }
  const side = await openSide(alone, { name, config, keys, store })
  return side.core.peering.loop.state
}

const dictionary = getDictionary('FIX.4.4')

/** Bytes as they would be on the wire, and back. What no FIX 4.4 engine would take fails the test. */
export function wired(
  session: string,
  { msgType, body }: DeskBody,
  header: readonly FixField[] = [],
): FixMessage {
  const [sender = '', target = ''] = session.replace('FIX.4.4:', '').split('->')
  const fields: FixField[] = [[34, '1'], [49, sender], [52, '20261120-14:00:00.000'], [56, target], ...header]
  const bytes = encodeMessage({ beginString: 'FIX.4.4', header: fields, msgType, body })
  const message = parseMessage(bytes, dictionary)
  invariant(!('kind' in message), 'the bytes are a message')
  const wrong = validateMessage(message, dictionary)
  const text = Buffer.from(bytes).toString('latin1').replaceAll('\x01', '|')
  invariant(!wrong, `${wrong?.text ?? ''} ${wrong?.refTagId ?? ''} in ${text}`)
  return message
}

export type Flags = Partial<DeliveryFlags> & { readonly header?: readonly FixField[] }

/** One message arrives on a session of that side; resolves when all that follows from it has happened. */
export async function say(
  world: Desks,
  name: Name,
  session: string,
  body: DeskBody,
  { header = [], ...flags }: Flags = {},
): Promise<readonly FixMessage[]> {
  const back = session.replace(/:(.*)->(.*)$/, ':$2->$1')
  const before = heardOn(world.sides[name], session).length
  await receive(world, world.sides[name], session, wired(back, body, header), flags)
  return heardOn(world.sides[name], session).slice(before)
}

export const heardOn = ({ heard }: Side, session: string): readonly FixMessage[] => heard.get(session) ?? []

async function receive(
  world: Making,
  side: Side,
  session: string,
  message: FixMessage,
  flags: Partial<DeliveryFlags> = {},
): Promise<void> {
  const bundles: Bundle[] = []
  const queue = outgoing(side)
  const reply = (body: DeskBody): number => queue.push({ session, body })
  const turn: FixTurn = {
    session,
    reply: (body) => reply({ msgType: body.msgType, body: textFields(body.body) }),
    // oxlint-disable-next-line no-unsafe-type-assertion -- what this gateway attached comes back
    attach: (bundle) => void bundles.push(bundle as Bundle),
    reject: ({ reason, text, refId }) => {
      const ref: DeskBody['body'] = refId === undefined ? [] : [[379, refId]]
      return reply({
        msgType: 'j',
        body: [[45, '1'], [372, message.msgType], ...ref, [380, `${reason}`], [58, text]],
      })
    },
  }
  side.desk.onMessage(turn, message, { possDup: false, possResend: false, ...flags })
  const said = queue.splice(0)
  await side.core.peering.loop.commitBatch(bundles, [])
  await deliver(world, side, said)
}

const textFields = (fields: readonly FixField[]): DeskBody['body'] =>
  fields.map(([tag, value]) => [
    tag,
    typeof value === 'string' ? value : Buffer.from(value).toString('latin1'),
  ])

async function deliver(world: Making, side: Side, said: readonly Said[]): Promise<void> {
  for (const { session, body } of said) {
    const message = wired(session, body)
    side.heard.set(session, [...heardOn(side, session), message])
    const other = world.sides[otherOf[side.name]]
    if (session === lineOf[side.name] && other && world.passes(message, side.name))
      await receive(world, other, lineOf[other.name], message)
  }
}

// ---- what desks say

export const instrumentFields: DeskBody['body'] = [
  [55, 'ETH'],
  [48, securityId],
  [22, '8'],
  [461, 'OCECCN'],
  [201, '1'],
]

const replaced = (fields: DeskBody['body'], changes: Changes): DeskBody['body'] =>
  fields.flatMap(([tag, value]) => {
    const changed = changes[tag]
    return changed === null ? [] : [[tag, changed ?? value] as const]
  })

/** Values to put in the place of others; null leaves a field out. */
export type Changes = Readonly<Record<number, string | null>>

export const quoteRequest = (quoteReqId: string, orderQty = '100', changes: Changes = {}): DeskBody => ({
  msgType: 'R',
  body: replaced(
    [[131, quoteReqId], [146, '1'], ...instrumentFields, [54, '1'], [38, orderQty], [15, 'USDC']],
    changes,
  ),
})

export const orderFor = (
  quote: { readonly quoteId: string; readonly price: string },
  clOrdId: string,
  orderQty = '100',
  changes: Changes = {},
): DeskBody => ({
  msgType: 'D',
  body: replaced(
    [
      [11, clOrdId],
      [117, quote.quoteId],
      ...instrumentFields,
      [54, '1'],
      [60, '20261120-14:00:00.000'],
      [38, orderQty],
      [40, 'D'],
      [44, quote.price],
      [15, 'USDC'],
    ],
    changes,
  ),
})

/** CEDAR's desk asks and is quoted. */
export async function quoted(
  world: Desks,
  quoteReqId: string,
  orderQty = '100',
): Promise<{ readonly quoteId: string; readonly price: string }> {
  const [quote] = await say(world, 'CEDAR', deskOf.CEDAR, quoteRequest(quoteReqId, orderQty))
  invariant(quote?.msgType === 'S', `quoted: ${quote?.text(58) ?? 'nothing'}`)
  return { quoteId: quote.text(117) ?? '', price: quote.text(133) ?? '' }
}

/** CEDAR's desk asks, lifts the offer and is filled; gives the trade's id. */
export async function filled(world: Desks, n: number, orderQty = '100'): Promise<string> {
  const quote = await quoted(world, `RFQ-${n}`, orderQty)
  const [fill] = await say(world, 'CEDAR', deskOf.CEDAR, orderFor(quote, `ORD-${n}`, orderQty))
  invariant(fill?.text(150) === 'F', `filled: ${fill?.text(58) ?? 'nothing'}`)
  return `ALDER/${fill.text(17) ?? ''}`
}

export async function work(
  world: Desks,
  name: Name,
  kind: WorkKind,
  tradeId: string,
): Promise<Refusal | undefined> {
  const { core } = world.sides[name]
  return doers[kind](core.settling, { tradeId, trade: tradeOf(world, name, tradeId) })
}

export function tradeOf({ sides }: Desks, name: Name, tradeId: string): Trade {
  const trade = sides[name].core.peering.loop.state.trades.get(tradeId)
  invariant(trade, `${tradeId} is known to ${name}`)
  return trade
}

async function done(...steps: readonly (() => Promise<Refusal | undefined>)[]): Promise<void> {
  for (const step of steps) {
    const refused = await step()
    invariant(!refused, refused?.detail ?? '')
  }
}

/** Both gateways have signed the record. */
export async function confirmedTrade(world: Desks, n: number, orderQty = '100'): Promise<string> {
  const tradeId = await filled(world, n, orderQty)
  await done(
    () => work(world, 'ALDER', 'propose', tradeId),
    () => work(world, 'ALDER', 'send-proposal', tradeId),
  )
  return tradeId
}

/** Small enough that nobody has to approve it. */
export async function settledTrade(world: Desks, n: number, orderQty = '10'): Promise<string> {
  const tradeId = await confirmedTrade(world, n, orderQty)
  await done(
    () => work(world, 'ALDER', 'sign-instruction', tradeId),
    () => work(world, 'ALDER', 'send-instruction', tradeId),
    () => work(world, 'ALDER', 'submit', tradeId),
  )
  world.chain.mine()
  await done(
    () => work(world, 'ALDER', 'watch', tradeId),
    () => work(world, 'CEDAR', 'watch', tradeId),
  )
  return tradeId
}

/** What policy said, by the mark in an entry's body. */
export function decisionOf({ policy }: JsonObject): Json | undefined {
  return isJsonObject(policy) ? policy['decision'] : undefined
}

export const newest = ({ journal }: Side): JournalEntry => {
  const [entry] = journal.read(journal.size() - 1, journal.size())
  invariant(entry, 'the journal has entries')
  return entry
}

export const typesSince = ({ journal }: Side, size: number): readonly string[] =>
  journal.read(size, journal.size()).map(({ type }) => type)

/** The fields of a message as text, in the order of the wire, without header and trailer. */
export function shown(message: FixMessage | undefined): string {
  if (!message) return ''
  const fields: string[] = []
  for (let at = 0; at < message.fieldCount; at += 1) {
    const tag = message.tagAt(at)
    if (![8, 9, 34, 49, 52, 56, 10].includes(tag)) fields.push(`${tag}=${message.textAt(at)}`)
  }
  return fields.join('|')
}

export function valueOf<T>(value: T | Refusal): T {
  invariant(!isRefusal(value), isRefusal(value) ? value.detail : '')
  return value
}
