import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes, fromHex, toHex, utf8 } from './bytes.ts'

/** EIP-712 for one struct, SettlementInstruction (spec/settlement-instruction.md), and secp256k1 recovery. */

export type Domain = {
  readonly name: string
  readonly version: string
  readonly chainId: bigint
  readonly verifyingContract: string
}

/** The struct's members in the order of its type string; numbers are decimal text, the rest lower-case 0x hex. */
export const instructionMembers = [
  ['tradeId', 'bytes32'],
  ['deliverer', 'address'],
  ['receiver', 'address'],
  ['deliverToken', 'address'],
  ['deliverId', 'uint256'],
  ['deliverAmount', 'uint256'],
  ['payToken', 'address'],
  ['payAmount', 'uint256'],
  ['deadline', 'uint256'],
  ['nonce', 'uint256'],
] as const

export type InstructionMember = (typeof instructionMembers)[number][0]
export type InstructionMessage = Readonly<Record<InstructionMember, string>>

export type TypedDigests = {
  readonly domainHash: Uint8Array
  readonly messageHash: Uint8Array
  /** keccak256(0x1901 ‖ domainHash ‖ messageHash): what both parties sign. */
  readonly digest: Uint8Array
}

const domainType = 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'
const instructionType = `SettlementInstruction(${instructionMembers.map(([name, type]) => `${type} ${name}`).join(',')})`

/** Expects members that `isMember` accepts. */
export const hashInstruction = (domain: Domain, message: InstructionMessage): TypedDigests => {
  const domainHash = keccak_256(
    concatBytes(
      keccak_256(utf8(domainType)),
      keccak_256(utf8(domain.name)),
      keccak_256(utf8(domain.version)),
      word(domain.chainId),
      word(BigInt(domain.verifyingContract)),
    ),
  )
  const words = instructionMembers.map(([name]) => word(BigInt(message[name])))
  const messageHash = keccak_256(concatBytes(keccak_256(utf8(instructionType)), ...words))
  const digest = keccak_256(concatBytes(Uint8Array.of(0x19, 0x01), domainHash, messageHash))
  return { domainHash, messageHash, digest }
}

/** The one text form of each member's type. */
export const isMember = (type: 'bytes32' | 'address' | 'uint256', text: string): boolean => {
  if (type === 'bytes32') return /^0x[0-9a-f]{64}$/.test(text)
  if (type === 'address') return /^0x[0-9a-f]{40}$/.test(text)
  return /^(0|[1-9][0-9]{0,77})$/.test(text) && BigInt(text) < 1n << 256n
}

/**
 * The address that signed. `signature` is r ‖ s ‖ v of 65 bytes, v 27 or 28, s in the lower half of the
 * order (EIP-2); undefined for anything else and when no key fits.
 */
export const recoverAddress = (digest: Uint8Array, signature: Uint8Array): string | undefined => {
  if (signature.length !== 65) return undefined
  const r = BigInt(`0x${toHex(signature.subarray(0, 32))}`)
  const s = BigInt(`0x${toHex(signature.subarray(32, 64))}`)
  const recovery = (signature[64] ?? 0) - 27
  const order = secp256k1.Point.CURVE().n
  if (r < 1n || r >= order || s < 1n || s > order / 2n || (recovery !== 0 && recovery !== 1)) return undefined
  try {
    return addressOf(new secp256k1.Signature(r, s, recovery).recoverPublicKey(digest).toBytes(true))
  } catch {
    return undefined
  }
}

/** Lower-case address of a compressed public key (33 bytes); undefined when it is no point of the curve. */
export const addressOf = (publicKey: Uint8Array): string | undefined => {
  try {
    const point = secp256k1.Point.fromBytes(publicKey).toBytes(false)
    return `0x${toHex(keccak_256(point.subarray(1)).subarray(12))}`
  } catch {
    return undefined
  }
}

const word = (value: bigint): Uint8Array =>
  fromHex(value.toString(16).padStart(64, '0')) ?? new Uint8Array(32)
