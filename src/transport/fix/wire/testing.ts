import { checksumOf } from './bytes.ts'

/**
 * For tests: the message written with `|` for SOH, with BodyLength put in after the first field and the
 * checksum put behind, whatever else it holds. `data` replaces `<data>` by bytes that may hold anything.
 */
export function rawMessage(text: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const [before = '', after = ''] = text.replaceAll('|', '\u0001').split('<data>')
  const whole = Buffer.concat([Buffer.from(before, 'latin1'), data, Buffer.from(after, 'latin1')])
  const headEnd = whole.indexOf(1) + 1
  const head = `${whole.toString('latin1', 0, headEnd)}9=${whole.length - headEnd}\u0001`
  return withChecksum(Buffer.concat([Buffer.from(head, 'latin1'), whole.subarray(headEnd)]))
}

/** For tests: the bytes with a right checksum field behind. */
export function withChecksum(bytes: Uint8Array): Buffer {
  const sum = String(checksumOf(bytes, 0, bytes.length)).padStart(3, '0')
  return Buffer.concat([bytes, Buffer.from(`10=${sum}\u0001`)])
}
