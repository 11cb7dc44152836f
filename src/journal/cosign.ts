/**
 * Gets the newest checkpoint cosigned: shows it to every witness of a policy, with a proof from the size that
 * the witness saw last, and keeps it once the quorum is there (I7).
 *
 * The network is an argument: transport/log has the client. A witness that remembers another history is a
 * finding, returned as a value together with the notes that prove it, never an exception.
 */
import { fromUtf8, invariant, isRefusal, refuse, toBase64, toHex, utf8, type Refusal } from '#core'
import { sha256 } from '#crypto'
import { parseCheckpoint, parseTreeSize } from './checkpoint.ts'
import { cosignatureVerifier } from './cosignature.ts'
import type { CosignedCheckpoint, Journal } from './journal.ts'
import { openNote, splitNote } from './note.ts'
import { meetsQuorum, type PolicyWitness, type WitnessPolicy } from './policy.ts'
import type { WitnessReply } from './witness-service.ts'

/** How witnesses are reached. Refusals are for what did not answer at all. */
export type WitnessChannel = {
  addCheckpoint(witness: PolicyWitness, body: Uint8Array): Promise<WitnessReply | Refusal>
  latest(witness: PolicyWitness, originHash: string): Promise<WitnessReply | Refusal>
}

/** Somebody showed two histories of this log: we were rolled back, our key was copied, or the witness lies. */
export type Equivocation = {
  readonly finding: 'equivocation'
  readonly witness: string
  readonly reason: string
  /** The size that the witness holds. */
  readonly size: number
  /** Our signed note, and the one the witness holds when it would show it. */
  readonly ours: string
  readonly theirs?: string
}

export type CosignOutcome = {
  readonly size: number
  /** The checkpoint with every cosignature that verified. */
  readonly note: string
  readonly witnessed: readonly string[]
  /** Set when the quorum is there and the note is kept. */
  readonly kept?: CosignedCheckpoint
  /** `witness-quorum-missing`, or why the note could not be kept. */
  readonly refusal?: Refusal
  readonly findings: readonly Equivocation[]
  readonly failures: readonly { readonly witness: string; readonly refusal: Refusal }[]
}

type Answer =
  | { readonly line: string }
  | { readonly finding: Omit<Equivocation, 'theirs'> }
  | { readonly refusal: Refusal }

type Submission = {
  readonly journal: Journal
  readonly channel: WitnessChannel
  readonly note: string
  readonly text: string
  readonly size: number
}

export async function cosign(
  journal: Journal,
  policy: WitnessPolicy,
  channel: WitnessChannel,
): Promise<CosignOutcome> {
  const note = journal.checkpoint()
  const submission = { journal, channel, note, ...readOwn(note) }
  const answers = await Promise.all(
    policy.witnesses.map(async (witness) => ({ witness, answer: await ask(submission, witness) })),
  )
  const cosigned = answers.flatMap(({ witness, answer }) =>
    'line' in answer ? [{ name: witness.name, line: answer.line }] : [],
  )
  const findings = await Promise.all(
    answers.flatMap(({ witness, answer }) =>
      'finding' in answer ? [withTheirs(submission, witness, answer.finding)] : [],
    ),
  )
  const failures = answers.flatMap(({ witness, answer }) =>
    'refusal' in answer ? [{ witness: witness.name, refusal: answer.refusal }] : [],
  )
  return { ...conclude(submission, policy, cosigned), findings, failures }
}

function conclude(
  { journal, note, size }: Submission,
  policy: WitnessPolicy,
  cosigned: readonly { name: string; line: string }[],
): Omit<CosignOutcome, 'findings' | 'failures'> {
  const fresh = cosigned.filter(({ line }) => !note.includes(line))
  const outcome = {
    size,
    note: `${note}${fresh.map(({ line }) => `${line}\n`).join('')}`,
    witnessed: cosigned.map(({ name }) => name),
  }
  if (!meetsQuorum(policy, new Set(outcome.witnessed)))
    return { ...outcome, refusal: quorumMissing(policy, outcome.witnessed) }
  const kept = journal.addCosignatures(outcome.note)
  return isRefusal(kept) ? { ...outcome, refusal: kept } : { ...outcome, kept }
}

/** Two tries: the second one with the size that the witness named. */
async function ask(submission: Submission, witness: PolicyWitness): Promise<Answer> {
  const { journal, size } = submission
  const guess = Math.min(journal.latestCosigned()?.size ?? 0, size)
  const first = await post(submission, witness, guess)
  if (isRefusal(first)) return { refusal: first }
  if (first.status !== 409) return judgeReply(submission, witness, guess, first)
  const theirs = sizeOf(first)
  if (theirs === undefined) return { refusal: misbehaved(witness, 'it named no size') }
  if (theirs > journal.size()) return fork(submission, witness, theirs, 'it saw a larger tree than there is')
  if (theirs > size) return { refusal: sizeConflict(witness, theirs) }
  const second = await post(submission, witness, theirs)
  if (isRefusal(second)) return { refusal: second }
  if (second.status === 409) return { refusal: sizeConflict(witness, sizeOf(second) ?? theirs) }
  return judgeReply(submission, witness, theirs, second)
}

function post(
  { journal, channel, note, size }: Submission,
  witness: PolicyWitness,
  oldSize: number,
): Promise<WitnessReply | Refusal> {
  const proof = oldSize === size ? [] : journal.consistencyProof(oldSize, size)
  const lines = [`old ${oldSize}`, ...proof.map(toBase64), '', note]
  return channel.addCheckpoint(witness, utf8(lines.join('\n')))
}

function judgeReply(
  submission: Submission,
  witness: PolicyWitness,
  oldSize: number,
  { status, body }: WitnessReply,
): Answer {
  if (status === 422) return fork(submission, witness, oldSize, 'our tree does not continue the one it saw')
  if (status !== 200) return { refusal: misbehaved(witness, `it answered ${status}`) }
  const verifier = cosignatureVerifier(witness.key)
  const lines = fromUtf8(body)
  if (isRefusal(verifier)) return { refusal: verifier }
  if (isRefusal(lines)) return { refusal: lines }
  const opened = openNote(`${submission.text}\n${lines}`, [verifier])
  if (isRefusal(opened)) return { refusal: misbehaved(witness, 'its cosignature does not verify') }
  const [own] = opened.verified
  invariant(own !== undefined, 'an opened note has a verified signature')
  return { line: own.line }
}

function fork(
  { note }: Submission,
  witness: PolicyWitness,
  size: number,
  reason: string,
): { finding: Omit<Equivocation, 'theirs'> } {
  return { finding: { finding: 'equivocation', witness: witness.name, reason, size, ours: note } }
}

/** Adds the note that the witness vouches for, if it shows one of this log. */
async function withTheirs(
  { journal, channel }: Submission,
  witness: PolicyWitness,
  finding: Omit<Equivocation, 'theirs'>,
): Promise<Equivocation> {
  const reply = await channel.latest(witness, toHex(sha256(utf8(journal.origin))))
  const theirs = isRefusal(reply) || reply.status !== 200 ? undefined : fromUtf8(reply.body)
  if (theirs === undefined || isRefusal(theirs) || isRefusal(splitNote(theirs))) return finding
  return { ...finding, theirs }
}

function readOwn(note: string): { text: string; size: number } {
  const split = splitNote(note)
  const checkpoint = isRefusal(split) ? split : parseCheckpoint(split.text)
  invariant(!isRefusal(split) && !isRefusal(checkpoint), 'our own checkpoint is well-formed')
  return { text: split.text, size: checkpoint.size }
}

function sizeOf({ body }: WitnessReply): number | undefined {
  const text = fromUtf8(body)
  return isRefusal(text) || !text.endsWith('\n') ? undefined : parseTreeSize(text.slice(0, -1))
}

function quorumMissing(policy: WitnessPolicy, witnessed: readonly string[]): Refusal {
  return refuse('witness-quorum-missing', `The quorum ${policy.quorum} is missing`, {
    quorum: policy.quorum,
    witnessed: witnessed.join(' '),
  })
}

function misbehaved(witness: PolicyWitness, reason: string): Refusal {
  return refuse('witness-unreachable', `The witness ${witness.name} is of no use: ${reason}`, {
    witness: witness.name,
  })
}

function sizeConflict(witness: PolicyWitness, size: number): Refusal {
  return refuse('checkpoint-size-conflict', `The witness ${witness.name} is at size ${size} by now`, {
    witness: witness.name,
    size: String(size),
  })
}
