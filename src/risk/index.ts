export { kernelVersion, secondsPerYear, valueOption, type OptionInputs, type OptionValue } from './kernel.ts'
export { inputsOf, parseMark, valueMarked, type Mark, type MarkedOption, type MarkSet } from './marks.ts'
export { figure, makerQuote, type MakerQuote, type QuotePolicy } from './quote.ts'
export { impliedVol, type PricedOption } from './implied-vol.ts'
