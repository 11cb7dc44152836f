import { invariant, isRefusal, refuse, toHex, utf8, type Clock, type Refusal } from '#core'
import { digest, hashTypedData, recoverAddress } from '#crypto'
import type { SettlementInstruction } from '#trade'
import type { Hex, SignedInstruction } from '../port.ts'

/**
 * A ledger in memory, for simulations: blocks of settlements over balances, with a pool, reorganisations and
 * the refusals of the Settlement contract in the same order. It is the world; gateways see it through
 * `openMemoryLedger`. Accounts are compared without case. Signatures are of plain keys (no ERC-1271).
 *
 * State is a fold over the blocks, computed again after a reorganisation. Nothing here is random: the same
 * calls give the same hashes.
 */
export type MemoryChain = {
  readonly blocks: () => readonly Block[]
  readonly pool: () => readonly PooledSettlement[]
  /** The state after the newest block. */
  readonly state: () => LedgerState
  /** Adds to a balance of money or of longs, outside any settlement. */
  readonly grant: (account: string, token: string, units: bigint) => void
  /** Longs for the writer and as many shorts. */
  readonly write: (writer: string, positions: string, seriesId: bigint, contracts: bigint) => void
  /** Either party makes a nonce unusable. */
  readonly cancel: (deliverer: string, receiver: string, nonce: bigint) => void
  readonly send: (transaction: PooledSettlement) => void
  /** Puts the pool into a block, in the order of arrival; a settlement that is refused is included as reverted. */
  readonly mine: (count?: number) => void
  /** Replaces the newest `depth` blocks by empty ones. Their settlements are lost until somebody sends them again. */
  readonly reorganise: (depth: number) => void
}

export type PooledSettlement = { readonly txHash: Hex; readonly order: SignedInstruction }
export type Block = {
  readonly number: number
  readonly hash: Hex
  /** Unix seconds. */
  readonly timestamp: bigint
  readonly transactions: readonly (PooledSettlement | Change)[]
}
/** A change of state that is no settlement. */
type Change = { readonly change: (state: LedgerState) => void }

export type LedgerState = {
  readonly balances: Map<string, bigint>
  readonly shorts: Map<string, bigint>
  readonly nonces: Set<string>
  /** Digest by deliverer, receiver and trade. */
  readonly settled: Map<string, { readonly digest: string; readonly txHash: Hex }>
  readonly outcomes: Map<Hex, Refusal | 'applied'>
}

export function memoryChain(clock: Clock): MemoryChain {
  let blocks: readonly Block[] = [blockOf(0, 0n, [], 0)]
  let pool: readonly PooledSettlement[] = []
  let branch = 0
  const extend = (transactions: Block['transactions']): void => {
    const now = BigInt(Math.floor(clock.now() / 1_000))
    blocks = [...blocks, blockOf(blocks.length, now, transactions, branch)]
  }
  const change = (apply: (state: LedgerState) => void): void => extend([{ change: apply }])
  let folded: { readonly blocks: typeof blocks; readonly state: LedgerState } | undefined
  const state = (): LedgerState => {
    if (folded?.blocks !== blocks) folded = { blocks, state: fold(blocks) }
    return folded.state
  }
  return {
    blocks: () => blocks,
    pool: () => pool,
    state,
    grant: (account, token, units) => change((on) => add(on.balances, keyOf(account, token), units)),
    write: (...order) => change((on) => writeOn(on, ...order)),
    cancel: (deliverer, receiver, nonce) =>
      change((on) => void on.nonces.add(keyOf(deliverer, receiver, nonce))),
    send: (transaction) => {
      const known = [...pool, ...blocks.flatMap((block) => block.transactions.filter(isSettlement))]
      if (!known.some(({ txHash }) => txHash === transaction.txHash)) pool = [...pool, transaction]
    },
    mine: (count = 1) => {
      for (let mined = 0; mined < count; mined += 1) {
        extend(pool)
        pool = []
      }
    },
    reorganise: (depth) => {
      invariant(depth < blocks.length, 'the first block stays')
      branch += 1
      blocks = blocks.slice(0, blocks.length - depth)
      for (let mined = 0; mined < depth; mined += 1) extend([])
    },
  }
}

function writeOn(
  state: LedgerState,
  ...[writer, positions, seriesId, contracts]: Parameters<MemoryChain['write']>
): void {
  add(state.balances, keyOf(writer, positions, seriesId), contracts)
  add(state.shorts, keyOf(writer, positions, seriesId), contracts)
}

function blockOf(
  number: number,
  timestamp: bigint,
  transactions: Block['transactions'],
  branch: number,
): Block {
  const hash = digest('poundlock/memory-block/v1', utf8(`${number}/${branch}`))
  return { number, hash: `0x${toHex(hash)}`, timestamp, transactions }
}

const isSettlement = (transaction: PooledSettlement | Change): transaction is PooledSettlement =>
  'txHash' in transaction

function fold(blocks: readonly Block[]): LedgerState {
  const state: LedgerState = {
    balances: new Map(),
    shorts: new Map(),
    nonces: new Set(),
    settled: new Map(),
    outcomes: new Map(),
  }
  for (const block of blocks)
    for (const transaction of block.transactions) {
      if (isSettlement(transaction)) settle(state, transaction, block.timestamp)
      else transaction.change(state)
    }
  return state
}

function settle(state: LedgerState, { txHash, order }: PooledSettlement, timestamp: bigint): void {
  const refusal = refusalAt(state, order, timestamp)
  state.outcomes.set(txHash, refusal ?? 'applied')
  if (refusal !== undefined) return
  const { message } = order.instruction
  const { deliverer, receiver, deliverToken, deliverId, deliverAmount, payToken, payAmount } = message
  add(state.balances, keyOf(deliverer, deliverToken, deliverId), -deliverAmount)
  add(state.balances, keyOf(receiver, deliverToken, deliverId), deliverAmount)
  add(state.balances, keyOf(receiver, payToken), -payAmount)
  add(state.balances, keyOf(deliverer, payToken), payAmount)
  state.nonces.add(keyOf(deliverer, receiver, message.nonce))
  state.settled.set(keyOf(deliverer, receiver, message.tradeId), {
    digest: digestOf(order.instruction),
    txHash,
  })
}

/** What the Settlement contract would refuse at this time, in its order. */
export function refusalAt(
  state: LedgerState,
  order: SignedInstruction,
  timestamp: bigint,
): Refusal | undefined {
  const { message } = order.instruction
  const { deliverer, receiver, deliverAmount, payAmount, deadline, nonce, tradeId } = message
  if (same(deliverer, receiver) || deliverAmount === 0n || payAmount === 0n)
    return refuse('settlement-terms-invalid', 'Two different parties and two amounts above zero are needed')
  if (timestamp > deadline) return refuse('settlement-expired', `The deadline was ${deadline}`)
  const forger = forgedSignature(order)
  if (forger !== undefined) return refuse('signature-invalid', forger)
  if (state.settled.has(keyOf(deliverer, receiver, tradeId))) return refuse('trade-already-settled', tradeId)
  if (state.nonces.has(keyOf(deliverer, receiver, nonce)))
    return refuse('settlement-nonce-used', nonce.toString())
  return shortfall(state, order)
}

/** An order never changes, and the fold meets it again and again. */
const forged = new WeakMap<SignedInstruction, string | undefined>()

function forgedSignature(order: SignedInstruction): string | undefined {
  if (!forged.has(order)) forged.set(order, findForged(order))
  return forged.get(order)
}

function findForged({ instruction, signatures }: SignedInstruction): string | undefined {
  const hash = hashTypedData(instruction).digest
  for (const party of ['deliverer', 'receiver'] as const) {
    const signer = recoverAddress(hash, signatures[party])
    if (isRefusal(signer) || !same(signer, instruction.message[party])) return instruction.message[party]
  }
  return undefined
}

function shortfall(state: LedgerState, { instruction }: SignedInstruction): Refusal | undefined {
  const { deliverer, receiver, deliverToken, deliverId, deliverAmount, payToken, payAmount } =
    instruction.message
  if (balanceOf(state, keyOf(deliverer, deliverToken, deliverId)) < deliverAmount)
    return refuse('insufficient-balance', deliverer)
  return balanceOf(state, keyOf(receiver, payToken)) < payAmount
    ? refuse('insufficient-balance', receiver)
    : undefined
}

export const digestOf = (instruction: SettlementInstruction): string =>
  toHex(hashTypedData(instruction).digest)

/** A holding: account and token, and for positions the series; or a nonce or trade between two parties. */
export const keyOf = (...parts: readonly (string | bigint)[]): string => parts.join('/').toLowerCase()

export const balanceOf = (state: LedgerState, key: string): bigint => state.balances.get(key) ?? 0n

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

function add(map: Map<string, bigint>, key: string, units: bigint): void {
  const next = (map.get(key) ?? 0n) + units
  invariant(next >= 0n, `${key} would be negative`)
  map.set(key, next)
}
