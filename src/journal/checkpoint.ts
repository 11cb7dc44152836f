/**
 * C2SP tlog-checkpoint v1.0.0: the text of a note that commits to a whole log.
 *
 * ```
 * <origin>\n
 * <size, decimal, no leading zero>\n
 * <base64 of the 32-byte root>\n
 * [extension lines, non-empty; ours has none]
 * ```
 */
import { equalBytes, fromBase64, isRefusal, refuse, toBase64, type Refusal } from '#core'
import { emptyRoot, hashBytes } from './merkle.ts'

export type Checkpoint = {
  readonly origin: string
  /** Number of leaves; at most 2^53 − 1 here. */
  readonly size: number
  readonly root: Uint8Array
  readonly extensions: readonly string[]
}

/** The note text, without signatures. */
export function formatCheckpoint({ origin, size, root }: Omit<Checkpoint, 'extensions'>): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** Reads a note text. Refuses `checkpoint-malformed`, also for a tree beyond 2^53 − 1 leaves. */
export function parseCheckpoint(text: string): Checkpoint | Refusal {
  const lines = text.split('\n')
  const [origin, size, encodedRoot, ...extensions] = lines.slice(0, -1)
  if (lines.at(-1) !== '' || origin === undefined || size === undefined || encodedRoot === undefined)
    return malformed('it has less than three lines')
  if (origin === '' || extensions.includes('')) return malformed('it has an empty line')
  const leaves = parseTreeSize(size)
  if (leaves === undefined) return malformed('its size is not a canonical number')
  const root = fromBase64(encodedRoot)
  if (isRefusal(root) || root.length !== hashBytes) return malformed('its root is not 32 bytes of base64')
  return { origin, size: leaves, root, extensions }
}

/** Decimal without leading zeros up to 2^53 − 1; undefined otherwise. */
export function parseTreeSize(text: string): number | undefined {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(text)) return undefined
  const size = Number(text)
  return Number.isSafeInteger(size) ? size : undefined
}

/** A tree of size zero has one root only: SHA-256 of the empty string. */
export function hasPossibleRoot({ size, root }: Checkpoint): boolean {
  return size > 0 || equalBytes(root, emptyRoot)
}

function malformed(reason: string): Refusal {
  return refuse('checkpoint-malformed', `The checkpoint is malformed: ${reason}`)
}
