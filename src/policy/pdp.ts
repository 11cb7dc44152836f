import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { canonicalJson, isRefusal, refuse, toHex, utf8, type JsonObject, type Refusal } from '#core'
import { inputsOf, plainRequest, type PolicyRequest } from './request.ts'
import { ruleOf, type Rule } from './rule.ts'

/** The one hash rule of this project (label, then length-prefixed parts), given by the caller. */
export type Digest = (label: string, ...parts: Uint8Array[]) => Uint8Array

/** A set of Cedar policies by rule id, and the schema that every request must fit. */
export type PolicySet = { readonly schema: string; readonly policies: Readonly<Record<string, string>> }

/**
 * `rules` are the ids that determined the decision: the permits of an allow, the forbids of a deny;
 * `default-deny` where no rule spoke, `policy-error` (with `error`) where anything failed.
 * `set` is the hash of schema and policies, `inputs` the exact request: together they can be decided again.
 */
export type Decision = {
  readonly decision: 'allow' | 'deny'
  readonly rules: readonly string[]
  readonly set: string
  readonly inputs: JsonObject
  readonly obligations: readonly string[]
  readonly error?: string
}

export type Pdp = {
  readonly set: string
  readonly rules: readonly Rule[]
  /** Never throws. Allow only for an error-free evaluation of a request that fits the schema. */
  readonly decide: (request: PolicyRequest) => Decision
}

export const policiesMax = 100
export const policyTextLengthMax = 16_384

/**
 * A fail-closed decision point over Cedar (docs.cedarpolicy.com, language 4).
 *
 * Cedar alone skips a policy whose evaluation fails, so that a failing forbid allows. Here any diagnostic,
 * any exception and any request outside the schema is a deny. Refuses `policy-invalid` for a set that does
 * not pass Cedar's strict validation or whose annotations contradict its rules; nothing starts on it.
 */
export function createPdp(options: PolicySet & { readonly digest: Digest }): Pdp | Refusal {
  const { schema, policies, digest } = options
  const rules = readRules(policies)
  if (isRefusal(rules)) return rules
  const wrong = validate(schema, policies)
  if (wrong !== undefined) return wrong
  const set = toHex(
    digest('poundlock/policy-set/v1', utf8(canonicalJson({ schema, policies: { ...policies } }))),
  )
  // Cedar keeps parsed sets per thread under a name for ever. The hash as the name makes a swapped set impossible.
  const schemaAnswer = cedar.preparseSchema(set, schema)
  const setAnswer = cedar.preparsePolicySet(set, { staticPolicies: { ...policies } })
  if (schemaAnswer.type !== 'success' || setAnswer.type !== 'success')
    return invalid('the set cannot be parsed')
  return { set, rules, decide: (request) => decide(set, request) }
}

function decide(set: string, request: PolicyRequest): Decision {
  try {
    const { action, principal, resource, context } = plainRequest(request)
    const inputs = { action, principal, resource, context }
    const answer = cedar.statefulIsAuthorized({
      principal: { type: principal.type, id: principal.id },
      action: { type: 'Action', id: action },
      resource: { type: resource.type, id: resource.id },
      context,
      entities: [principal, resource].map(({ type, id, attrs }) => ({
        uid: { type, id },
        attrs,
        parents: [],
      })),
      preparsedSchemaName: set,
      preparsedPolicySetId: set,
      validateRequest: true,
    })
    return conclude(set, inputs, answer)
  } catch (error) {
    return denyOnError(set, inputsOf(request), error instanceof Error ? error.message : String(error))
  }
}

function conclude(set: string, inputs: JsonObject, answer: cedar.AuthorizationAnswer): Decision {
  if (answer.type !== 'success')
    return denyOnError(set, inputs, answer.errors.map((e) => e.message).join('; '))
  const { decision, diagnostics } = answer.response
  const failed = diagnostics.errors.map((e) => `${e.policyId}: ${e.error.message}`)
  if (failed.length > 0) return denyOnError(set, inputs, failed.join('; '))
  const rules = diagnostics.reason.toSorted()
  if (decision !== 'allow')
    return {
      decision: 'deny',
      rules: rules.length > 0 ? rules : ['default-deny'],
      set,
      inputs,
      obligations: [],
    }
  if (rules.length === 0) return denyOnError(set, inputs, 'an allow without a rule')
  return { decision: 'allow', rules, set, inputs, obligations: [] }
}

function denyOnError(set: string, inputs: JsonObject, error: string): Decision {
  return { decision: 'deny', rules: ['policy-error'], set, inputs, obligations: [], error }
}

function readRules(policies: Readonly<Record<string, string>>): readonly Rule[] | Refusal {
  const entries = Object.entries(policies)
  if (entries.length === 0 || entries.length > policiesMax)
    return invalid(`a set holds 1 to ${policiesMax} policies`)
  const rules: Rule[] = []
  for (const [id, text] of entries) {
    if (text.length > policyTextLengthMax) return invalid(`${id} is too long`)
    const rule = readRule(id, text)
    if (isRefusal(rule)) return rule
    rules.push(rule)
  }
  return rules
}

function readRule(id: string, text: string): Rule | Refusal {
  try {
    const answer = cedar.policyToJson(text)
    if (answer.type !== 'success') return invalid(`${id}: ${answer.errors.map((e) => e.message).join('; ')}`)
    const rule = ruleOf(id, answer.json)
    return typeof rule === 'string' ? invalid(`${id}: ${rule}`) : rule
  } catch (error) {
    return invalid(`${id}: ${String(error)}`)
  }
}

// Strict validation: a misspelt attribute or a wrong type is found here, not while a trade waits.
function validate(schema: string, policies: Readonly<Record<string, string>>): Refusal | undefined {
  try {
    const answer = cedar.validate({ schema, policies: { staticPolicies: { ...policies } } })
    const errors =
      answer.type === 'success'
        ? answer.validationErrors.map((e) => `${e.policyId}: ${e.error.message}`)
        : answer.errors.map((e) => e.message)
    return errors.length > 0 ? invalid(errors.join('; ')) : undefined
  } catch (error) {
    return invalid(String(error))
  }
}

function invalid(why: string): Refusal {
  return refuse('policy-invalid', `Policy set: ${why}`)
}
