import { refuse, type Refusal, type RefusalCode } from '#core'
import { decodeErrorResult } from 'viem'
import type { Hex } from '../port.ts'
import { optionPositionsAbi, sandboxUsdcAbi, settlementAbi } from './abi.ts'

/** A revert, decoded. `error` is the name of the Solidity error, or `unknown`. */
export type Revert = { readonly error: string; readonly args: readonly unknown[] }

const errors = [...settlementAbi, ...optionPositionsAbi, ...sandboxUsdcAbi].filter(
  (item) => item.type === 'error',
)

const codes: Readonly<Record<string, RefusalCode>> = {
  InstructionExpired: 'settlement-expired',
  NonceUsed: 'settlement-nonce-used',
  TradeAlreadySettled: 'trade-already-settled',
  SignatureInvalid: 'signature-invalid',
  PartiesInvalid: 'settlement-terms-invalid',
  AmountZero: 'settlement-terms-invalid',
  TransferInexact: 'transfer-inexact',
  DeliveryFailed: 'transfer-inexact',
  SafeERC20FailedOperation: 'transfer-inexact',
  ERC20InsufficientBalance: 'insufficient-balance',
  ERC6909InsufficientBalance: 'insufficient-balance',
  ERC20InsufficientAllowance: 'insufficient-allowance',
  ERC6909InsufficientAllowance: 'insufficient-allowance',
}

/** Reads revert data: a custom error of our contracts or their tokens, `Error(string)` or `Panic(uint256)`. */
export function decodeRevert(data: Hex): Revert {
  try {
    const { errorName, args } = decodeErrorResult({ abi: errors, data })
    return { error: errorName, args: args ?? [] }
  } catch {
    return { error: 'unknown', args: [] }
  }
}

/**
 * The refusal that a revert stands for; `ledger-reverted` when it is none of those above. Of the arguments
 * only addresses are told: amounts are confidential and a refusal travels.
 */
export function refusalOf(revert: Revert): Refusal {
  const who = revert.args.filter((arg) => typeof arg === 'string' && /^0x[0-9a-fA-F]{40}$/.test(arg))
  const detail = who.length === 0 ? revert.error : `${revert.error} (${who.join(', ')})`
  return refuse(codes[revert.error] ?? 'ledger-reverted', detail, { error: revert.error })
}
