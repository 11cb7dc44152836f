// Who takes part in every world: keys and configurations are made once for all of them.
import {
  addMs,
  canonicalJson,
  formatInstant,
  invariant,
  isRefusal,
  utf8,
  toBase64Url,
  type JsonObject,
} from '#core'
import { digest, memoryKeyStore, type Address, type DigestSigner, type Signer } from '#crypto'
import { createPdp, defaultPolicyFolder, loadPolicyFolder, type Pdp } from '#policy'
import { parseGatewayConfig, type GatewayConfig } from '#gateway'
import {
  alder,
  cedar,
  chains,
  fixture,
  operatorNames,
  sandboxStart,
  type Member,
} from '../../../src/sandbox/cast.ts'

export const chainId = chains.lagoon.id
export const contracts: Readonly<Record<'settlement' | 'positions' | 'usdc', Address>> = {
  settlement: `0x${'55'.repeat(20)}`,
  positions: `0x${'11'.repeat(20)}`,
  usdc: `0x${'22'.repeat(20)}`,
}
export const confirmations = 3
export const start = sandboxStart

export type Keys = { readonly journal: Signer; readonly record: Signer; readonly settlement: DigestSigner }
export type Actor = {
  readonly name: 'ALDER' | 'CEDAR'
  readonly member: Member
  readonly keys: Keys
  readonly operators: readonly Signer[]
  readonly config: GatewayConfig
}

function keysOf(): Keys {
  const store = memoryKeyStore({ journal: 'Ed25519', record: 'Ed25519', settlement: 'secp256k1' })
  return {
    journal: store.signer('journal'),
    record: store.signer('record'),
    settlement: store.digestSigner('settlement'),
  }
}
const operator = (): Signer => memoryKeyStore({ operator: 'Ed25519' }).signer('operator')

const alderKeys = keysOf()
const cedarKeys = keysOf()
export const foreignKeys = keysOf()
export const pdp: Pdp = openPdp()
export const actors = {
  ALDER: actor('ALDER', alder, alderKeys, { member: cedar, keys: cedarKeys }),
  CEDAR: actor('CEDAR', cedar, cedarKeys, { member: alder, keys: alderKeys }),
}

function openPdp(): Pdp {
  const policies = loadPolicyFolder(defaultPolicyFolder)
  const opened = isRefusal(policies) ? policies : createPdp({ ...policies, digest })
  invariant(!isRefusal(opened), 'the default policies load')
  return opened
}

type Other = { readonly member: Member; readonly keys: Keys }

function actor(name: Actor['name'], member: Member, keys: Keys, other: Other): Actor {
  const operators = operatorNames.map(operator)
  const people = operators.map(({ keyId, publicKey }, index) => ({
    id: operatorNames[index] ?? '',
    keyId,
    publicKey: toBase64Url(publicKey),
  }))
  const config = parseGatewayConfig(utf8(canonicalJson(configOf(member, other, people))))
  invariant(!isRefusal(config), `the configuration is complete: ${JSON.stringify(config)}`)
  return { name, member, keys, operators, config }
}

function configOf(member: Member, other: Other, operators: readonly JsonObject[]): JsonObject {
  const { forward, vol, halfSpreadVolPts, quoteLifetimeMs, settlementWindowMs } = fixture
  const { settlement, positions, usdc } = contracts
  const common = {
    name: member.name,
    lei: member.lei,
    environment: 'sandbox',
    dataDir: 'none',
    keysDir: 'none',
    journal: { origin: member.logOrigin, quorum: 0, witnesses: [] },
    fix: { acceptors: [], sessions: sessionsOf(member) },
    peering: { host: '127.0.0.1', port: 0, peers: [peerOf(other)] },
    ledger: {
      chainId,
      name: 'lagoon',
      rpc: ['memory:'],
      agreeing: 1,
      confirmations,
      payToken: { address: usdc, symbol: 'USDC', decimals: 6 },
      optionPositions: positions,
      settlement,
    },
    operators: [...operators],
    settlementWindowMs,
    checkpointEveryMs: 1_000,
  }
  return member === alder
    ? {
        ...common,
        maker: { instruments: [fixture.securityId], forward, vol, halfSpreadVolPts, quoteLifetimeMs },
      }
    : common
}

function sessionsOf(member: Member): JsonObject[] {
  const fix = { beginString: 'FIX.4.4', heartBtIntSeconds: 30, senderCompId: member.name }
  const counterparty = { ...fix, use: 'counterparty', pin: 'simulated' }
  if (member === alder) return [{ ...counterparty, targetCompId: 'CEDAR', role: 'acceptor', party: 'CEDAR' }]
  return [
    { ...fix, targetCompId: 'DESK', role: 'acceptor', use: 'desk', party: 'CEDAR' },
    {
      ...counterparty,
      targetCompId: 'ALDER',
      role: 'initiator',
      party: 'ALDER',
      connect: { host: '127.0.0.1', port: 1 },
    },
  ]
}

function peerOf({ member, keys }: Other): JsonObject {
  // Long before the start: a clock that is slow must still find the key valid.
  const validFrom = formatInstant(addMs(start, -86_400_000))
  const { record, settlement } = keys
  return {
    name: member.name,
    lei: member.lei,
    url: 'simulated',
    uri: `poundlock:${member.name}`,
    certificate: 'simulated',
    pin: 'simulated',
    policyTier: 'tier1',
    recordKey: { keyId: record.keyId, publicKey: toBase64Url(record.publicKey), validFrom },
    settlementKey: { keyId: settlement.keyId, publicKey: toBase64Url(settlement.publicKey), validFrom },
    settlementAddress: settlement.address,
  }
}
