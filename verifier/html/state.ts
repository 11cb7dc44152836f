import { newFindings, readPack, verifyPack } from '../src/index.ts'
import type { PackLines, Report } from '../src/index.ts'

/** A pack that the page holds, and what was found in it. */
export type Opened = {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly report: Report
  /** Undefined when the pack has no readable form. */
  readonly lines: PackLines | undefined
}

export const openPack = async (
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  trust: string | undefined,
): Promise<Opened> => {
  const report = await verifyPack(bytes, trust === undefined ? {} : { trust })
  return { name, bytes, report, lines: readPack(bytes, newFindings()) }
}

export type Flip = {
  readonly offset: number
  readonly line: number
  readonly from: number
  readonly to: number
}

/** The same bytes with one of them changed; `pick` gives a number from 0 to its argument, exclusive. */
export const flipByte = (
  bytes: Uint8Array<ArrayBuffer>,
  pick: (below: number) => number,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly flip: Flip } => {
  const offset = pick(bytes.length)
  const from = bytes[offset] ?? 0
  const to = from ^ (1 + pick(255))
  const changed = bytes.slice()
  changed[offset] = to
  const line = bytes.subarray(0, offset).reduce((count, byte) => (byte === 0x0a ? count + 1 : count), 1)
  return { bytes: changed, flip: { offset, line, from, to } }
}
