import { invariant } from './invariant.ts'

/** A source of random bytes. Keys, salts and ids come from the one that crypto provides. */
export type Random = { readonly bytes: (length: number) => Uint8Array }

/**
 * Repeatable bytes for simulations and tests: xoshiro128** seeded by SplitMix32 of `seed`.
 * Predictable by design; never for a key, a salt or a nonce of production.
 */
export function seededRandom(seed: number): Random {
  const state = seedState(seed)
  return {
    bytes: (length) => {
      invariant(Number.isInteger(length) && length >= 0, `not a length: ${length}`)
      const words = new Uint32Array(Math.ceil(length / 4)).map(() => nextWord(state))
      const bytes = new Uint8Array(words.length * 4)
      const view = new DataView(bytes.buffer)
      words.forEach((word, index) => view.setUint32(index * 4, word, true))
      return bytes.slice(0, length)
    },
  }
}

type State = [number, number, number, number]

function seedState(seed: number): State {
  let at = seed >>> 0
  const next = (): number => {
    at = (at + 0x9e3779b9) >>> 0
    let word = Math.imul(at ^ (at >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return (word ^ (word >>> 15)) >>> 0
  }
  return [next(), next(), next(), next()]
}

// xoshiro128** 1.1, D. Blackman and S. Vigna, 2018.
function nextWord(s: State): number {
  const word = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0
  const shifted = s[1] << 9
  s[2] ^= s[0]
  s[3] ^= s[1]
  s[1] ^= s[2]
  s[0] ^= s[3]
  s[2] ^= shifted
  s[3] = rotateLeft(s[3], 11)
  return word
}

const rotateLeft = (word: number, by: number): number => (word << by) | (word >>> (32 - by))
