// What happened, read back from both gateways: quote and Greeks, policy and limits, plan, settlement, agreement.
import {
  formatDecimal,
  isRefusal,
  parseDecimal,
  parseJson,
  refuse,
  type Decimal,
  type Json,
  type JsonObject,
  type Refusal,
} from '#core'
import { planSettlement } from '#transfer'
import { alder, cedar } from './cast.ts'
import { getJson } from './http.ts'

export type Story = {
  readonly tradeId: string
  readonly status: string
  /** The same trade as the other gateway tells it; both journals must agree. */
  readonly agreed: boolean
  readonly trade: JsonObject
  readonly quote: JsonObject
  readonly mark: JsonObject
  readonly policy: { readonly rules: readonly string[]; readonly inputs: JsonObject }
  readonly plan: {
    readonly route: string
    readonly trust: string
    readonly lockSeconds: number
    readonly htlc: Htlc
  }
  readonly approvals: Readonly<Record<string, readonly string[]>>
  readonly refusal?: JsonObject
}
type Htlc = { readonly lockSeconds: number; readonly basisPoints: string; readonly minor: string }

const htlcSeconds = 7_200

export async function storyOf(urls: Readonly<Record<string, string>>): Promise<Story | Refusal> {
  const maker = await sideOf(urls[alder.name] ?? '')
  if (isRefusal(maker)) return maker
  const taker = await sideOf(urls[cedar.name] ?? '')
  if (isRefusal(taker)) return taker
  const plan = planOf(taker.trade, maker.mark)
  if (isRefusal(plan)) return plan
  const refusal = taker.trade['refusal'] as JsonObject | undefined
  return {
    tradeId: String(taker.trade['tradeId'] ?? ''),
    status: String(taker.trade['status'] ?? 'not traded'),
    agreed: agree(maker.trade, taker.trade),
    trade: taker.trade,
    quote: taker.quote,
    mark: maker.mark,
    policy: taker.policy,
    plan,
    approvals: {
      [alder.name]: (maker.trade['approvals'] ?? []) as readonly string[],
      [cedar.name]: (taker.trade['approvals'] ?? []) as readonly string[],
    },
    ...(refusal ? { refusal } : {}),
  }
}

const agreedMembers = ['tradeId', 'status', 'uti', 'recordHash', 'quantity', 'price'] as const

const agree = (a: JsonObject, b: JsonObject): boolean =>
  agreedMembers.every((member) => a[member] === b[member]) &&
  (a['settlement'] as JsonObject | undefined)?.['txHash'] ===
    (b['settlement'] as JsonObject | undefined)?.['txHash']

type SideStory = {
  readonly trade: JsonObject
  readonly quote: JsonObject
  readonly mark: JsonObject
  readonly policy: Story['policy']
}

async function sideOf(url: string): Promise<SideStory | Refusal> {
  const trades = await getJson(url, '/v1/trades')
  if (isRefusal(trades)) return trades
  const entries = await getJson(url, '/v1/log/entries?from=0&to=100&parts=opened')
  if (isRefusal(entries)) return entries
  const list = entries['items'] as readonly JsonObject[]
  const quote = list.find(({ type }) => type === 'quote.issued' || type === 'quote.received')
  const placed = list.find(({ type }) => type === 'order.placed' || type === 'trade.executed')
  const mark = (placed?.['body'] as JsonObject | undefined)?.['policy'] as JsonObject | undefined
  return {
    trade: (trades['items'] as readonly JsonObject[])[0] ?? {},
    quote: partOf(quote, 'terms'),
    mark: partOf(quote, 'mark'),
    policy: { rules: (mark?.['rules'] ?? []) as readonly string[], inputs: partOf(placed, 'policy') },
  }
}

function partOf(entry: JsonObject | undefined, name: string): JsonObject {
  const parts = entry?.['parts'] as JsonObject | undefined
  const content = (parts?.[name] as JsonObject | undefined)?.['content']
  const value: Json | Refusal = typeof content === 'string' ? parseJson(content) : {}
  return isRefusal(value) ? {} : (value as JsonObject)
}

/** The route that was taken, and what a two-hour hash time lock would have given away instead. */
function planOf(trade: JsonObject, mark: JsonObject): Story['plan'] | Refusal {
  const premium = trade['premium'] as JsonObject | undefined
  const facts = {
    price: trade['price'],
    forward: mark['forward'],
    delta: mark['offerDelta'],
    vol: mark['offerVol'],
  }
  const option = decimals(facts)
  const chainId = String((trade['settlement'] as JsonObject | undefined)?.['chainId'] ?? '')
  const amount = { asset: String(premium?.['asset'] ?? ''), minor: BigInt(String(premium?.['minor'] ?? 0)) }
  const none = {
    route: '',
    trust: '',
    lockSeconds: 0,
    htlc: { lockSeconds: 0, basisPoints: '0', minor: '0' },
  }
  if (isRefusal(option) || chainId === '') return none
  const ends = { deliverChainId: chainId, payChainId: chainId }
  const plan = planSettlement({ ...ends, premium: amount, option, htlcSeconds })
  if (isRefusal(plan)) return plan
  const [route] = plan.routes
  const [htlc] = plan.comparison
  if (!route || !htlc) return refuse('internal', 'a plan has a route and a comparison')
  const { lockSeconds, lockOptionBp, lockOption } = htlc
  const compared = {
    lockSeconds,
    basisPoints: formatDecimal(lockOptionBp),
    minor: lockOption.minor.toString(),
  }
  return { route: route.name, trust: route.trust, lockSeconds: route.lockSeconds, htlc: compared }
}

type OptionFacts = NonNullable<Parameters<typeof planSettlement>[0]['option']>

function decimals(facts: Readonly<Record<keyof OptionFacts, Json | undefined>>): OptionFacts | Refusal {
  const read = (name: keyof OptionFacts): Decimal | Refusal => parseDecimal(String(facts[name] ?? ''))
  const price = read('price')
  if (isRefusal(price)) return price
  const forward = read('forward')
  if (isRefusal(forward)) return forward
  const delta = read('delta')
  if (isRefusal(delta)) return delta
  const vol = read('vol')
  return isRefusal(vol) ? vol : { price, forward, delta, vol }
}
