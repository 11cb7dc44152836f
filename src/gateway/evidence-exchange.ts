// One trade, two logs: a party's gateway hands the other one what its log says of the trade, so that each can give
// an outsider one pack with both.
import { isRefusal, refuse, type Clock, type Json, type Refusal } from '#core'
import type { Journal } from '#journal'
import type { DeskState, Trade } from '#trade'
import type { PeerClient } from '#transport'
import type { GatewayConfig } from './config.ts'
import { extractOf, formatPack, readExtract, type LogExtract } from './evidence.ts'
import type { Projection } from './projection.ts'
import { object, text } from './shape.ts'

export const evidencePath = '/peer/v1/evidence'

export type EvidenceParts = {
  readonly journal: Journal
  readonly projection: Projection
  readonly config: GatewayConfig
  readonly state: DeskState
  readonly clock: Clock
  readonly peerClient: (name: string) => PeerClient | Refusal
}

const request = object({ tradeId: text })

/** `{ tradeId }` → `{ extract }`, to the counterparty of that trade and to nobody else. */
export function onEvidence(parts: EvidenceParts, peerName: string, message: Json): Json | Refusal {
  const shaped = request(message, 'message')
  if (isRefusal(shaped)) return shaped
  const trade = parts.state.trades.get(shaped.tradeId)
  if (!trade || counterpartyOf(trade) !== peerName)
    return refuse('trade-unknown', `no trade ${shaped.tradeId} with ${peerName}`)
  const extract = ownExtract(parts, trade)
  return isRefusal(extract) ? extract : { extract }
}

/**
 * The pack of one trade, with the counterparty's log when it answers. Refuses `checkpoint-stale` until the
 * witnesses have cosigned the trade's entries, on either side.
 */
export async function evidenceOf(
  parts: EvidenceParts,
  tradeId: string,
  trade: Trade,
): Promise<string | Refusal> {
  if (trade.uti === undefined)
    return refuse('trade-state', `${tradeId} has no record yet; there is nothing to prove`)
  const own = ownExtract(parts, trade)
  if (isRefusal(own)) return own
  const client = parts.peerClient(counterpartyOf(trade))
  if (isRefusal(client)) return client
  const answer = await client.post(evidencePath, { tradeId })
  const theirs = isRefusal(answer) ? answer : readExtract(answer)
  if (isRefusal(theirs)) return theirs
  const extracts = trade.role === 'maker' ? [own, theirs] : [theirs, own]
  return formatPack(trade.uti, parts.clock.now(), extracts)
}

function ownExtract({ journal, projection, config }: EvidenceParts, trade: Trade): LogExtract | Refusal {
  const indices = [...new Set([...projection.basics, ...projection.indicesOf(trade.corr)])].toSorted(
    (a, b) => a - b,
  )
  const { witnesses, quorum } = config.journal
  const trust = {
    log: journal.origin,
    logKey: journal.vkey,
    quorum,
    witnesses: witnesses.map(({ vkey }) => vkey),
  }
  return extractOf(journal, trust, indices)
}

const counterpartyOf = ({ role, terms }: Trade): string =>
  role === 'maker' ? terms.taker.name : terms.maker.name
