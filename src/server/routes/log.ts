import { refuse, type Refusal } from '#core'
import type { EntryView, JournalView } from '#gateway'
import { setImmediate } from 'node:timers/promises'
import { Type } from 'typebox'
import { EntryList, LogState, Proof, type Entry, type EntryList as EntryPage } from '../api.ts'
import { entriesMax, searchCharsMax, searchHitsMax, searchScanMax } from '../limits.ts'
import { route, type Route } from '../route.ts'
import { sealEntry } from '../stream.ts'
import { noQuery } from './gateway.ts'

const number = (description: string) => Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$', description })
const shut = { additionalProperties: false } as const
const partsQuery = Type.Optional(
  Type.Unsafe<'sealed' | 'opened'>({
    type: 'string',
    enum: ['sealed', 'opened'],
    description: 'opened shows what this gateway may show; sealed if absent',
  }),
)
const entriesQuery = Type.Object(
  {
    from: Type.Optional(number('first leaf index, 0 if absent')),
    to: Type.Optional(number('leaf index after the last, at most 256 after `from`')),
    parts: partsQuery,
  },
  shut,
)
const searchQuery = Type.Object(
  {
    q: Type.String({
      minLength: 1,
      maxLength: searchCharsMax,
      description: 'any id: leaf index, trade id, UTI, ClOrdID, digest, transaction hash',
    }),
    before: Type.Optional(number('looks at leaves before this one')),
    parts: partsQuery,
  },
  shut,
)
const proofQuery = Type.Object(
  { index: number('leaf index'), size: Type.Optional(number('tree size; the newest if absent')) },
  shut,
)
type Parts = 'sealed' | 'opened' | undefined

const whole = (text: string): number => parseInt(text, 10)
const shown = (entries: readonly EntryView[], parts: Parts): readonly Entry[] =>
  parts === 'opened' ? entries : entries.map(sealEntry)

/** The journal: leaves, search and proofs. The C2SP static paths are served beside it. */
export const logRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/v1/log',
    tag: 'journal',
    summary: 'Size of the journal, its checkpoint and the newest cosigned one',
    query: noQuery,
    answer: LogState,
    handle: ({ gateway }) => logState(gateway.journal),
  }),
  route({
    method: 'GET',
    url: '/v1/log/entries',
    tag: 'journal',
    summary: 'Leaves of a range [from, to)',
    query: entriesQuery,
    answer: EntryList,
    handle: ({ gateway, query }) => readEntries(gateway.journal, query),
  }),
  route({
    method: 'GET',
    url: '/v1/log/search',
    tag: 'journal',
    summary: 'Leaves that hold a text, newest first; looks at 5,000 leaves at a time',
    query: searchQuery,
    answer: EntryList,
    handle: ({ gateway, query }) => searchEntries(gateway.journal, query),
  }),
  route({
    method: 'GET',
    url: '/v1/log/proof',
    tag: 'journal',
    summary: 'RFC 6962 inclusion proof of a leaf',
    query: proofQuery,
    answer: Proof,
    handle: ({ gateway, query }) => proveEntry(gateway.journal, query),
  }),
]

function logState(journal: JournalView): LogState {
  const cosigned = journal.cosigned()
  const state = { origin: journal.origin, size: journal.size(), checkpoint: journal.checkpoint() }
  return cosigned === undefined ? state : { ...state, cosigned }
}

function readEntries(
  journal: JournalView,
  query: { from?: string; to?: string; parts?: 'sealed' | 'opened' },
): EntryPage | Refusal {
  const size = journal.size()
  const from = whole(query.from ?? '0')
  const asked = query.to === undefined ? size : whole(query.to)
  if (from > size || asked < from)
    return refuse('range-invalid', `The journal has ${size} leaves`, { size: `${size}` })
  const to = Math.min(asked, size, from + entriesMax)
  const items = shown(journal.entries(from, to), query.parts)
  return to < Math.min(asked, size) ? { size, items, next: String(to) } : { size, items }
}

/** Looks in batches and lets other requests pass between them. */
async function searchEntries(
  journal: JournalView,
  query: { q: string; before?: string; parts?: 'sealed' | 'opened' },
): Promise<EntryPage> {
  const size = journal.size()
  const hits: EntryView[] = []
  const wanted = query.q.toLowerCase()
  let at = Math.min(size, query.before === undefined ? size : whole(query.before))
  const floor = Math.max(0, at - searchScanMax)
  while (at > floor && hits.length < searchHitsMax) {
    const from = Math.max(floor, at - entriesMax)
    const matching = journal
      .entries(from, at)
      .filter((entry) => holds(entry, wanted))
      .toReversed()
    const room = searchHitsMax - hits.length
    hits.push(...matching.slice(0, room))
    at = matching.length > room ? (hits.at(-1)?.index ?? from) : from
    await setImmediate()
  }
  const items = shown(hits, query.parts)
  return at > 0 ? { size, items, next: String(at) } : { size, items }
}

function holds(entry: EntryView, wanted: string): boolean {
  if (wanted === String(entry.index) || entry.leafHash.toLowerCase() === wanted) return true
  const opened = Object.values(entry.parts).map(({ content }) => content ?? '')
  return [entry.leaf, ...opened].some((text) => text.toLowerCase().includes(wanted))
}

function proveEntry(journal: JournalView, query: { index: string; size?: string }): Proof | Refusal {
  const size = query.size === undefined ? journal.size() : whole(query.size)
  const index = whole(query.index)
  if (size > journal.size() || index >= size)
    return refuse('range-invalid', `The journal has ${journal.size()} leaves`, { size: `${journal.size()}` })
  return journal.proof(index, size)
}
