import { sha256 } from '@noble/hashes/sha2.js'
import { fromUtf8, toHex, utf8 } from './bytes.ts'
import {
  canonicalJson,
  hasExactly,
  isCount,
  isObject,
  isText,
  isTexts,
  member,
  parseCanonical,
} from './json.ts'
import type { JsonObject } from './json.ts'
import type { Findings, Place, Section } from './report.ts'
import { isInstant } from './time.ts'

/** The form of a pack: lines, sections, counts and the seal (spec/evidence-pack.md §2 and §4.1). */

export const format = 'poundlock.evidence/1'
export const packBytesMax = 64 * 1024 * 1024
export const lineBytesMax = 1024 * 1024
export const entriesMax = 1_000_000

export type TrustLine = {
  readonly section: 'trust'
  readonly line: number
  readonly log: string
  readonly logKey: string
  readonly witnesses: readonly string[]
  readonly quorum: number
}
export type CheckpointLine = {
  readonly section: 'checkpoint'
  readonly line: number
  readonly log: string
  readonly note: string
}
export type EntryLine = {
  readonly section: 'entry'
  readonly line: number
  readonly log: string
  readonly index: number
  readonly entry: string
  readonly proof: readonly string[]
}
export type OpeningLine = {
  readonly section: 'opening'
  readonly line: number
  readonly log: string
  readonly index: number
  readonly part: string
  readonly salt: string
  readonly content: string
}

/** What a pack says, before anything is believed. Lines that could not be read are absent. */
export type PackLines = {
  readonly created: string
  readonly uti: string
  readonly trust: readonly TrustLine[]
  readonly trustCount: number
  readonly checkpoint: readonly CheckpointLine[]
  /** How many entry lines the header announces: more than `entry` holds when some cannot be read. */
  readonly entryCount: number
  readonly entry: readonly EntryLine[]
  readonly opening: readonly OpeningLine[]
}

type Counted = 'trust' | 'checkpoint' | 'entry' | 'opening'
type Counts = Readonly<Record<Counted, number>>
type Header = { readonly created: string; readonly uti: string; readonly counts: Counts }

const counted: readonly Counted[] = ['trust', 'checkpoint', 'entry', 'opening']
const sealed: readonly Section[] = ['header', ...counted]

/** Splits a pack into its sections. Undefined when it has no readable form; the findings say why. */
export const readPack = (bytes: Uint8Array, findings: Findings): PackLines | undefined => {
  const place: Place = { section: 'pack' }
  const small = bytes.length <= packBytesMax
  if (!findings.check('pack/limits', small, place, `the pack has ${bytes.length} bytes`)) return undefined
  const lines = splitLines(bytes)
  const header = readHeader(lines[0] ?? new Uint8Array(), findings)
  if (header === undefined) return undefined
  const { trust, checkpoint } = header.counts
  const paired = trust > 0 && checkpoint === trust
  const detail = 'a pack has at least one trust line, and a checkpoint line for each'
  if (!findings.check('pack/counts', paired, { section: 'header', line: 1 }, detail)) return undefined
  const sections = sectionsOf(header.counts)
  if (sections.length !== lines.length) return blameCount(lines, sections, findings)
  const values = lines.map((line, at) => readLine(line, sections[at] ?? 'seal', at + 1, findings))
  checkSeal(lines, sections, values.at(-1), findings)
  return collect(header, values)
}

/** Every line with its line feed; a last line without one is a line that cannot be read. */
const splitLines = (bytes: Uint8Array): readonly Uint8Array[] => {
  const lines: Uint8Array[] = []
  for (let from = 0; from < bytes.length;) {
    const feed = bytes.indexOf(0x0a, from)
    const to = feed < 0 ? bytes.length : feed + 1
    lines.push(bytes.subarray(from, to))
    from = to
  }
  return lines
}

const readHeader = (line: Uint8Array, findings: Findings): Header | undefined => {
  const place: Place = { section: 'header', line: 1 }
  const value = parseLine(line)
  const header = value && isObject(value) ? headerOf(value) : undefined
  if (!findings.check('pack/syntax', header !== undefined, place, 'line 1 is not a header')) return undefined
  const known = header?.format === format
  if (!findings.check('pack/format', known, place, `the format is not ${format}`)) return undefined
  return header
}

const headerOf = (value: JsonObject): (Header & { format: string }) | undefined => {
  if (!hasExactly(value, ['counts', 'created', 'format', 'subject'])) return undefined
  const [counts, subject] = [member(value, 'counts'), member(value, 'subject')]
  const [created, name] = [member(value, 'created'), member(value, 'format')]
  if (!isObject(counts) || !hasExactly(counts, counted)) return undefined
  if (!isObject(subject) || !hasExactly(subject, ['uti'])) return undefined
  const uti = member(subject, 'uti')
  if (!isText(uti) || !isText(name) || !isText(created) || !isInstant(created)) return undefined
  const numbers = countsOf(counts)
  return numbers && { format: name, created, uti, counts: numbers }
}

const countsOf = (counts: JsonObject): Counts | undefined => {
  const [trust, checkpoint, entry, opening] = counted.map((section) => member(counts, section))
  if (!isCount(trust) || !isCount(checkpoint) || !isCount(entry) || !isCount(opening)) return undefined
  const small = Math.max(trust, checkpoint, entry, opening) <= entriesMax
  return small ? { trust, checkpoint, entry, opening } : undefined
}

const sectionsOf = (counts: Counts): readonly Section[] => [
  'header',
  ...counted.flatMap((section) => Array.from({ length: counts[section] }, () => section)),
  'seal',
]

/**
 * The number of lines is not what the header says. A line feed that was lost or gained leaves a broken line
 * behind, and that line is to blame; when every line is whole, the header is.
 */
const blameCount = (
  lines: readonly Uint8Array[],
  sections: readonly Section[],
  findings: Findings,
): undefined => {
  const broken = lines.findIndex((line) => parseLine(line) === undefined)
  if (broken < 0) {
    const detail = `the header announces ${sections.length} lines, the pack has ${lines.length}`
    findings.check('pack/counts', false, { section: 'header', line: 1 }, detail)
    return undefined
  }
  const place = brokenPlace(lines[broken], sections[broken] ?? 'seal', broken + 1)
  findings.check('pack/syntax', false, place, 'this line is not one canonical JSON object')
  return undefined
}

type SealLine = {
  readonly section: 'seal'
  readonly line: number
  readonly digest: string
  readonly digests: JsonObject
}
type Value = TrustLine | CheckpointLine | EntryLine | OpeningLine | SealLine | undefined

const readLine = (bytes: Uint8Array, section: Section, line: number, findings: Findings): Value => {
  if (section === 'header') return undefined
  const value = parseLine(bytes)
  const read = value && member(value, 'section') === section ? readers[section]?.(value, line) : undefined
  const place = read === undefined ? brokenPlace(bytes, section, line) : { section, line }
  findings.check('pack/syntax', read !== undefined, place, `this line is not a canonical ${section} line`)
  return read
}

const parseLine = (bytes: Uint8Array): JsonObject | undefined => {
  if (bytes.length > lineBytesMax || bytes.at(-1) !== 0x0a) return undefined
  const text = fromUtf8(bytes.subarray(0, -1))
  const value = text === undefined ? undefined : parseCanonical(text)
  return isObject(value) ? value : undefined
}

const readTrust = (value: JsonObject, line: number): TrustLine | undefined => {
  if (!hasExactly(value, ['log', 'logKey', 'quorum', 'section', 'witnesses'])) return undefined
  const [log, logKey] = [member(value, 'log'), member(value, 'logKey')]
  const [quorum, witnesses] = [member(value, 'quorum'), member(value, 'witnesses')]
  const good = isText(log) && isText(logKey) && isCount(quorum) && isTexts(witnesses)
  return good ? { section: 'trust', line, log, logKey, witnesses, quorum } : undefined
}

const readCheckpoint = (value: JsonObject, line: number): CheckpointLine | undefined => {
  const [log, note] = [member(value, 'log'), member(value, 'note')]
  const good = hasExactly(value, ['log', 'note', 'section']) && isText(log) && isText(note)
  return good ? { section: 'checkpoint', line, log, note } : undefined
}

const readEntry = (value: JsonObject, line: number): EntryLine | undefined => {
  if (!hasExactly(value, ['entry', 'index', 'log', 'proof', 'section'])) return undefined
  const [log, index] = [member(value, 'log'), member(value, 'index')]
  const [entry, proof] = [member(value, 'entry'), member(value, 'proof')]
  const good = isText(log) && isCount(index) && isText(entry) && isTexts(proof)
  return good ? { section: 'entry', line, log, index, entry, proof } : undefined
}

const readOpening = (value: JsonObject, line: number): OpeningLine | undefined => {
  if (!hasExactly(value, ['content', 'index', 'log', 'part', 'salt', 'section'])) return undefined
  const [log, index, part] = [member(value, 'log'), member(value, 'index'), member(value, 'part')]
  const [salt, content] = [member(value, 'salt'), member(value, 'content')]
  const good = isText(log) && isCount(index) && isText(part) && isText(salt) && isText(content)
  return good ? { section: 'opening', line, log, index, part, salt, content } : undefined
}

const readSeal = (value: JsonObject, line: number): SealLine | undefined => {
  if (!hasExactly(value, ['digest', 'digests', 'section'])) return undefined
  const [digest, digests] = [member(value, 'digest'), member(value, 'digests')]
  if (!isText(digest) || !isObject(digests) || !hasExactly(digests, sealed)) return undefined
  return Object.values(digests).every(isText) ? { section: 'seal', line, digest, digests } : undefined
}

const readers: Readonly<Partial<Record<Section, (value: JsonObject, line: number) => Value>>> = {
  trust: readTrust,
  checkpoint: readCheckpoint,
  entry: readEntry,
  opening: readOpening,
  seal: readSeal,
}

/** An entry line that cannot be read still names its index and log, unless just those were hit. */
const brokenPlace = (bytes: Uint8Array | undefined, section: Section, line: number): Place => {
  if (section !== 'entry' || bytes === undefined) return { section, line }
  const found = entryName.exec(latin1.decode(bytes.subarray(0, lineBytesMax)))
  return found ? { section, line, log: found[2] ?? '', index: Number(found[1]) } : { section, line }
}

const latin1 = new TextDecoder('latin1')
const entryName =
  /,"index":(0|[1-9][0-9]{0,8}),"log":"([!#-[\]-~]{1,255})","proof":\[[^[\]]*\],"section":"entry"\}/

const checkSeal = (
  lines: readonly Uint8Array[],
  sections: readonly Section[],
  value: Value,
  findings: Findings,
): void => {
  if (value?.section !== 'seal') return
  const own = toHex(sha256(utf8(canonicalJson(value.digests))))
  const place: Place = { section: 'seal', line: value.line }
  if (!findings.check('pack/seal', own === value.digest, place, 'the seal itself is damaged')) return
  for (const section of sealed) {
    const hash = sha256.create()
    for (const [at, line] of lines.entries()) if (sections[at] === section) hash.update(line)
    const same = toHex(hash.digest()) === member(value.digests, section)
    findings.check('pack/seal', same, { section }, `the ${section} section is not what the seal says`)
  }
}

const collect = (header: Header, values: readonly Value[]): PackLines => ({
  created: header.created,
  uti: header.uti,
  trust: values.filter((value) => value?.section === 'trust'),
  trustCount: header.counts.trust,
  checkpoint: values.filter((value) => value?.section === 'checkpoint'),
  entryCount: header.counts.entry,
  entry: values.filter((value) => value?.section === 'entry'),
  opening: values.filter((value) => value?.section === 'opening'),
})
