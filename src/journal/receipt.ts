/**
 * C2SP tlog-proof: a file that shows, offline, that a leaf is in a log whose checkpoint was witnessed.
 *
 * ```
 * c2sp.org/tlog-proof@v1\n
 * [extra <base64>\n]
 * index <n>\n
 * <base64 hash>\n …          inclusion proof, from the leaf's sibling up
 * \n
 * <signed checkpoint, verbatim>
 * ```
 * The receipt names no content: `verifyReceipt` is given the leaf bytes, so that a valid receipt of another
 * entry fails. `extra` is not authenticated by anything.
 */
import { fromBase64, fromUtf8, isRefusal, refuse, toBase64, type Refusal } from '#core'
import { parseTreeSize } from './checkpoint.ts'
import { hashBytes, leafHash, proofHashesMax, verifyInclusion } from './merkle.ts'
import { noteBytesMax } from './note.ts'
import { checkWitnessed, type WitnessedCheckpoint, type WitnessPolicy } from './policy.ts'

export const receiptHeader = 'c2sp.org/tlog-proof@v1'
export const receiptBytesMax = 2 * noteBytesMax

export type Receipt = {
  readonly index: number
  readonly proof: readonly Uint8Array[]
  /** The signed note, verbatim. */
  readonly checkpoint: string
  readonly extra?: Uint8Array
}

export function formatReceipt({ index, proof, checkpoint, extra }: Receipt): string {
  const head = extra === undefined ? [receiptHeader] : [receiptHeader, `extra ${toBase64(extra)}`]
  return [...head, `index ${index}`, ...proof.map(toBase64), '', checkpoint].join('\n')
}

/** Refuses `receipt-malformed`. Does not look into the checkpoint. */
export function parseReceipt(receipt: string | Uint8Array): Receipt | Refusal {
  const text = typeof receipt === 'string' ? receipt : fromUtf8(receipt)
  if (isRefusal(text) || text.length > receiptBytesMax) return malformed('it is too long or not UTF-8')
  const split = text.indexOf('\n\n')
  const [header, ...lines] = text.slice(0, Math.max(split, 0)).split('\n')
  if (header !== receiptHeader) return malformed('it does not start with the header')
  const extra = lines[0]?.startsWith('extra ') ? fromBase64((lines.shift() ?? '').slice(6)) : undefined
  if (isRefusal(extra)) return malformed('its extra data is not base64')
  const index = parseTreeSize(/^index (?<n>\d+)$/.exec(lines.shift() ?? '')?.groups?.['n'] ?? '')
  if (index === undefined) return malformed('it has no canonical index line')
  const proof = parseHashLines(lines)
  if (proof === undefined) return malformed('a proof line is not a hash')
  const checkpoint = text.slice(split + 2)
  return extra === undefined ? { index, proof, checkpoint } : { index, proof, checkpoint, extra }
}

/** base64 lines of one hash each, at most 65; undefined when a line is anything else. */
export function parseHashLines(lines: readonly string[]): Uint8Array[] | undefined {
  if (lines.length > proofHashesMax) return undefined
  const hashes: Uint8Array[] = []
  for (const line of lines) {
    const hash = fromBase64(line)
    if (isRefusal(hash) || hash.length !== hashBytes) return undefined
    hashes.push(hash)
  }
  return hashes
}

/**
 * Checks that exactly these leaf bytes are in a witnessed log, at the receipt's index. Refuses what
 * `checkWitnessed` refuses, and `proof-invalid`.
 */
export function verifyReceipt(
  receipt: Receipt,
  leaf: Uint8Array,
  policy: WitnessPolicy,
): WitnessedCheckpoint | Refusal {
  const witnessed = checkWitnessed(policy, receipt.checkpoint)
  if (isRefusal(witnessed)) return witnessed
  const { size, root } = witnessed.checkpoint
  const included = verifyInclusion(receipt.index, size, leafHash(leaf), receipt.proof, root)
  if (included) return witnessed
  return refuse('proof-invalid', `The content is not entry ${receipt.index} of the witnessed log`, {
    index: String(receipt.index),
  })
}

function malformed(reason: string): Refusal {
  return refuse('receipt-malformed', `The log receipt is malformed: ${reason}`)
}
