// Verbs that ask a running gateway over its HTTP door.
import {
  isJsonObject,
  isRefusal,
  parseJson,
  refuse,
  toHex,
  type Json,
  type JsonObject,
  type Refusal,
} from '#core'
import { defaultPolicyFolder, explainInputs, readOperatorKey, testPolicyFolder } from '#gateway'
import type { EntryView, FixSessionView, HealthView, OperationResult, TradeDetail, TradeView } from '#gateway'
import { askDoor, orderDoor, type Items } from '#server'
import { refuseWith, type Output } from './output.ts'

/** Commands of the command line: one key each. */
const orderOnce = <T>(url: string, path: string, body: Json): Promise<T | Refusal> =>
  orderDoor<T>(url, path, body, `cli-${toHex(crypto.getRandomValues(new Uint8Array(8)))}`)

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

export async function status(url: string, output: Output): Promise<number> {
  const health = await askDoor<HealthView>(url, '/v1/health')
  if (isRefusal(health)) return refuseWith(health, output)
  const trades = await askDoor<Items<TradeView>>(url, '/v1/trades')
  if (isRefusal(trades)) return refuseWith(trades, output)
  for (const { component, ok, detail } of health.components)
    output.say(`${ok ? 'ok  ' : 'FAIL'} ${component}: ${detail}`)
  for (const trade of trades.items)
    output.say(
      `${trade.tradeId}  ${trade.status}  ${trade.quantity} × ${trade.securityId} @ ${trade.price}  ${trade.whatNow}`,
    )
  output.document({ health, trades: trades.items })
  return health.ok ? 0 : 3
}

/** Why an entry was allowed or refused: its recorded inputs, decided again. */
export async function explainPolicy(
  url: string,
  index: string,
  folder: string | undefined,
  output: Output,
): Promise<number> {
  const entry = await entryAt(url, index)
  if (isRefusal(entry)) return refuseWith(entry, output)
  const content = entry.parts['policy']?.content
  const inputs = content === undefined ? undefined : parseJson(content)
  if (inputs === undefined || isRefusal(inputs) || !isJsonObject(inputs))
    return refuseWith(
      refuse('not-found', `entry ${index} (${entry.type}) carries no policy decision`),
      output,
    )
  const { policy: mark = null } = entry.body
  const set = isJsonObject(mark) ? textOf(mark['set']) : undefined
  const explained = explainInputs(folder ?? defaultPolicyFolder, inputs, set)
  if (isRefusal(explained)) return refuseWith(explained, output)
  output.say(`entry ${index}  ${entry.type}  ${entry.at}`)
  for (const line of explained.lines) output.say(`  ${line}`)
  if (!explained.sameSet)
    output.say('  note: another policy set decided then; this is what the present one says')
  output.document({ index: entry.index, type: entry.type, inputs, ...explained })
  return 0
}

async function entryAt(url: string, index: string): Promise<EntryView | Refusal> {
  if (!/^\d{1,15}$/.test(index)) return refuse('usage', 'name one entry by its index')
  const to = Number.parseInt(index, 10) + 1
  const page = await askDoor<Items<EntryView>>(url, `/v1/log/entries?from=${index}&to=${to}&parts=opened`)
  return isRefusal(page) ? page : (page.items[0] ?? refuse('not-found', `there is no entry ${index}`))
}

export function testPolicy(folder: string | undefined, output: Output): number {
  const tested = testPolicyFolder(folder ?? defaultPolicyFolder)
  if (isRefusal(tested)) return refuseWith(tested, output)
  const failed = tested.results.filter(({ passed }) => !passed)
  for (const { name, got } of failed) output.say(`FAIL ${name}: got ${got}`)
  output.say(
    `${tested.results.length - failed.length} of ${tested.results.length} cases hold, set ${tested.set}`,
  )
  output.document(tested)
  return failed.length === 0 ? 0 : 1
}

/** Signs, with an operator's key, exactly the hashes that the operator has compared. */
export async function approve(
  url: string,
  id: string,
  args: { readonly keys: string; readonly digest: string },
  output: Output,
): Promise<number> {
  const trade = await askDoor<TradeDetail>(url, `/v1/trades/${encodeURIComponent(id)}`)
  if (isRefusal(trade)) return refuseWith(trade, output)
  const { settlement, recordHash, tradeId } = trade
  if (!settlement || recordHash === undefined)
    return refuseWith(refuse('trade-state', `${tradeId} has no record to approve yet`), output)
  if (settlement.digest !== args.digest)
    return refuseWith(
      refuse('digest-mismatch', `the gateway says ${settlement.digest}; you compared ${args.digest}`),
      output,
    )
  const key = readOperatorKey(args.keys)
  if (isRefusal(key)) return refuseWith(key, output)
  const approval = key.approve({ tradeId, recordHash, digest: settlement.digest })
  const after = await orderOnce<TradeView>(
    url,
    `/v1/trades/${encodeURIComponent(tradeId)}/approvals`,
    approval,
  )
  if (isRefusal(after)) return refuseWith(after, output)
  output.say(`approved ${tradeId}: ${after.approvals.join(', ')}`)
  output.document(after)
  return 0
}

export type FixArguments = {
  readonly action: string
  readonly session: string
  readonly keys: string
  readonly nextSender?: number
  readonly nextTarget?: number
}

/** Session administration: the sequence numbers, and what an operator may order, signed with the operator's key. */
export async function fix(url: string, args: FixArguments, output: Output): Promise<number> {
  if (args.action === 'ls') return listSessions(url, output)
  const { session, nextSender, nextTarget } = args
  const action = args.action === 'set' ? 'set-sequence' : args.action
  const numbers = {
    ...(nextSender === undefined ? {} : { nextSender }),
    ...(nextTarget === undefined ? {} : { nextTarget }),
  }
  const result = await order(url, args.keys, { command: 'administer-session', session, action, ...numbers })
  if (isRefusal(result)) return refuseWith(result, output)
  if ('session' in result) output.say(sessionLine(result.session))
  output.document(result)
  return 0
}

/** Ends an open quote of the gateway; the one who asked gets a QuoteCancel. */
export async function cancelQuote(
  url: string,
  quoteId: string,
  keys: string,
  output: Output,
): Promise<number> {
  const result = await order(url, keys, { command: 'cancel-quote', quoteId })
  if (isRefusal(result)) return refuseWith(result, output)
  if ('quote' in result) output.say(`${result.quote.quoteId}  ${result.quote.status}`)
  output.document(result)
  return 0
}

/** Takes back a fill of the gateway, or puts its price right; the counterparty gets an execution report. */
export async function reviseTrade(
  url: string,
  args: { readonly tradeId: string; readonly price: string; readonly keys: string },
  output: Output,
): Promise<number> {
  const { tradeId, price } = args
  const operation: JsonObject =
    price === '' ? { command: 'bust-trade', tradeId } : { command: 'correct-trade', tradeId, price }
  const result = await order(url, args.keys, operation)
  if (isRefusal(result)) return refuseWith(result, output)
  if ('trade' in result) output.say(`${result.trade.tradeId}  ${result.trade.status}  ${result.trade.price}`)
  output.document(result)
  return 0
}

async function order(url: string, keys: string, operation: JsonObject): Promise<OperationResult | Refusal> {
  if (keys === '') return refuse('usage', "name the folder of an operator's key with --keys")
  const key = readOperatorKey(keys)
  return isRefusal(key) ? key : orderOnce<OperationResult>(url, '/v1/operations', key.order(operation))
}

async function listSessions(url: string, output: Output): Promise<number> {
  const list = await askDoor<Items<FixSessionView>>(url, '/v1/fix/sessions')
  if (isRefusal(list)) return refuseWith(list, output)
  for (const view of list.items) output.say(sessionLine(view))
  output.document(list.items)
  return 0
}

const sessionLine = (view: FixSessionView): string =>
  `${view.id}  ${view.role}  ${view.state}  ${view.loggedOn ? 'logged on' : 'logged out'}  next sender ${view.nextSenderMsgSeqNum}  next target ${view.nextTargetMsgSeqNum}`
