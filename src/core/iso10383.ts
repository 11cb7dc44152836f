import { refuse, type Refusal } from './refusal.ts'

declare const micBrand: unique symbol
/** Market Identifier Code, ISO 10383: four letters or digits. */
export type Mic = string & { readonly [micBrand]: true }

const pattern = /^[A-Z0-9]{4}$/

/**
 * Checks the form only. The register changes monthly and is not carried here, so a well-formed code that
 * nobody was given passes; `micName` knows the few that this gateway names itself. Refuses `id-mic`.
 */
export const parseMic = (text: string): Mic | Refusal =>
  isMic(text) ? text : refuse('id-mic', `Not a MIC: ${text.slice(0, 12)}`)

export const isMic = (text: string): text is Mic => pattern.test(text)

const names: Readonly<Record<string, string>> = {
  XCME: 'Chicago Mercantile Exchange',
  XCBO: 'Cboe Options Exchange',
  XEUR: 'Eurex Deutschland',
  IFEU: 'ICE Futures Europe',
  XOFF: 'Off-exchange transactions, listed instruments',
  XXXX: 'No market',
}

/** What the market is called, for the codes that the gateway uses; undefined for any other. */
export const micName = (mic: Mic): string | undefined => (Object.hasOwn(names, mic) ? names[mic] : undefined)
