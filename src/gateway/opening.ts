// The first entries of a log, and those that a start adds when keys or policy have changed since: who this log is,
// whose keys count, which policy set decides.
import { fromBase64Url, invariant, isRefusal, parseLei, type Instant, type JsonObject } from '#core'
import { keyRecordJson, type KeyRecord } from '#crypto'
import type { EntryDraft, Journal } from '#journal'
import type { GatewayConfig } from './config.ts'
import type { Party } from '#trade'

export const journalVersion = 1

export type OpeningFacts = {
  readonly config: GatewayConfig
  readonly keys: readonly KeyRecord[]
  readonly policySet: string
}

/** Drafts that are missing in the journal; all of them on a new one, none on an unchanged restart. */
export function openingDrafts(journal: Journal, facts: OpeningFacts): readonly EntryDraft[] {
  const { config, keys, policySet } = facts
  const known = registered(journal)
  const drafts: EntryDraft[] = []
  if (journal.size() === 0)
    drafts.push({ type: 'journal.opened', corr: journal.origin, body: openedBody(journal, config) })
  for (const key of keys)
    if (!known.keys.has(key.keyId))
      drafts.push({ type: 'key.registered', corr: key.keyId, body: keyRecordJson(key) })
  if (known.policy !== policySet)
    drafts.push({ type: 'policy.released', corr: policySet, body: { version: policySet, id: 'default' } })
  return drafts
}

function openedBody(journal: Journal, config: GatewayConfig): JsonObject {
  const { witnesses, quorum } = config.journal
  return {
    origin: journal.origin,
    logKey: journal.vkey,
    witnesses: witnesses.map(({ vkey }) => vkey),
    quorum,
    version: journalVersion,
  }
}

const page = 1_000

function registered(journal: Journal): {
  readonly keys: ReadonlySet<string>
  readonly policy: string | undefined
} {
  const keys = new Set<string>()
  let policy: string | undefined
  for (let from = 0; from < journal.size(); from += page)
    for (const { type, body } of journal.read(from, Math.min(from + page, journal.size()))) {
      if (type === 'key.registered') keys.add(String(body['keyId']))
      if (type === 'policy.released') policy = String(body['version'])
    }
  return { keys, policy }
}

/** Keys of the peers as they were compared at onboarding. */
export function peerKeys(config: GatewayConfig): readonly KeyRecord[] {
  return config.peering.peers.flatMap((peer) => [
    keyOf(peer, peer.recordKey, 'Ed25519', 'record'),
    keyOf(peer, peer.settlementKey, 'secp256k1', 'settlement'),
  ])
}

function keyOf(
  owner: Party,
  key: { readonly keyId: string; readonly publicKey: string; readonly validFrom: Instant },
  algorithm: KeyRecord['algorithm'],
  use: KeyRecord['use'],
): KeyRecord {
  const publicKey = fromBase64Url(key.publicKey)
  const lei = parseLei(owner.lei)
  invariant(!isRefusal(publicKey) && !isRefusal(lei), 'the configuration has been checked')
  return { keyId: key.keyId, algorithm, publicKey, owner: lei, use, validFrom: key.validFrom }
}
