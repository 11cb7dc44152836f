import { digest, equalBytes, fromBase64, fromBase64Url, utf8 } from './bytes.ts'
import { parseLeaf } from './entry.ts'
import type { Leaf } from './entry.ts'
import { canonicalJson, member } from './json.ts'
import { leafHash, verifyInclusion } from './merkle.ts'
import type { Log } from './logs.ts'
import type { EntryLine, OpeningLine, PackLines } from './pack.ts'
import type { Findings, Place } from './report.ts'

/** The entries and openings of a pack, held against the checkpoints (spec/evidence-pack.md §4.3, §4.4). */

/** An entry that is proved to be in its log, with those of its parts that the pack opens. */
export type Entry = Leaf & {
  readonly line: number
  readonly index: number
  readonly opened: Readonly<Record<string, { readonly content: string; readonly line: number }>>
}

export const saltBytes = 16

export const placeOf = (entry: Pick<Entry, 'line' | 'log' | 'index'>): Place => ({
  section: 'entry',
  line: entry.line,
  log: entry.log,
  index: entry.index,
})

/** The entries that hold, log by log in the order of the trust lines. */
export const checkEntries = (pack: PackLines, logs: readonly Log[], findings: Findings): readonly Entry[] => {
  const entries: Entry[] = []
  for (const line of pack.entry) {
    const entry = checkEntry(line, pack, logs, findings)
    if (entry === undefined) continue
    const ordered = isAfter(entry, entries.at(-1), logs)
    if (findings.check('entry/order', ordered, placeOf(entry), 'index and time must ascend within each log'))
      entries.push(entry)
  }
  checkOpened(logs, entries, findings)
  return entries
}

const checkEntry = (
  line: EntryLine,
  pack: PackLines,
  logs: readonly Log[],
  findings: Findings,
): Entry | undefined => {
  const log = logs.find(({ origin }) => origin === line.log)
  if (log === undefined && logs.length < pack.trustCount) return undefined
  const leaf = parseLeaf(line.entry)
  const read = log !== undefined && leaf?.log === line.log
  const whose = log ? 'this is not a leaf of its log' : 'the log of this entry has no trust line'
  if (!findings.check('entry/leaf', read, placeOf(line), whose)) return undefined
  if (leaf === undefined || log?.checkpoint === undefined) return undefined
  const numbered = leaf.seq === line.index
  if (!findings.check('entry/seq', numbered, placeOf(line), 'the leaf carries another number'))
    return undefined
  const { size, root } = log.checkpoint
  const proof = line.proof.map(fromBase64)
  const hashes = proof.filter((hash) => hash !== undefined)
  const whole = hashes.length === proof.length
  const proved = whole && verifyInclusion(leafHash(utf8(line.entry)), line.index, size, hashes, root)
  const detail = 'leaf hash and proof do not lead to the root of the checkpoint'
  if (!findings.check('entry/inclusion', proved, placeOf(line), detail)) return undefined
  return { ...leaf, line: line.line, index: line.index, opened: {} }
}

/** Entry 0 of each log must say the same keys as the trust line. */
const checkOpened = (logs: readonly Log[], entries: readonly Entry[], findings: Findings): void => {
  const whole = findings.problems().length === 0
  for (const { origin, trust } of logs) {
    const first = entries.find((entry) => entry.log === origin && entry.index === 0)
    if (first === undefined && !whole) continue
    const { line, logKey, witnesses, quorum } = trust
    const said = ['origin', 'logKey', 'witnesses', 'quorum'].map(
      (name) => member(first?.body ?? {}, name) ?? null,
    )
    const same = canonicalJson(said) === canonicalJson([origin, logKey, witnesses, quorum])
    const ok = first?.type === 'journal.opened' && same
    const place: Place = { section: 'trust', line, log: origin }
    findings.check('trust/opened', ok, place, 'entry 0 of this log does not say these keys')
  }
}

/** The entries again, with the parts that the pack opens and that match their digests. */
export const checkOpenings = (
  pack: PackLines,
  logs: readonly Log[],
  entries: readonly Entry[],
  findings: Findings,
): readonly Entry[] => {
  const byPlace = new Map(entries.map((entry) => [`${entry.log} ${entry.index}`, entry]))
  const broken = findings.problems().some(({ section }) => ['trust', 'checkpoint', 'entry'].includes(section))
  let last: OpeningLine | undefined
  for (const line of pack.opening) {
    const key = `${line.log} ${line.index}`
    const entry = byPlace.get(key)
    if (entry === undefined && broken) continue
    if (entry === undefined || !checkOpening(line, entry, findings)) {
      if (entry === undefined) findings.check('opening/entry', false, openingPlace(line), noEntry)
      continue
    }
    const ordered = comesAfter(line, last, logs)
    if (!findings.check('opening/order', ordered, openingPlace(line), 'openings must ascend')) continue
    last = line
    const opened = { ...entry.opened, [line.part]: { content: line.content, line: line.line } }
    byPlace.set(key, { ...entry, opened })
  }
  return [...byPlace.values()]
}

const noEntry = 'the pack has no such entry or the entry no such part'

const checkOpening = (line: OpeningLine, entry: Entry, findings: Findings): boolean => {
  const said = Object.hasOwn(entry.parts, line.part) ? entry.parts[line.part] : undefined
  if (!findings.check('opening/entry', said !== undefined, openingPlace(line), noEntry)) return false
  const salt = fromBase64Url(line.salt)
  const expected = fromBase64Url(said ?? '')
  const same =
    salt?.length === saltBytes &&
    expected !== undefined &&
    equalBytes(digest('poundlock/part/v1', salt, utf8(line.part), utf8(line.content)), expected)
  return findings.check('opening/digest', same, openingPlace(line), 'salt and content do not give the digest')
}

const openingPlace = ({ line, log, index, part }: OpeningLine): Place => ({
  section: 'opening',
  line,
  log,
  index,
  part,
})

const rank = (logs: readonly Log[], log: string): number => logs.findIndex(({ origin }) => origin === log)

const isAfter = (entry: Entry, last: Entry | undefined, logs: readonly Log[]): boolean => {
  if (last === undefined) return true
  const ranks = rank(logs, entry.log) - rank(logs, last.log)
  return ranks > 0 || (ranks === 0 && entry.index > last.index && entry.at >= last.at)
}

const comesAfter = (line: OpeningLine, last: OpeningLine | undefined, logs: readonly Log[]): boolean => {
  if (last === undefined) return true
  const ranks = rank(logs, line.log) - rank(logs, last.log)
  if (ranks !== 0) return ranks > 0
  return line.index > last.index || (line.index === last.index && line.part > last.part)
}
