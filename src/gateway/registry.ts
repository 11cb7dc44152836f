// Who this gateway deals with: peers, their keys, their accounts, and which FIX session belongs to whom.
import { fromBase64Url, isRefusal, refuse, type Instant, type Refusal } from '#core'
import type { KeyLookup } from '#crypto'
import type { Party } from '#trade'
import type { FixSessionConfig, GatewayConfig, PeerConfig } from './config.ts'

export type Registry = {
  readonly self: Party
  readonly peers: readonly PeerConfig[]
  readonly peer: (name: string) => PeerConfig | Refusal
  readonly party: (name: string) => Party | Refusal
  /** EVM account by LEI, ours included. */
  readonly accountOf: (lei: string) => string | Refusal
  /** Record keys, ours and the peers', valid at that time. */
  readonly recordKeys: (asOf: Instant) => KeyLookup
  readonly session: (key: string) => FixSessionConfig | undefined
  /** Where orders and requests for that institution go. */
  readonly sessionOf: (party: string) => FixSessionConfig | undefined
  readonly counterpartySessions: () => readonly FixSessionConfig[]
  readonly deskSessions: () => readonly FixSessionConfig[]
}

export function createRegistry(
  config: GatewayConfig,
  own: { readonly settlementAddress: string; readonly recordKeyId: string; readonly recordKey: Uint8Array },
): Registry {
  const { peers } = config.peering
  const self: Party = { name: config.name, lei: config.lei }
  const peer = (name: string): PeerConfig | Refusal =>
    peers.find((one) => one.name === name) ?? refuse('peer-unknown', `no peer ${name} is registered`)
  const accounts = new Map<string, string>(peers.map((one) => [one.lei, one.settlementAddress]))
  accounts.set(config.lei, own.settlementAddress)
  const counterparties = config.fix.sessions.filter(({ use }) => use === 'counterparty')
  const desks = config.fix.sessions.filter(({ use }) => use === 'desk')
  const sessions = new Map(config.fix.sessions.map((one) => [fixSessionKey(one), one]))
  return {
    self,
    peers,
    peer,
    party: (name) => partyOf(name, self, peer),
    accountOf: (lei) => accounts.get(lei) ?? refuse('account-unknown', `no settlement account of ${lei}`),
    recordKeys: (asOf) => (kid) => (kid === own.recordKeyId ? own.recordKey : keyOf(peers, kid, asOf)),
    session: (key) => sessions.get(key),
    sessionOf: (party) => counterparties.find((session) => session.party === party),
    counterpartySessions: () => counterparties,
    deskSessions: () => desks,
  }
}

/** `FIX.4.4:ALDER->CEDAR`, the name that the engine gives the session. */
export const fixSessionKey = (session: {
  readonly beginString: string
  readonly senderCompId: string
  readonly targetCompId: string
}): string => `${session.beginString}:${session.senderCompId}->${session.targetCompId}`

function partyOf(name: string, self: Party, peer: (name: string) => PeerConfig | Refusal): Party | Refusal {
  if (name === self.name) return self
  const found = peer(name)
  return isRefusal(found) ? found : { name: found.name, lei: found.lei }
}

function keyOf(peers: readonly PeerConfig[], kid: string, asOf: Instant): Uint8Array | undefined {
  const found = peers.find(({ recordKey }) => recordKey.keyId === kid && recordKey.validFrom <= asOf)
  const bytes = found && fromBase64Url(found.recordKey.publicKey)
  return bytes === undefined || isRefusal(bytes) ? undefined : bytes
}
