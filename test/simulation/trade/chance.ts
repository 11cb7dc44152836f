// Every choice of a world comes from its seed. A fault that is off draws nothing, so that switching one off leaves
// the rest of the sequence alone.
import { seededRandom } from '#core'

export type Chance = {
  /** 0 ≤ x < 1. */
  real(): number
  /** from ≤ n ≤ to. */
  int(from: number, to: number): number
  /** False without drawing when `p` is 0. */
  hit(p: number): boolean
  pick<T>(of: readonly [T, ...T[]]): T
}

export function chanceOf(seed: number): Chance {
  const random = seededRandom(seed)
  const real = (): number => Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32
  const int = (from: number, to: number): number => from + Math.floor(real() * (to - from + 1))
  return {
    real,
    int,
    hit: (p) => p > 0 && real() < p,
    pick: (of) => of[int(0, of.length - 1)] ?? of[0],
  }
}

export type Lie =
  | 'record-member'
  | 'record-bytes'
  | 'digest'
  | 'foreign-signature'
  | 'replayed'
  | 'refused-answer'
  | 'other-answer'

export type Faults = {
  /** Each a probability per message, write or second. */
  readonly drop: number
  readonly duplicate: number
  readonly answerLost: number
  readonly cut: number
  readonly partition: number
  readonly crash: number
  readonly crashAtWrite: number
  readonly reorg: number
  readonly ledgerDown: number
  readonly delayMsMax: number
  readonly skewMs: readonly [number, number]
  readonly lie: Lie | undefined
  /** From then on nothing fails any more, and everything must end. */
  readonly calmAtMs: number
}

const lies: readonly [Lie, ...Lie[]] = [
  'record-member',
  'record-bytes',
  'digest',
  'foreign-signature',
  'replayed',
  'refused-answer',
  'other-answer',
]

/** Swarm testing: each class of fault is on in half of the worlds, with an intensity of its own. */
export function faultsOf(chance: Chance): Faults {
  const some = (most: number): number => (chance.hit(0.5) ? chance.real() * most : 0)
  const skew = (): number => (chance.hit(0.4) ? chance.int(-5_000, 5_000) : 0)
  const far = (): number => (chance.hit(0.05) ? chance.int(-60_000, 60_000) : skew())
  return {
    drop: some(0.5),
    duplicate: some(0.5),
    answerLost: some(0.6),
    cut: some(0.15),
    partition: some(0.05),
    crash: some(0.08),
    crashAtWrite: some(0.3),
    reorg: some(0.3),
    ledgerDown: some(0.1),
    delayMsMax: chance.hit(0.5) ? chance.int(1, 4_000) : 20,
    skewMs: [far(), far()],
    lie: chance.hit(0.35) ? chance.pick(lies) : undefined,
    calmAtMs: chance.int(5_000, chance.hit(0.3) ? 110_000 : 45_000),
  }
}
