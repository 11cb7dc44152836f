import { isRefusal, parseDecimal, refuse, toMinor, type Decimal, type Instant, type Refusal } from '#core'
import { valueOption, type OptionInputs, type OptionValue } from './kernel.ts'

/** What one option is marked at: forward in 1e-8, volatility in 1e-9, discount factor in 1e-12. */
export type Mark = { readonly forwardE8: number; readonly volE9: number; readonly discountE12: number }

/** Marks by SecurityID, all as of one instant. */
export type MarkSet = { readonly asOf: Instant; readonly marks: Readonly<Record<string, Mark>> }

/** What the kernel needs to know of an instrument (`Instrument` of #trade fits). */
export type MarkedOption = {
  readonly securityId: string
  readonly putOrCall: 'Put' | 'Call'
  readonly strike: Decimal
  readonly expiry: Instant
}

export const forwardDecimals = 8
export const volDecimals = 9
export const discountDecimals = 12

/** A mark from exact decimal text: `{ forward: '3250', vol: '0.677' }`; without discounting if not given. */
export function parseMark(text: {
  readonly forward: string
  readonly vol: string
  readonly discount?: string
}): Mark | Refusal {
  const forwardE8 = scaled('forward', text.forward, forwardDecimals)
  const volE9 = scaled('vol', text.vol, volDecimals)
  const discountE12 = scaled('discount', text.discount ?? '1', discountDecimals)
  if (isRefusal(forwardE8)) return forwardE8
  if (isRefusal(volE9)) return volE9
  if (isRefusal(discountE12)) return discountE12
  return { forwardE8, volE9, discountE12 }
}

/** Kernel inputs of an option under a mark. Time counts in whole seconds, the started one left out. */
export function inputsOf(option: MarkedOption, mark: Mark, asOf: Instant): OptionInputs | Refusal {
  const strikeE8 = scaledDecimal('strike', option.strike, forwardDecimals)
  if (isRefusal(strikeE8)) return strikeE8
  if (option.expiry < asOf)
    return refuse('instrument-expired', `${option.securityId} has expired`, { securityId: option.securityId })
  const secondsToExpiry = Math.floor((option.expiry - asOf) / 1_000)
  return { ...mark, putOrCall: option.putOrCall, strikeE8, secondsToExpiry }
}

/** Value of an option under a mark set. Refuses `mark-invalid` where the set has no mark for it. */
export function valueMarked(option: MarkedOption, set: MarkSet): OptionValue | Refusal {
  const mark = Object.hasOwn(set.marks, option.securityId) ? set.marks[option.securityId] : undefined
  if (mark === undefined)
    return refuse('mark-invalid', `No mark for ${option.securityId}`, { securityId: option.securityId })
  const inputs = inputsOf(option, mark, set.asOf)
  return isRefusal(inputs) ? inputs : valueOption(inputs)
}

function scaled(name: string, text: string, decimals: number): number | Refusal {
  const value = parseDecimal(text)
  return isRefusal(value) ? value : scaledDecimal(name, value, decimals)
}

function scaledDecimal(name: string, value: Decimal, decimals: number): number | Refusal {
  const minor = toMinor(value, decimals)
  if (isRefusal(minor)) return minor
  if (minor > 0n && minor <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(minor)
  return refuse('mark-invalid', `${name} is not above zero and within range`, { input: name })
}
