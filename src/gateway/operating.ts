// What an operator orders: FIX session administration, and ending a quote of ours. Each order is signed with the
// operator's own key, carries a nonce, and is carried out once.
import { isRefusal, refuse, type JsonObject, type Refusal } from '#core'
import type { Signer } from '#crypto'
import { writeQuoteCancel, type FixEngine, type SessionView } from '#transport'
import type { OperationResult, Principal, SessionAction } from './api.ts'
import type { GatewayConfig } from './config.ts'
import { endQuote } from './desk.ts'
import { openStatement, signStatement } from './operator-statement.ts'
import type { PeeringParts } from './peering.ts'
import { fixSessionKey } from './registry.ts'
import type { Rows } from './rows.ts'
import { integer, object, oneOf, optional, text, type Shaped } from './shape.ts'
import { sessionView } from './session-view.ts'
import { quoteView, type ViewParts } from './views.ts'

export const operationTyp = 'poundlock-operation+json'

const sequence = optional(integer(1, 2_147_483_647))
const shape = object({
  command: oneOf('administer-session', 'cancel-quote'),
  /** Random, so that the same order given twice on purpose is two orders. */
  nonce: text,
  session: optional(text),
  action: optional(oneOf('enable', 'disable', 'reset', 'logout', 'set-sequence')),
  nextSender: sequence,
  nextTarget: sequence,
  quoteId: optional(text),
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
  const { command } = opened.statement
  return command === 'administer-session'
    ? administer(parts, by, opened.statement)
    : cancelQuote(parts, by, opened.statement)
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
  const authorised = authorise.administer(by, session)
  const acted = loop.administer({ name: 'AdministerSession', by, corr: session, authorised }, { ...ordered })
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

/** QuoteCancel(Z) to the one who asked; an order that crosses it is refused as `quote-used`. */
async function cancelQuote(
  { peering, views, engine }: OperatingParts,
  by: Principal,
  { quoteId = '' }: Operation,
): Promise<OperationResult | Refusal> {
  const ended = endQuote(peering, by, quoteId, peering.registry.self.name)
  const rfq = ended.value && peering.loop.state.rfqs.get(ended.value.quote.rfq)?.terms
  const session = rfq && peering.registry.sessionOf(rfq.taker.name)
  if (ended.refused || !rfq || !session) {
    await peering.loop.commit(ended.acted.bundle)
    return ended.refused ?? refuse('quote-unknown', `${quoteId} was quoted on no session`)
  }
  const body = writeQuoteCancel(quoteId, rfq.quoteReqId)
  await engine().send(fixSessionKey(session), body, { attachments: [ended.acted.bundle] })
  const quote = peering.loop.state.quotes.get(quoteId)
  return quote ? { quote: quoteView(views, quote) } : refuse('quote-unknown', quoteId)
}
