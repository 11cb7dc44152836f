/** FIX: wire form, dictionaries, the session machine and the engine that runs it. */
export * from './desk/index.ts'
export * from './dictionary/index.ts'
export * from './engine/index.ts'
export * from './session/index.ts'
export {
  createFramer,
  data,
  defaultFrameLimits,
  defaultParseLimits,
  encodeMessage,
  FixGroupEntry,
  FixMessage,
  formatDate,
  formatTimestamp,
  group,
  parseMessage,
  type FixDraft,
  type FixField,
  type Frame,
  type FrameLimits,
  type Framer,
  type Garbled,
  type GarbledReason,
  type ParseLimits,
} from './wire/index.ts'
