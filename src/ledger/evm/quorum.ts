import { canonicalJson, invariant, isJsonObject, isRefusal, refuse, type Json, type Refusal } from '#core'
import type { Hex } from '../port.ts'
import type { RpcAnswer, RpcSource } from './rpc.ts'

/** The members of a block that the adapter relies on. Times in Unix seconds, fees in wei. */
export type Head = {
  readonly number: bigint
  readonly hash: Hex
  readonly timestamp: bigint
  readonly baseFee: bigint
}
export type Receipt = {
  readonly txHash: Hex
  readonly status: 'applied' | 'reverted'
  readonly blockNumber: bigint
  readonly blockHash: Hex
}
export type LogRef = { readonly txHash: Hex; readonly blockNumber: bigint; readonly blockHash: Hex }
export type CallOutcome = { readonly returned: Hex } | { readonly reverted: Hex; readonly message: string }

/**
 * K of N independent endpoints, seen as one chain (reference: two poisoned endpoints and a forced failover cost
 * KelpDAO 292 million). It fails closed: fewer than K answers refuse `ledger-unreachable`, and any two answers
 * that differ refuse `ledger-disagrees`, whatever the majority says. State is read at the newest block that K
 * endpoints have; an endpoint that is behind it gives no answer, and does not count as one that lies.
 */
export type Quorum = {
  readonly chainId: () => Promise<bigint | Refusal>
  readonly head: () => Promise<Head | Refusal>
  readonly block: (number: bigint) => Promise<Head | Refusal>
  readonly call: (to: Hex, data: Hex, at: bigint, from?: Hex) => Promise<CallOutcome | Refusal>
  readonly code: (address: Hex, at: bigint) => Promise<Hex | Refusal>
  readonly balance: (address: Hex, at: bigint) => Promise<bigint | Refusal>
  readonly nonce: (address: Hex, at: bigint) => Promise<number | Refusal>
  /** Undefined while at least one endpoint does not show it. */
  readonly receipt: (txHash: Hex) => Promise<Receipt | undefined | Refusal>
  readonly logs: (
    query: { readonly address: Hex; readonly topics: readonly Hex[] },
    from: bigint,
    to: bigint,
  ) => Promise<readonly LogRef[] | Refusal>
  /** Of the first endpoint that answers: nothing but the cost of a transaction depends on it. */
  readonly gas: (from: Hex, to: Hex, data: Hex, at: bigint) => Promise<bigint | Refusal>
  /** Sends to every endpoint. Undefined when one took it or had it already; else why none did. */
  readonly send: (raw: Hex) => Promise<Refusal | undefined>
}

export function openQuorum(sources: readonly RpcSource[], needed: number): Quorum {
  invariant(needed >= 1 && needed <= sources.length, 'K of N endpoints needs 1 ≤ K ≤ N')
  const names = new Set(sources.map(({ name }) => name))
  invariant(names.size === sources.length, 'an endpoint that is named twice is one endpoint')
  const agree = async <T>(method: string, params: readonly Json[], read: Reader<T>) =>
    agreed(method, needed, await askAll(sources, method, params, read))
  const block = (number: bigint) => agree('eth_getBlockByNumber', [hexOf(number), false], readHead)
  return {
    block,
    head: async () => {
      const common = await commonHeight(sources, needed)
      return isRefusal(common) ? common : block(common)
    },
    chainId: () => agree('eth_chainId', [], readQuantity),
    call: (to, data, at, from) =>
      agree('eth_call', [from === undefined ? { to, data } : { from, to, data }, hexOf(at)], readCall),
    code: (address, at) => agree('eth_getCode', [address, hexOf(at)], readHex),
    balance: (address, at) => agree('eth_getBalance', [address, hexOf(at)], readQuantity),
    nonce: (address, at) => agree('eth_getTransactionCount', [address, hexOf(at)], readNonce),
    receipt: async (txHash) =>
      receiptOf(needed, await askAll(sources, 'eth_getTransactionReceipt', [txHash], readReceipt)),
    logs: ({ address, topics }, from, to) =>
      agree('eth_getLogs', [{ address, topics, fromBlock: hexOf(from), toBlock: hexOf(to) }], readLogs),
    gas: (from, to, data, at) =>
      firstOf(sources, 'eth_estimateGas', [{ from, to, data }, hexOf(at)], readQuantity),
    send: (raw) => sendToAll(sources, raw),
  }
}

type Reader<T> = (answer: RpcAnswer) => T | undefined
type Answered<T> = { readonly source: string; readonly value: T }
type Reply<T> = Answered<T> | Refusal

async function askAll<T>(
  sources: readonly RpcSource[],
  method: string,
  params: readonly Json[],
  read: Reader<T>,
): Promise<readonly Reply<T>[]> {
  return Promise.all(sources.map((source) => askOne(source, method, params, read)))
}

async function askOne<T>(
  source: RpcSource,
  method: string,
  params: readonly Json[],
  read: Reader<T>,
): Promise<Reply<T>> {
  const answer = await source.request(method, params)
  if (isRefusal(answer)) return answer
  const value = read(answer)
  return value === undefined ? malformed(source.name, method) : { source: source.name, value }
}

function agreed<T>(method: string, needed: number, replies: readonly Reply<T>[]): T | Refusal {
  const values = replies.filter(isAnswered)
  const [first] = values
  if (first === undefined || values.length < needed) return tooFew(method, needed, replies)
  const dissenter = values.find((other) => textOf(other.value) !== textOf(first.value))
  return dissenter === undefined ? first.value : disagreement(method, first.source, dissenter.source)
}

async function commonHeight(sources: readonly RpcSource[], needed: number): Promise<bigint | Refusal> {
  const replies = await askAll(sources, 'eth_blockNumber', [], readQuantity)
  const heights = replies.filter(isAnswered).map(({ value }) => value)
  // The K-th highest: K endpoints have it, and fewer than K can neither raise it nor, by lagging, lower it.
  const common = heights.toSorted((a, b) => (a < b ? 1 : -1))[needed - 1]
  return common ?? tooFew('eth_blockNumber', needed, replies)
}

function receiptOf(
  needed: number,
  replies: readonly Reply<Receipt | 'none'>[],
): Receipt | undefined | Refusal {
  const shown = replies.filter((reply) => isRefusal(reply) || reply.value !== 'none')
  const answered = replies.filter(isAnswered).length
  if (answered < needed) return tooFew('eth_getTransactionReceipt', needed, replies)
  const receipt = agreed('eth_getTransactionReceipt', 1, shown)
  if (isRefusal(receipt)) return receipt.refusal === 'ledger-disagrees' ? receipt : undefined
  return receipt === 'none' || shown.length < replies.length ? undefined : receipt
}

async function firstOf<T>(
  sources: readonly RpcSource[],
  method: string,
  params: readonly Json[],
  read: Reader<T>,
): Promise<T | Refusal> {
  const replies: Reply<T>[] = []
  for (const source of sources) {
    const reply = await askOne(source, method, params, read)
    if (!isRefusal(reply)) return reply.value
    replies.push(reply)
  }
  return tooFew(method, 1, replies)
}

// What endpoints say about a transaction that they hold already, or that has been executed meanwhile.
const hadAlready = /already known|already imported|known transaction|nonce too low/i

async function sendToAll(sources: readonly RpcSource[], raw: Hex): Promise<Refusal | undefined> {
  const answers = await Promise.all(sources.map((source) => source.request('eth_sendRawTransaction', [raw])))
  const refusals = answers.filter((answer) => isRefusal(answer))
  const taken = refusals.length < answers.length || refusals.some(({ detail }) => hadAlready.test(detail))
  return taken ? undefined : refusals[0]
}

const isAnswered = <T>(reply: Reply<T>): reply is Answered<T> => !isRefusal(reply)

const readQuantity: Reader<bigint> = (answer) => {
  const hex = readHex(answer)
  return hex === undefined || hex === '0x' ? undefined : BigInt(hex)
}

const readNonce: Reader<number> = (answer) => {
  const value = readQuantity(answer)
  return value === undefined || value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value)
}

const readHex: Reader<Hex> = (answer) => ('result' in answer ? asHex(answer.result) : undefined)

const readCall: Reader<CallOutcome> = (answer) => {
  if ('result' in answer) {
    const returned = asHex(answer.result)
    return returned === undefined ? undefined : { returned }
  }
  const reverted = asHex(answer.reverted)
  // The message differs between clients and is no part of the answer that must agree; see textOf.
  return reverted === undefined ? undefined : { reverted, message: answer.message }
}

const readHead: Reader<Head> = (answer) => {
  if (!('result' in answer) || !isJsonObject(answer.result)) return undefined
  const { number, hash, timestamp, baseFeePerGas } = answer.result
  const [height, name, time] = [asHex(number), asHex(hash), asHex(timestamp)]
  if (height === undefined || name === undefined || time === undefined) return undefined
  const baseFee = BigInt(asHex(baseFeePerGas) ?? '0x0')
  return { number: BigInt(height), hash: name, timestamp: BigInt(time), baseFee }
}

const readReceipt: Reader<Receipt | 'none'> = (answer) => {
  if (!('result' in answer)) return undefined
  if (answer.result === null) return 'none'
  const place = placeOf(answer.result)
  const status = isJsonObject(answer.result) ? answer.result['status'] : undefined
  if (place === undefined || (status !== '0x1' && status !== '0x0')) return undefined
  return { ...place, status: status === '0x1' ? 'applied' : 'reverted' }
}

const readLogs: Reader<readonly LogRef[]> = (answer) => {
  if (!('result' in answer) || !Array.isArray(answer.result)) return undefined
  const items: readonly Json[] = answer.result
  const places = items.map(placeOf).filter((place) => place !== undefined)
  return places.length === items.length ? places : undefined
}

function placeOf(value: Json): LogRef | undefined {
  if (!isJsonObject(value)) return undefined
  const { transactionHash, blockNumber, blockHash } = value
  const [txHash, number, hash] = [asHex(transactionHash), asHex(blockNumber), asHex(blockHash)]
  if (txHash === undefined || number === undefined || hash === undefined) return undefined
  return { txHash, blockNumber: BigInt(number), blockHash: hash }
}

const isHex = (value: Json | undefined): value is Hex =>
  typeof value === 'string' && /^0x[0-9a-f]*$/i.test(value)

const asHex = (value: Json | undefined): Hex | undefined => {
  const lower = typeof value === 'string' ? value.toLowerCase() : undefined
  return isHex(lower) ? lower : undefined
}

const hexOf = (value: bigint): Hex => `0x${value.toString(16)}`

// What must be equal between endpoints, as text.
function textOf(value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string')
    return String(value)
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`
  invariant(typeof value === 'object' && value !== null, 'readers give plain values')
  const members = Object.entries(value).filter(([name]) => name !== 'message')
  return canonicalJson(Object.fromEntries(members.map(([name, member]) => [name, textOf(member)])))
}

const malformed = (source: string, method: string): Refusal =>
  refuse('ledger-unreachable', `${source} gives no usable answer to ${method}`, { source })

function tooFew(method: string, needed: number, replies: readonly Reply<unknown>[]): Refusal {
  const refused = replies.filter((reply) => isRefusal(reply))
  const why = refused[0]?.detail ?? 'no endpoint'
  return refuse(
    'ledger-unreachable',
    `${replies.length - refused.length} of ${needed} needed endpoints answer ${method}: ${why}`,
  )
}

const disagreement = (method: string, one: string, other: string): Refusal =>
  refuse('ledger-disagrees', `${one} and ${other} answer ${method} differently`, { one, other })
