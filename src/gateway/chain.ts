// The settlement ledger of this gateway: the EVM adapter, with what it must not forget kept in the journal's store.
import { fromHex, invariant, isRefusal, refuse, toHex, type JsonObject, type Refusal } from '#core'
import { hashTypedData, type DigestSigner } from '#crypto'
import type { Journal, Row, Store } from '#journal'
import {
  openEvmLedger,
  settlementEffectId,
  type EffectChange,
  type EffectStore,
  type EffectTruth,
  type EvmLedger,
  type Ledger,
} from '#ledger'
import { settlementInstructionTypes, type InstructionPart, type SettlementInstruction } from '#trade'
import type { GatewayConfig } from './config.ts'
import { watchLedger, type LedgerWatch, type LedgerWatchParts } from './ledger-watch.ts'
import type { LedgerOutcome, SettlementLedger } from './settling.ts'
import { textMember } from './shape.ts'

const table = 'ledger.effects'
const rowsPerPage = 1_000

/** Swaps wait for the disk like entries do, in a batch of the same journal. */
export function createEffectStore(store: Store, journal: Journal): EffectStore {
  return {
    get: (key) => Promise.resolve(store.get(table, key)),
    list: (prefix) => Promise.resolve(allRows(store, prefix)),
    swap: async (changes) => {
      try {
        await journal.append([], changes.map(swapOp))
        return true
      } catch (error) {
        if (isRefusal(error) && error.refusal === 'conflict') return false
        throw error
      }
    },
  }
}

function allRows(store: Store, prefix: string): readonly Row[] {
  const rows: Row[] = []
  const end = `${prefix}\u{10ffff}`
  for (let from = prefix; ;) {
    const page = store.range(table, from, end, rowsPerPage)
    rows.push(...page)
    const last = page.at(-1)
    if (!last || page.length < rowsPerPage) return rows
    from = `${last.key}\0`
  }
}

const swapOp = ({ key, value, expect }: EffectChange) =>
  ({ op: 'row.cas', table, key, expect, value }) as const

export type Chain = SettlementLedger & {
  readonly evm: EvmLedger
  /** Newest answer of the endpoints, a few seconds old at most, for health. */
  readonly state: () => { readonly detail: string; readonly refusal?: Refusal }
  readonly close: () => Promise<void>
}

/** Its endpoints are watched until it is closed. */
export function connectLedger(
  config: GatewayConfig,
  account: DigestSigner,
  effects: EffectStore,
  timing: Omit<LedgerWatchParts, 'ask'>,
): Chain {
  const { chainId, rpc, agreeing, confirmations, settlement, optionPositions } = config.ledger
  const contracts = { settlement, positions: optionPositions }
  const evm = openEvmLedger({
    chainId,
    rpc: { urls: rpc, needed: agreeing },
    contracts,
    account,
    store: effects,
    finality: { confirmations },
  })
  const watch = watchLedger({ ...timing, ask: evm.head })
  return {
    ...settlementLedger(evm),
    evm,
    state: () => stateOf(config.ledger, watch),
    close: watch.close,
  }
}

function stateOf(ledger: GatewayConfig['ledger'], watch: LedgerWatch): ReturnType<Chain['state']> {
  const { name, chainId, rpc, agreeing } = ledger
  const refusal = watch.problem()
  if (refusal) return { detail: refusal.detail, refusal }
  const heard = `${name} ${chainId}: ${agreeing} of ${rpc.length} endpoints agree`
  return { detail: watch.asked() ? heard : `${name}: not asked yet` }
}

/** What settling needs, over any adapter of the port. */
export const settlementLedger = (ledger: Ledger): SettlementLedger => ({
  settle: (instruction) => settle(ledger, instruction),
  outcome: (instruction) => outcome(ledger, instruction),
})

async function settle(ledger: Ledger, part: InstructionPart): ReturnType<SettlementLedger['settle']> {
  const { deliverer, receiver } = part.signatures
  invariant(deliverer !== undefined && receiver !== undefined, 'both signatures are held')
  const instruction = instructionFrom(part)
  const signatures = { deliverer: bytesOf(deliverer), receiver: bytesOf(receiver) }
  const effectId = effectIdOf(ledger, part)
  const truth = await ledger.settle(effectId, { instruction, signatures })
  if (isRefusal(truth)) return truth
  return submissionOf(effectId, truth)
}

function submissionOf(effectId: string, truth: EffectTruth): Awaited<ReturnType<SettlementLedger['settle']>> {
  if (truth.state === 'refused') return truth.refusal
  if (truth.state === 'unknown') return refuse('transaction-unknown', `${effectId} is not on the ledger yet`)
  const nonce = truth.state === 'pending' ? String(truth.nonce) : ''
  return { txHash: truth.txHash, nonce, effectId }
}

async function outcome(ledger: Ledger, part: InstructionPart): Promise<LedgerOutcome | Refusal> {
  // Asked before the state: what is unsettled after a final block past the deadline can never settle.
  const finalTime = await ledger.finalTime()
  if (isRefusal(finalTime)) return finalTime
  const instruction = instructionFrom(part)
  const truth = await ledger.settlementOf(instruction)
  if (isRefusal(truth)) return truth
  if (truth.state === 'final')
    return {
      state: 'settled',
      txHash: truth.txHash,
      blockNumber: truth.blockNumber.toString(),
      blockHash: truth.blockHash,
    }
  if (truth.state === 'unknown' && finalTime > instruction.message.deadline) return { state: 'lapsed' }
  // A transaction of ours that an endpoint lost is sent again; somebody else's is only waited for.
  await ledger.pursue(effectIdOf(ledger, part))
  return { state: 'open' }
}

const effectIdOf = (ledger: Ledger, part: InstructionPart): string =>
  settlementEffectId(ledger.chainId, toHex(hashTypedData(instructionFrom(part)).digest))

/** The journal's form back to typed data. It was checked before it was signed. */
export function instructionFrom({ domain, message }: InstructionPart): SettlementInstruction {
  const hex = (name: string): Hex => hexMember(message, name)
  const uint = (name: string): bigint => BigInt(textMember(message, name))
  const { chainId } = domain
  invariant(typeof chainId === 'number', 'a domain names its chain by number')
  return {
    domain: {
      name: 'Poundlock Settlement',
      version: '1',
      chainId,
      verifyingContract: hexMember(domain, 'verifyingContract'),
    },
    types: settlementInstructionTypes,
    primaryType: 'SettlementInstruction',
    message: {
      tradeId: hex('tradeId'),
      deliverer: hex('deliverer'),
      receiver: hex('receiver'),
      deliverToken: hex('deliverToken'),
      deliverId: uint('deliverId'),
      deliverAmount: uint('deliverAmount'),
      payToken: hex('payToken'),
      payAmount: uint('payAmount'),
      deadline: uint('deadline'),
      nonce: uint('nonce'),
    },
  }
}

type Hex = `0x${string}`
const hexMember = (object: JsonObject, name: string): Hex => `0x${textMember(object, name).slice(2)}`

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex.slice(2))
  invariant(!isRefusal(bytes), 'a stored signature is hexadecimal')
  return bytes
}
