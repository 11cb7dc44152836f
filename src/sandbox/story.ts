// What happened, read back from both gateways: quote and Greeks, policy and limits, plan, settlement, agreement.
import { isJsonObject, isRefusal, parseDecimal, parseJson, refuse, formatDecimal } from '#core'
import type { Decimal, JsonObject, Refusal } from '#core'
import type { EntryView, TradeView } from '#gateway'
import type { PolicyMark, QuoteMark, QuoteTerms } from '#trade'
import { planSettlement } from '#transfer'
import { alder, cedar } from './cast.ts'
import { askDoor, type Items } from '#server'

export type Story = {
  /** CEDAR's view; absent when there was no fill. */
  readonly trade?: TradeView
  /** Both gateways tell the same of the trade. */
  readonly agreed: boolean
  readonly quote?: QuoteTerms
  readonly mark?: QuoteMark
  readonly policy: { readonly rules: readonly string[]; readonly inputs: JsonObject }
  readonly plan?: Plan
  readonly approvals: Readonly<Record<string, readonly string[]>>
}
export type Plan = {
  readonly route: string
  readonly trust: string
  readonly lockSeconds: number
  /** What a hash time lock would have given away. */
  readonly htlc: { readonly lockSeconds: number; readonly basisPoints: string; readonly minor: string }
}

const htlcSeconds = 7_200

export async function storyOf(urls: Readonly<Record<string, string>>): Promise<Story | Refusal> {
  const maker = await sideOf(urls[alder.name] ?? '')
  if (isRefusal(maker)) return maker
  const taker = await sideOf(urls[cedar.name] ?? '')
  if (isRefusal(taker)) return taker
  const plan = planOf(taker.trade, maker.mark)
  if (isRefusal(plan)) return plan
  return {
    agreed: agree(maker.trade, taker.trade),
    policy: taker.policy,
    approvals: {
      [alder.name]: maker.trade?.approvals ?? [],
      [cedar.name]: taker.trade?.approvals ?? [],
    },
    ...(taker.trade ? { trade: taker.trade } : {}),
    ...(taker.quote ? { quote: taker.quote } : {}),
    ...(maker.mark ? { mark: maker.mark } : {}),
    ...(plan ? { plan } : {}),
  }
}

const agreedMembers = ['tradeId', 'status', 'uti', 'recordHash', 'quantity', 'price'] as const

function agree(a: TradeView | undefined, b: TradeView | undefined): boolean {
  if (!a || !b) return a === b
  return (
    agreedMembers.every((member) => a[member] === b[member]) && a.settlement?.txHash === b.settlement?.txHash
  )
}

type SideStory = Pick<Story, 'policy'> & {
  readonly trade: TradeView | undefined
  readonly quote: QuoteTerms | undefined
  readonly mark: QuoteMark | undefined
}

async function sideOf(url: string): Promise<SideStory | Refusal> {
  const trades = await askDoor<Items<TradeView>>(url, '/v1/trades')
  if (isRefusal(trades)) return trades
  const entries = await askDoor<Items<EntryView>>(url, '/v1/log/entries?from=0&to=100&parts=opened')
  if (isRefusal(entries)) return entries
  const quote = entries.items.find(({ type }) => type === 'quote.issued' || type === 'quote.received')
  const allowed = entries.items.find(({ type }) => type === 'order.placed' || type === 'trade.executed')
  return {
    trade: trades.items[0],
    quote: partOf(quote, 'terms'),
    mark: partOf(quote, 'mark'),
    policy: { rules: policyOf(allowed)?.rules ?? [], inputs: partOf(allowed, 'policy') ?? {} },
  }
}

// oxlint-disable-next-line no-unsafe-type-assertion -- the body of an entry type that always carries it
const policyOf = (entry: EntryView | undefined) => entry?.body['policy'] as PolicyMark | undefined

type Parts = { readonly terms: QuoteTerms; readonly mark: QuoteMark; readonly policy: JsonObject }

function partOf<K extends keyof Parts>(entry: EntryView | undefined, name: K): Parts[K] | undefined {
  const content = entry?.parts[name]?.content
  const value = content === undefined ? undefined : parseJson(content)
  // oxlint-disable-next-line no-unsafe-type-assertion -- a part of a known entry type
  return value !== undefined && isJsonObject(value) ? (value as Parts[K]) : undefined
}

/** The route that was taken, and what a two-hour hash time lock would have given away instead. */
function planOf(trade: TradeView | undefined, mark: QuoteMark | undefined): Plan | Refusal | undefined {
  if (!trade?.settlement || !mark) return undefined
  const option = decimals({
    price: trade.price,
    forward: mark.forward,
    delta: mark.offerDelta,
    vol: mark.offerVol,
  })
  if (isRefusal(option)) return option
  const { chainId } = trade.settlement
  const premium = { asset: trade.premium.asset, minor: BigInt(trade.premium.minor) }
  const plan = planSettlement({ deliverChainId: chainId, payChainId: chainId, premium, option, htlcSeconds })
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

function decimals(facts: Readonly<Record<keyof OptionFacts, string>>): OptionFacts | Refusal {
  const [price, forward, delta, vol] = [facts.price, facts.forward, facts.delta, facts.vol].map(parseDecimal)
  if (isDecimal(price) && isDecimal(forward) && isDecimal(delta) && isDecimal(vol))
    return { price, forward, delta, vol }
  return refuse('decimal-invalid', 'a fact of the plan is not a decimal')
}

const isDecimal = (value: Decimal | Refusal | undefined): value is Decimal =>
  value !== undefined && !isRefusal(value)
