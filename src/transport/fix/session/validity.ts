import { invariant } from '#core'
import { dictionaryFor, validateMessage, type Dictionary, type SessionReject } from '../dictionary/index.ts'
import type { FixMessage } from '../wire/index.ts'
import { sendingTimeToleranceMsDefault, type SessionConfig } from './config.ts'
import { isAdministrative } from './outbound.ts'
import type { Turn } from './state.ts'

/** The dictionary that messages of the session are read with; over FIXT.1.1 the one of DefaultApplVerID. */
export function sessionDictionary(config: SessionConfig): Dictionary {
  const applVerId = config.beginString === 'FIXT.1.1' ? (config.defaultApplVerId ?? '9') : undefined
  const dictionary = dictionaryFor(config.beginString, applVerId)
  invariant(dictionary, `no dictionary for ${config.beginString}`)
  return dictionary
}

/** What is wrong with the form of a message by the dictionary, if anything. */
export function validity(config: SessionConfig, message: FixMessage): SessionReject | undefined {
  const otherVersion =
    config.beginString === 'FIXT.1.1' && !isAdministrative(message.msgType) && message.text(1128)
  if (otherVersion && otherVersion !== (config.defaultApplVerId ?? '9')) return applicationVersion
  return validateMessage(message, sessionDictionary(config), config.validation)
}

/** SendingTime(52) within tolerance of our clock. */
export function isTimely(turn: Turn, message: FixMessage): boolean {
  const sent = message.timestamp(52)
  const tolerance = turn.state.config.sendingTimeToleranceMs ?? sendingTimeToleranceMsDefault
  return sent !== undefined && Math.abs(turn.now - sent) <= tolerance
}

/** Their SenderCompID(49) and TargetCompID(56) are the session's, seen from the other side. */
export function hasCompIds(turn: Turn, message: FixMessage): boolean {
  const { senderCompId, targetCompId } = turn.state.config
  return message.text(49) === targetCompId && message.text(56) === senderCompId
}

const applicationVersion: SessionReject = {
  sessionRejectReason: 18,
  refTagId: 1128,
  text: 'Invalid or unsupported application version',
}
