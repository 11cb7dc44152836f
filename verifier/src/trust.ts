import { isKeyName, parseVerifierKey } from './note.ts'
import type { VerifierKey } from './note.ts'

/**
 * A trust policy that a reader brings along, so that the keys are not those that the pack itself names.
 * The text form is the C2SP tlog-policy: lines of
 *
 *     log <vkey>
 *     witness <name> <vkey> [url]
 *     group <name> any|all|<k> <member>...
 *     quorum <name>|none
 *
 * with `#` comments and empty lines. One quorum for all logs; a group names witnesses and earlier groups.
 */
export type TrustPolicy = {
  readonly logKeys: readonly string[]
  readonly witnesses: ReadonlyMap<string, VerifierKey>
  readonly groups: ReadonlyMap<string, { readonly needed: number; readonly members: readonly string[] }>
  /** Name of a witness or group; undefined for `none`. */
  readonly quorum: string | undefined
}

export const trustBytesMax = 1024 * 1024

/** Throws TrustPolicyError with the number of the bad line. */
export const parseTrustPolicy = (text: string): TrustPolicy => {
  if (text.length > trustBytesMax) throw new TrustPolicyError('the trust file is larger than 1 MiB')
  const draft: Draft = { logKeys: [], witnesses: new Map(), groups: new Map(), quorums: [] }
  for (const [at, raw] of text.split('\n').entries()) {
    const words = raw.trim().split(/[ \t]+/)
    if (raw.trim() === '' || raw.trim().startsWith('#')) continue
    if (!readLine(words, draft))
      throw new TrustPolicyError(`line ${at + 1} of the trust file is not understood`)
  }
  if (draft.quorums.length !== 1) throw new TrustPolicyError('the trust file needs exactly one quorum line')
  if (draft.logKeys.length === 0) throw new TrustPolicyError('the trust file names no log')
  const [quorum] = draft.quorums
  return { ...draft, quorum: quorum === 'none' ? undefined : quorum }
}

/** True when the witnesses that cosigned satisfy the policy's quorum. */
export const satisfiesQuorum = (policy: TrustPolicy, cosigned: ReadonlySet<string>): boolean => {
  const holds = (name: string): boolean => {
    const group = policy.groups.get(name)
    return group ? group.members.filter(holds).length >= group.needed : cosigned.has(name)
  }
  return policy.quorum === undefined || holds(policy.quorum)
}

type Draft = {
  logKeys: string[]
  witnesses: Map<string, VerifierKey>
  groups: Map<string, { needed: number; members: readonly string[] }>
  quorums: string[]
}

const readLine = ([kind, ...words]: readonly string[], draft: Draft): boolean => {
  if (kind === 'log') return readLog(words, draft)
  if (kind === 'witness') return readWitness(words, draft)
  if (kind === 'group') return readGroup(words, draft)
  const [name = '', ...more] = words
  const isQuorum = kind === 'quorum' && more.length === 0 && (name === 'none' || isKnown(name, draft))
  if (isQuorum) draft.quorums.push(name)
  return isQuorum
}

const readLog = (words: readonly string[], draft: Draft): boolean => {
  const [key = '', ...more] = words
  if (more.length > 1 || parseVerifierKey(key)?.kind !== 'log') return false
  draft.logKeys.push(key)
  return true
}

const readWitness = (words: readonly string[], draft: Draft): boolean => {
  const [name = '', text = '', ...more] = words
  const key = parseVerifierKey(text)
  if (more.length > 1 || key?.kind !== 'witness' || !isFresh(name, draft)) return false
  draft.witnesses.set(name, key)
  return true
}

const readGroup = (words: readonly string[], draft: Draft): boolean => {
  const [name = '', rule = '', ...members] = words
  const needed = { any: 1, all: members.length }[rule] ?? (/^[1-9][0-9]{0,3}$/.test(rule) ? Number(rule) : 0)
  if (!isFresh(name, draft) || members.length === 0 || new Set(members).size !== members.length) return false
  if (needed < 1 || needed > members.length || !members.every((one) => isKnown(one, draft))) return false
  draft.groups.set(name, { needed, members })
  return true
}

const isKnown = (name: string, draft: Draft): boolean => draft.witnesses.has(name) || draft.groups.has(name)

const isFresh = (name: string, draft: Draft): boolean =>
  isKeyName(name) && name !== 'none' && !isKnown(name, draft)

export class TrustPolicyError extends Error {
  override readonly name = 'Trust.PolicyError'
}
