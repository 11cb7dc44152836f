import { refuse, type Refusal } from '#core'

export type PutOrCall = 'Put' | 'Call'
export type ExerciseStyle = 'European' | 'American' | 'Bermudan'
export type SettlMethod = 'Cash' | 'Physical' | 'Elect' | 'NonDeliverable' | 'Auction'

/**
 * What a CFI code (ISO 10962:2021) says about an option.
 *
 * `listed` is category O (`OCECCN`: option, call, European, on a currency, cash, non-standardised);
 * `non-listed` is category H (`HTMAVC`: commodity group, other underlying, European call, vanilla, cash).
 * `Other` as PutOrCall is group M of category O or a chooser of category H.
 */
export type OptionClass =
  | {
      readonly category: 'listed'
      readonly putOrCall: PutOrCall | 'Other'
      readonly exerciseStyle: ExerciseStyle
      readonly underlying: string
      readonly settlMethod: SettlMethod
      readonly standardised: boolean
    }
  | {
      readonly category: 'non-listed'
      readonly putOrCall: PutOrCall | 'Other'
      readonly exerciseStyle: ExerciseStyle
      readonly assetClass: string
      readonly underlyingCode: string
      readonly payout: string
      readonly settlMethod: SettlMethod
    }

const listedGroups: Table<PutOrCall | 'Other'> = { C: 'Call', P: 'Put', M: 'Other' }
const listedStyles: Table<ExerciseStyle> = { A: 'American', E: 'European', B: 'Bermudan' }
const listedUnderlyings: Table<string> = {
  B: 'basket',
  S: 'equity',
  D: 'debt',
  T: 'commodity',
  C: 'currency',
  I: 'index',
  O: 'option',
  F: 'future',
  W: 'swap',
  N: 'rates',
  M: 'other',
}
const listedDelivery: Table<SettlMethod> = { P: 'Physical', C: 'Cash', N: 'NonDeliverable', E: 'Elect' }
const listedTerms: Table<boolean> = { S: true, N: false }

// Groups R (rates) and C (credit) of category H are not carried: nothing here trades them.
const nonListedGroups: Table<string> = {
  T: 'commodity',
  E: 'equity',
  F: 'foreign exchange',
  M: 'miscellaneous',
}
// Position 3 depends on the group (ISO 10962:2021, category H).
const nonListedUnderlyings: Table<string> = { T: 'JKANM', E: 'SIBORFM', F: 'RFTVM', M: 'PM' }
const nonListedStyles: Table<readonly [ExerciseStyle, PutOrCall | 'Other']> = {
  A: ['European', 'Call'],
  B: ['American', 'Call'],
  C: ['Bermudan', 'Call'],
  D: ['European', 'Put'],
  E: ['American', 'Put'],
  F: ['Bermudan', 'Put'],
  G: ['European', 'Other'],
  H: ['American', 'Other'],
  I: ['Bermudan', 'Other'],
}
const nonListedPayouts: Table<string> = {
  V: 'vanilla',
  A: 'asian',
  D: 'digital',
  B: 'barrier',
  G: 'digital barrier',
  L: 'lookback',
  P: 'other path dependent',
  M: 'other',
}
const nonListedDelivery: Table<SettlMethod> = { C: 'Cash', P: 'Physical', E: 'Elect' }
const deliveryByGroup: Table<Table<SettlMethod>> = {
  F: { ...nonListedDelivery, N: 'NonDeliverable' },
  M: { ...nonListedDelivery, N: 'NonDeliverable', A: 'Auction' },
}

type Table<T> = Readonly<Record<string, T>>

/** Refuses anything that is not an option, with the position (1 to 6) and letter at fault. */
export function parseCfi(code: string): OptionClass | Refusal {
  if (!/^[A-Z]{6}$/.test(code)) return cfiRefusal(code, 'is not six capital letters (ISO 10962)')
  if (code.startsWith('O')) return parseListed(code)
  if (code.startsWith('H')) return parseNonListed(code)
  return cfiRefusal(code, `position 1 (${code.charAt(0)}) is not an option category`)
}

/** The code of a European, cash-settled, non-standardised option on a currency-like underlying. */
export function cfiOf(putOrCall: PutOrCall): string {
  return putOrCall === 'Call' ? 'OCECCN' : 'OPECCN'
}

function parseListed(code: string): OptionClass | Refusal {
  const putOrCall = letter(listedGroups, code, 2)
  const exerciseStyle = letter(listedStyles, code, 3)
  const underlying = letter(listedUnderlyings, code, 4)
  const settlMethod = letter(listedDelivery, code, 5)
  const standardised = letter(listedTerms, code, 6)
  if (putOrCall === undefined) return badLetter(code, 2)
  if (exerciseStyle === undefined) return badLetter(code, 3)
  if (underlying === undefined) return badLetter(code, 4)
  if (settlMethod === undefined) return badLetter(code, 5)
  if (standardised === undefined) return badLetter(code, 6)
  return { category: 'listed', putOrCall, exerciseStyle, underlying, settlMethod, standardised }
}

function parseNonListed(code: string): OptionClass | Refusal {
  const assetClass = letter(nonListedGroups, code, 2)
  if (assetClass === undefined) return badLetter(code, 2)
  const underlyingCode = code.charAt(2)
  const style = letter(nonListedStyles, code, 4)
  const payout = letter(nonListedPayouts, code, 5)
  const settlMethod = letter(deliveryByGroup[code.charAt(1)] ?? nonListedDelivery, code, 6)
  if (!nonListedUnderlyings[code.charAt(1)]?.includes(underlyingCode)) return badLetter(code, 3)
  if (style === undefined) return badLetter(code, 4)
  if (payout === undefined) return badLetter(code, 5)
  if (settlMethod === undefined) return badLetter(code, 6)
  const [exerciseStyle, putOrCall] = style
  return { category: 'non-listed', putOrCall, exerciseStyle, assetClass, underlyingCode, payout, settlMethod }
}

function letter<T>(table: Table<T>, code: string, position: number): T | undefined {
  const key = code.charAt(position - 1)
  return Object.hasOwn(table, key) ? table[key] : undefined
}

function badLetter(code: string, position: number): Refusal {
  return cfiRefusal(code, `position ${position} (${code.charAt(position - 1)}) has no meaning there`)
}

function cfiRefusal(code: string, why: string): Refusal {
  return refuse('cfi-invalid', `CFICode ${code} ${why}`, { cfiCode: code })
}
