// SecurityDefinitionRequest(c) and SecurityDefinition(d), FIX 4.4 vol 3: is this option tradable, and what is it.
import {
  formatDecimal,
  formatInstant,
  isRefusal,
  parseDecimal,
  parseInstant,
  refuse,
  toOrdReject,
  type Refusal,
} from '#core'
import { formatInstrument, type Instrument, type ProductFields } from '#trade'
import {
  readProduct,
  required,
  writeInstrument,
  writeNamedProduct,
  type DeskBody,
  type FieldReader,
} from './fields.ts'

export type SecurityRequestFields = { readonly securityReqId: string; readonly product: ProductFields }

/**
 * SecurityRequestType(321) 0 or 1. The option is named by SecurityID(48), or described: Symbol(55),
 * MaturityDate(541), StrikePrice(202), PutOrCall(201).
 */
export function readSecurityRequest(message: FieldReader): SecurityRequestFields | Refusal {
  const securityReqId = required(message, 320, 'SecurityReqID')
  if (isRefusal(securityReqId)) return securityReqId
  const type = message.text(321)
  if (type !== '0' && type !== '1')
    return refuse('field-invalid', `SecurityRequestType(321) ${type ?? 'missing'}: 0 or 1`, { tag: '321' })
  const product = readDescribed(message)
  return isRefusal(product) ? product : { securityReqId, product }
}

function readDescribed(message: FieldReader): ProductFields | Refusal {
  const currency = message.text(15)
  if (message.text(48) !== undefined) return readProduct(message, currency)
  const securityId = idOfDescription(message)
  if (isRefusal(securityId)) return securityId
  const named: FieldReader = { text: (tag) => (tag === 48 ? securityId : message.text(tag)) }
  return readProduct(named, currency)
}

function idOfDescription(message: FieldReader): string | Refusal {
  const underlying = required(message, 55, 'Symbol')
  if (isRefusal(underlying)) return underlying
  const date = /^(\d{4})(\d\d)(\d\d)$/.exec(message.text(541) ?? '')
  const expiry = parseInstant(date ? `${date[1]}-${date[2]}-${date[3]}T00:00:00.000Z` : '')
  if (isRefusal(expiry))
    return refuse('field-invalid', 'MaturityDate(541) or SecurityID(48) is needed', { tag: '541' })
  const strike = parseDecimal(message.text(202) ?? '')
  if (isRefusal(strike))
    return refuse('field-invalid', 'StrikePrice(202) or SecurityID(48) is needed', { tag: '202' })
  const putOrCall = message.text(201)
  if (putOrCall !== '0' && putOrCall !== '1')
    return refuse('field-invalid', 'PutOrCall(201) or SecurityID(48) is needed', { tag: '201' })
  return formatInstrument({ underlying, expiry, strike, putOrCall: putOrCall === '1' ? 'Call' : 'Put' })
}

/**
 * SecurityResponseType(323) 1: it trades as described. MaturityTime(1079), SettlMethod(1193) and ExerciseStyle(1194)
 * are of FIX 5.0 SP2, an agreed extension of 4.4. Text(58) says tick and size.
 */
export const writeSecurityDefinition = (
  securityReqId: string,
  securityResponseId: string,
  instrument: Instrument,
): DeskBody => ({
  msgType: 'd',
  body: [
    [320, securityReqId],
    [322, securityResponseId],
    [323, '1'],
    ...writeInstrument(instrument),
    [231, formatDecimal(instrument.multiplier)],
    [1079, maturityTime(instrument)],
    [1193, 'C'],
    [1194, '0'],
    [15, instrument.currency],
    [58, conventions(instrument)],
  ],
})

const maturityTime = ({ expiry }: Instrument): string => `${formatInstant(expiry).slice(11, 19)}Z`

const conventions = ({ tick, currency, quantityMin, quantityMax, quantityStep }: Instrument): string =>
  `tick ${formatDecimal(tick)} ${currency}; ${formatDecimal(quantityMin)} to ${formatDecimal(quantityMax)} contracts ` +
  `in steps of ${formatDecimal(quantityStep)}`

/** SecurityResponseType(323) 5; the text names the nearest expiries where the expiry is what is wrong. */
export const writeSecurityReject = (
  securityReqId: string,
  securityResponseId: string,
  securityId: string | undefined,
  refusal: Refusal,
): DeskBody => ({
  msgType: 'd',
  body: [
    [320, securityReqId],
    [322, securityResponseId],
    [323, '5'],
    ...writeNamedProduct(securityId),
    [58, toOrdReject(refusal).text],
  ],
})
