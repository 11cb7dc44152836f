import type { FixMessage } from '../wire/message.ts'
import type { Dictionary } from './dictionary.ts'
import { none, Reason, type Findings, type ValidationOptions } from './walk.ts'

/** What a Reject(3) says: SessionRejectReason(373), RefTagID(371), Text(58). */
export type SessionReject = {
  readonly sessionRejectReason: number
  readonly refTagId?: number
  readonly text: string
}

/** The texts that QuickFIX gives to SessionRejectReason(373); a peer may show them to people. */
export const rejectTexts: Readonly<Record<number, string>> = {
  0: 'Invalid tag number',
  1: 'Required tag missing',
  2: 'Tag not defined for this message type',
  3: 'Undefined Tag',
  4: 'Tag specified without a value',
  5: 'Value is incorrect (out of range) for this tag',
  6: 'Incorrect data format for value',
  7: 'Decryption problem',
  8: 'Signature problem',
  9: 'CompID problem',
  10: 'SendingTime accuracy problem',
  11: 'Invalid MsgType',
  13: 'Tag appears more than once',
  14: 'Tag specified out of required order',
  15: 'Repeating group fields out of order',
  16: 'Incorrect NumInGroup count for repeating group',
}

/** The reject of a reason, with the tag it is about. */
export function sessionReject(reason: number, refTagId?: number): SessionReject {
  const text = rejectTexts[reason] ?? 'Other'
  if (refTagId === undefined) return { sessionRejectReason: reason, text }
  return { sessionRejectReason: reason, refTagId, text }
}

/**
 * Judges a message by a dictionary, in QuickFIX's order: order of header, body and trailer (14), message type
 * (11), required fields of the message and of its group entries (1), then field by field as they stand on the
 * wire: duplicates (13), empty values (4), format (6), value (5), unknown tags (0) and tags of other messages
 * (2); of a group also its first member (15) and its count (16). BeginString, CompIDs and sequence numbers are
 * the session's business, and so is whether a valid message type is supported.
 */
export function validateMessage(
  message: FixMessage,
  dictionary: Dictionary,
  options: ValidationOptions = strict,
): SessionReject | undefined {
  const findings = message.walk(dictionary, options)
  if (findings === undefined) return sessionReject(Reason.invalidMsgType)
  return firstOf(findings)
}

const strict: ValidationOptions = {}

function firstOf(findings: Findings): SessionReject | undefined {
  if (findings.outOfOrderTag !== none) return sessionReject(Reason.outOfOrder, findings.outOfOrderTag)
  if (findings.requiredTag !== none) return sessionReject(Reason.requiredMissing, findings.requiredTag)
  if (findings.requiredGroupTag !== none)
    return sessionReject(Reason.requiredMissing, findings.requiredGroupTag)
  return findings.reason === none ? undefined : sessionReject(findings.reason, findings.reasonTag)
}
