// Buys 100 calls over REST and waits for both legs to settle:
//   node examples/trade.ts http://127.0.0.1:7420
import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'
import type { Quote, TradeDetail } from '../src/server/api.ts'
import { createClient, type Client } from './client.ts'

export type TradeExample = {
  readonly baseUrl: string
  readonly write?: (line: string) => void
  /** Called when both gateways agree on record and digest: where the policy wants four eyes, operators approve here. */
  readonly approve?: (trade: TradeDetail) => Promise<void>
  readonly withinMs?: number
}
export type TradeResult = { readonly trade: TradeDetail; readonly evidence: string }

const securityId = 'ETH-25JUN27-4000-C'
const orderQty = '100'

/** From the request for quote to the evidence pack. Every printed value comes from the gateway. */
export async function runTradeExample(example: TradeExample): Promise<TradeResult> {
  const { baseUrl, write = console.log } = example
  const client = createClient({ baseUrl })
  const { name, peers } = await client.identity()
  const maker = peers[0]?.name
  if (maker === undefined) throw new Error(`${name} knows no other gateway to trade with`)
  write(`${name} asks ${maker} for ${orderQty} × ${securityId}`)
  const quote = await bestQuote(client, maker)
  write(`quote ${quote.quoteId}: ${quote.bidPx} / ${quote.offerPx}, valid until ${quote.validUntilTime}`)
  const order = await client.acceptQuote(quote, 'Buy')
  if (order.tradeId === undefined)
    throw new Error(`The order was not filled: ${order.refusal?.detail ?? order.ordStatus}`)
  write(`${order.clOrdId} ${order.ordStatus}: ${order.cumQty} at ${order.avgPx}`)
  const trade = await settle(client, order.tradeId, example)
  for (const line of linesOf(trade)) write(line)
  const evidence = await client.evidence(trade.tradeId)
  write(`evidence: ${Buffer.byteLength(evidence)} bytes, ${evidence.trimEnd().split('\n').length} lines`)
  return { trade, evidence }
}

async function settle(client: Client, tradeId: string, example: TradeExample): Promise<TradeDetail> {
  const { write = console.log, approve, withinMs = 60_000 } = example
  const onState = ({ status, whatNow }: TradeDetail): void => write(`${status}: ${whatNow}`)
  if (approve !== undefined)
    await approve(
      await client.waitForTrade(tradeId, { withinMs, until: ({ settlement }) => settlement !== undefined }),
    )
  return client.waitForTrade(tradeId, { withinMs, onState })
}

async function bestQuote(client: Client, to: string): Promise<Quote> {
  const rfq = await client.requestForQuote({ securityId, side: 'Buy', orderQty, currency: 'USDC', to })
  const [quote] = rfq.quotes
  if (quote === undefined) throw new Error(`${to} did not quote: the request is ${rfq.status}`)
  return quote
}

function linesOf(trade: TradeDetail): string[] {
  const { settlement, timeline } = trade
  return [
    ...timeline.map(({ index, at, title }) => `  leaf ${String(index).padStart(4)}  ${at}  ${title}`),
    `${trade.status}: premium ${trade.premium.text}, UTI ${trade.uti ?? 'none yet'}`,
    ...(settlement === undefined
      ? []
      : [`digest ${settlement.digest}`, `transaction ${settlement.txHash ?? 'none'}`]),
    ...(trade.refusal === undefined ? [] : [`${trade.refusal.plk} ${trade.refusal.detail}`]),
  ]
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href)
  await runTradeExample({ baseUrl: argv[2] ?? 'http://127.0.0.1:7420' })
