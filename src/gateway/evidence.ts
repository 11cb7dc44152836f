// Evidence packs (spec/evidence-pack.md): extracts of one or more logs, put into the one file that an outsider checks.
import {
  canonicalJson,
  formatInstant,
  toBase64,
  toHex,
  utf8,
  isRefusal,
  refuse,
  type Instant,
  type Json,
  type JsonObject,
  type Refusal,
} from '#core'
import { sha256 } from '#crypto'
import type { Journal, JournalEntry } from '#journal'
import { anyObject, integer, listOf, object, text } from './shape.ts'

const packFormat = 'poundlock.evidence/1'
const linesMax = 100_000

/** What one log contributes; the shape in which gateways hand it to each other. */
export const extractShape = object({
  trust: object({ log: text, logKey: text, quorum: integer(1, 64), witnesses: listOf(text, 64) }),
  note: text,
  entries: listOf(object({ index: integer(0, 2 ** 48), entry: text, proof: listOf(text, 64) }), linesMax),
  openings: listOf(object({ index: integer(0, 2 ** 48), part: text, salt: text, content: text }), linesMax),
})
export type LogExtract = {
  readonly trust: {
    readonly log: string
    readonly logKey: string
    readonly quorum: number
    readonly witnesses: readonly string[]
  }
  readonly note: string
  readonly entries: readonly {
    readonly index: number
    readonly entry: string
    readonly proof: readonly string[]
  }[]
  readonly openings: readonly {
    readonly index: number
    readonly part: string
    readonly salt: string
    readonly content: string
  }[]
}

/** Parts that both parties hold anyway; the others (prices of the desk, policy inputs) stay hidden. */
const openedParts = new Set(['record', 'instruction'])
const basicTypes = new Set(['journal.opened', 'key.registered', 'policy.released'])

/**
 * The entries of `corr`, and those that say whose keys and which policy count, proved to the newest checkpoint
 * that the witnesses cosigned. `checkpoint-stale` when that one is older than the newest of these entries.
 */
export function extractOf(
  journal: Journal,
  trust: LogExtract['trust'],
  indices: readonly number[],
): LogExtract | Refusal {
  const cosigned = journal.latestCosigned()
  const last = indices.at(-1) ?? 0
  if (!cosigned || cosigned.size <= last)
    return refuse('checkpoint-stale', `the witnesses have not cosigned entry ${last} yet`, {
      index: String(last),
    })
  const entries = indices.flatMap((index) => journal.read(index, index + 1))
  return {
    trust,
    note: cosigned.note,
    entries: entries.map((entry) => ({
      index: entry.seq,
      entry: Buffer.from(entry.bytes).toString('utf8'),
      proof: journal.inclusionProof(entry.seq, cosigned.size).map(toBase64),
    })),
    openings: entries.flatMap(openingsOf),
  }
}

function openingsOf(entry: JournalEntry): LogExtract['openings'] {
  return Object.entries(entry.opened)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([part, opened]) =>
      openedParts.has(part) && opened !== 'erased'
        ? [{ index: entry.seq, part, salt: opened.salt, content: opened.content }]
        : [],
    )
}

/** Index of what every extract needs, kept up to date by the projection. */
export const isBasic = (type: string): boolean => basicTypes.has(type)

/** The file. Lines are canonical JSON; the seal names a damaged section, nothing more. */
export function formatPack(uti: string, created: Instant, extracts: readonly LogExtract[]): string {
  const trust = extracts.map(({ trust: line }) => ({
    section: 'trust',
    ...line,
    witnesses: [...line.witnesses],
  }))
  const checkpoint = extracts.map(({ trust: { log }, note }) => ({ section: 'checkpoint', log, note }))
  const entry = extracts.flatMap(({ trust: { log }, entries }) =>
    entries.map((one) => ({ section: 'entry', log, ...one, proof: [...one.proof] })),
  )
  const opening = extracts.flatMap(({ trust: { log }, openings }) =>
    openings.map((one) => ({ section: 'opening', log, ...one })),
  )
  const counts = {
    trust: trust.length,
    checkpoint: checkpoint.length,
    entry: entry.length,
    opening: opening.length,
  }
  const header = { format: packFormat, created: formatInstant(created), subject: { uti }, counts }
  const sections = {
    header: linesOf([header]),
    trust: linesOf(trust),
    checkpoint: linesOf(checkpoint),
    entry: linesOf(entry),
    opening: linesOf(opening),
  }
  return Object.values(sections).join('') + linesOf([sealOf(sections)])
}

function sealOf(sections: Readonly<Record<string, string>>): JsonObject {
  const digests: Record<string, string> = {}
  for (const [name, bytes] of Object.entries(sections)) digests[name] = toHex(sha256(utf8(bytes)))
  return { section: 'seal', digests, digest: toHex(sha256(utf8(canonicalJson(digests)))) }
}

const linesOf = (objects: readonly JsonObject[]): string =>
  objects.map((one) => `${canonicalJson(one)}\n`).join('')

/** The extract that a peer hands over. Whether it is true is for the verifier to say. */
export function readExtract(answer: Json): LogExtract | Refusal {
  const shaped = object({ extract: anyObject })(answer, 'answer')
  return isRefusal(shaped) ? shaped : extractShape(shaped.extract, 'answer.extract')
}
