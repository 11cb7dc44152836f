import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'

/** What a limit is compared with: this trade, the day with this trade, or the approvals given. */
export type Measure = 'amountCents' | 'dailyCents' | 'approvals'

/** What is known of a policy without evaluating it, from its annotations. */
export type Rule = {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly summary: string
  readonly limit?: { readonly measure: Measure; readonly value: number }
}

export const ruleIdPattern = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/
/** Ids that the wrapper itself gives. */
export const reservedRuleIds: readonly string[] = ['default-deny', 'policy-error']
const measures: readonly string[] = ['amountCents', 'dailyCents', 'approvals'] satisfies Measure[]

/** The rule of a parsed policy, or why its annotations are wrong. */
export function ruleOf(id: string, policy: PolicyJson): Rule | string {
  const { effect, annotations = {}, conditions } = policy
  if (!ruleIdPattern.test(id) || reservedRuleIds.includes(id)) return 'is not a rule id'
  if (annotations['id'] !== undefined && annotations['id'] !== id) return `says @id("${annotations['id']}")`
  const summary = annotations['summary']
  if (summary === undefined || summary === '') return 'has no @summary'
  const [measure, text] = [annotations['measure'], annotations['limit']]
  if (measure === undefined && text === undefined) return { id, effect, summary }
  if (!isMeasure(measure)) return `has no @measure among ${measures.join(', ')}`
  if (text === undefined || !/^(?:0|[1-9]\d{0,15})$/.test(text)) return 'has no @limit that is an integer'
  const value = Number(text)
  if (!Number.isSafeInteger(value)) return 'has a @limit beyond 2^53 − 1'
  if (!holdsNumber(conditions, value)) return `has @limit("${text}"), which its conditions do not test`
  return { id, effect, summary, limit: { measure, value } }
}

function isMeasure(text: string | undefined): text is Measure {
  return text !== undefined && measures.includes(text)
}

// Whether the number stands as a literal anywhere in the conditions.
function holdsNumber(node: unknown, value: number): boolean {
  if (typeof node !== 'object' || node === null) return false
  return Object.entries(node).some(([key, inner]: [string, unknown]) =>
    key === 'Value' ? inner === value : holdsNumber(inner, value),
  )
}
