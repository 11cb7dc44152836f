// PositionMaintenanceRequest(35=AL), FIX 4.4 vol 5: to exercise, or not to exercise, an option that is held. European
// options know one moment for both. The instruction is recorded; what it pays is settled from the fixing.
import { formatInstant, refuse, type Instant, type Refusal } from '#core'
import type { DeskContext } from './context.ts'
import type { DeskEvent } from './events.ts'
import { ID_CHARACTERS_MAX, isId } from './quoting.ts'
import { instructionKey, type DeskState } from './state.ts'
import type { PositionInstruction } from './terms.ts'

/** Refuses `conflict` (PosReqID used), `position-insufficient`, `exercise-too-early` (meta `expiry`). */
export function instructPosition(
  state: DeskState,
  terms: PositionInstruction,
  expiry: Instant,
  context: DeskContext,
): readonly DeskEvent[] | Refusal {
  const { posReqId, principal, securityId, quantity } = terms
  if (!isId(posReqId))
    return refuse('field-invalid', `PosReqID must be 1 to ${ID_CHARACTERS_MAX} printable characters`)
  const key = instructionKey(principal, posReqId)
  if (state.instructions.has(key)) return refuse('conflict', `PosReqID ${posReqId} was used before`)
  if (!/^[1-9]\d{0,17}$/.test(quantity))
    return refuse('quantity-invalid', `${quantity} is not a count of contracts`)
  const position = state.positions.get(securityId)
  const free = position ? position.longQty - position.shortQty - position.instructedQty : 0n
  if (BigInt(quantity) > free)
    return refuse(
      'position-insufficient',
      `${quantity} of ${securityId}; ${free > 0n ? free : 0n} can be instructed`,
    )
  if (context.now < expiry) {
    const at = formatInstant(expiry)
    return refuse('exercise-too-early', `${securityId} is European and expires at ${at}`, { expiry: at })
  }
  const { mark, inputs } = context.policy
  const body = { posReqId, principal, policy: mark }
  return [{ type: 'position.instructed', corr: key, body, parts: { terms, policy: inputs } }]
}
