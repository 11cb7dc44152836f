import { invariant, isRefusal, parseUti, toHex, utf8, type Lei, type Uti } from '#core'

/** The one hash rule of this project (label, then length-prefixed parts), given by the caller. */
export type Digest = (label: string, ...parts: Uint8Array[]) => Uint8Array

const suffixLength = 32

/**
 * The UTI (ISO 23897) of a trade. The maker, whose quote was hit, generates it:
 * maker LEI ‖ first 32 upper-case hex digits of digest('poundlock/uti/v1', maker LEI, taker LEI, ExecID).
 * Both sides can compute it, so a UTI that does not match is found before anything is signed.
 */
export function utiOf(parties: { maker: Lei; taker: Lei; execId: string }, digest: Digest): Uti {
  const { maker, taker, execId } = parties
  const hash = digest('poundlock/uti/v1', utf8(maker), utf8(taker), utf8(execId))
  const uti = parseUti(maker + toHex(hash).slice(0, suffixLength).toUpperCase())
  invariant(!isRefusal(uti), 'a valid LEI and hex digits always make a UTI')
  return uti
}

/** The bytes32 by which contracts know the trade: digest('poundlock/trade/v1', UTI). */
export function chainTradeId(uti: Uti, digest: Digest): `0x${string}` {
  return `0x${toHex(digest('poundlock/trade/v1', utf8(uti)))}`
}
