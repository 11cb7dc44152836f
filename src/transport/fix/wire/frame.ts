import { checksumFieldAt, checksumFieldBytes, checksumOf, equalsSign, naturalAt, soh } from './bytes.ts'

/** Why bytes were given up. Such bytes are ignored: they do not advance a sequence number (FIX 4.4 vol. 2). */
export type GarbledReason =
  | 'checksum'
  | 'body-length'
  | 'first-three-fields'
  | 'tag'
  | 'data-length'
  | 'too-large'
  | 'too-many-fields'
  | 'noise'

export type Garbled = {
  readonly kind: 'garbled'
  readonly reason: GarbledReason
  readonly bytes: Uint8Array
}

/** `bytes` is a view of the received chunk where a message lies in one chunk: copy what you keep for long. */
export type Frame = { readonly kind: 'message'; readonly bytes: Uint8Array } | Garbled

export type FrameLimits = { readonly messageBytesMax: number }
export const defaultFrameLimits: FrameLimits = { messageBytesMax: 256 * 1024 }

/** How much of rejected bytes a frame shows. */
export const garbledBytesMax = 1024

/** Turns received chunks into messages. One per connection; holds at most one unfinished message. */
export type Framer = {
  push(chunk: Uint8Array): Frame[]
  /** Bytes of the unfinished message. */
  pendingBytes(): number
}

/**
 * Frames by BodyLength(9): `8=FIX… SOH 9=n SOH`, n bytes, `10=nnn SOH`. Where the length does not lead to
 * a checksum field, the bytes up to the end of the next one are given up together, as QuickFIX does; bytes
 * before `8=FIX` are noise. A message longer than the limit is given up at its head and the search goes on
 * at the next `8=FIX`, so memory stays within one message.
 */
export function createFramer(limits: FrameLimits = defaultFrameLimits): Framer {
  let pending = new Uint8Array(0)
  let pendingEnd = 0
  let searched = 0
  return {
    pendingBytes: () => pendingEnd,
    push(chunk) {
      const joined = pendingEnd === 0 ? chunk : append(chunk)
      const work: Work = { bytes: joined, limits, frames: [], searched }
      const from = readFrames(work)
      searched = work.searched
      keep(joined, from)
      return work.frames
    },
  }

  /** Grows by doubling, so that a message sent byte by byte costs linear time. */
  function append(chunk: Uint8Array): Uint8Array {
    const needed = pendingEnd + chunk.length
    if (needed > pending.length) {
      const grown = new Uint8Array(Math.max(needed, pending.length * 2))
      grown.set(pending.subarray(0, pendingEnd))
      pending = grown
    }
    pending.set(chunk, pendingEnd)
    pendingEnd = needed
    return pending.subarray(0, needed)
  }

  function keep(joined: Uint8Array, from: number): void {
    if (from === 0 && joined.buffer === pending.buffer) return
    // Frames already handed out may be views of the old buffer: the rest moves to a new one.
    pendingEnd = joined.length - from
    pending = copyOf(joined, from, joined.length)
  }
}

/** `searched`: how far behind the unfinished frame's first byte no checksum field was found. */
type Work = {
  readonly bytes: Uint8Array
  readonly limits: FrameLimits
  readonly frames: Frame[]
  searched: number
}

/** Appends all whole frames to `work.frames`; returns where the unfinished rest begins. */
function readFrames(work: Work): number {
  const { bytes } = work
  let from = 0
  while (from < bytes.length) {
    const start = findBegin(bytes, from)
    if (start > from) giveUp(work, 'noise', from, start)
    const end = start < bytes.length ? readFrame(work, start) : start
    if (end === unfinished) return start
    work.searched = 0
    from = end
  }
  return from
}

const unfinished = -1

/** Reads the frame that begins at `start`; returns its end, or `unfinished`. */
function readFrame(work: Work, start: number): number {
  const { bytes, limits } = work
  const room = Math.min(bytes.length, start + headBytesMax)
  const beginEnd = indexOfSoh(bytes, start, room)
  const lengthEnd = beginEnd < 0 ? -1 : indexOfSoh(bytes, beginEnd + 1, room)
  if (lengthEnd < 0 && room - start < headBytesMax) return unfinished
  const hasLength = lengthEnd > 0 && bytes[beginEnd + 1] === 0x39 && bytes[beginEnd + 2] === equalsSign
  if (!hasLength) return giveUpHead(work, 'first-three-fields', start)
  const length = naturalAt(bytes, beginEnd + 3, lengthEnd)
  if (length < 0) return giveUpHead(work, 'body-length', start)
  if (length > limits.messageBytesMax) return giveUpHead(work, 'too-large', start)
  return readBody(work, start, lengthEnd + 1 + length)
}

/** `trailer` is where BodyLength says that the checksum field begins. */
function readBody(work: Work, start: number, trailer: number): number {
  const { bytes, frames } = work
  const end = trailer + checksumFieldBytes
  const sum = bytes[trailer - 1] === soh ? checksumFieldAt(bytes, trailer) : -1
  if (sum < 0) return bytes.length < end ? unfinished : giveUpMessage(work, start, trailer - 1)
  if (sum !== checksumOf(bytes, start, trailer)) return giveUp(work, 'checksum', start, end)
  frames.push({ kind: 'message', bytes: bytes.subarray(start, end) })
  return end
}

/** The length did not lead to the checksum: gives up everything to the end of the next checksum field. */
function giveUpMessage(work: Work, start: number, trailer: number): number {
  const { bytes, limits } = work
  let open = -1
  for (let i = Math.max(trailer, start + work.searched); i + 3 < bytes.length && open < 0; i++)
    if (isChecksumOpening(bytes, i)) open = i
  const close = open < 0 ? -1 : indexOfSoh(bytes, open + 4, bytes.length)
  if (close >= 0) return giveUp(work, 'body-length', start, close + 1)
  if (bytes.length - start > limits.messageBytesMax) return giveUpHead(work, 'too-large', start)
  work.searched = (open < 0 ? Math.max(trailer, bytes.length - 3) : open) - start
  return unfinished
}

const isChecksumOpening = (bytes: Uint8Array, i: number): boolean =>
  bytes[i] === soh && bytes[i + 1] === 0x31 && bytes[i + 2] === 0x30 && bytes[i + 3] === equalsSign

/** Gives up the bytes up to the next `8=FIX`, which may still be under way. */
function giveUpHead(work: Work, reason: GarbledReason, start: number): number {
  return giveUp(work, reason, start, findBegin(work.bytes, start + 1))
}

function giveUp(work: Work, reason: GarbledReason, from: number, to: number): number {
  const bytes = copyOf(work.bytes, from, Math.min(to, from + garbledBytesMax))
  work.frames.push({ kind: 'garbled', reason, bytes })
  return to
}

/** `slice` of a Buffer is a view. */
const copyOf = (bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(bytes.subarray(from, to))

/** `8=` and the longest BeginString, `9=` and the longest length that could be within a limit. */
const headBytesMax = 64
const begin = Uint8Array.of(0x38, 0x3d, 0x46, 0x49, 0x58)

/** Where `8=FIX`, or a beginning of it at the end of the bytes, next appears; the length when nowhere. */
function findBegin(bytes: Uint8Array, from: number): number {
  for (let i = bytes.indexOf(0x38, from); i >= 0; i = bytes.indexOf(0x38, i + 1)) {
    let matched = 1
    while (matched < begin.length && bytes[i + matched] === begin[matched]) matched++
    if (matched === begin.length || i + matched === bytes.length) return i
  }
  return bytes.length
}

function indexOfSoh(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) if (bytes[i] === soh) return i
  return -1
}
