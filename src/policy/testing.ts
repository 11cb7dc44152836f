import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { isRefusal, type Refusal } from '#core'
import { createPdp, type Pdp, type PolicySet } from './pdp.ts'
import { defaultPolicyFolder, loadPolicyFolder } from './load.ts'

/** The hash rule of the project, written once more for tests of this layer. */
export function digest(label: string, ...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of [Buffer.from(label, 'utf8'), ...parts]) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    hash.update(length).update(part)
  }
  return hash.digest()
}

export function value<T>(result: T | Refusal): T {
  assert.ok(!isRefusal(result), isRefusal(result) ? result.detail : '')
  return result
}

export function defaultSet(): PolicySet & { readonly cases?: string } {
  return value(loadPolicyFolder(defaultPolicyFolder))
}

export function pdpOf(set: PolicySet): Pdp {
  return value(createPdp({ ...set, digest }))
}
