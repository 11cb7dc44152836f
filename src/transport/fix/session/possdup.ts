import { invariant } from '#core'

const soh = 1
const equals = 61

/**
 * A stored message as it leaves again: PossDupFlag(43)=Y, its own SendingTime as OrigSendingTime(122), `now` as
 * SendingTime(52); everything else byte for byte (FIX 4.4 vol 2). The stored bytes are ours, so the header is
 * known to begin `8, 9, 35, 34, 49, 52, 56`.
 */
export function asPossDup(stored: Uint8Array, now: string): Uint8Array {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.length)
  const [begin, , type, seq, sender, sending, target] = leadingFields(bytes, 7)
  invariant(begin && type && seq && sender && sending && target, 'a stored message has a full header')
  const checksumAt = bytes.lastIndexOf('\u000110=', undefined, 'latin1') + 1
  invariant(checksumAt > target.end, 'a stored message has a trailer')
  const text = (field: Field): string => bytes.toString('latin1', field.start, field.end)
  const original = text(sending).slice('52='.length, -1)
  const head = `${text(type)}${text(seq)}43=Y\u0001${text(sender)}52=${now}\u0001${text(target)}122=${original}\u0001`
  return seal(text(begin), Buffer.from(head, 'latin1'), bytes.subarray(target.end, checksumAt))
}

type Field = { readonly tag: string; readonly start: number; readonly end: number }

function leadingFields(bytes: Buffer, count: number): Field[] {
  const fields: Field[] = []
  let start = 0
  while (fields.length < count) {
    const split = bytes.indexOf(equals, start)
    const end = bytes.indexOf(soh, start) + 1
    invariant(split > 0 && end > split, 'a stored message is well formed')
    fields.push({ tag: bytes.toString('latin1', start, split), start, end })
    start = end
  }
  const tags = fields.map((field) => field.tag).join(' ')
  invariant(tags === '8 9 35 34 49 52 56', `unexpected header of a stored message: ${tags}`)
  return fields
}

/** BodyLength(9) and CheckSum(10) around the parts. */
function seal(begin: string, head: Buffer, rest: Buffer): Uint8Array {
  const front = Buffer.from(`${begin}9=${head.length + rest.length}\u0001`, 'latin1')
  const bytes = Buffer.concat([front, head, rest, Buffer.alloc('10=000\u0001'.length)])
  let sum = 0
  const end = bytes.length - '10=000\u0001'.length
  for (let at = 0; at < end; at += 1) sum += bytes[at] ?? 0
  bytes.write(`10=${String(sum % 256).padStart(3, '0')}\u0001`, end, 'latin1')
  return bytes
}
