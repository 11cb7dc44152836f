// What an operator orders: FIX session administration, ending a quote of ours, taking back or correcting a fill of
// ours. Each order is signed with the operator's own key, carries a nonce, and is carried out once.
import { isRefusal, refuse, type JsonObject, type Refusal } from '#core'
import type { Signer } from '#crypto'
import type { FixEngine, SessionView } from '#transport'
import type { OperationResult, Principal, SessionAction } from './api.ts'
import type { GatewayConfig } from './config.ts'
import { openStatement, signStatement } from './operator-statement.ts'
import type { PeeringParts } from './peering.ts'
import { bustByOperator, cancelByOperator, correctByOperator } from './revising.ts'
import type { Rows } from './rows.ts'
import { integer, object, oneOf, optional, text, type Shaped } from './shape.ts'
import { sessionView } from './session-view.ts'
import { quoteView, tradeView, type ViewParts } from './views.ts'

export const operationTyp = 'poundlock-operation+json'

const sequence = optional(integer(1, 2_147_483_647))
const shape = object({
  command: oneOf('administer-session', 'cancel-quote', 'bust-trade', 'correct-trade'),
  /** Random, so that the same order given twice on purpose is two orders. */
  nonce: text,
  session: optional(text),
  action: optional(oneOf('enable', 'disable', 'reset', 'logout', 'set-sequence')),
  nextSender: sequence,
  nextTarget: sequence,
  quoteId: optional(text),
  tradeId: optional(text),
  /** The right price of a fill, a decimal. */
  price: optional(text),
})
export type Operation = Shaped<typeof shape>

export const operationOf = (order: JsonObject, operator: Signer): JsonObject =>
  signStatement(order, operationTyp, operator)

export type OperatingParts = {
  readonly config: GatewayConfig
  readonly peering: PeeringParts
  readonly views: ViewParts
  readonly rows: Rows
  readonly engine: () => FixEngine
}

/** Refuses `message-replayed` for an order that was given before. */
export async function operate(parts: OperatingParts, order: JsonObject): Promise<OperationResult | Refusal> {
  const opened = openStatement(parts.config.operators, order, operationTyp, shape)
  if (isRefusal(opened)) return opened
  if (!(await parts.rows.insert(`operation/${opened.hash}`, opened.operator)))
    return refuse('message-replayed', 'this order was given before; sign a new one')
  const by: Principal = { kind: 'operator', id: opened.operator }
  return carriers[opened.statement.command](parts, by, opened.statement)
}

type Carrier = (
  parts: OperatingParts,
  by: Principal,
  operation: Operation,
) => Promise<OperationResult | Refusal>

const carriers: Readonly<Record<Operation['command'], Carrier>> = {
  'administer-session': administer,
  'cancel-quote': cancelQuote,
  'bust-trade': reviseTrade,
  'correct-trade': reviseTrade,
}

async function administer(
  parts: OperatingParts,
  by: Principal,
  { session = '', action, nextSender, nextTarget }: Operation,
): Promise<OperationResult | Refusal> {
  if (action === undefined) return refuse('field-missing', 'administer-session needs an action')
  const ordered: SessionAction =
    action === 'set-sequence'
      ? {
          action,
          ...(nextSender === undefined ? {} : { nextSender }),
          ...(nextTarget === undefined ? {} : { nextTarget }),
        }
      : { action }
  const { loop, authorise } = parts.peering
  const input = { name: 'AdministerSession', by, corr: session }
  const known = parts.engine().admin.view(session)
  const authorised = authorise.administer(by, session)
  const acted = isRefusal(known)
    ? loop.refuse(input, known)
    : loop.administer({ ...input, authorised }, { ...ordered })
  await loop.commit(acted.bundle)
  if (acted.refused) return acted.refused
  const view = await carryOut(parts.engine().admin, session, ordered)
  return isRefusal(view) ? view : { session: sessionView(view) }
}

async function carryOut(
  admin: FixEngine['admin'],
  id: string,
  action: SessionAction,
): Promise<SessionView | Refusal> {
  if (action.action !== 'set-sequence') return admin[action.action](id)
  const { nextSender, nextTarget } = action
  const out = nextSender === undefined ? admin.view(id) : await admin.setNextOut(id, nextSender)
  if (isRefusal(out) || nextTarget === undefined) return out
  return admin.setNextIn(id, nextTarget)
}

/** QuoteCancel(Z) to the one who asked; an order that crosses it is refused as `quote-cancelled`. */
async function cancelQuote(
  { peering, views }: OperatingParts,
  by: Principal,
  { quoteId = '' }: Operation,
): Promise<OperationResult | Refusal> {
  const refused = await cancelByOperator(peering, by, quoteId)
  if (refused) return refused
  const quote = peering.loop.state.quotes.get(quoteId)
  return quote ? { quote: quoteView(views, quote) } : refuse('quote-unknown', quoteId)
}

/** ExecutionReport(8) 150=H or G to the taker. The answer is the trade that was busted, or that now stands. */
async function reviseTrade(
  { peering, views }: OperatingParts,
  by: Principal,
  { command, tradeId = '', price }: Operation,
): Promise<OperationResult | Refusal> {
  if (command === 'correct-trade' && price === undefined)
    return refuse('field-missing', 'correct-trade needs the right price')
  const refused =
    price !== undefined && command === 'correct-trade'
      ? await correctByOperator(peering, by, tradeId, price)
      : await bustByOperator(peering, by, tradeId)
  if (refused) return refused
  const { trades } = peering.loop.state
  const standing = trades.get(tradeId)?.correctedBy ?? tradeId
  const trade = trades.get(standing)
  return trade ? { trade: tradeView(views, standing, trade) } : refuse('trade-unknown', tradeId)
}
