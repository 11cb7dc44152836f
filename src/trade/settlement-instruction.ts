import { invariant, isRefusal, parseInstant, parseUti } from '#core'
import type { TradeRecord } from './trade-record.ts'
import { chainTradeId, type Digest } from './uti.ts'

type Hex = `0x${string}`

/** The members of the EIP-712 struct, in the order that its type hash fixes. */
export const settlementInstructionTypes = {
  SettlementInstruction: [
    { name: 'tradeId', type: 'bytes32' },
    { name: 'deliverer', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'deliverToken', type: 'address' },
    { name: 'deliverId', type: 'uint256' },
    { name: 'deliverAmount', type: 'uint256' },
    { name: 'payToken', type: 'address' },
    { name: 'payAmount', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
  ],
} as const

/** EIP-712 typed data: both parties sign its digest (`spec/settlement-instruction.md`). */
export type SettlementInstruction = {
  readonly domain: {
    readonly name: 'Poundlock Settlement'
    readonly version: '1'
    readonly chainId: number
    readonly verifyingContract: Hex
  }
  readonly types: typeof settlementInstructionTypes
  readonly primaryType: 'SettlementInstruction'
  readonly message: {
    readonly tradeId: Hex
    readonly deliverer: Hex
    readonly receiver: Hex
    readonly deliverToken: Hex
    readonly deliverId: bigint
    readonly deliverAmount: bigint
    readonly payToken: Hex
    readonly payAmount: bigint
    /** Unix seconds. */
    readonly deadline: bigint
    readonly nonce: bigint
  }
}

/** The on-chain instruction that a checked record orders. Plain data: hashing and signing are not done here. */
export function settlementInstructionOf(record: TradeRecord, digest: Digest): SettlementInstruction {
  const { settlement } = record
  const uti = parseUti(record.uti)
  const deadline = parseInstant(settlement.deadline)
  invariant(!isRefusal(uti) && !isRefusal(deadline), 'the record has been checked')
  invariant(deadline % 1_000 === 0, 'the deadline of a checked record is a whole second')
  return {
    domain: {
      name: 'Poundlock Settlement',
      version: '1',
      chainId: Number(settlement.chainId.slice('eip155:'.length)),
      verifyingContract: hex(settlement.contract),
    },
    types: settlementInstructionTypes,
    primaryType: 'SettlementInstruction',
    message: {
      tradeId: chainTradeId(uti, digest),
      deliverer: hex(settlement.deliverer),
      receiver: hex(settlement.receiver),
      deliverToken: hex(settlement.deliverToken),
      deliverId: BigInt(settlement.deliverId),
      deliverAmount: BigInt(settlement.deliverAmount),
      payToken: hex(settlement.payToken),
      payAmount: BigInt(settlement.payAmount),
      deadline: BigInt(deadline / 1_000),
      nonce: BigInt(settlement.nonce),
    },
  }
}

// A checked record holds addresses with their prefix.
function hex(text: string): Hex {
  return `0x${text.slice(2)}`
}
