// DontKnowTrade(Q), FIX 4.4 vol 4: an execution report that the receiver does not accept.
import { isRefusal, toFixText, type Refusal } from '#core'
import type { Instrument } from '#trade'
import { required, writeInstrument, writeSide, type DeskBody, type FieldReader } from './fields.ts'
import type { FillFields } from './ordering.ts'

/** DKReason(127): D no matching order, E price exceeds limit, Z other. */
export type DisputeReason = 'D' | 'E' | 'Z'

export const writeDontKnow = (
  fill: FillFields,
  instrument: Instrument,
  reason: DisputeReason,
  refusal: Refusal,
): DeskBody => ({
  msgType: 'Q',
  body: [
    [37, fill.orderId],
    [17, fill.execId],
    [127, reason],
    ...writeInstrument(instrument),
    [54, writeSide(fill.side)],
    [38, fill.orderQty],
    [32, fill.orderQty],
    [31, fill.price],
    [58, toFixText(refusal)],
  ],
})

export type DontKnowFields = { readonly execId: string; readonly text: string }

export function readDontKnow(message: FieldReader): DontKnowFields | Refusal {
  const execId = required(message, 17, 'ExecID')
  return isRefusal(execId)
    ? execId
    : { execId, text: message.text(58) ?? `DKReason ${message.text(127) ?? ''}` }
}
