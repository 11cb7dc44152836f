// PositionMaintenanceRequest(AL) and its Report(AM); RequestForPositions(AN), its Ack(AO) and PositionReport(AP).
// FIX 4.4 vol 5.
import { isRefusal, refuse, toFixText, type Refusal } from '#core'
import type { Instrument, Party, ProductFields } from '#trade'
import {
  readDecimal,
  readProduct,
  required,
  writeDate,
  writeInstrument,
  writeNamedProduct,
  writeParties,
  writeTimestamp,
  type DeskBody,
  type DeskField,
  type FieldReader,
  type MessageReader,
} from './fields.ts'

/** Account(1) and AccountType(581) come back as they were sent. */
type Account = { readonly account: string; readonly accountType: string }

export type PositionMaintenanceFields = Account & {
  readonly posReqId: string
  readonly action: 'exercise' | 'do-not-exercise'
  readonly product: ProductFields
  readonly quantity: string
}

/** PosTransType(709) 1 or 2, PosMaintAction(712) 1 (new); LongQty(704) of the one entry of NoPositions(702). */
export function readPositionMaintenance(message: MessageReader): PositionMaintenanceFields | Refusal {
  const posReqId = required(message, 710, 'PosReqID')
  if (isRefusal(posReqId)) return posReqId
  const type = message.text(709)
  if (type !== '1' && type !== '2')
    return refuse('field-invalid', `PosTransType(709) ${type ?? 'missing'}: 1 exercises, 2 does not`, {
      tag: '709',
    })
  if (message.text(712) !== '1')
    return refuse('field-invalid', 'PosMaintAction(712): 1; an instruction stands', { tag: '712' })
  const account = readAccount(message)
  if (isRefusal(account)) return account
  const product = readProduct(message, undefined)
  if (isRefusal(product)) return product
  const [position, more] = message.groups(702)
  if (!position || more) return refuse('field-invalid', 'NoPositions(702) is 1', { tag: '702' })
  const quantity = readDecimal(position, 704, 'LongQty')
  if (isRefusal(quantity)) return quantity
  return { posReqId, action: type === '1' ? 'exercise' : 'do-not-exercise', product, quantity, ...account }
}

function readAccount(message: FieldReader): Account | Refusal {
  const account = required(message, 1, 'Account')
  if (isRefusal(account)) return account
  const accountType = required(message, 581, 'AccountType')
  return isRefusal(accountType) ? accountType : { account, accountType }
}

/** PosMaintStatus(722) 0 accepted or 2 rejected, and why. The long quantity is what was instructed. */
export const writePositionMaintenanceReport = (
  request: PositionMaintenanceFields,
  own: Party,
  report: { readonly reportId: string; readonly at: string },
  refusal?: Refusal,
): DeskBody => ({
  msgType: 'AM',
  body: [
    [721, report.reportId],
    [709, request.action === 'exercise' ? '1' : '2'],
    [710, request.posReqId],
    [712, '1'],
    [713, request.posReqId],
    [722, refusal ? '2' : '0'],
    [723, refusal ? '1' : '0'],
    [715, writeDate(report.at)],
    ...writeParties([{ lei: own.lei, role: '1' }]),
    [1, request.account],
    [581, request.accountType],
    ...writeNamedProduct(request.product.securityId),
    [60, writeTimestamp(report.at)],
    ...quantities('EX', request.quantity, '0'),
    ...(refusal ? [[58, toFixText(refusal)] as const] : []),
  ],
})

const quantities = (type: 'EX' | 'TOT', long: string, short: string): readonly DeskField[] => [
  [702, '1'],
  [703, type],
  [704, long],
  [705, short],
]

export type PositionRequestFields = Account & {
  readonly posReqId: string
  /** PosReqType(724); 0 asks for positions. */
  readonly type: string
  readonly securityId: string | undefined
}

export function readPositionRequest(message: FieldReader): PositionRequestFields | Refusal {
  const posReqId = required(message, 710, 'PosReqID')
  if (isRefusal(posReqId)) return posReqId
  const type = required(message, 724, 'PosReqType')
  if (isRefusal(type)) return type
  const account = readAccount(message)
  return isRefusal(account) ? account : { posReqId, type, securityId: message.text(48), ...account }
}

/** PosReqResult(728): 0 valid, 2 nothing found, 4 not supported; PosReqStatus(729) follows. */
export const writePositionRequestAck = (
  request: PositionRequestFields,
  own: Party,
  reportId: string,
  outcome: number | Refusal,
): DeskBody => ({
  msgType: 'AO',
  body: [
    [721, reportId],
    [710, request.posReqId],
    [727, String(isRefusal(outcome) ? 0 : outcome)],
    [728, isRefusal(outcome) ? '4' : outcome === 0 ? '2' : '0'],
    [729, isRefusal(outcome) ? '2' : '0'],
    ...writeParties([{ lei: own.lei, role: '1' }]),
    [1, request.account],
    [581, request.accountType],
    ...writeNamedProduct(request.securityId),
    ...(isRefusal(outcome) ? [[58, toFixText(outcome)] as const] : []),
  ],
})

export type HeldPosition = {
  readonly instrument: Instrument
  readonly longQty: string
  readonly shortQty: string
  readonly lastPx: string
  readonly currency: string
  /** Premium paid less premium received, a decimal. */
  readonly premium: string
}

/**
 * SettlPrice(730) is the price of the newest settled trade, SettlPriceType(731) 2 (theoretical): it is no fixing.
 * PosAmtType(707) PREM is what the position has cost so far.
 */
export const writePositionReport = (
  request: PositionRequestFields,
  own: Party,
  position: HeldPosition,
  report: { readonly reportId: string; readonly total: number; readonly at: string },
): DeskBody => ({
  msgType: 'AP',
  body: [
    [721, report.reportId],
    [710, request.posReqId],
    [724, '0'],
    [727, String(report.total)],
    [728, '0'],
    [715, writeDate(report.at)],
    ...writeParties([{ lei: own.lei, role: '1' }]),
    [1, request.account],
    [581, request.accountType],
    ...writeInstrument(position.instrument),
    [15, position.currency],
    [730, position.lastPx],
    [731, '2'],
    [734, position.lastPx],
    ...quantities('TOT', position.longQty, position.shortQty),
    [753, '1'],
    [707, 'PREM'],
    [708, position.premium],
  ],
})
