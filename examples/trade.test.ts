import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startTestServer } from '../src/server/testing/index.ts'
import { createClient, ProblemError } from './client.ts'
import { runTradeExample } from './trade.ts'

async function start(t: TestContext) {
  const started = await startTestServer({ double: { stepMs: 5 } })
  t.after(() => started.server.stop())
  return started
}
const rfq = {
  securityId: 'ETH-25JUN27-4000-C',
  side: 'Buy',
  orderQty: '100',
  currency: 'USDC',
  to: 'ALDER',
} as const

test('The example trades over REST, from the request for quote to the evidence', async (t) => {
  const { url } = await start(t)
  const lines: string[] = []
  const agreed: string[] = []
  const { trade, evidence } = await runTradeExample({
    baseUrl: url,
    write: (line) => lines.push(line),
    approve: async ({ settlement }) => void agreed.push(settlement?.digest ?? 'none'),
  })
  assert.deepEqual(agreed, [trade.settlement?.digest])
  assert.equal(trade.status, 'settled')
  assert.match(evidence, /^\{"format":"poundlock\.evidence\/1"/)
  assert.equal(lines[0], 'CEDAR asks ALDER for 100 × ETH-25JUN27-4000-C')
  assert.ok(lines.some((line) => line.startsWith('settled: premium 43,072.00 USDC')))
  assert.ok(lines.includes(`transaction ${trade.settlement?.txHash}`))
})

test('A refusal is thrown with its code and remedy', async (t) => {
  const { url } = await start(t)
  const client = createClient({ baseUrl: url })
  await assert.rejects(client.requestForQuote({ ...rfq, securityId: 'ETH-27JUN27-4000-C' }), (error) => {
    assert.ok(error instanceof ProblemError)
    assert.equal(error.problem.refusal, 'unknown-instrument')
    assert.match(error.message, /^PLK-2001 .* Ask for the security list\.$/)
    return true
  })
  await assert.rejects(client.trade('none'), /PLK-2403/)
})

test('A wait that ends without its event says where the trade stands', async (t) => {
  const { server, gateway, url } = await startTestServer()
  t.after(() => server.stop())
  const by = { kind: 'operator', id: 'test' } as const
  await gateway.requestQuote(by, { ...rfq, quoteReqId: 'RFQ-1' })
  await gateway.placeOrder(by, {
    quoteId: gateway.quotes()[0]?.quoteId ?? '',
    side: 'Buy',
    orderQty: '100',
    price: '430.72',
  })
  const waiting = createClient({ baseUrl: url }).waitForTrade(gateway.trades()[0]?.tradeId ?? '', {
    withinMs: 50,
  })
  await assert.rejects(waiting, /still executed\. Wait for ALDER to propose/)
})

test('The same idempotency key asks once', async (t) => {
  const { url, gateway } = await start(t)
  const client = createClient({ baseUrl: url })
  const one = await client.requestForQuote(rfq, { idempotencyKey: 'example-1' })
  const two = await client.requestForQuote(rfq, { idempotencyKey: 'example-1' })
  assert.equal(one.quoteReqId, two.quoteReqId)
  assert.equal(gateway.rfqs().length, 1)
})

test('Events go on without a gap after the server was away', async (t) => {
  const first = await startTestServer()
  const { gateway, port, url } = first
  const seen: number[] = []
  const stop = new AbortController()
  const reading = (async () => {
    for await (const event of createClient({ baseUrl: url }).events({ from: 0, signal: stop.signal })) {
      seen.push(event.data.index)
      if (seen.length === 9) return
    }
  })()
  await until(() => seen.length === 3)
  await first.server.stop()
  const by = { kind: 'operator', id: 'test' } as const
  for (const quoteReqId of ['RFQ-1', 'RFQ-2', 'RFQ-3']) await gateway.requestQuote(by, { ...rfq, quoteReqId })
  const second = await startTestServer({ port, gateway })
  t.after(() => second.server.stop())
  await reading
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8])
  stop.abort()
})

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(holds())
}
