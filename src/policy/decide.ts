import { isRefusal, refuse, type Refusal, type RefusalCode } from '#core'
import { requestOf, type PolicyFacts } from './facts.ts'
import type { Decision, Pdp } from './pdp.ts'
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
