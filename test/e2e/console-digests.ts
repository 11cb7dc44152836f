import { canonicalJson, toHex, type JsonObject } from '#core'
import { hashTypedData, type TypedData } from '#crypto'
import type { TypedDataHashes } from '../../src/server/testing/index.ts'

/** EIP-712 hashes of typed data as the API shows it. */
export function typedDataHashes(shown: JsonObject): TypedDataHashes {
  const data: TypedData = JSON.parse(canonicalJson(shown))
  const { domainHash, messageHash, digest } = hashTypedData(data)
  return { domainHash: hex(domainHash), messageHash: hex(messageHash), digest: hex(digest) }
}

const hex = (bytes: Uint8Array): string => `0x${toHex(bytes)}`
