/** Names of the tags that a trade of ours carries (FIX 4.4 volume 6), for reading, not for validating. */
export const tagNames: Readonly<Record<string, string>> = {
  6: 'AvgPx',
  8: 'BeginString',
  9: 'BodyLength',
  10: 'CheckSum',
  11: 'ClOrdID',
  14: 'CumQty',
  15: 'Currency',
  17: 'ExecID',
  22: 'SecurityIDSource',
  31: 'LastPx',
  32: 'LastQty',
  34: 'MsgSeqNum',
  35: 'MsgType',
  37: 'OrderID',
  38: 'OrderQty',
  39: 'OrdStatus',
  40: 'OrdType',
  43: 'PossDupFlag',
  44: 'Price',
  48: 'SecurityID',
  49: 'SenderCompID',
  52: 'SendingTime',
  54: 'Side',
  55: 'Symbol',
  56: 'TargetCompID',
  58: 'Text',
  59: 'TimeInForce',
  60: 'TransactTime',
  62: 'ValidUntilTime',
  97: 'PossResend',
  103: 'OrdRejReason',
  117: 'QuoteID',
  131: 'QuoteReqID',
  132: 'BidPx',
  133: 'OfferPx',
  134: 'BidSize',
  135: 'OfferSize',
  146: 'NoRelatedSym',
  150: 'ExecType',
  151: 'LeavesQty',
  167: 'SecurityType',
  201: 'PutOrCall',
  202: 'StrikePrice',
  461: 'CFICode',
  541: 'MaturityDate',
  947: 'StrikeCurrency',
}

const meanings: Readonly<Record<string, string>> = {
  '35=8': 'ExecutionReport',
  '35=D': 'NewOrderSingle',
  '35=R': 'QuoteRequest',
  '35=S': 'Quote',
  '35=AE': 'TradeCaptureReport',
  '35=F': 'OrderCancelRequest',
  '35=9': 'OrderCancelReject',
  '35=j': 'BusinessMessageReject',
  '39=2': 'Filled',
  '39=8': 'Rejected',
  '39=4': 'Canceled',
  '40=D': 'Previously quoted',
  '54=1': 'Buy',
  '54=2': 'Sell',
  '59=4': 'Fill or kill',
  '150=F': 'Trade',
  '150=8': 'Rejected',
  '201=0': 'Put',
  '201=1': 'Call',
  '22=8': 'Exchange symbol',
}

export type FixField = {
  readonly tag: string
  readonly name: string
  readonly value: string
  readonly meaning: string
}

const soh = String.fromCharCode(1)

/** Fields of a message whose separators are shown as | (or are SOH). */
export const fixFields = (text: string): readonly FixField[] =>
  text
    .replaceAll(soh, '|')
    .split('|')
    .filter((field) => field.includes('='))
    .map((field) => {
      const tag = field.slice(0, field.indexOf('='))
      const value = field.slice(tag.length + 1)
      return { tag, value, name: tagNames[tag] ?? '', meaning: meanings[field] ?? '' }
    })

/** Value of the first field with this tag. */
export const fixValue = (text: string | undefined, tag: string): string | undefined =>
  text === undefined ? undefined : fixFields(text).find((field) => field.tag === tag)?.value
