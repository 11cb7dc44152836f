// What can be looked up in the journal without reading it through: entries by correlation, first entry of each
// object, the entries that every evidence extract needs. Dropped and rebuilt at every start.
import type { Journal, JournalEntry } from '#journal'
import { isBasic } from './evidence.ts'

export type Projection = {
  /** Leaf indices of all entries that belong together, ascending. */
  indicesOf(corr: string): readonly number[]
  /** Leaf index of the entry that first named this object, by kind and id. */
  firstOf(kind: 'rfq' | 'quote' | 'order' | 'trade', id: string): number
  readonly basics: readonly number[]
}

const page = 1_000
const namedBy = { quote: 'quoteId', order: 'clOrdId', trade: 'tradeId' } as const

export function createProjection(journal: Journal): Projection {
  const byCorr = new Map<string, number[]>()
  const first = new Map<string, number>()
  const basics: number[] = []
  const take = (entry: JournalEntry): void => {
    const { seq, corr, body } = entry
    if (isBasic(entry.type)) basics.push(seq)
    const list = byCorr.get(corr)
    if (list) list.push(seq)
    else byCorr.set(corr, [seq])
    note(first, `rfq/${corr}`, seq)
    for (const [kind, member] of Object.entries(namedBy)) {
      const id = body[member]
      if (typeof id === 'string') note(first, `${kind}/${id}`, seq)
    }
  }
  for (let from = 0; from < journal.size(); from += page)
    journal.read(from, Math.min(from + page, journal.size())).forEach(take)
  journal.onAppend((entries) => entries.forEach(take))
  return {
    indicesOf: (corr) => byCorr.get(corr) ?? [],
    firstOf: (kind, id) => first.get(`${kind}/${id}`) ?? -1,
    basics,
  }
}

function note(first: Map<string, number>, key: string, seq: number): void {
  if (!first.has(key)) first.set(key, seq)
}
