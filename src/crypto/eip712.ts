import { concatBytes, fromHex, invariant, isRefusal, utf8 } from '#core'
import { keccak256 } from './hash.ts'
import { addressBytes } from './secp256k1.ts'

export type TypedField = { readonly name: string; readonly type: string }
export type TypedTypes = Readonly<Record<string, readonly TypedField[]>>
/** Integers as bigint, safe number or decimal text; bytes as 0x-text or Uint8Array; structs as objects. */
export type TypedValue =
  | bigint
  | number
  | string
  | boolean
  | Uint8Array
  | readonly TypedValue[]
  | { readonly [field: string]: TypedValue }
export type TypedStruct = Readonly<Record<string, TypedValue>>
export type TypedDomain = {
  readonly name?: string
  readonly version?: string
  readonly chainId?: bigint | number | string
  readonly verifyingContract?: string
  readonly salt?: string | Uint8Array
}
export type TypedData = {
  readonly domain: TypedDomain
  /** Without `EIP712Domain`: it follows from the members that the domain has. */
  readonly types: TypedTypes
  readonly primaryType: string
  readonly message: TypedStruct
}
export type TypedDataHashes = {
  readonly domainHash: Uint8Array
  readonly messageHash: Uint8Array
  /** Keccak-256 of 0x19 0x01 ‖ domainHash ‖ messageHash: what is signed. */
  readonly digest: Uint8Array
}

const domainFields: readonly (TypedField & { readonly name: keyof TypedDomain })[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
]
const typedPrefix = Uint8Array.of(0x19, 0x01)
const arrayPattern = /^(.+)\[(\d*)\]$/
const integerPattern = /^(u?)int(\d{1,3})$/
const fixedBytesPattern = /^bytes(\d{1,2})$/
const decimalPattern = /^(?:0|-?[1-9]\d{0,77})$/

/**
 * EIP-712 hashes of typed data. The caller builds the data; what came from outside was checked before, so a
 * value that does not fit its type (missing or unknown field, integer out of range) is a bug and throws.
 */
export function hashTypedData(data: TypedData): TypedDataHashes {
  const domainHash = hashDomain(data.domain)
  const messageHash = hashStruct(data.primaryType, data.types, data.message)
  return { domainHash, messageHash, digest: keccak256(concatBytes(typedPrefix, domainHash, messageHash)) }
}

/** The domain separator. */
export function hashDomain(domain: TypedDomain): Uint8Array {
  const present = domainFields.filter(({ name }) => domain[name] !== undefined)
  return hashStruct('EIP712Domain', { EIP712Domain: present }, domain)
}

/** `Mail(Person from,Person to,string contents)Person(string name,address wallet)`. */
export function encodeType(primaryType: string, types: TypedTypes): string {
  const others = [...referenced(primaryType, types, new Set())]
    .filter((name) => name !== primaryType)
    .toSorted()
  return [primaryType, ...others]
    .map(
      (name) =>
        `${name}(${fieldsOf(name, types)
          .map((f) => `${f.type} ${f.name}`)
          .join(',')})`,
    )
    .join('')
}

/** Keccak-256 of the encoded type. */
export const typeHash = (primaryType: string, types: TypedTypes): Uint8Array =>
  keccak256(utf8(encodeType(primaryType, types)))

/** keccak256(typeHash ‖ encodeData). */
export function hashStruct(primaryType: string, types: TypedTypes, value: TypedStruct): Uint8Array {
  const fields = fieldsOf(primaryType, types)
  const known = new Set(fields.map(({ name }) => name))
  for (const name of Object.keys(value)) invariant(known.has(name), `${primaryType} has no field ${name}`)
  const encoded = fields.map(({ name, type }) => {
    const member = value[name]
    invariant(Object.hasOwn(value, name) && member !== undefined, `${primaryType}.${name} is missing`)
    return encodeValue(type, types, member)
  })
  return keccak256(concatBytes(typeHash(primaryType, types), ...encoded))
}

function encodeValue(type: string, types: TypedTypes, value: TypedValue): Uint8Array {
  const array = arrayPattern.exec(type)
  if (array !== null) return encodeArray(array[1] ?? '', array[2] ?? '', types, value)
  if (Object.hasOwn(types, type)) {
    invariant(isStruct(value), `${type} takes an object`)
    return hashStruct(type, types, value)
  }
  if (type === 'string') {
    invariant(typeof value === 'string', 'string takes text')
    return keccak256(utf8(value))
  }
  return type === 'bytes' ? keccak256(bytesOf(value)) : encodeAtom(type, value)
}

function encodeAtom(type: string, value: TypedValue): Uint8Array {
  if (type === 'bool') {
    invariant(typeof value === 'boolean', 'bool takes true or false')
    return word(value ? 1n : 0n)
  }
  if (type === 'address') {
    const bytes = typeof value === 'string' ? addressBytes(value) : bytesOf(value)
    invariant(!isRefusal(bytes) && bytes.length === 20, 'address takes 20 bytes')
    return padded(bytes, 'left')
  }
  const length = Number(fixedBytesPattern.exec(type)?.[1] ?? 0)
  return length === 0 ? encodeInteger(type, value) : encodeFixedBytes(type, length, value)
}

function encodeFixedBytes(type: string, length: number, value: TypedValue): Uint8Array {
  const bytes = bytesOf(value)
  invariant(length <= 32 && bytes.length === length, `${type} takes ${length} bytes`)
  return padded(bytes, 'right')
}

function encodeInteger(type: string, value: TypedValue): Uint8Array {
  const [, unsigned, size] = integerPattern.exec(type) ?? []
  const bits = Number(size ?? 0)
  invariant(bits >= 8 && bits <= 256 && bits % 8 === 0, `EIP-712 has no type ${type}`)
  const integer = integerOf(value)
  const fits = unsigned === 'u' ? BigInt.asUintN(bits, integer) : BigInt.asIntN(bits, integer)
  invariant(fits === integer, `${integer} does not fit ${type}`)
  return word(BigInt.asUintN(256, integer))
}

function encodeArray(item: string, size: string, types: TypedTypes, value: TypedValue): Uint8Array {
  invariant(Array.isArray(value), `${item}[${size}] takes an array`)
  const items: readonly TypedValue[] = value
  invariant(size === '' || items.length === Number(size), `${item}[${size}] has ${items.length} items`)
  return keccak256(concatBytes(...items.map((one) => encodeValue(item, types, one))))
}

function referenced(type: string, types: TypedTypes, found: Set<string>): Set<string> {
  const base = type.replace(/\[.*$/, '')
  if (found.has(base) || !Object.hasOwn(types, base)) return found
  found.add(base)
  for (const field of fieldsOf(base, types)) referenced(field.type, types, found)
  return found
}

function fieldsOf(type: string, types: TypedTypes): readonly TypedField[] {
  const fields = Object.hasOwn(types, type) ? types[type] : undefined
  invariant(fields !== undefined, `there is no type ${type}`)
  return fields
}

function integerOf(value: TypedValue): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') {
    invariant(Number.isSafeInteger(value), `${value} is not a safe integer`)
    return BigInt(value)
  }
  invariant(
    typeof value === 'string' && decimalPattern.test(value),
    'an integer is bigint, number or decimal text',
  )
  return BigInt(value)
}

function bytesOf(value: TypedValue): Uint8Array {
  if (value instanceof Uint8Array) return value
  const bytes = typeof value === 'string' && value.startsWith('0x') ? fromHex(value.slice(2)) : undefined
  invariant(bytes !== undefined && !isRefusal(bytes), 'bytes are a Uint8Array or 0x and hexadecimal')
  return bytes
}

function padded(bytes: Uint8Array, side: 'left' | 'right'): Uint8Array {
  const whole = new Uint8Array(32)
  whole.set(bytes, side === 'left' ? 32 - bytes.length : 0)
  return whole
}

function word(value: bigint): Uint8Array {
  const bytes = fromHex(value.toString(16).padStart(64, '0'))
  invariant(!isRefusal(bytes), 'a word is 32 bytes')
  return bytes
}

const isStruct = (value: TypedValue): value is TypedStruct =>
  typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
