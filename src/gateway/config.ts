// What one gateway is told before it starts. Validated whole at boot: a gateway with a doubtful setting does not run.
import {
  fromBase64Url,
  instant,
  isRefusal,
  offsetClock,
  parseChainId,
  parseInstant,
  parseJson,
  parseLei,
  refuse,
  systemClock,
  type Clock,
  type Refusal,
} from '#core'
import { parseAddress } from '#crypto'
import { fixSessionKey } from './registry.ts'
import { flag, integer, listOf, object, oneOf, optional, read, text, type Shaped } from './shape.ts'

const port = integer(0, 65_535)

/** A sandbox clock that starts there and runs at real speed; `at` is the real time of the start. */
export const clockShape = optional(object({ startsAt: read(parseInstant), at: read(parseInstant) }))

const fixSession = object({
  beginString: oneOf('FIX.4.2', 'FIX.4.4', 'FIXT.1.1'),
  senderCompId: text,
  targetCompId: text,
  role: oneOf('acceptor', 'initiator'),
  /** desk: our own people. counterparty: the gateway or engine of another institution. drop-copy: a listener. */
  use: oneOf('desk', 'counterparty', 'drop-copy'),
  /** Institution at the other end; ours for a desk. */
  party: text,
  heartBtIntSeconds: integer(1, 3600),
  connect: optional(object({ host: text, port })),
  /** Of a drop-copy session: the sessions (`FIX.4.4:ALDER->CEDAR`) whose execution reports it gets. */
  dropCopyOf: optional(listOf(text, 256)),
  /** This desk gets a report (AE) and a confirmation (AK) of each co-signed trade without asking. */
  tradeReports: optional(flag),
  /** The other end knows our extension of FIX 4.4 (UTI, exercise style); a stock dictionary would refuse its tags. */
  extended: optional(flag),
  /** When this session is lost, its open quotes end. */
  cancelOn: optional(oneOf('disconnect', 'disconnect-or-logout')),
  /** SPKI pin of the certificate that the logon is bound to; absent only on a plain loopback acceptor. */
  pin: optional(text),
})

/** base64url of 32 bytes (Ed25519) or 33 (secp256k1, compressed). */
const keyShape = (bytes: number) =>
  object({ keyId: text, publicKey: read(keyText(bytes)), validFrom: read(parseInstant) })
const ed25519KeyBytes = 32
const secp256k1KeyBytes = 33

/** Names stand in ids such as `ALDER/E-1`, in FIX CompIDs and in file names. */
const partyName = read((value) =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(value)
    ? value
    : refuse('field-invalid', 'a name has 1 to 32 letters, digits, dots, dashes or underscores'),
)

const peer = object({
  name: partyName,
  lei: read(parseLei),
  url: text,
  uri: text,
  /** Its own certificate (PEM) and the pin of the key in it, compared over another channel. */
  certificate: text,
  pin: text,
  recordKey: keyShape(ed25519KeyBytes),
  settlementKey: keyShape(secp256k1KeyBytes),
  settlementAddress: read(parseAddress),
  policyTier: text,
})

const shape = object({
  name: partyName,
  lei: read(parseLei),
  environment: oneOf('sandbox', 'live'),
  dataDir: text,
  keysDir: text,
  clock: clockShape,
  journal: object({
    origin: text,
    quorum: integer(0, 16),
    witnesses: listOf(object({ name: text, vkey: text, url: text }), 16),
  }),
  fix: object({
    acceptors: listOf(object({ host: text, port, tls: flag }), 8),
    sessions: listOf(fixSession, 256),
  }),
  peering: object({ host: text, port, peers: listOf(peer, 64) }),
  ledger: object({
    chainId: read(parseChainId),
    name: text,
    rpc: listOf(text, 8),
    agreeing: integer(1, 8),
    confirmations: integer(0, 1024),
    payToken: object({ address: read(parseAddress), symbol: text, decimals: integer(0, 36) }),
    optionPositions: read(parseAddress),
    settlement: read(parseAddress),
  }),
  maker: optional(
    object({
      /** One forward and one volatility are a mark for these options only; others get no quote. */
      instruments: listOf(text, 1_000),
      forward: text,
      vol: text,
      halfSpreadVolPts: text,
      quoteLifetimeMs: integer(100, 600_000),
    }),
  ),
  /** People who may approve settlements, by the public keys (base64url, Ed25519) that sign their approvals. */
  operators: listOf(object({ id: text, keyId: text, publicKey: read(keyText(ed25519KeyBytes)) }), 64),
  /** Whole seconds: the deadline on the ledger has no others. */
  settlementWindowMs: integer(1_000, 86_400_000),
  checkpointEveryMs: integer(50, 600_000),
  api: optional(object({ host: text, port })),
})

function keyText(length: number): (value: string) => string | Refusal {
  return (value) => {
    const bytes = fromBase64Url(value)
    if (isRefusal(bytes) || bytes.length === length) return isRefusal(bytes) ? bytes : value
    return refuse('key-invalid', `a public key of ${bytes.length} bytes, not ${length}`)
  }
}

export type GatewayConfig = Shaped<typeof shape>
export type FixSessionConfig = GatewayConfig['fix']['sessions'][number]
export type PeerConfig = GatewayConfig['peering']['peers'][number]

/** `config-invalid` names the member. */
export function parseGatewayConfig(bytes: Uint8Array): GatewayConfig | Refusal {
  const json = parseJson(bytes)
  if (isRefusal(json)) return refuse('config-invalid', json.detail)
  const config = shape(json, 'config')
  if (isRefusal(config)) return refuse('config-invalid', config.detail, config.meta)
  return contradictionOf(config) ?? config
}

/** All processes of a sandbox agree on its time; without a setting it is the machine's. */
export const configuredClock = (clock: Shaped<typeof clockShape>): Clock =>
  clock ? offsetClock(instant(clock.startsAt + (systemClock.now() - clock.at))) : systemClock

/** What each member alone cannot show: names that two have, and doors that would be open to anybody. */
function contradictionOf(config: GatewayConfig): Refusal | undefined {
  const { journal, peering, operators, fix } = config
  if (journal.quorum > journal.witnesses.length)
    return wrong('config.journal.quorum', 'is more than there are witnesses')
  if (config.settlementWindowMs % 1_000 !== 0)
    return wrong('config.settlementWindowMs', 'is not in whole seconds, and a deadline on the ledger is')
  return (
    repeated('config.journal.witnesses', journal.witnesses, ['name', 'vkey']) ??
    repeated('config.peering.peers', [config, ...peering.peers], ['name', 'lei']) ??
    repeated('config.peering.peers', peering.peers, ['pin', 'uri', 'settlementAddress']) ??
    // One key under two names would be two pairs of eyes in one head.
    repeated('config.operators', operators, ['id', 'keyId', 'publicKey']) ??
    first(fix.sessions, (session, at) =>
      sessionContradiction(session, `config.fix.sessions[${at}]`, config),
    ) ??
    first(fix.acceptors, ({ host, tls }, at) =>
      tls || loopback.has(host)
        ? undefined
        : wrong(`config.fix.acceptors[${at}]`, 'is open to other machines without TLS'),
    )
  )
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])

/** Another institution is a registered peer, and its logon is bound to the certificate that is pinned for it. */
function sessionContradiction(
  session: FixSessionConfig,
  at: string,
  config: GatewayConfig,
): Refusal | undefined {
  const { name, peering } = config
  const uncopied = dropCopyContradiction(session, at, config)
  // A listener of our own, say the risk system, is no institution.
  if (uncopied || (session.use === 'drop-copy' && session.party === name)) return uncopied
  if (session.use === 'desk')
    return session.party === name ? undefined : wrong(`${at}.party`, `is not ${name}, whose desk it is`)
  const party = peering.peers.find((one) => one.name === session.party)
  if (!party) return wrong(`${at}.party`, `names no peer: ${session.party}`)
  if (session.pin !== party.pin) return wrong(`${at}.pin`, `is not the pin of ${party.name}`)
  if (session.role === 'initiator' && !session.connect) return wrong(`${at}.connect`, 'is missing')
  return undefined
}

/** A drop copy watches sessions that are there, and watches them only. */
function dropCopyContradiction(
  { use, dropCopyOf }: FixSessionConfig,
  at: string,
  { fix }: GatewayConfig,
): Refusal | undefined {
  if ((use === 'drop-copy') !== (dropCopyOf !== undefined))
    return wrong(`${at}.dropCopyOf`, 'and the use drop-copy belong together')
  const watched = new Set(fix.sessions.filter((one) => one.use !== 'drop-copy').map(fixSessionKey))
  const unknown = dropCopyOf?.find((key) => !watched.has(key))
  return unknown === undefined
    ? undefined
    : wrong(`${at}.dropCopyOf`, `names no session to watch: ${unknown}`)
}

function first<T>(
  items: readonly T[],
  check: (item: T, at: number) => Refusal | undefined,
): Refusal | undefined {
  for (const [at, item] of items.entries()) {
    const refusal = check(item, at)
    if (refusal) return refusal
  }
  return undefined
}

function repeated<K extends string>(
  at: string,
  items: readonly Readonly<Record<K, string>>[],
  names: readonly K[],
): Refusal | undefined {
  const name = names.find((one) => new Set(items.map((item) => item[one])).size < items.length)
  return name === undefined ? undefined : wrong(at, `two have the same ${name}`)
}

const wrong = (at: string, why: string): Refusal => refuse('config-invalid', `${at}: ${why}`, { at })
