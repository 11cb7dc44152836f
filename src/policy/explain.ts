import type { Json } from '#core'
import { formatCents } from './cents.ts'
import type { Decision, Pdp } from './pdp.ts'
import type { Rule } from './rule.ts'

/** What a journal entry keeps of a decision; `error` only where it is still known. */
export type ExplainedDecision = Pick<Decision, 'decision' | 'rules' | 'set' | 'inputs' | 'error'>

/**
 * A decision in lines for people: the decision, each rule that determined it, what it measured, how much
 * was used and what would have been allowed. Works on a decision read back from a journal; where it was
 * made under another policy set, it says so and names the rules without their limits.
 */
export function explain(decision: ExplainedDecision, pdp: Pick<Pdp, 'set' | 'rules'>): readonly string[] {
  const known = decision.set === pdp.set
  const rules = known ? pdp.rules : []
  const spoke = decision.rules.map((id) => rules.find((rule) => rule.id === id) ?? id)
  return [
    `${decision.decision} ${text(decision.inputs['action'])} by policy set ${decision.set.slice(0, 12)}`,
    ...(known ? [] : ['made under another policy set than the one loaded: limits are not shown']),
    ...spoke.flatMap((rule) => ruleLines(rule, decision)),
    ...(decision.decision === 'allow' ? headroom(decision, rules) : []),
    ...inputLines(decision),
  ]
}

function ruleLines(rule: Rule | string, decision: ExplainedDecision): string[] {
  if (typeof rule !== 'string') return [`  rule ${rule.id}: ${rule.summary}`, ...limitLines(rule, decision)]
  if (rule === 'default-deny') return ['  no rule allows this: what is not permitted is denied']
  if (rule === 'policy-error') return [`  evaluation failed, which is a deny: ${decision.error ?? ''}`]
  return [`  rule ${rule}`]
}

// The limits that an allow kept to: those of rules whose id begins with a permitting rule's id.
function headroom(decision: ExplainedDecision, rules: readonly Rule[]): string[] {
  const near = rules.filter((rule) => decision.rules.some((id) => rule.id.startsWith(`${id}.`)))
  return near.flatMap((rule) => limitLines(rule, decision))
}

function limitLines({ limit }: Rule, decision: ExplainedDecision): string[] {
  if (limit === undefined) return []
  const { measure, value } = limit
  const [amount, used] = [contextNumber(decision, 'amountCents'), contextNumber(decision, 'usedTodayCents')]
  if (measure === 'approvals')
    return [`    approvals needed ${value}, given ${contextNumber(decision, 'approvals')}`]
  const left = measure === 'dailyCents' ? Math.max(0, value - used) : value
  const spent = measure === 'dailyCents' ? `, other trades today ${formatCents(used)}` : ''
  return [
    `    limit ${formatCents(value)} USDC${spent}, this trade ${formatCents(amount)}; up to ${formatCents(left)} is allowed`,
  ]
}

function inputLines({ inputs }: ExplainedDecision): string[] {
  return ['principal', 'resource', 'context']
    .filter((name) => inputs[name] !== undefined)
    .map((name) => `  ${name} ${flat(inputs[name])}`)
}

function flat(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return text(value)
  if (Array.isArray(value)) return `[${value.map(text).join(' ')}]`
  return Object.entries(value)
    .map(([key, inner]) => (key === 'attrs' ? flat(inner) : `${key}=${flat(inner)}`))
    .join(' ')
}

function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}

function contextNumber({ inputs }: ExplainedDecision, name: string): number {
  const { context } = inputs as { context?: Record<string, unknown> }
  const value = context?.[name]
  return typeof value === 'number' ? value : 0
}
