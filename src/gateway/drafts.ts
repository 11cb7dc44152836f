// What the loop hands to the journal. A draft that the journal refuses ends the process, so nothing that another party
// says may make one that is too large.
import { canonicalJson, refuse, type JsonObject, type Refusal } from '#core'
import { corrCharsMax, partBytesMax, type EntryDraft } from '#journal'
import { deskEventToDraft, type DeskEvent } from '#trade'
import type { Authorised, RefusedInput } from './loop.ts'

/** A leaf has 65,535 bytes at most; half of it leaves room for the envelope and the digests of the parts. */
export const bodyBytesMax = 32_768

/** The drafts of these events, or `entry-too-large` when the journal could not hold them. */
export function recordable(events: readonly DeskEvent[]): readonly EntryDraft[] | Refusal {
  const drafts = events.map(deskEventToDraft)
  const large = drafts.find((draft) => !fits(draft))
  return large ? refuse('entry-too-large', `${large.type} would be larger than an entry can be`) : drafts
}

const fits = ({ corr, body, parts = {} }: EntryDraft): boolean =>
  corr.length <= corrCharsMax &&
  Buffer.byteLength(canonicalJson(body)) <= bodyBytesMax &&
  Object.values(parts).every(({ content }) => Buffer.byteLength(content) <= partBytesMax)

/** Refusals of authenticated principals are entries; why, and the inputs of a decision, are sealed with it. */
export function refusalDraft(input: RefusedInput, refusal: Refusal): EntryDraft {
  const { name, by, authorised } = input
  const type = 'command.refused'
  const corr = fitting(input.corr)
  const body = { command: name, principal: `${by.kind}:${by.id}`, refusal: refusal.refusal }
  const why = { content: canonicalJson({ detail: refusal.detail }) }
  if (!authorised) return { type, corr, body, parts: { why } }
  const policy = { content: canonicalJson(authorised.inputs) }
  return { type, corr, body: { ...body, policy: { ...authorised.mark } }, parts: { policy, why } }
}

export function administrationDraft(
  input: RefusedInput & { readonly authorised: Authorised },
  action: JsonObject,
): EntryDraft {
  const { by, authorised } = input
  const corr = fitting(input.corr)
  const body = { session: corr, principal: `${by.kind}:${by.id}`, action, policy: { ...authorised.mark } }
  return {
    type: 'session.administered',
    corr,
    body,
    parts: { policy: { content: canonicalJson(authorised.inputs) } },
  }
}

/** What a refused input names may be of any length: its beginning is enough to find it. */
const fitting = (corr: string): string => corr.slice(0, corrCharsMax).toWellFormed()
