// Four eyes: an operator signs what the operator compared (record hash and settlement digest) with a key of their
// own; this gateway counts distinct operators over exactly these hashes.
import { isRefusal, refuse, type JsonObject, type Refusal } from '#core'
import type { Signer } from '#crypto'
import { approveTrade, type Trade } from '#trade'
import type { GatewayConfig } from './config.ts'
import { openStatement, signStatement } from './operator-statement.ts'
import { durable, type PeeringParts } from './peering.ts'
import { instructionOf, recordFromJws } from './sealing.ts'
import { object, text } from './shape.ts'

export const approvalTyp = 'poundlock-approval+json'

const approvalShape = object({ digest: text, recordHash: text, tradeId: text })

/** What an operator signs. The digest is the one that console, gateway and wallet show. */
export const approvalOf = (
  statement: { readonly tradeId: string; readonly recordHash: string; readonly digest: string },
  operator: Signer,
): JsonObject => signStatement({ ...statement }, approvalTyp, operator)

/** Refuses an approval that is not signed by a known operator unheard; what a known one may not do is journalled. */
export async function takeApproval(
  parts: PeeringParts,
  operators: GatewayConfig['operators'],
  tradeId: string,
  approval: JsonObject,
): Promise<Refusal | undefined> {
  const opened = openStatement(operators, approval, approvalTyp, approvalShape)
  if (isRefusal(opened)) return opened
  const { operator, statement } = opened
  const acted = parts.loop.act({
    name: 'ApproveTrade',
    by: { kind: 'operator', id: operator },
    corr: parts.loop.state.trades.get(tradeId)?.corr ?? tradeId,
    decide: (state) => {
      const wanted = hashesOf(state.trades.get(tradeId), tradeId, parts)
      if (isRefusal(wanted)) return wanted
      if (statement.tradeId !== tradeId)
        return refuse('digest-mismatch', `the approval is for ${statement.tradeId}`)
      return approveTrade(state, tradeId, { operator, ...statement, approval }, wanted)
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
