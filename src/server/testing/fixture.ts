import type { JsonObject } from '#core'
import type { InstrumentView, RequestQuoteInput } from '#gateway'

/** The option of the first trade, and the terms under which ALDER sells it to CEDAR. */
export const option: InstrumentView = {
  securityId: 'ETH-25JUN27-4000-C',
  cfiCode: 'OCECCN',
  underlying: 'ETH',
  putOrCall: 'Call',
  strike: '4000',
  strikeCurrency: 'USD',
  expiry: '2027-06-25T08:00:00.000Z',
  exerciseStyle: 'European',
  settlMethod: 'Cash',
  premiumCurrency: 'USDC',
  multiplier: '1',
  tick: '0.01',
}
export const bid = '424.78'
export const offer = '430.72'
export const size = '100'
export const usdc = 'eip155:31337/erc20:0x5FbDB2315678afecb367f032d93F642f64180aa3'
export const premium = { asset: usdc, minor: '43072000000', text: '43,072.00 USDC' }
export const cedarLei = '5299000POUNDLOCK0C19'
export const alderLei = '5299000POUNDLOCK0A25'
const deliverer = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const receiver = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const settlementContract = '0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9'
const optionToken = '0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0'

export type TradeIds = {
  readonly tradeId: string
  readonly uti: string
  readonly quoteId: string
  readonly clOrdId: string
  readonly orderId: string
  readonly execId: string
  readonly executedAt: string
  readonly deadline: string
  readonly nonce: string
}

const head = (type: string, from: string, to: string, seq: number): string =>
  `8=FIX.4.4|35=${type}|49=${from}|56=${to}|34=${seq}|`
const terms = '55=ETH|48=ETH-25JUN27-4000-C|22=8|461=OCECCN|167=OPT|541=20270625|201=1|202=4000|947=USD|'

export const quoteRequestFix = (input: RequestQuoteInput): string =>
  `${head('R', 'DESK', 'CEDAR', 2)}131=${input.quoteReqId ?? ''}|146=1|${terms}54=1|38=100|15=USDC|`
export const quoteFix = (quoteReqId: string, quoteId: string): string =>
  `${head('S', 'ALDER', 'CEDAR', 2)}131=${quoteReqId}|117=${quoteId}|${terms}132=${bid}|133=${offer}|134=100|135=100|15=USDC|`
export const orderFix = (ids: TradeIds): string =>
  `${head('D', 'CEDAR', 'ALDER', 3)}11=${ids.clOrdId}|117=${ids.quoteId}|${terms}54=1|38=100|40=D|44=${offer}|59=4|15=USDC|`
export const executionFix = (ids: TradeIds): string =>
  `${head('8', 'ALDER', 'CEDAR', 3)}37=${ids.orderId}|11=${ids.clOrdId}|17=${ids.execId}|150=F|39=2|${terms}54=1|38=100|32=100|31=${offer}|151=0|14=100|6=${offer}|15=USDC|`

/** spec/trade-record.md */
export const tradeRecord = (ids: TradeIds): JsonObject => ({
  v: 1,
  uti: ids.uti,
  tradeDate: ids.executedAt.slice(0, 10),
  executedAt: ids.executedAt,
  buyer: { lei: cedarLei, name: 'CEDAR' },
  seller: { lei: alderLei, name: 'ALDER' },
  product: {
    securityId: option.securityId,
    cfi: option.cfiCode,
    underlying: 'ETH',
    putOrCall: 'Call',
    exerciseStyle: 'European',
    settlMethod: 'Cash',
    strike: '4000',
    strikeCurrency: 'USD',
    expiry: option.expiry,
    multiplier: '1',
  },
  quantity: size,
  price: offer,
  premium: { asset: usdc, minor: premium.minor },
  execution: { quoteId: ids.quoteId, orderId: ids.orderId, clOrdId: ids.clOrdId, execId: ids.execId },
  settlement: {
    route: 'same-ledger',
    chainId: 'eip155:31337',
    contract: settlementContract,
    deliverer,
    receiver,
    deliverToken: optionToken,
    deliverId: '4000250627',
    deliverAmount: size,
    payToken: usdc.slice(-42),
    payAmount: premium.minor,
    deadline: ids.deadline,
    nonce: ids.nonce,
  },
})

/** spec/settlement-instruction.md */
export const typedData = (ids: TradeIds): JsonObject => ({
  domain: {
    name: 'Poundlock Settlement',
    version: '1',
    chainId: 31337,
    verifyingContract: settlementContract,
  },
  primaryType: 'SettlementInstruction',
  types: {
    SettlementInstruction: [
      { name: 'tradeId', type: 'bytes32' },
      { name: 'deliverer', type: 'address' },
      { name: 'receiver', type: 'address' },
      { name: 'deliverToken', type: 'address' },
      { name: 'deliverId', type: 'uint256' },
      { name: 'deliverAmount', type: 'uint256' },
      { name: 'payToken', type: 'address' },
      { name: 'payAmount', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
      { name: 'nonce', type: 'uint256' },
    ],
  },
  message: {
    tradeId: ids.tradeId,
    deliverer,
    receiver,
    deliverToken: optionToken,
    deliverId: '4000250627',
    deliverAmount: size,
    payToken: usdc.slice(-42),
    payAmount: premium.minor,
    deadline: String(Math.floor(Date.parse(ids.deadline) / 1000)),
    nonce: ids.nonce,
  },
})
