// Four eyes: an operator signs what the operator compared (record hash and settlement digest) with a key of their
// own; this gateway counts distinct operators over exactly these hashes.
import {
  canonicalJson,
  fromBase64Url,
  isRefusal,
  parseCanonicalJson,
  refuse,
  utf8,
  type JsonObject,
  type Refusal,
} from '#core'
import { parseJws, signJws, verifyJws, type KeyLookup, type Signer } from '#crypto'
import { approveTrade, type Trade } from '#trade'
import type { GatewayConfig } from './config.ts'
import { durable, type PeeringParts } from './peering.ts'
import { instructionOf, recordFromJws } from './sealing.ts'
import { object, text } from './shape.ts'

export const approvalTyp = 'poundlock-approval+json'

const approvalShape = object({ digest: text, recordHash: text, tradeId: text })

/** What an operator signs. The digest is the one that console, gateway and wallet show. */
export const approvalOf = (
  statement: { readonly tradeId: string; readonly recordHash: string; readonly digest: string },
  operator: Signer,
): JsonObject => signJws(utf8(canonicalJson({ ...statement })), approvalTyp, operator)

/** Refuses an approval that is not signed by a known operator unheard; what a known one may not do is journalled. */
export async function takeApproval(
  parts: PeeringParts,
  operators: GatewayConfig['operators'],
  tradeId: string,
  approval: JsonObject,
): Promise<Refusal | undefined> {
  const opened = openApproval(operators, approval)
  if (isRefusal(opened)) return opened
  const acted = parts.loop.act({
    name: 'ApproveTrade',
    by: { kind: 'operator', id: opened.operator },
    corr: parts.loop.state.trades.get(tradeId)?.corr ?? tradeId,
    decide: (state) => {
      const wanted = hashesOf(state.trades.get(tradeId), tradeId, parts)
      if (isRefusal(wanted)) return wanted
      if (opened.tradeId !== tradeId)
        return refuse('digest-mismatch', `the approval is for ${opened.tradeId}`)
      return approveTrade(state, tradeId, { ...opened, approval }, wanted)
    },
  })
  return durable(parts, acted)
}

function hashesOf(
  trade: Trade | undefined,
  tradeId: string,
  { place }: PeeringParts,
): { readonly recordHash: string; readonly digest: string } | Refusal {
  if (!trade?.record || trade.recordHash === undefined)
    return refuse('trade-state', `${tradeId} has no record to approve yet`)
  const { digest } = instructionOf(recordFromJws(trade.record, place)).hashes
  return { recordHash: trade.recordHash, digest }
}

type Opened = {
  readonly operator: string
  readonly tradeId: string
  readonly recordHash: string
  readonly digest: string
}

function openApproval(operators: GatewayConfig['operators'], approval: JsonObject): Opened | Refusal {
  const jws = parseJws(canonicalJson(approval))
  if (isRefusal(jws)) return jws
  const verified = verifyJws(jws, approvalTyp, keysOf(operators))
  if (isRefusal(verified)) return verified
  const [kid] = verified.kids
  const operator = operators.find(({ keyId }) => keyId === kid)
  if (!operator || verified.kids.length !== 1) return refuse('jws-malformed', 'an approval has one signature')
  const payload = parseCanonicalJson(Buffer.from(verified.payload).toString('utf8'))
  const statement = isRefusal(payload) ? payload : approvalShape(payload, 'approval')
  return isRefusal(statement) ? statement : { operator: operator.id, ...statement }
}

const keysOf =
  (operators: GatewayConfig['operators']): KeyLookup =>
  (kid) => {
    const key = operators.find(({ keyId }) => keyId === kid)
    const bytes = key && fromBase64Url(key.publicKey)
    return bytes === undefined || isRefusal(bytes) ? undefined : bytes
  }
