/**
 * exp, ln, sqrt and the normal tail from + − × ÷ and comparison alone, in one fixed order, so that every
 * IEEE-754 double engine gives the same bits. The platform's Math.exp and Math.log differ between engines
 * and versions; here the order of operations is the specification: move one bracket and the bits change.
 */

// Literals, not Math.LOG2E and the like: these bits are part of the kernel.
/* oxlint-disable oxc/approx-constant */
const log2E = 1.4426950408889634
// ln 2 in two parts: n × ln2High is exact for |n| < 2^20.
const ln2High = 6.9314718036912381649e-1
const ln2Low = 1.9082149292705877e-10
// 1.5 × 2^52: x + shift − shift is x rounded to the nearest integer, ties to even, for |x| < 2^51.
const shift = 6755399441055744
const sqrtHalf = 0.7071067811865476
const sqrtTwo = 1.4142135623730951
/* oxlint-enable oxc/approx-constant */

/** Smallest argument of `exp`. */
export const expMin = -708

// exact: a product of a power of two and 2 or 1/2
const powersUp = powers(2, 1_024)
const powersDown = powers(0.5, 1_075)

function powers(factor: number, count: number): Float64Array {
  const table = new Float64Array(count)
  let power = 1
  for (let n = 0; n < count; n += 1, power *= factor) table[n] = power
  return table
}

/** The nearest integer, ties to even; |x| < 2^51. Math.round sends −0.5 and 0.5 the same way. */
export function roundHalfEven(x: number): number {
  return x + shift - shift
}

/**
 * e^x for −708 ≤ x ≤ 0, relative error at most 1.3e-16: reduction by a two-part ln 2 with its rounding
 * error carried along, then a degree-13 polynomial split into even and odd halves.
 */
export function exp(x: number): number {
  const n = x * log2E + shift - shift
  const high = x - n * ln2High
  const low = n * ln2Low
  const r = high - low
  const lost = high - r - low
  const r2 = r * r
  const r4 = r2 * r2
  const c2 = 1 / 2 + r * (1 / 6)
  const c4 = 1 / 24 + r * (1 / 120)
  const c6 = 1 / 720 + r * (1 / 5040)
  const c8 = 1 / 40320 + r * (1 / 362880)
  const c10 = 1 / 3628800 + r * (1 / 39916800)
  const c12 = 1 / 479001600 + r * (1 / 6227020800)
  const p = c2 + c4 * r2 + ((c6 + c8 * r2) * r4 + (c10 + c12 * r2) * (r4 * r4))
  return (1 + (r + (lost + r2 * p))) * powersDown[-n]!
}

/** ln x for x > 0, relative error at most 2.5e-16: x = 2^k × m with m around 1, then 2 atanh((m−1)/(m+1)). */
export function ln(x: number): number {
  let m = x
  let k = 0
  for (; m >= sqrtTwo; k += 1) m *= 0.5
  for (; m < sqrtHalf; k -= 1) m *= 2
  const s = (m - 1) / (m + 1)
  const z = s * s
  let p = 2 / 23
  for (let n = 21; n >= 3; n -= 2) p = p * z + 2 / n
  return k * ln2High + (2 * s + (s * z * p + k * ln2Low))
}

/** √x for x > 0, relative error at most 1.6e-16: scaled into [1, 4), a linear start and six Newton steps. */
export function sqrt(x: number): number {
  let m = x
  let k = 0
  for (; m >= 4; k += 1) m *= 0.25
  for (; m < 1; k -= 1) m *= 4
  let y = 0.5901620670906446 * m + 0.417307598638865
  for (let step = 0; step < 6; step += 1) y = 0.5 * (y + m / y)
  return k >= 0 ? y * powersUp[k]! : y * powersDown[-k]!
}

/**
 * The upper normal tail Φ(−a) for 0 ≤ a ≤ 37, given e = exp(−a²/2): Hart's rational of degrees 6 and 7
 * (Hart 1968, table 5666). Absolute error at most 1.3e-16; the relative error grows beyond a = 7, which
 * prices do not feel and implied volatility of such prices does.
 */
export function normalTail(a: number, e: number): number {
  let n = 0.0352624965998911 * a + 0.700383064443688
  n = n * a + 6.37396220353165
  n = n * a + 33.912866078383
  n = n * a + 112.079291497871
  n = n * a + 221.213596169931
  n = n * a + 220.206867912376
  let d = 0.0883883476483184 * a + 1.75566716318264
  d = d * a + 16.064177579207
  d = d * a + 86.7807322029461
  d = d * a + 296.564248779674
  d = d * a + 637.333633378831
  d = d * a + 793.826512519948
  d = d * a + 440.413735824752
  return (e * n) / d
}
