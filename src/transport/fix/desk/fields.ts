// Reading and writing of what all desk messages share: required fields, sides, UTC timestamps, the Instrument block.
import { formatDecimal, isRefusal, parseDecimal, parseInstant, refuse, type Refusal } from '#core'
import type { Instrument, ProductFields, Side } from '#trade'

/** FIX field as it is written: tag and value, in the order of the wire. */
export type DeskField = readonly [tag: number, value: string]
export type DeskBody = { readonly msgType: string; readonly body: readonly DeskField[] }

/** Of a parsed message or of one entry of a repeating group. */
export type FieldReader = { text(tag: number): string | undefined }
export type MessageReader = FieldReader & { groups(countTag: number): readonly MessageReader[] }

/** Ids, decimals, times and codes are far shorter; what is longer is not echoed and not kept. */
export const fieldCharactersMax = 256

export function required(message: FieldReader, tag: number, name: string): string | Refusal {
  const value = message.text(tag)
  if (value === undefined || value === '')
    return refuse('field-missing', `${name}(${tag}) is missing`, { tag: String(tag) })
  return value.length <= fieldCharactersMax
    ? value
    : refuse('field-invalid', `${name}(${tag}) has more than ${fieldCharactersMax} characters`, {
        tag: String(tag),
      })
}

/** Side(54): 1 buy, 2 sell; the others have no meaning for an option quote. */
export function readSide(message: FieldReader): Side | Refusal {
  const side = message.text(54)
  if (side === '1') return 'Buy'
  if (side === '2') return 'Sell'
  return refuse('side-invalid', `Side(54) ${side ?? 'missing'}: 1 buys, 2 sells`, { tag: '54' })
}

export const writeSide = (side: Side): string => (side === 'Buy' ? '1' : '2')

/** A decimal in its one spelling: `430.720` is `430.72`. */
export function readDecimal(message: FieldReader, tag: number, name: string): string | Refusal {
  const text = required(message, tag, name)
  if (isRefusal(text)) return text
  const value = parseDecimal(text)
  return isRefusal(value) ? value : formatDecimal(value)
}

/** `20261120-14:00:10.412` → `2026-11-20T14:00:10.412Z`. FIX 4.4 vol 1, UTCTimestamp. */
export function readTimestamp(message: FieldReader, tag: number, name: string): string | Refusal {
  const text = required(message, tag, name)
  if (isRefusal(text)) return text
  const parts = /^(\d{4})(\d\d)(\d\d)-(\d\d:\d\d:\d\d)(\.\d{3})?$/.exec(text)
  const rfc = parts ? `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}${parts[5] ?? '.000'}Z` : text
  return isRefusal(parseInstant(rfc))
    ? refuse('time-invalid', `${name}(${tag}) ${text}`, { tag: String(tag) })
    : rfc
}

export const writeTimestamp = (rfc3339: string): string =>
  rfc3339.replaceAll('-', '').replace('T', '-').replace('Z', '')

/** What the message says of the product; SecurityID(48) with source 8 (exchange symbol) is the whole of it. */
export function readProduct(message: FieldReader, currency: string | undefined): ProductFields | Refusal {
  const securityId = required(message, 48, 'SecurityID')
  if (isRefusal(securityId)) return securityId
  return {
    securityId,
    cfiCode: message.text(461),
    putOrCall: message.text(201),
    maturityDate: message.text(541),
    strike: message.text(202),
    strikeCurrency: message.text(947),
    symbol: message.text(55),
    securityType: message.text(167),
    currency,
  }
}

/** A business date (LocalMktDate) of an RFC 3339 time: its UTC day. */
export const writeDate = (rfc3339: string): string => rfc3339.slice(0, 10).replaceAll('-', '')

/** Parties block with LEIs: PartyIDSource(447) N. PartyRole(452): 1 executing firm, 17 contra firm. */
export const writeParties = (
  parties: readonly { readonly lei: string; readonly role: '1' | '17' }[],
): readonly DeskField[] => [
  [453, String(parties.length)],
  ...parties.flatMap(({ lei, role }): DeskField[] => [
    [448, lei],
    [447, 'N'],
    [452, role],
  ]),
]

/** RegulatoryTradeIDGrp with the UTI as the current id; an agreed extension of FIX 4.4. */
export const writeUti = (uti: string): readonly DeskField[] => [
  [1907, '1'],
  [1903, uti],
  [1906, '0'],
]

/** What FIX 5.0 SP2 has natively of our extension of FIX 4.4 is left in its messages. */
const extensionTags: Readonly<Record<string, ReadonlySet<number>>> = {
  'FIX.4.4': new Set([1079, 1193, 1194, 1903, 1906, 1907]),
  'FIXT.1.1': new Set([1903, 1906, 1907]),
}

/**
 * The message for a counterparty that has a stock dictionary, which refuses tags it does not know. Nothing is lost:
 * the UTI stands in Text(58) too, and style and time of an exercise follow from CFICode and the venue.
 */
export const withoutExtension = ({ msgType, body }: DeskBody, beginString: string): DeskBody => ({
  msgType,
  body: body.filter(([tag]) => !extensionTags[beginString]?.has(tag)),
})

/** Enough of the Instrument block for an answer about a product that may not exist. */
export const writeNamedProduct = (securityId: string | undefined): readonly DeskField[] =>
  securityId
    ? [
        [55, securityId.split('-')[0] || '[N/A]'],
        [48, securityId],
        [22, '8'],
      ]
    : [[55, '[N/A]']]

/** The Instrument block in full, CFICode and PutOrCall both, so that either kind of reader is served. */
export const writeInstrument = (instrument: Instrument): readonly DeskField[] => [
  [55, instrument.underlying],
  [48, instrument.securityId],
  [22, '8'],
  [461, instrument.cfi],
  [167, 'OPT'],
  [541, instrument.maturityDate],
  [201, instrument.putOrCall === 'Call' ? '1' : '0'],
  [202, formatDecimal(instrument.strike)],
  [947, instrument.strikeCurrency],
]
