import type { Amount, AssetId, ChainId, Refusal } from '#core'
import type { Address } from '#crypto'
import type { SettlementInstruction } from '#trade'

export type Hex = `0x${string}`

/**
 * The one view of a ledger that the gateway has. It grows with what the gateway does: today it settles both
 * legs at once, tells the truth about an effect, and reads balances and positions.
 *
 * Every effect carries an id that its caller derives from what it wants done. The same id with the same order
 * never happens twice, whatever crashed in between; the same id with another order refuses `effect-conflict`.
 *
 * A call that answers a Refusal has made nothing happen that was not known before: it may be asked again.
 */
export type Ledger = {
  readonly chainId: ChainId
  readonly finality: FinalityPolicy
  /**
   * Moves both legs or none. Asked again, it sends the same transaction again and says what became of it.
   * Refuses what the settlement contract refuses (`settlement-expired`, `settlement-nonce-used`,
   * `trade-already-settled`, `signature-invalid`, `settlement-terms-invalid`, `insufficient-balance`,
   * `insufficient-allowance`, `transfer-inexact`), `effect-conflict`, and what reading refuses.
   */
  readonly settle: (effectId: string, order: SignedInstruction) => Promise<EffectTruth | Refusal>
  /** What is true on the ledger about an effect id. Reads only. */
  readonly truth: (effectId: string) => Promise<EffectTruth | Refusal>
  /** The truth, after sending again what this account signed and the ledger does not show. */
  readonly pursue: (effectId: string) => Promise<EffectTruth | Refusal>
  /**
   * What the ledger shows of an instruction, whoever submitted it: `included`, `final`, or `unknown` while it is
   * not settled. For the party that did not submit.
   */
  readonly settlementOf: (instruction: SettlementInstruction) => Promise<EffectTruth | Refusal>
  /**
   * Time of the newest final block, Unix seconds. Asked before `settlementOf`, it decides: an instruction that is
   * `unknown` although its deadline is earlier can never settle.
   */
  readonly finalTime: () => Promise<bigint | Refusal>
  /** Balances in minor units. Refuses `asset-unknown`. */
  readonly balances: (account: Address, assets: readonly AssetId[]) => Promise<readonly Amount[] | Refusal>
  /** Contracts held long and owed short, per option series. */
  readonly positions: (
    account: Address,
    seriesIds: readonly bigint[],
  ) => Promise<readonly Position[] | Refusal>
}

/** An instruction with the 65-byte (or ERC-1271) signatures of both parties over its EIP-712 digest. */
export type SignedInstruction = {
  readonly instruction: SettlementInstruction
  readonly signatures: { readonly deliverer: Uint8Array; readonly receiver: Uint8Array }
}

export type Position = { readonly seriesId: bigint; readonly long: bigint; readonly short: bigint }

/** A block counts as final when this many blocks, itself included, stand on the chain from it on. */
export type FinalityPolicy = { readonly confirmations: number }

/** Where a transaction stands on the ledger. `confirmations` is 1 in the newest block. */
export type Inclusion = {
  readonly txHash: Hex
  readonly blockNumber: bigint
  readonly blockHash: Hex
  readonly confirmations: number
}

/**
 * unknown: nothing was ever signed for this id · pending: signed, and not on the ledger (any more) or not
 * decided · included: done, can still be reorganised away · final: done · refused: can never be done.
 */
export type EffectTruth =
  | { readonly state: 'unknown' }
  | { readonly state: 'pending'; readonly txHash: Hex; readonly nonce: number }
  | ({ readonly state: 'included' | 'final' } & Inclusion)
  | { readonly state: 'refused'; readonly refusal: Refusal; readonly txHash?: Hex }

/** The contracts of one chain that settle. */
export type LedgerContracts = { readonly settlement: Address; readonly positions: Address }

/** The id of the effect that settles an instruction: its digest names it, so both gateways name it alike. */
export const settlementEffectId = (chainId: ChainId, digestHex: string): string =>
  `settle/${chainId}/${digestHex}`
