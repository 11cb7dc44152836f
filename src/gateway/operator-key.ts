// An operator's own key, in a folder of the operator's own: signs approvals and orders.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isRefusal, refuse, toBase64Url, type JsonObject, type Refusal } from '#core'
import { openKeyStore, systemRandom } from '#crypto'
import { approvalOf } from './approving.ts'
import { operationOf } from './operating.ts'

export type OperatorKey = {
  readonly keyId: string
  /** base64url, for the gateway's configuration. */
  readonly publicKey: string
  readonly approve: (statement: Parameters<typeof approvalOf>[0]) => JsonObject
  /** An order that the gateway carries out once. */
  readonly order: (operation: JsonObject) => JsonObject
}

/** Refuses `file-unreadable` where there is none: a mistyped folder must not become a new key. */
export function readOperatorKey(folder: string): OperatorKey | Refusal {
  const path = join(folder, 'operator.pem')
  if (!existsSync(path)) return refuse('file-unreadable', `There is no operator's key ${path}`)
  const keys = openKeyStore(folder, { operator: 'Ed25519' })
  if (isRefusal(keys)) return keys
  const signer = keys.signer('operator')
  return {
    keyId: signer.keyId,
    publicKey: toBase64Url(signer.publicKey),
    approve: (statement) => approvalOf(statement, signer),
    order: (operation) => {
      const nonce = toBase64Url(systemRandom.bytes(16))
      return operationOf({ ...operation, nonce }, signer)
    },
  }
}
