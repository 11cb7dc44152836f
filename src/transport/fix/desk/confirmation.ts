// Confirmation(AK) and ConfirmationAck(AU), FIX 4.4 vol 5: the trade as both institutions signed it.
import { isRefusal, refuse, type Refusal } from '#core'
import type { ReportedTrade } from './capture.ts'
import {
  required,
  writeDate,
  writeInstrument,
  writeParties,
  writeSide,
  writeTimestamp,
  writeUti,
  type DeskBody,
  type FieldReader,
} from './fields.ts'

export type ConfirmedTrade = ReportedTrade & {
  /** Hash of the co-signed record (spec/trade-record.md), hex. */
  readonly recordHash: string
  /** AllocAccount(79): the account that settles, CAIP-10. */
  readonly account: string
  /** GrossTradeAmt(381) and NetMoney(118): the premium, a decimal. */
  readonly premium: string
  readonly confirmedAt: string
}

/** ConfirmID(664) is the trade's id; Text(58) names the record hash, to compare with what the console shows. */
export function writeConfirmation(trade: ConfirmedTrade): DeskBody {
  const { tradeId, execution, own, other, instrument } = trade
  return {
    msgType: 'AK',
    body: [
      [664, tradeId],
      [666, '0'],
      [773, '2'],
      [665, '4'],
      ...writeParties([
        { lei: own.lei, role: '1' },
        { lei: other.lei, role: '17' },
      ]),
      [73, '1'],
      [11, execution.clOrdId],
      [37, execution.orderId],
      [60, writeTimestamp(trade.confirmedAt)],
      [75, writeDate(execution.transactTime)],
      ...writeInstrument(instrument),
      [80, execution.lastQty],
      [54, writeSide(trade.ownSide)],
      [15, execution.currency],
      [862, '1'],
      [528, 'P'],
      [863, execution.lastQty],
      [79, trade.account],
      [6, execution.lastPx],
      [58, `record ${trade.recordHash}, signed by ${own.name} and ${other.name}; UTI ${trade.uti}`],
      [381, trade.premium],
      [118, trade.premium],
      ...writeUti(trade.uti),
    ],
  }
}

export type ConfirmationAckFields = {
  readonly confirmId: string
  readonly status: 'received' | 'rejected' | 'affirmed'
  readonly text: string | undefined
}

const affirmStatus = new Map<string | undefined, ConfirmationAckFields['status']>([
  ['1', 'received'],
  ['2', 'rejected'],
  ['3', 'affirmed'],
])

/** AffirmStatus(940): 1 received, 2 rejected, 3 affirmed. */
export function readConfirmationAck(message: FieldReader): ConfirmationAckFields | Refusal {
  const confirmId = required(message, 664, 'ConfirmID')
  if (isRefusal(confirmId)) return confirmId
  const status = affirmStatus.get(message.text(940))
  if (!status) return refuse('field-invalid', 'AffirmStatus(940) is 1, 2 or 3', { tag: '940' })
  return { confirmId, status, text: message.text(58) }
}
