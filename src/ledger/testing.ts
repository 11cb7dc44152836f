/** Signed instructions for tests of ledgers: each call is a new trade between the same two parties. */
import { hashTypedData, type Address, type DigestSigner } from '#crypto'
import { settlementInstructionTypes, type SettlementInstruction } from '#trade'
import type { LedgerContracts, SignedInstruction } from './port.ts'

export type TestTerms = {
  readonly chainNumber: number
  readonly contracts: LedgerContracts
  readonly usdc: Address
  readonly seriesId: bigint
  readonly deadline: bigint
  readonly deliverer: DigestSigner
  readonly receiver: DigestSigner
  /** First trade id and nonce; the following trades count on. */
  readonly firstTrade: bigint
}
export type MakeOrder = (changes?: Partial<SettlementInstruction['message']>) => SignedInstruction

/** 5 contracts for 700 minor units, unless changed, signed by both. */
export function orderMaker(terms: TestTerms): MakeOrder {
  const { chainNumber, contracts, usdc, seriesId, deadline, deliverer, receiver } = terms
  const domain = {
    name: 'Poundlock Settlement',
    version: '1',
    chainId: chainNumber,
    verifyingContract: contracts.settlement,
  } as const
  let trade = terms.firstTrade
  return (changes = {}) => {
    const message = {
      tradeId: `0x${trade.toString(16).padStart(64, '0')}`,
      deliverer: deliverer.address,
      receiver: receiver.address,
      deliverToken: contracts.positions,
      deliverId: seriesId,
      deliverAmount: 5n,
      payToken: usdc,
      payAmount: 700n,
      deadline,
      nonce: trade,
      ...changes,
    } as const
    trade += 1n
    return signed(
      { domain, types: settlementInstructionTypes, primaryType: 'SettlementInstruction', message },
      terms,
    )
  }
}

function signed(instruction: SettlementInstruction, { deliverer, receiver }: TestTerms): SignedInstruction {
  const { digest } = hashTypedData(instruction)
  return {
    instruction,
    signatures: { deliverer: deliverer.signDigest(digest), receiver: receiver.signDigest(digest) },
  }
}
