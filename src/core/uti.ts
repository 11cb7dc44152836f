import { parseLei, type Lei } from './lei.ts'
import { isRefusal, refuse, type Refusal } from './refusal.ts'

declare const utiBrand: unique symbol
/** Unique Transaction Identifier, ISO 23897: the generator's LEI and up to 32 letters or digits. */
export type Uti = string & { readonly [utiBrand]: true }

const pattern = /^[A-Z0-9]{18}[0-9]{2}[A-Z0-9]{0,32}$/

/** Refuses `id-uti`. Legacy identifiers (USI) that do not start with a valid LEI are not UTIs. */
export const parseUti = (text: string): Uti | Refusal =>
  pattern.test(text) && !isRefusal(parseLei(text.slice(0, 20)))
    ? (text as Uti)
    : refuse('id-uti', `Not a UTI: ${text.slice(0, 60)}`)

/** The party that generated the UTI. */
export const utiGenerator = (uti: Uti): Lei => uti.slice(0, 20) as string as Lei
