import { fromHex, invariant, isRefusal, toHex } from '#core'
import type { DigestSigner } from '#crypto'
import { keccak256, serializeTransaction, type TransactionSerializableEIP1559 } from 'viem'
import type { Hex } from '../port.ts'

export type SignedTransaction = { readonly raw: Hex; readonly txHash: Hex }

/**
 * Signs an EIP-1559 transaction with an opaque key: the key sees a digest and nothing else. Deterministic
 * (RFC 6979), so the same transaction has the same bytes and the same hash.
 */
export function signTransaction(
  signer: DigestSigner,
  transaction: TransactionSerializableEIP1559,
): SignedTransaction {
  const signature = signer.signDigest(bytesOf(keccak256(serializeTransaction(transaction))))
  const raw = serializeTransaction(transaction, {
    r: `0x${toHex(signature.subarray(0, 32))}`,
    s: `0x${toHex(signature.subarray(32, 64))}`,
    yParity: signature[64] === 28 ? 1 : 0,
  })
  return { raw, txHash: keccak256(raw) }
}

export function bytesOf(hex: Hex): Uint8Array {
  const bytes = fromHex(hex.slice(2))
  invariant(!isRefusal(bytes), 'viem gives hexadecimal')
  return bytes
}
