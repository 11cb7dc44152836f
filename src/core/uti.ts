import { invariant } from './invariant.ts'
import { isLei, type Lei } from './lei.ts'
import { refuse, type Refusal } from './refusal.ts'

declare const utiBrand: unique symbol
/** Unique Transaction Identifier, ISO 23897: the generator's LEI and up to 32 letters or digits. */
export type Uti = string & { readonly [utiBrand]: true }

const pattern = /^[A-Z0-9]{18}[0-9]{2}[A-Z0-9]{0,32}$/

/** Refuses `id-uti`. Legacy identifiers (USI) that do not start with a valid LEI are not UTIs. */
export const parseUti = (text: string): Uti | Refusal =>
  isUti(text) ? text : refuse('id-uti', `Not a UTI: ${text.slice(0, 60)}`)

export const isUti = (text: string): text is Uti => pattern.test(text) && isLei(text.slice(0, 20))

/** The party that generated the UTI. */
export function utiGenerator(uti: Uti): Lei {
  const generator: string = uti.slice(0, 20)
  invariant(isLei(generator), 'a UTI starts with an LEI')
  return generator
}
