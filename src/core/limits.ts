/** Limits of the pure core. A layer keeps the limits of its own formats beside them. */

/** Longest JSON text that is parsed by default, in bytes of UTF-8. */
export const jsonBytesMax = 1_048_576
/** Deepest nesting of arrays and objects in JSON. */
export const jsonDepthMax = 64
/** Most object members and array items in one JSON text, counted together. */
export const jsonMembersMax = 100_000
/** Most digits of an exact decimal, leading and trailing zeros included. */
export const decimalDigitsMax = 96
/** Most decimal places of an asset (ERC-20 `decimals` is a uint8, in practice at most 36). */
export const assetDecimalsMax = 77
/** Longest detail text of a refusal, in UTF-16 units; the rest is cut off. */
export const refusalDetailMax = 1_000
/** Longest Text(58) that a refusal puts into a FIX message, in UTF-16 units. */
export const refusalTextMax = 256
