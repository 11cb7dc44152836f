import { refuse, type Refusal } from '#core'
import type { Head } from './quorum.ts'

/** Wei per gas. */
export type FeePolicy = {
  readonly tipPerGasWei: bigint
  /** Highest fee that is ever signed. */
  readonly feePerGasWeiMax: bigint
}
export type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }

export const defaultFees: FeePolicy = {
  tipPerGasWei: 1_000_000_000n,
  feePerGasWeiMax: 500_000_000_000n,
}

/** Nodes take a replacement only when both fees rise by at least a tenth; an eighth is on the safe side. */
const bumpDivisor = 8n

/** Room for the base fee to double before the transaction is stuck. Refuses `fee-limit`. */
export const feesFor = (head: Head, policy: FeePolicy): Fees | Refusal =>
  limited(
    { maxFeePerGas: 2n * head.baseFee + policy.tipPerGasWei, maxPriorityFeePerGas: policy.tipPerGasWei },
    policy,
  )

/** Fees that replace a transaction of the same nonce. Refuses `fee-limit`. */
export function bumpedFees(previous: Fees, current: Fees, policy: FeePolicy): Fees | Refusal {
  return limited(
    {
      maxFeePerGas: raised(previous.maxFeePerGas, current.maxFeePerGas),
      maxPriorityFeePerGas: raised(previous.maxPriorityFeePerGas, current.maxPriorityFeePerGas),
    },
    policy,
  )
}

function raised(old: bigint, now: bigint): bigint {
  const least = old + old / bumpDivisor + 1n
  return least > now ? least : now
}

const limited = (fees: Fees, { feePerGasWeiMax }: FeePolicy): Fees | Refusal =>
  fees.maxFeePerGas > feePerGasWeiMax
    ? refuse('fee-limit', `${fees.maxFeePerGas} wei per gas is above the limit of ${feePerGasWeiMax}`)
    : fees
