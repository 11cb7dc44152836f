import { decimal, divideRounded, invariant, refuse, type Decimal, type Refusal } from '#core'

/**
 * What the planner is told about an option, by whoever priced it: `price` and `forward` per unit of the
 * underlying, `delta` per unit of the forward (its size counts, not its sign), `vol` as a fraction (0.68).
 */
export type OptionFacts = {
  readonly price: Decimal
  readonly forward: Decimal
  readonly delta: Decimal
  readonly vol: Decimal
}

/** The value of the free option that a lock gives away: minor units of the premium, and basis points of it. */
export type LockOptionality = { readonly minor: bigint; readonly basisPoints: Decimal }

const secondsPerYear = 31_536_000n
const factScaleMax = 18
const fixedOne = 10n ** 18n
// 1 / √(2π) × 10^18
const inverseSqrtTwoPi = 398_942_280_401_432_678n

/** Longest lock that is valued, in seconds: the approximation is for short ones. */
export const lockSecondsMax = 31_536_000

/**
 * The value of the free option in a lock of `lockSeconds`, at-the-money approximation:
 * premium · (Δ · F / price) · σ · √(t / 365 d) / √(2π). Whoever may still walk away while the other side's
 * value is locked holds about this much.
 *
 * Exact integer arithmetic on 18 decimal places, rounded up to the minor unit, and to 0.1 bp. Refuses
 * `mark-invalid` for facts that are not above zero (delta may be zero) and locks beyond a year.
 */
export function lockOptionality(
  premiumMinor: bigint,
  option: OptionFacts,
  lockSeconds: number,
): LockOptionality | Refusal {
  const wrong = checkFacts(premiumMinor, option, lockSeconds)
  if (wrong !== undefined) return wrong
  const [price, forward, vol] = [fixed(option.price), fixed(option.forward), fixed(option.vol)]
  const delta = fixed(option.delta)
  const elasticity = ((delta < 0n ? -delta : delta) * forward) / price
  const rootTime = squareRoot((BigInt(lockSeconds) * fixedOne * fixedOne) / secondsPerYear)
  const share = (elasticity * vol * rootTime * inverseSqrtTwoPi) / fixedOne ** 3n
  const tenthsOfBasisPoint = divideRounded(share * 100_000n, fixedOne, 'half-even')
  return {
    minor: divideRounded(premiumMinor * share, fixedOne, 'up'),
    basisPoints: decimal(tenthsOfBasisPoint, 1),
  }
}

/** ⌊√n⌋ by Newton's method on integers. */
export function squareRoot(n: bigint): bigint {
  invariant(n >= 0n, 'a square root of a negative number')
  if (n < 2n) return n
  let root = 1n << BigInt(Math.ceil(n.toString(2).length / 2))
  for (;;) {
    const next = (root + n / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

function fixed({ mantissa, scale }: Decimal): bigint {
  return mantissa * 10n ** BigInt(factScaleMax - scale)
}

function checkFacts(premiumMinor: bigint, option: OptionFacts, lockSeconds: number): Refusal | undefined {
  if (premiumMinor < 0n) return refuse('mark-invalid', 'The premium is below zero', { input: 'premiumMinor' })
  for (const [name, fact] of Object.entries(option)) {
    const positive = fact.mantissa > 0n || name === 'delta'
    if (!positive || fact.scale > factScaleMax)
      return refuse('mark-invalid', `${name} is not above zero with at most ${factScaleMax} places`, {
        input: name,
      })
  }
  if (Number.isSafeInteger(lockSeconds) && lockSeconds >= 0 && lockSeconds <= lockSecondsMax) return undefined
  return refuse('mark-invalid', `A lock lasts 0 to ${lockSecondsMax} seconds`, { input: 'lockSeconds' })
}
