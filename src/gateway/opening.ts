// The first entries of a log, and those that a start adds when keys or policy have changed since: who this log is,
// whose keys count, which policy set decides.
import {
  canonicalJson,
  fromBase64Url,
  invariant,
  isRefusal,
  parseLei,
  refuse,
  toBase64Url,
  type Instant,
  type JsonObject,
  type Refusal,
} from '#core'
import { keyRecordJson, type KeyRecord } from '#crypto'
import type { EntryDraft, Journal } from '#journal'
import type { GatewayConfig } from './config.ts'
import type { Party } from '#trade'
import { textMember } from './shape.ts'

export const journalVersion = 1

export type OpeningFacts = {
  readonly config: GatewayConfig
  readonly keys: readonly KeyRecord[]
  readonly policySet: string
}

/**
 * Drafts that are missing in the journal; all of them on a new one, none on an unchanged restart. Refuses
 * `config-invalid` when the configuration no longer says what the log was opened with (its key, witnesses, quorum),
 * or names another key by a registered id: outsiders verify by the entries, so neither can change unseen.
 */
export function openingDrafts(journal: Journal, facts: OpeningFacts): readonly EntryDraft[] | Refusal {
  const { config, keys, policySet } = facts
  const body = openedBody(journal, config)
  const known = registered(journal)
  const contradicted = contradiction(known, body, keys)
  if (contradicted) return contradicted
  const drafts: EntryDraft[] = []
  if (known.opened === undefined) drafts.push({ type: 'journal.opened', corr: journal.origin, body })
  for (const key of keys)
    if (!known.keys.has(key.keyId))
      drafts.push({ type: 'key.registered', corr: key.keyId, body: keyRecordJson(key) })
  if (known.policy !== policySet)
    drafts.push({ type: 'policy.released', corr: policySet, body: { version: policySet, id: 'default' } })
  return drafts
}

function contradiction(known: Registered, body: JsonObject, keys: readonly KeyRecord[]): Refusal | undefined {
  if (known.opened !== undefined && canonicalJson(known.opened) !== canonicalJson(body))
    return refuse('config-invalid', 'config.journal is not what this log was opened with (its entry 0)')
  for (const { keyId, publicKey } of keys)
    if ((known.keys.get(keyId) ?? toBase64Url(publicKey)) !== toBase64Url(publicKey))
      return refuse(
        'config-invalid',
        `the key id ${keyId} is registered for another key; give a new key a new id`,
      )
  return undefined
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

type Registered = {
  readonly opened: JsonObject | undefined
  /** Public key (base64url) by key id. */
  readonly keys: ReadonlyMap<string, string>
  readonly policy: string | undefined
}

function registered(journal: Journal): Registered {
  const keys = new Map<string, string>()
  let opened: JsonObject | undefined
  let policy: string | undefined
  for (let from = 0; from < journal.size(); from += page)
    for (const { type, body } of journal.read(from, Math.min(from + page, journal.size()))) {
      if (type === 'journal.opened') opened = body
      if (type === 'key.registered') keys.set(textMember(body, 'keyId'), textMember(body, 'publicKey'))
      if (type === 'policy.released') policy = textMember(body, 'version')
    }
  return { opened, keys, policy }
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
