// RFQRequest(AH), FIX 4.4 vol 3: a market maker asks to see the requests for quote in some instruments.
import { isRefusal, refuse, type Refusal } from '#core'
import type { ProductFields } from '#trade'
import { readProduct, required, type MessageReader } from './fields.ts'

export const watchedMax = 100

export type RfqRequestFields = {
  readonly rfqReqId: string
  /** SubscriptionRequestType(263): 0 those open now, 1 also those to come, 2 no more. Default 0. */
  readonly subscription: 'snapshot' | 'subscribe' | 'unsubscribe'
  readonly products: readonly ProductFields[]
}

const subscriptions = new Map<string | undefined, RfqRequestFields['subscription']>([
  [undefined, 'snapshot'],
  ['0', 'snapshot'],
  ['1', 'subscribe'],
  ['2', 'unsubscribe'],
])

export function readRfqRequest(message: MessageReader): RfqRequestFields | Refusal {
  const rfqReqId = required(message, 644, 'RFQReqID')
  if (isRefusal(rfqReqId)) return rfqReqId
  const subscription = subscriptions.get(message.text(263))
  if (!subscription)
    return refuse('field-invalid', 'SubscriptionRequestType(263) is 0, 1 or 2', { tag: '263' })
  const symbols = message.groups(146)
  if (symbols.length > watchedMax)
    return refuse('field-invalid', `NoRelatedSym(146) is at most ${watchedMax}`, { tag: '146' })
  const products: ProductFields[] = []
  for (const symbol of symbols) {
    const product = readProduct(symbol, undefined)
    if (isRefusal(product)) return product
    products.push(product)
  }
  return { rfqReqId, subscription, products }
}
