// An operator's own key, in a folder of the operator's own: signs approvals, and nothing else.
import { isRefusal, toBase64Url, type JsonObject, type Refusal } from '#core'
import { openKeyStore } from '#crypto'
import { approvalOf } from './approving.ts'

export type OperatorKey = {
  readonly keyId: string
  /** base64url, for the gateway's configuration. */
  readonly publicKey: string
  readonly approve: (statement: Parameters<typeof approvalOf>[0]) => JsonObject
}

/** Made on first use. */
export function readOperatorKey(folder: string): OperatorKey | Refusal {
  const keys = openKeyStore(folder, { operator: 'Ed25519' })
  if (isRefusal(keys)) return keys
  const signer = keys.signer('operator')
  return {
    keyId: signer.keyId,
    publicKey: toBase64Url(signer.publicKey),
    approve: (statement) => approvalOf(statement, signer),
  }
}
