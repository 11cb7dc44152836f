// Writes spec/vectors/evidence-pack: one good pack, and bad ones with what must be said of each.
//   node verifier/test/write-vectors.ts
import { mkdirSync, writeFileSync } from 'node:fs'
import { badPacks, goodTrust } from './bad-packs.ts'
import { goodPack } from './build-pack.ts'

export const vectorsDir = new URL('../../spec/vectors/evidence-pack/', import.meta.url)

/** File name → text of everything in the folder. */
export const vectorFiles = (): ReadonlyMap<string, string> => {
  const files = new Map([
    ['good.pack', goodPack()],
    ['good.json', json({ proves: 'one trade, in both logs', problems: [] })],
    ['good-pinned.pack', goodPack(1)],
    ['good-pinned.json', json({ proves: 'the same with pinned keys', problems: [], trust: goodTrust })],
  ])
  for (const { name, breaks, pack, problems, trust } of badPacks()) {
    files.set(`bad-${name}.pack`, pack)
    files.set(`bad-${name}.json`, json({ breaks, problems, ...(trust === undefined ? {} : { trust }) }))
  }
  return files
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

if (import.meta.main) {
  mkdirSync(vectorsDir, { recursive: true })
  for (const [name, text] of vectorFiles()) writeFileSync(new URL(name, vectorsDir), text)
}
