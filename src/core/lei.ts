import { refuse, type Refusal } from './refusal.ts'

declare const leiBrand: unique symbol
/** Legal Entity Identifier, ISO 17442: 18 letters or digits and two check digits. */
export type Lei = string & { readonly [leiBrand]: true }

const pattern = /^[A-Z0-9]{18}[0-9]{2}$/

/**
 * Checks form and check digits (ISO 7064 MOD 97-10). Refuses `id-lei`.
 * It does not ask whether the LEI was issued or has lapsed.
 */
export const parseLei = (text: string): Lei | Refusal =>
  isLei(text) ? text : refuse('id-lei', `Not an LEI: ${text.slice(0, 40)}`)

export const isLei = (text: string): text is Lei => pattern.test(text) && mod97(text) === 1

/** The two check digits for the first 18 characters. */
export const leiCheckDigits = (base18: string): string => String(98 - mod97(`${base18}00`)).padStart(2, '0')

// Letters stand for 10…35; the number is taken modulo 97 character by character.
function mod97(text: string): number {
  let rest = 0
  for (const character of text) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest
}
