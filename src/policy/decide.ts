import {
  isJsonObject,
  isRefusal,
  refuse,
  type Json,
  type JsonObject,
  type Refusal,
  type RefusalCode,
} from '#core'
import { requestOf, type PolicyFacts } from './facts.ts'
import type { Decision, Pdp } from './pdp.ts'
import type { PolicyEntity, Scalars } from './request.ts'
import type { Rule } from './rule.ts'

/** The decision on facts; facts that make no request are a deny by `policy-error`. Never throws. */
export function decideFacts(pdp: Pdp, facts: PolicyFacts): Decision {
  const request = requestOf(facts)
  if (!isRefusal(request)) return pdp.decide(request)
  const inputs = { action: facts.action }
  const { detail } = request
  return { decision: 'deny', rules: ['policy-error'], set: pdp.set, inputs, obligations: [], error: detail }
}

/**
 * The decision of this set on the inputs of an earlier decision, as its journal entry keeps them: what the
 * set of that day, the current one or a draft says. Inputs of another shape are a deny by `policy-error`.
 */
export function decideAgain(pdp: Pdp, inputs: JsonObject): Decision {
  const { action, principal, resource, context } = inputs
  if (typeof action === 'string' && isEntity(principal) && isEntity(resource) && isScalars(context))
    return pdp.decide({ action, principal, resource, context })
  const error = 'the inputs are not those of a decision'
  return { decision: 'deny', rules: ['policy-error'], set: pdp.set, inputs, obligations: [], error }
}

/**
 * The refusal that a deny becomes for whoever asked: `policy-error`, `four-eyes-missing`, `policy-limit`,
 * `ledger-not-allowed`, `counterparty-not-allowed` or `policy-denied`; meta `rules` and `set`. The inputs stay inside.
 */
export function refusalOf(decision: Decision, rules: readonly Rule[]): Refusal {
  const spoke = rules.filter((rule) => decision.rules.includes(rule.id))
  const detail = spoke.length > 0 ? spoke.map((rule) => rule.summary).join('; ') : 'No rule allows this'
  return refuse(codeOf(decision.rules, spoke), detail, { rules: decision.rules.join(','), set: decision.set })
}

function codeOf(ids: readonly string[], spoke: readonly Rule[]): RefusalCode {
  if (ids.includes('policy-error')) return 'policy-error'
  if (ids.some((id) => id.startsWith('otc.counterparty.'))) return 'counterparty-not-allowed'
  if (ids.includes('settlement.ledgers')) return 'ledger-not-allowed'
  if (spoke.some((rule) => rule.limit !== undefined && rule.limit.measure !== 'approvals'))
    return 'policy-limit'
  return spoke.some((rule) => rule.limit !== undefined) ? 'four-eyes-missing' : 'policy-denied'
}

function isEntity(value: Json | undefined): value is JsonObject & PolicyEntity {
  if (value === undefined || !isJsonObject(value)) return false
  return typeof value['type'] === 'string' && typeof value['id'] === 'string' && isScalars(value['attrs'])
}

// Only the outside: `decide` itself denies on members that no policy may see.
function isScalars(value: Json | undefined): value is JsonObject & Scalars {
  return value !== undefined && isJsonObject(value)
}
