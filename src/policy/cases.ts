import {
  isJsonObject,
  isRefusal,
  parseDecimal,
  parseJson,
  refuse,
  type Json,
  type JsonObject,
  type Refusal,
} from '#core'
import { decideFacts } from './decide.ts'
import { dealActions, isAftercare, settleActions, type AftercareAction, type PolicyFacts } from './facts.ts'
import type { Decision, Pdp } from './pdp.ts'

/** One line of a cases file: facts, and the decision and rules that must come out. */
export type PolicyCase = {
  readonly name: string
  readonly facts: PolicyFacts
  readonly expect: { readonly decision: 'allow' | 'deny'; readonly rules: readonly string[] }
}

export type CaseResult = { readonly name: string; readonly passed: boolean; readonly decision: Decision }

const casesMax = 10_000

/** Decides each case. A case passes where decision and rules are exactly the expected ones. */
export function testPolicies(pdp: Pdp, cases: readonly PolicyCase[]): readonly CaseResult[] {
  return cases.map(({ name, facts, expect }) => {
    const decision = decideFacts(pdp, facts)
    const sameRules = decision.rules.toSorted().join() === expect.rules.toSorted().join()
    return { name, passed: decision.decision === expect.decision && sameRules, decision }
  })
}

/**
 * Reads a cases file: `{"defaults":{…facts},"cases":[{"name","facts":{…},"expect":{"decision","rules"}}]}`.
 * The facts of a case are laid over the defaults, members of `counterparty` and `option` one by one;
 * amounts are decimal text. Refuses `policy-invalid` with the case's name.
 */
export function parseCases(text: string): readonly PolicyCase[] | Refusal {
  const file = parseJson(text)
  if (isRefusal(file)) return file
  const { defaults, cases } = objectOf(file)
  if (!Array.isArray(cases) || cases.length > casesMax) return invalid('the file', 'has no list of cases')
  const parsed: PolicyCase[] = []
  for (const item of cases as readonly Json[]) {
    const one = parseCase(objectOf(item), objectOf(defaults))
    if (isRefusal(one)) return one
    parsed.push(one)
  }
  return parsed
}

function parseCase(item: JsonObject, defaults: JsonObject): PolicyCase | Refusal {
  const name = textOf(item['name'])
  const { decision, rules } = objectOf(item['expect'])
  if (name === '') return invalid('a case', 'has no name')
  if ((decision !== 'allow' && decision !== 'deny') || !Array.isArray(rules))
    return invalid(name, 'expects neither allow nor deny with a list of rules')
  const facts = parseFacts(merge(defaults, objectOf(item['facts'])))
  if (isRefusal(facts)) return invalid(name, facts.detail)
  return { name, facts, expect: { decision, rules: (rules as readonly Json[]).map(textOf) } }
}

function merge(defaults: JsonObject, facts: JsonObject): JsonObject {
  const inner = (name: string): JsonObject => ({ ...objectOf(defaults[name]), ...objectOf(facts[name]) })
  return { ...defaults, ...facts, counterparty: inner('counterparty'), option: inner('option') }
}

function parseFacts(facts: JsonObject): PolicyFacts | Refusal {
  const action = textOf(facts['action'])
  const authenticated = facts['authenticated'] === true
  if (action === 'AdministerSession') {
    const { id, role } = objectOf(facts['operator'])
    const session = textOf(facts['session'])
    return { action, operator: { id: textOf(id), role: textOf(role) }, session, authenticated }
  }
  const parties = { ...partiesOf(facts), authenticated }
  if (isAftercare(action)) return { action, ...parties }
  const amount = parseDecimal(textOf(facts['amount']))
  const usedToday = parseDecimal(textOf(facts['usedToday']))
  if (isRefusal(amount)) return amount
  if (isRefusal(usedToday)) return usedToday
  const deal = dealActions.find((known) => known === action)
  if (deal !== undefined) return { action: deal, ...parties, amount, usedToday }
  const settle = settleActions.find((known) => known === action)
  if (settle === undefined) return refuse('policy-invalid', `${action} is not an action`)
  const approvals = typeof facts['approvals'] === 'number' ? facts['approvals'] : 0
  return { action: settle, ...parties, amount, usedToday, ledger: textOf(facts['ledger']), approvals }
}

function partiesOf(
  facts: JsonObject,
): Pick<Extract<PolicyFacts, { action: AftercareAction }>, 'counterparty' | 'option'> {
  const counterparty = objectOf(facts['counterparty'])
  const option = objectOf(facts['option'])
  return {
    counterparty: {
      lei: textOf(counterparty['lei']),
      tier: textOf(counterparty['tier']),
      suspended: counterparty['suspended'] === true,
      sanctioned: counterparty['sanctioned'] === true,
    },
    option: {
      securityId: textOf(option['securityId']),
      underlying: textOf(option['underlying']),
      venue: textOf(option['venue']),
      cfi: textOf(option['cfi']),
    },
  }
}

function objectOf(value: Json | undefined): JsonObject {
  return value !== undefined && isJsonObject(value) ? value : {}
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function invalid(name: string, why: string): Refusal {
  return refuse('policy-invalid', `Policy cases, ${name}: ${why}`)
}
