import { refuse, type Refusal } from './refusal.ts'

declare const dtiBrand: unique symbol
/** Digital Token Identifier, ISO 24165: eight characters and a check character. */
export type Dti = string & { readonly [dtiBrand]: true }

/** Digits and consonants without Y: no DTI spells a word. */
const alphabet = '0123456789BCDFGHJKLMNPQRSTVWXZ'
const pattern = /^[1-9B-DF-HJ-NP-TV-XZ][0-9B-DF-HJ-NP-TV-XZ]{8}$/

/** The registry gave Bitcoin this code, whose check character by the rule would be T. */
const bitcoin = '4H95J0R2X'

/** Checks form and check character (ISO 7064 hybrid MOD 31,30). Refuses `id-dti`. */
export const parseDti = (text: string): Dti | Refusal =>
  isDti(text) ? text : refuse('id-dti', `Not a DTI: ${text.slice(0, 20)}`)

export const isDti = (text: string): text is Dti =>
  text === bitcoin || (pattern.test(text) && dtiCheckCharacter(text.slice(0, 8)) === text[8])

/** ISO 7064 hybrid MOD 31,30 over the base characters. */
export function dtiCheckCharacter(base: string): string {
  let product = 30
  for (const character of base) {
    const sum = (product + alphabet.indexOf(character)) % 30
    product = ((sum === 0 ? 30 : sum) * 2) % 31
  }
  return alphabet.charAt((31 - product) % 30)
}
