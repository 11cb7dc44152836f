/** The FIX session as a pure state machine. */
export * from './config.ts'
export type { DeliveryFlags, FixBody, SessionCommand, SessionFact, SessionFactKind } from './io.ts'
export type { SessionInput, SessionOutput, StoredMessage } from './io.ts'
export { routeBack } from './reject.ts'
export { periodStart, type Schedule } from './schedule.ts'
export {
  heldIsNext,
  isOpenAt,
  openSession,
  type Phase,
  type SavedSession,
  type SessionState,
} from './state.ts'
export { step, type Step } from './step.ts'
export { fixTimestamp } from './time.ts'
export { sessionDictionary } from './validity.ts'
