import { decimal, isRefusal, refuse, type Amount, type Decimal, type Refusal } from '#core'
import { lockOptionality, type OptionFacts } from './optionality.ts'

/** Ways to settle two legs, in the order of preference. "Atomic" is said of a named route only. */
export type RouteName = 'same-ledger' | 'erc-7573' | 'saep' | 'htlc'

/**
 * One way to settle, with what it asks of both sides. `fee` is known only where the ledger named one;
 * `lockOption` is what the side that can walk away is given for nothing. A route that is not `available`
 * is shown for comparison and cannot be chosen.
 */
export type SettlementRoute = {
  readonly name: RouteName
  readonly available: boolean
  readonly trust: string
  readonly lockSeconds: number
  readonly fee?: Amount
  readonly lockOption: Amount
  readonly lockOptionBp: Decimal
}

export type SettlementPlan = {
  readonly routes: readonly SettlementRoute[]
  readonly comparison: readonly SettlementRoute[]
}

export type SettlementRequest = {
  readonly deliverChainId: string
  readonly payChainId: string
  readonly premium: Amount
  /** Facts for the value of a lock; without them routes that lock cannot be compared. */
  readonly option?: OptionFacts
  /** What the ledger asks for the transaction, if it said so. */
  readonly fee?: Amount
  /** Lock time of the hash time lock to compare with, in seconds. */
  readonly htlcSeconds: number
}

/**
 * The routes for a settlement. Both legs on one ledger: one transaction moves both or neither, nothing is
 * ever locked. Routes across ledgers are not built; a hash time lock stands in the comparison with the
 * value that it would give away. Refuses `ledger-not-allowed` where the legs are on two ledgers.
 */
export function planSettlement(request: SettlementRequest): SettlementPlan | Refusal {
  const { deliverChainId, payChainId, premium } = request
  if (deliverChainId !== payChainId)
    return refuse('ledger-not-allowed', `No route between ${deliverChainId} and ${payChainId} is available`, {
      deliverChainId,
      payChainId,
    })
  const comparison = compareHtlc(request)
  if (isRefusal(comparison)) return comparison
  const sameLedger: SettlementRoute = {
    name: 'same-ledger',
    available: true,
    trust: 'none beyond the chain and its settlement contract',
    lockSeconds: 0,
    ...(request.fee === undefined ? {} : { fee: request.fee }),
    lockOption: { asset: premium.asset, minor: 0n },
    lockOptionBp: decimal(0n),
  }
  return { routes: [sameLedger], comparison }
}

function compareHtlc({
  option,
  premium,
  htlcSeconds,
}: SettlementRequest): readonly SettlementRoute[] | Refusal {
  if (option === undefined) return []
  const given = lockOptionality(premium.minor, option, htlcSeconds)
  if (isRefusal(given)) return given
  return [
    {
      name: 'htlc',
      available: false,
      trust: 'both sides watch both chains until the time lock ends',
      lockSeconds: htlcSeconds,
      lockOption: { asset: premium.asset, minor: given.minor },
      lockOptionBp: given.basisPoints,
    },
  ]
}
