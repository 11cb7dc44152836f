import { newDictionary, type Dictionary } from './dictionary.ts'
import { fix42 } from './generated/fix42.ts'
import { fix44 } from './generated/fix44.ts'
import { fix50sp2 } from './generated/fix50sp2.ts'
import { fixt11 } from './generated/fixt11.ts'

export type FixVersion = 'FIX.4.2' | 'FIX.4.4' | 'FIXT.1.1' | 'FIX.5.0SP2'

/** FIX.5.0SP2 is the application dictionary under FIXT.1.1; FIXT.1.1 alone has session messages only. */
const makers: Readonly<Record<FixVersion, () => Dictionary>> = {
  'FIX.4.2': () => newDictionary(fix42, fix42),
  'FIX.4.4': () => newDictionary(fix44, fix44),
  'FIXT.1.1': () => newDictionary(fixt11, fixt11),
  'FIX.5.0SP2': () => newDictionary(fixt11, fix50sp2, '9'),
}

/** ApplVerID(1128) and DefaultApplVerID(1137) → what goes over FIXT.1.1. */
const overFixt: ReadonlyMap<string, () => Dictionary> = new Map([
  ['4', () => newDictionary(fixt11, fix42, '4')],
  ['6', () => newDictionary(fixt11, fix44, '6')],
  ['9', () => getDictionary('FIX.5.0SP2')],
])

const made = new Map<string, Dictionary>()

/** The dictionary of a version, built when first asked for. */
export function getDictionary(version: FixVersion): Dictionary {
  return once(version, makers[version])
}

/**
 * The dictionary for a BeginString(8), and over FIXT.1.1 for an ApplVerID; undefined when we speak no such
 * version. FIXT.1.1 without an ApplVerID has the session messages only.
 */
export function dictionaryFor(beginString: string, applVerId?: string): Dictionary | undefined {
  if (beginString === 'FIX.4.2' || beginString === 'FIX.4.4') return getDictionary(beginString)
  if (beginString !== 'FIXT.1.1') return undefined
  if (applVerId === undefined) return getDictionary('FIXT.1.1')
  const make = overFixt.get(applVerId)
  return make && once(`FIXT.1.1/${applVerId}`, make)
}

function once(key: string, make: () => Dictionary): Dictionary {
  const before = made.get(key)
  if (before !== undefined) return before
  const dictionary = make()
  made.set(key, dictionary)
  return dictionary
}
