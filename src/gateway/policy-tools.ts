// Policy for people: what a set decides on written cases, and why an entry was allowed or refused.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRefusal, refuse, type JsonObject, type Refusal } from '#core'
import { digest } from '#crypto'
import {
  createPdp,
  decideAgain,
  defaultPolicyFolder,
  explain,
  loadPolicyFolder,
  parseCases,
  testPolicies,
  type Pdp,
} from '#policy'

export { defaultPolicyFolder }

export type PolicyTest = {
  readonly set: string
  readonly results: readonly { readonly name: string; readonly passed: boolean; readonly got: string }[]
}

/** The cases of a folder (`cases.json`) against its schema and policies. */
export function testPolicyFolder(folder: string): PolicyTest | Refusal {
  const pdp = pdpOf(folder)
  if (isRefusal(pdp)) return pdp
  const text = textOf(join(folder, 'cases.json'))
  const cases = isRefusal(text) ? text : parseCases(text)
  if (isRefusal(cases)) return cases
  const results = testPolicies(pdp, cases).map(({ name, passed, decision }) => ({
    name,
    passed,
    got: `${decision.decision} ${decision.rules.join(' ')}`,
  }))
  return { set: pdp.set, results }
}

export type Explanation = {
  readonly lines: readonly string[]
  readonly decision: string
  /** Whether the folder's set is the one that decided at the time. */
  readonly sameSet: boolean
}

/** Decides the recorded inputs once more under a folder's set, and says why; `set` is the one that decided then. */
export function explainInputs(
  folder: string,
  inputs: JsonObject,
  set: string | undefined,
): Explanation | Refusal {
  const pdp = pdpOf(folder)
  if (isRefusal(pdp)) return pdp
  const decision = decideAgain(pdp, inputs)
  return { lines: explain(decision, pdp), decision: decision.decision, sameSet: set === pdp.set }
}

function pdpOf(folder: string): Pdp | Refusal {
  const policies = loadPolicyFolder(folder)
  return isRefusal(policies) ? policies : createPdp({ ...policies, digest })
}

function textOf(path: string): string | Refusal {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return refuse('file-unreadable', `${path} cannot be read`)
  }
}
