import { sha256 } from '@noble/hashes/sha2.js'
import { fromUtf8, toHex, utf8 } from './bytes.ts'
import { canonicalJson, hasExactly, isArray, isObject, member, parseCanonical } from './json.ts'
import type { Json, JsonObject } from './json.ts'
import type { Findings, Place, Section } from './report.ts'
import { isInstant } from './time.ts'

/** The form of a pack: lines, sections, counts and the seal (spec/evidence-pack.md §2 and §4.1). */

export const format = 'poundlock.evidence/1'
export const packBytesMax = 64 * 1024 * 1024
export const lineBytesMax = 1024 * 1024
export const entriesMax = 1_000_000

export type TrustLine = {
  readonly line: number
  readonly log: string
  readonly logKey: string
  readonly witnesses: readonly string[]
  readonly quorum: number
}
export type CheckpointLine = { readonly line: number; readonly log: string; readonly note: string }
export type EntryLine = {
  readonly line: number
  readonly log: string
  readonly index: number
  readonly entry: string
  readonly proof: readonly string[]
}
export type OpeningLine = {
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
  return collect(header, values, sections)
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
  const { counts, subject, created, format: name } = value as Record<string, Json | undefined>
  if (!hasExactly(value, ['counts', 'created', 'format', 'subject'])) return undefined
  if (!isObject(counts) || !hasExactly(counts, counted) || !isObject(subject)) return undefined
  const uti = member(subject, 'uti')
  if (!hasExactly(subject, ['uti']) || typeof uti !== 'string' || typeof name !== 'string') return undefined
  if (typeof created !== 'string' || !isInstant(created)) return undefined
  const numbers = counted.map((section) => member(counts, section))
  if (!numbers.every((count) => isCount(count) && count <= entriesMax)) return undefined
  return { format: name, created, uti, counts: counts as unknown as Counts }
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

type Value = TrustLine | CheckpointLine | EntryLine | OpeningLine | SealLine | undefined
type SealLine = { readonly line: number; readonly digest: string; readonly digests: JsonObject }

const readLine = (bytes: Uint8Array, section: Section, line: number, findings: Findings): Value => {
  if (section === 'header') return undefined
  const value = parseLine(bytes)
  const read = value && member(value, 'section') === section ? lineOf(value, section, line) : undefined
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

const shapes: Readonly<Record<string, Readonly<Record<string, (value: Json | undefined) => boolean>>>> = {
  trust: { log: isText, logKey: isText, quorum: isCount, witnesses: isTexts },
  checkpoint: { log: isText, note: isText },
  entry: { entry: isText, index: isCount, log: isText, proof: isTexts },
  opening: { content: isText, index: isCount, log: isText, part: isText, salt: isText },
  seal: { digest: isText, digests: isObject },
}

const lineOf = (value: JsonObject, section: Section, line: number): Value => {
  const shape = Object.entries(shapes[section] ?? {})
  if (!hasExactly(value, ['section', ...shape.map(([name]) => name)])) return undefined
  if (!shape.every(([name, is]) => is(member(value, name)))) return undefined
  if (section === 'seal' && !isSealDigests(member(value, 'digests'))) return undefined
  return { ...value, line } as unknown as Value
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
  if (value === undefined || !('digests' in value)) return
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

const collect = (header: Header, values: readonly Value[], sections: readonly Section[]): PackLines => {
  const of = <T>(wanted: Section): readonly T[] =>
    values.filter((value, at) => value !== undefined && sections[at] === wanted) as unknown as readonly T[]
  return {
    created: header.created,
    uti: header.uti,
    trust: of<TrustLine>('trust'),
    trustCount: header.counts.trust,
    checkpoint: of<CheckpointLine>('checkpoint'),
    entry: of<EntryLine>('entry'),
    opening: of<OpeningLine>('opening'),
  }
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string'
}

function isTexts(value: Json | undefined): boolean {
  return isArray(value) && value.every(isText)
}

function isCount(value: Json | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

const isSealDigests = (value: Json | undefined): boolean =>
  isObject(value) && hasExactly(value, sealed) && Object.values(value).every(isText)
