import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant, invariant, isRefusal, refuse } from '#core'
import { otcLinearUsdc, parseInstrument, type ExecutionTerms, type Order, type RfqTerms } from '#trade'
import { dictionaryFor, getDictionary, validateMessage } from '../dictionary/index.ts'
import { encodeMessage, parseMessage, type FixMessage } from '../wire/index.ts'
import * as desk from './index.ts'
import type { DeskBody, FillFields, PositionMaintenanceFields, ReportedTrade } from './index.ts'

const now = instant(Date.UTC(2026, 10, 20, 14))
const at = '2026-11-20T14:00:00.412Z'
const instrument = parseInstrument('ETH-25JUN27-4000-C', otcLinearUsdc, now)
invariant(!isRefusal(instrument), 'the fixture is a listed option')

const alder = { name: 'ALDER', lei: '5299000POUNDLOCK0A94' }
const cedar = { name: 'CEDAR', lei: '5299000POUNDLOCK0C88' }
const execution: ExecutionTerms = {
  tradeId: 'ALDER/E-1',
  execId: 'E-1',
  orderId: 'A-1001',
  clOrdId: 'ORD-1',
  quoteId: 'Q-1',
  quoteReqId: 'RFQ-1',
  securityId: instrument.securityId,
  side: 'Buy',
  lastQty: '100',
  lastPx: '430.72',
  currency: 'USDC',
  premiumMinor: '43072000000',
  transactTime: at,
  validUntilTime: at,
  taker: cedar,
  maker: alder,
}
const refusal = refuse('policy-limit', 'beyond it')
const trade: ReportedTrade = {
  tradeId: 'ALDER/E-1',
  execution,
  uti: `${alder.lei}0123456789ABCDEF`,
  own: cedar,
  other: alder,
  ownSide: 'Buy',
  instrument,
}
const position = { posReqId: 'P-1', account: 'FUND-A', accountType: '1' }
const maintenance: PositionMaintenanceFields = {
  ...position,
  action: 'exercise',
  product: { securityId: instrument.securityId },
  quantity: '4',
}
const rfq: RfqTerms = {
  quoteReqId: 'RFQ-1',
  securityId: instrument.securityId,
  side: 'Buy',
  orderQty: '100',
  currency: 'USDC',
  taker: cedar,
  maker: alder,
  principal: 'desk',
}
const order: Order = {
  role: 'taker',
  status: 'placed',
  terms: {
    clOrdId: 'ORD-1',
    quoteId: 'Q-1',
    quoteReqId: 'RFQ-1',
    securityId: instrument.securityId,
    side: 'Buy',
    orderQty: '100',
    price: '430.72',
    currency: 'USDC',
    premiumMinor: '1',
    principal: 'desk',
  },
}
const fill: FillFields = {
  orderId: 'A-1',
  clOrdId: 'ORD-1',
  execId: 'E-1',
  transactTime: at,
  side: 'Buy',
  orderQty: '1',
  price: '1',
  currency: 'USDC',
  product: { securityId: instrument.securityId },
}
const request = { requestId: 'TR-1', requestType: '0', subscription: undefined }
const wanted = {
  execId: undefined,
  orderId: undefined,
  clOrdId: undefined,
  securityId: undefined,
  tradeReportId: undefined,
}
const held = {
  instrument,
  longQty: '10',
  shortQty: '0',
  lastPx: '430.72',
  currency: 'USDC',
  premium: '-4307.2',
}
const report = { reportId: 'R-1', at, total: 1 }
const response = { quoteRespId: 'QR-1', quoteId: 'Q-1', securityId: instrument.securityId }

/** Everything that a gateway says to desks, but for what has its own tests in the layers above. */
const bodies: readonly DeskBody[] = [
  desk.writeQuoteRequest(rfq, instrument),
  desk.writeQuoteRequest(rfq, instrument, 'W-1'),
  desk.writeQuoteRequestReject('RFQ-1', '[N/A]', refusal),
  desk.writeQuoteCancel('Q-1', 'RFQ-1'),
  desk.writePass('QR-1', 'Q-1', instrument),
  desk.writeQuoteStatus(response, 'pass'),
  desk.writeQuoteStatus({ ...response, securityId: undefined }, 'rejected', refusal),
  desk.writeSecurityDefinition('SR-1', 'SD-1', instrument),
  desk.writeSecurityReject('SR-1', 'SD-1', undefined, refusal),
  desk.writeOrder(order.terms, instrument, at),
  desk.writeFill(execution, instrument),
  desk.writeCorrection(execution, 'E-0', instrument),
  desk.writeBust(execution, 'E-1-H', instrument, at),
  desk.writeOrderStatus(order, undefined, { execId: 'S-1', at }),
  desk.writeOrderStatus({ ...order, status: 'filled' }, execution, { execId: 'S-1', at }),
  desk.writeOrderReject({ ...order.terms, execId: 'R-1' }, refusal, at),
  desk.writeDontKnow(fill, instrument, 'E', refusal),
  desk.writeTradeReport(trade),
  desk.writeTradeReport(trade, { requestId: 'TR-1', total: 1, isLast: true }),
  desk.writeTradeRequestAck({ ...request, wanted }, 1),
  desk.writeTradeRequestAck({ ...request, wanted }, refusal),
  desk.writeConfirmation({
    ...trade,
    recordHash: 'ab',
    account: 'eip155:1:0x0',
    premium: '43072',
    confirmedAt: at,
  }),
  desk.writeAllocationAck('AL-1', at),
  desk.writeAllocationAck('AL-1', at, refusal),
  desk.writePositionMaintenanceReport(maintenance, cedar, report),
  desk.writePositionMaintenanceReport(maintenance, cedar, report, refusal),
  desk.writePositionRequestAck({ ...position, type: '0', securityId: undefined }, cedar, 'R-1', 1),
  desk.writePositionRequestAck({ ...position, type: '1', securityId: undefined }, cedar, 'R-1', refusal),
  desk.writePositionReport({ ...position, type: '0', securityId: undefined }, cedar, held, report),
]

const versions = [
  ['FIX.4.4', getDictionary('FIX.4.4')],
  ['FIXT.1.1', dictionaryFor('FIXT.1.1', '9')],
] as const

function parsed({ msgType, body }: DeskBody, beginString: string, dictionary = versions[0][1]): FixMessage {
  const header = [
    [34, '1'],
    [49, 'US'],
    [52, '20261120-14:00:00.000'],
    [56, 'THEM'],
  ] as const
  const message = parseMessage(encodeMessage({ beginString, header, msgType, body }), dictionary)
  invariant(!('kind' in message), 'what we write is a message')
  return message
}

test('what a desk is told is right by the dictionaries of FIX 4.4 and FIX 5.0 SP2', () => {
  for (const [beginString, dictionary] of versions) {
    invariant(dictionary, `${beginString} is spoken`)
    for (const body of bodies) {
      const wrong = validateMessage(parsed(body, beginString, dictionary), dictionary)
      assert.equal(
        wrong,
        undefined,
        `${beginString} ${body.msgType}: ${wrong?.text ?? ''} ${wrong?.refTagId ?? ''}`,
      )
    }
  }
})

test('a correction and a bust are read back as what they revise', () => {
  const correction = desk.readExecutionReport(
    parsed(desk.writeCorrection(execution, 'E-0', instrument), 'FIX.4.4'),
  )
  assert.ok(!isRefusal(correction) && correction.kind === 'correction')
  assert.deepEqual(
    [correction.execRefId, correction.fill.execId, correction.fill.price],
    ['E-0', 'E-1', '430.72'],
  )
  const bust = desk.readExecutionReport(parsed(desk.writeBust(execution, 'E-1-H', instrument, at), 'FIX.4.4'))
  assert.deepEqual(bust, { kind: 'bust', execRefId: 'E-1', execId: 'E-1-H' })
})

type Reader = (message: FixMessage) => unknown
const readers: readonly (readonly [Reader, string, readonly (readonly [number, string])[], number])[] = [
  [desk.readSecurityRequest, 'c', [[321, '0']], 320],
  [desk.readRfqRequest, 'AH', [], 644],
  [
    desk.readExecutionReport,
    '8',
    [
      [150, 'H'],
      [17, 'E-1'],
    ],
    19,
  ],
  [
    desk.readExecutionReport,
    '8',
    [
      [150, 'H'],
      [19, 'E-1'],
    ],
    17,
  ],
  [desk.readDontKnow, 'Q', [], 17],
  [desk.readTradeRequest, 'AD', [[568, 'T']], 569],
  [desk.readTradeReportAck, 'AR', [], 571],
  [desk.readConfirmationAck, 'AU', [[940, '1']], 664],
  [desk.readAllocation, 'J', [[71, '0']], 70],
  [
    desk.readPositionMaintenance,
    'AL',
    [
      [709, '1'],
      [712, '1'],
    ],
    710,
  ],
  [desk.readPositionRequest, 'AN', [[710, 'P']], 724],
]

test('a field that is needed and missing is named', () => {
  for (const [read, msgType, body, tag] of readers) {
    const refused = read(parsed({ msgType, body }, 'FIX.4.4'))
    assert.ok(isRefusal(refused) && refused.refusal === 'field-missing', msgType)
    assert.match(refused.detail, new RegExp(`\\(${tag}\\) is missing`))
  }
})
