/**
 * The decision of a C2SP tlog-witness v1.0.0: may this checkpoint follow the one that was cosigned last?
 *
 * ```
 * POST /add-checkpoint      old <size>\n   (<base64 hash>\n)*   \n   <checkpoint note>
 * 200 cosign it · 400 malformed or old > size · 403 not signed by the log · 404 unknown log
 * 409 old is not the size cosigned last · 422 not an append-only continuation
 * ```
 * Pure. Whoever acts on a `cosign` must persist `next` against the very record that was judged, in one atomic
 * step, before the cosignature leaves (witness-service.ts does).
 */
import { equalBytes, fromUtf8, isRefusal, refuse, type Refusal, type RefusalCode } from '#core'
import { hasPossibleRoot, parseCheckpoint, parseTreeSize, type Checkpoint } from './checkpoint.ts'
import { verifyConsistency } from './merkle.ts'
import { openNote, splitNote, type NoteVerifier } from './note.ts'
import { parseHashLines } from './receipt.ts'

/** Most consistency proof lines in a request, by the standard. */
export const consistencyLinesMax = 63

/** A log that this witness knows, with every key that may sign for it. */
export type KnownLog = { readonly origin: string; readonly keys: readonly NoteVerifier[] }

/** What the witness cosigned last for a log. */
export type WitnessRecord = { readonly size: number; readonly root: Uint8Array }

export type AddCheckpoint = {
  readonly oldSize: number
  readonly proof: readonly Uint8Array[]
  readonly note: string
}

export type WitnessDecision =
  | {
      readonly status: 200
      readonly next: Checkpoint
      /** The checkpoint text to cosign, and the log's own lines that were verified. */
      readonly text: string
      readonly logLines: readonly string[]
    }
  | { readonly status: 409; readonly size: number }
  | { readonly status: 400 | 403 | 404 | 422; readonly refusal: Refusal }

/** Reads a request body. Refuses `witness-request-malformed`. */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint | Refusal {
  const text = fromUtf8(body)
  const split = isRefusal(text) ? -1 : text.indexOf('\n\n')
  if (isRefusal(text) || split < 0) return malformed('it has no empty line after the proof')
  const [first, ...lines] = text.slice(0, split).split('\n')
  const oldSize = first?.startsWith('old ') ? parseTreeSize(first.slice(4)) : undefined
  if (oldSize === undefined) return malformed('its first line is not: old <size>')
  const proof = lines.length > consistencyLinesMax ? undefined : parseHashLines(lines)
  if (proof === undefined) return malformed('its proof is not at most 63 hashes')
  return { oldSize, proof, note: text.slice(split + 2) }
}

/** The origin a request speaks of, before any signature was looked at; to find the record. */
export function claimedOrigin({ note }: AddCheckpoint): string | undefined {
  const split = splitNote(note)
  const checkpoint = isRefusal(split) ? split : parseCheckpoint(split.text)
  return isRefusal(checkpoint) ? undefined : checkpoint.origin
}

/** Judges a request against the record of its log (undefined: never cosigned). */
export function decideAddCheckpoint(
  logs: readonly KnownLog[],
  record: WitnessRecord | undefined,
  request: AddCheckpoint,
): WitnessDecision {
  const opened = openCheckpoint(logs, request.note)
  if (isRefusal(opened)) return refused(opened)
  const { checkpoint } = opened
  if (request.oldSize > checkpoint.size)
    return refused(malformed('its old size is larger than its checkpoint'))
  const last = record ?? { size: 0, root: undefined }
  if (request.oldSize !== last.size) return { status: 409, size: last.size }
  const problem = inconsistency(last, checkpoint, request.proof)
  if (problem !== undefined) return refused(problem)
  return { status: 200, next: checkpoint, text: opened.text, logLines: opened.logLines }
}

function openCheckpoint(
  logs: readonly KnownLog[],
  note: string,
): { checkpoint: Checkpoint; text: string; logLines: string[] } | Refusal {
  const split = splitNote(note)
  const checkpoint = isRefusal(split) ? split : parseCheckpoint(split.text)
  if (isRefusal(checkpoint)) return checkpoint
  const log = logs.find(({ origin }) => origin === checkpoint.origin)
  if (log === undefined) return refuse('log-unknown', `The log ${checkpoint.origin} is not known here`)
  const opened = openNote(note, log.keys)
  if (isRefusal(opened)) return opened
  return { checkpoint, text: opened.text, logLines: opened.verified.map(({ line }) => line) }
}

/** Why the checkpoint does not continue the last one; undefined when it does. */
function inconsistency(
  last: { size: number; root: Uint8Array | undefined },
  next: Checkpoint,
  proof: readonly Uint8Array[],
): Refusal | undefined {
  if (!hasPossibleRoot(next)) return fork('a tree of size zero has another root')
  if (last.size === 0) return proof.length > 0 ? notProved('a proof from size zero must be empty') : undefined
  const oldRoot = last.root
  if (last.size === next.size && oldRoot !== undefined && !equalBytes(oldRoot, next.root))
    return fork('two roots have the same size')
  if (oldRoot !== undefined && verifyConsistency(last.size, next.size, proof, oldRoot, next.root))
    return undefined
  return notProved('the consistency proof does not verify')
}

/** Statuses of tlog-witness for what can be wrong; everything else is a malformed request. */
const statuses: Partial<Record<RefusalCode, 403 | 404 | 422>> = {
  'log-unknown': 404,
  'note-unsigned': 403,
  'signature-invalid': 403,
  'log-fork': 422,
  'proof-invalid': 422,
}

function refused(refusal: Refusal): WitnessDecision {
  return { status: statuses[refusal.refusal] ?? 400, refusal }
}

function malformed(reason: string): Refusal {
  return refuse('witness-request-malformed', `The add-checkpoint request is malformed: ${reason}`)
}

function fork(reason: string): Refusal {
  return refuse('log-fork', `The log showed two histories: ${reason}`)
}

function notProved(reason: string): Refusal {
  return refuse('proof-invalid', `The checkpoint is not shown to continue the last one: ${reason}`)
}
