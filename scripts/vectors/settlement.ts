// Writes spec/vectors/settlement-instruction.json. Hashes and signatures are made with viem, not with our own
// EIP-712 code, so that the vectors check it instead of repeating it. Keys derive from labels and hold nothing.
//   node scripts/vectors/settlement.ts
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  encodePacked,
  hashDomain,
  hashStruct,
  hashTypedData,
  keccak256,
  parseSignature,
  serializeSignature,
  toHex,
  type Hex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

const target = join(import.meta.dirname, '../../spec/vectors/settlement-instruction.json')
/** Order of the secp256k1 group, SEC 2 §2.4.1. */
const groupOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const uint256Max = 2n ** 256n - 1n

const domainFields = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
] as const
const instructionFields = [
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
] as const
const types = { SettlementInstruction: instructionFields }
const encodedType = `SettlementInstruction(${instructionFields.map((f) => `${f.type} ${f.name}`).join(',')})`

const ofLabel = (label: string): Hex =>
  `0x${createHash('sha256').update(`poundlock/vector/${label}`).digest('hex')}`
const addressOf = (label: string): Hex => `0x${ofLabel(label).slice(-40)}`
const deliverer = privateKeyToAccount(ofLabel('deliverer'))
const receiver = privateKeyToAccount(ofLabel('receiver'))

const parties = { maker: '5299000POUNDLOCK0A94', taker: '5299000POUNDLOCK0C88', execId: 'EXEC-0001' }

/** The one hash rule: SHA-256 over u32be(length) ‖ bytes of the label and of each part. */
function digestOf(...labelAndParts: readonly string[]): Hex {
  const hash = createHash('sha256')
  for (const bytes of labelAndParts.map((text) => Buffer.from(text))) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  return `0x${hash.digest('hex')}`
}

const { maker, taker, execId } = parties
const utiSuffix = digestOf('poundlock/uti/v1', maker, taker, execId).slice(2, 34).toUpperCase()
const uti = maker + utiSuffix

const domain = {
  name: 'Poundlock Settlement',
  version: '1',
  chainId: 31_337,
  verifyingContract: addressOf('settlement'),
} as const
const job1 = {
  tradeId: digestOf('poundlock/trade/v1', uti),
  deliverer: deliverer.address,
  receiver: receiver.address,
  deliverToken: addressOf('positions'),
  deliverId: BigInt(ofLabel('series')),
  deliverAmount: 100n,
  payToken: addressOf('usdc'),
  payAmount: 43_072_000_000n,
  deadline: 1_795_183_270n,
  nonce: 1n,
} as const
type Message = { readonly [K in keyof typeof job1]: (typeof job1)[K] extends bigint ? bigint : Hex }

const extremes: Message = {
  ...job1,
  tradeId: toHex(uint256Max),
  deliverId: 0n,
  deliverAmount: 1n,
  payAmount: uint256Max,
  deadline: uint256Max,
  nonce: uint256Max,
}

async function vectorOf(name: string, message: Message, chainId: number): Promise<object> {
  const data = {
    domain: { ...domain, chainId },
    types,
    primaryType: 'SettlementInstruction',
    message,
  } as const
  return {
    name,
    domain: data.domain,
    message: textOf(message),
    domainHash: hashDomain({
      domain: { ...data.domain, chainId: BigInt(chainId) },
      types: { EIP712Domain: [...domainFields] },
    }),
    messageHash: hashStruct({ data: message, primaryType: 'SettlementInstruction', types }),
    digest: hashTypedData(data),
    signatures: {
      deliverer: await deliverer.signTypedData(data),
      receiver: await receiver.signTypedData(data),
    },
  }
}

const textOf = (message: Message): Record<string, string> =>
  Object.fromEntries(
    Object.entries(message).map(([k, v]) => [k, typeof v === 'bigint' ? v.toString() : lower(v)]),
  )
const lower = (hex: Hex): string => hex.toLowerCase()

/** Signatures over the digest of the first vector that must not count as the deliverer's. */
async function refusedSignatures(): Promise<readonly object[]> {
  const digest = hashTypedData({ domain, types, primaryType: 'SettlementInstruction', message: job1 })
  const good = await deliverer.sign({ hash: digest })
  const { r, s, yParity } = parseSignature(good)
  const highS = serializeSignature({
    r,
    s: toHex(groupOrder - BigInt(s), { size: 32 }),
    yParity: yParity === 0 ? 1 : 0,
  })
  const compact = encodePacked(
    ['bytes32', 'bytes32'],
    [r, toHex(BigInt(s) | (BigInt(yParity) << 255n), { size: 32 })],
  )
  return [
    { why: 'high s: the malleated twin of the good signature', signature: highS },
    { why: 'compact form of 64 bytes (EIP-2098)', signature: compact },
    { why: 'v is 0 or 1 instead of 27 or 28', signature: `${good.slice(0, -2)}0${yParity}` },
    { why: 'a byte too many', signature: `${good}00` },
    { why: 'r is zero', signature: `0x${'00'.repeat(32)}${good.slice(66)}` },
    { why: 'signed by the receiver', signature: await receiver.sign({ hash: digest }) },
  ]
}

/** The text of the vector file. */
export async function settlementVectors(): Promise<string> {
  const file = {
    spec: 'spec/settlement-instruction.md',
    encodedType,
    typeHash: keccak256(toHex(encodedType)),
    trade: { ...parties, uti, tradeId: job1.tradeId },
    vectors: [
      await vectorOf('100 options against 43,072.00 USDC', job1, 31_337),
      await vectorOf('the same on another chain', job1, 31_338),
      await vectorOf('every integer at its limit', extremes, 1),
    ],
    refusedSignatures: await refusedSignatures(),
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

if (import.meta.main) writeFileSync(target, await settlementVectors())
