import { fromHex, toHex } from './bytes.ts'
import { hashInstruction, instructionMembers, isMember } from './eip712.ts'
import type { Domain, InstructionMessage } from './eip712.ts'
import { hasExactly, isCount, isObject, isText, member, parseCanonical } from './json.ts'
import type { JsonObject } from './json.ts'
import { chainTradeId } from './record.ts'
import type { TradeRecord } from './record.ts'
import { unixSeconds } from './time.ts'

/** The part `instruction` of a settlement entry: {domain, message, signatures} (spec/evidence-pack.md §3.4). */
export type Instruction = {
  readonly domain: Domain
  readonly message: InstructionMessage
  readonly signatures: { readonly deliverer?: Uint8Array; readonly receiver?: Uint8Array }
  readonly digest: Uint8Array
}

export type Signatory = 'deliverer' | 'receiver'
export const signatories: readonly Signatory[] = ['deliverer', 'receiver']

export const parseInstruction = (text: string): Instruction | undefined => {
  const value = parseCanonical(text)
  if (!isObject(value) || !hasExactly(value, ['domain', 'message', 'signatures'])) return undefined
  const domain = readDomain(member(value, 'domain'))
  const message = readMessage(member(value, 'message'))
  const signatures = readSignatures(member(value, 'signatures'))
  if (!domain || !message || !signatures) return undefined
  return { domain, message, signatures, digest: hashInstruction(domain, message).digest }
}

/** The first member that is not what the record orders, or undefined. */
export const differenceFromRecord = (instruction: Instruction, record: TradeRecord): string | undefined => {
  const { settlement } = record
  const { message, domain } = instruction
  const expected: InstructionMessage = {
    tradeId: chainTradeId(record.uti),
    deliverer: settlement.deliverer,
    receiver: settlement.receiver,
    deliverToken: settlement.deliverToken,
    deliverId: settlement.deliverId,
    deliverAmount: settlement.deliverAmount,
    payToken: settlement.payToken,
    payAmount: settlement.payAmount,
    deadline: String(unixSeconds(settlement.deadline)),
    nonce: settlement.nonce,
  }
  if (`eip155:${domain.chainId}` !== settlement.chainId) return 'chainId'
  if (domain.verifyingContract !== settlement.contract) return 'contract'
  return instructionMembers.map(([name]) => name).find((name) => message[name] !== expected[name])
}

export const digestText = ({ digest }: Instruction): string => `0x${toHex(digest)}`

const readDomain = (value: JsonObject[string] | undefined): Domain | undefined => {
  if (!isObject(value)) return undefined
  if (!hasExactly(value, ['chainId', 'name', 'verifyingContract', 'version'])) return undefined
  const [chainId, contract] = [member(value, 'chainId'), member(value, 'verifyingContract')]
  const [name, version] = [member(value, 'name'), member(value, 'version')]
  if (name !== 'Poundlock Settlement' || version !== '1' || !isCount(chainId) || chainId < 1) return undefined
  if (!isText(contract) || !isMember('address', contract)) return undefined
  return { name, version, chainId: BigInt(chainId), verifyingContract: contract }
}

const readMessage = (value: JsonObject[string] | undefined): InstructionMessage | undefined => {
  const names = instructionMembers.map(([name]) => name)
  if (!isObject(value) || !hasExactly(value, names)) return undefined
  return isMessage(value) ? value : undefined
}

const isMessage = (value: JsonObject): value is InstructionMessage =>
  instructionMembers.every(([name, type]) => {
    const text = member(value, name)
    return isText(text) && isMember(type, text)
  })

const readSignatures = (value: JsonObject[string] | undefined): Instruction['signatures'] | undefined => {
  const names = isObject(value) ? Object.keys(value) : []
  if (!isObject(value) || names.length === 0) return undefined
  const signatures: { deliverer?: Uint8Array; receiver?: Uint8Array } = {}
  for (const name of names) {
    const text = member(value, name)
    const bytes =
      typeof text === 'string' && /^0x[0-9a-f]{130}$/.test(text) ? fromHex(text.slice(2)) : undefined
    if (bytes === undefined || (name !== 'deliverer' && name !== 'receiver')) return undefined
    signatures[name] = bytes
  }
  return signatures
}
