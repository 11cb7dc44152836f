/**
 * C2SP tlog-policy: which logs are trusted and which sets of witnesses make a checkpoint count (I7).
 *
 * ```
 * log <vkey> [<url>]
 * witness <name> <vkey> [<url>]
 * group <name> all|any|<k> <member>…
 * quorum <name>|none
 * ```
 * Differences from the standard, both towards refusing: the text must be UTF-8, and a witness whose key type
 * is not verified here (ML-DSA-44) is kept but can never count.
 */
import { fromUtf8, isRefusal, refuse, toHex, type Refusal } from '#core'
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts'
import { cosignatureEd25519, cosignedAt, cosignatureVerifier } from './cosignature.ts'
import { ed25519NoteVerifier, openNote, parseVkey } from './note.ts'
import type { NoteSignature, NoteVerifier, OpenedNote, VerifierKey } from './note.ts'

export const policyBytesMax = 1_000_000
/** Logs, witnesses and groups together; the specification asks for at least 32 of each. */
export const policyDefinitionsMax = 1_024

export type PolicyLog = { readonly key: VerifierKey; readonly url?: string }
export type PolicyWitness = { readonly name: string; readonly key: VerifierKey; readonly url?: string }
export type PolicyGroup = { readonly name: string; readonly k: number; readonly members: readonly string[] }

export type WitnessPolicy = {
  readonly logs: readonly PolicyLog[]
  readonly witnesses: readonly PolicyWitness[]
  readonly groups: readonly PolicyGroup[]
  /** A witness, a group, or `none`. */
  readonly quorum: string
}

export type WitnessedCheckpoint = {
  readonly checkpoint: Checkpoint
  readonly log: PolicyLog
  /** Names of the witnesses whose cosignatures verified, with their times in POSIX seconds. */
  readonly witnessed: readonly { readonly name: string; readonly seconds: number }[]
}

type Draft = { logs: PolicyLog[]; witnesses: PolicyWitness[]; groups: PolicyGroup[]; quorum?: string }

/** Reads a policy. Refuses `witness-policy-invalid` with the line number in `meta.line`. */
export function parseWitnessPolicy(policy: string | Uint8Array): WitnessPolicy | Refusal {
  const text = typeof policy === 'string' ? policy : fromUtf8(policy)
  if (isRefusal(text) || text.length > policyBytesMax) return invalid(0, 'it is too long or not UTF-8')
  if (/[^\t\n\u0020-\u007e\u0080-\uffff]/.test(text)) return invalid(0, 'it holds a control character')
  if (text !== '' && !text.endsWith('\n')) return invalid(0, 'its last line has no newline')
  const draft: Draft = { logs: [], witnesses: [], groups: [] }
  for (const [i, line] of text.split('\n').entries()) {
    const problem = readLine(draft, line)
    if (problem !== undefined) return invalid(i + 1, problem)
  }
  const { quorum } = draft
  return quorum === undefined ? invalid(0, 'it has no quorum line') : { ...draft, quorum }
}

/**
 * Opens a checkpoint under a policy: signed by one of its logs under that log's origin, and witnessed by its
 * quorum. Refuses what `openNote` and `parseCheckpoint` refuse, `note-unsigned` without the log's own
 * signature, `witness-quorum-missing` with `meta.witnessed`.
 */
export function checkWitnessed(
  policy: WitnessPolicy,
  note: string | Uint8Array,
): WitnessedCheckpoint | Refusal {
  const opened = openNote(note, policyVerifiers(policy))
  if (isRefusal(opened)) return opened
  const checkpoint = parseCheckpoint(opened.text)
  if (isRefusal(checkpoint)) return checkpoint
  const log = policy.logs.find(
    ({ key }) => key.name === checkpoint.origin && signatureOf(opened, key) !== undefined,
  )
  if (log === undefined) return refuse('note-unsigned', 'The log itself did not sign the checkpoint')
  const witnessed = witnessedBy(policy, opened)
  const names = witnessed.map(({ name }) => name)
  if (!meetsQuorum(policy, new Set(names)))
    return refuse('witness-quorum-missing', `The quorum ${policy.quorum} is missing`, {
      quorum: policy.quorum,
      witnessed: names.join(' '),
    })
  return { checkpoint, log, witnessed }
}

/** Whether these witnesses are enough. */
export function meetsQuorum(policy: WitnessPolicy, witnessed: ReadonlySet<string>): boolean {
  const counts = (name: string): boolean => {
    const group = policy.groups.find((candidate) => candidate.name === name)
    if (group === undefined) return witnessed.has(name)
    return group.members.filter(counts).length >= group.k
  }
  return policy.quorum === 'none' || counts(policy.quorum)
}

/** The witnesses of the policy whose cosignatures an opened note carries. */
export function witnessedBy(policy: WitnessPolicy, opened: OpenedNote): WitnessedCheckpoint['witnessed'] {
  return policy.witnesses.flatMap(({ name, key }) => {
    const signature = signatureOf(opened, key)
    const seconds = signature === undefined ? undefined : cosignedAt(signature)
    return seconds === undefined ? [] : [{ name, seconds }]
  })
}

/** Verifiers of every key in the policy whose type is verified here. */
export function policyVerifiers(policy: WitnessPolicy): NoteVerifier[] {
  const logs = policy.logs.map(({ key }) => ed25519NoteVerifier(key))
  const witnesses = policy.witnesses.map(({ key }) => cosignatureVerifier(key))
  return [...logs, ...witnesses].filter((verifier): verifier is NoteVerifier => !isRefusal(verifier))
}

function signatureOf(opened: OpenedNote, key: VerifierKey): NoteSignature | undefined {
  return opened.verified.find(({ name, keyId }) => name === key.name && keyId === key.keyId)
}

/** Adds one line to the draft; returns what is wrong with it. */
function readLine(draft: Draft, line: string): string | undefined {
  const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '')
  if (keyword === undefined || keyword.startsWith('#')) return undefined
  const { logs, witnesses, groups } = draft
  if (logs.length + witnesses.length + groups.length >= policyDefinitionsMax)
    return 'there are too many lines'
  if (keyword === 'log') return readLog(draft, items)
  if (keyword === 'witness') return readWitness(draft, items)
  if (keyword === 'group') return readGroup(draft, items)
  return keyword === 'quorum' ? readQuorum(draft, items) : 'its keyword is unknown'
}

function readLog(draft: Draft, [vkey, url, ...rest]: string[]): string | undefined {
  const key = parseVkey(vkey ?? '')
  if (isRefusal(key) || rest.length > 0) return 'it is not: log <vkey> [<url>]'
  if (isRefusal(ed25519NoteVerifier(key))) return 'a log key must be Ed25519 (type 0x01)'
  if (draft.logs.some((log) => samePublicKey(log.key, key))) return 'the log key is there twice'
  draft.logs.push({ key, ...optionalUrl(url) })
  return undefined
}

function readWitness(draft: Draft, [name, vkey, url, ...rest]: string[]): string | undefined {
  const key = parseVkey(vkey ?? '')
  if (name === undefined || isRefusal(key) || rest.length > 0)
    return 'it is not: witness <name> <vkey> [<url>]'
  if (key.type < cosignatureEd25519) return 'a witness key must be a cosignature key'
  if (isDefined(draft, name)) return 'the name is taken'
  if (draft.witnesses.some((witness) => samePublicKey(witness.key, key)))
    return 'the witness key is there twice'
  draft.witnesses.push({ name, key, ...optionalUrl(url) })
  return undefined
}

function readGroup(draft: Draft, [name, rule, ...members]: string[]): string | undefined {
  if (name === undefined || rule === undefined || members.length === 0)
    return 'it is not: group <name> all|any|<k> <member>…'
  if (isDefined(draft, name)) return 'the name is taken'
  for (const [i, member] of members.entries()) {
    if (member === 'none' || !isDefined(draft, member)) return 'a member is not defined above'
    const used = draft.groups.some((group) => group.members.includes(member))
    if (used || members.indexOf(member) !== i) return 'a member already belongs to a group'
  }
  const k = threshold(rule, members.length)
  if (k === undefined) return 'its threshold is not all, any or 1 to the number of members'
  draft.groups.push({ name, k, members })
  return undefined
}

function readQuorum(draft: Draft, [name, ...rest]: string[]): string | undefined {
  if (name === undefined || rest.length > 0) return 'it is not: quorum <name>|none'
  if (draft.quorum !== undefined) return 'there is a second quorum'
  if (!isDefined(draft, name)) return 'the quorum is not defined above'
  draft.quorum = name
  return undefined
}

function threshold(rule: string, members: number): number | undefined {
  if (rule === 'all') return members
  if (rule === 'any') return 1
  const k = /^[1-9]\d{0,3}$/.test(rule) ? Number(rule) : 0
  return k >= 1 && k <= members ? k : undefined
}

/** `none` is always defined. */
function isDefined({ witnesses, groups }: Draft, name: string): boolean {
  return name === 'none' || [...witnesses, ...groups].some((definition) => definition.name === name)
}

function samePublicKey(a: VerifierKey, b: VerifierKey): boolean {
  return toHex(a.publicKey) === toHex(b.publicKey)
}

function optionalUrl(url: string | undefined): { url?: string } {
  return url === undefined ? {} : { url }
}

function invalid(line: number, reason: string): Refusal {
  const where = line === 0 ? 'The witness policy' : `Line ${line} of the witness policy`
  return refuse('witness-policy-invalid', `${where} is not valid: ${reason}`, { line: String(line) })
}
