export { compactDate, isoDate, type CivilDate } from './calendar.ts'
export { parseCfi, cfiOf, type OptionClass, type PutOrCall } from './cfi.ts'
export {
  checkPrice,
  checkQuantity,
  formatExpiry,
  formatInstrument,
  parseInstrument,
  type Instrument,
} from './instrument.ts'
export { checkProductFields, type ProductFields } from './product-fields.ts'
export { findVenue, listedExpiries, otcLinearUsdc, type UnderlyingTerms, type Venue } from './venue.ts'
export { chainTradeId, utiOf, type Digest } from './uti.ts'
export {
  buildTradeRecord,
  compareEconomics,
  economicsOf,
  premiumMinor,
  productOf,
  type SettlementTerms,
  type TradeExecution,
  type TradeParty,
  type TradeProduct,
  type TradeRecord,
  type TradeSettlement,
  type TradeTerms,
} from './trade-record.ts'
export {
  checkTradeRecord,
  parseTradeRecord,
  recordHashOf,
  tradeRecordBytes,
  tradeRecordBytesMax,
  tradeRecordType,
  type TradeRecordContext,
} from './parse-trade-record.ts'
export {
  settlementInstructionOf,
  settlementInstructionTypes,
  type SettlementInstruction,
} from './settlement-instruction.ts'
export * from './desk/index.ts'
