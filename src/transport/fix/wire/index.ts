export { data, encodeMessage, group, type FixBody, type FixDraft, type FixField } from './encode.ts'
export { defaultParseLimits, type ParseLimits } from './fields.ts'
export {
  createFramer,
  defaultFrameLimits,
  type Frame,
  type FrameLimits,
  type Framer,
  type Garbled,
  type GarbledReason,
} from './frame.ts'
export { FixGroupEntry, FixMessage, parseMessage, type FixObject } from './message.ts'
export { formatDate, formatTimestamp } from './values.ts'
