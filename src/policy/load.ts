import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isRefusal, refuse, type Refusal } from '#core'
import type { PolicySet } from './pdp.ts'
import { ruleIdPattern } from './rule.ts'

/** The policy set that comes with the gateway. */
export const defaultPolicyFolder = fileURLToPath(new URL('default/', import.meta.url))

const filesMax = 50

/**
 * Reads a folder of policies: `schema.cedarschema`, any number of `*.cedar`, and `cases.json` if there is
 * one. Every policy carries a unique `@id`, since Cedar itself would number them.
 * Refuses `policy-invalid`; whether the set is sound is for `createPdp` to say.
 */
export function loadPolicyFolder(folder: string): (PolicySet & { readonly cases?: string }) | Refusal {
  try {
    const names = readdirSync(folder).toSorted()
    if (names.length > filesMax)
      return refuse('policy-invalid', `${folder} holds more than ${filesMax} files`)
    const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8')
    const texts = names.filter((name) => name.endsWith('.cedar')).map(read)
    const policies = policiesById(texts.join('\n'))
    if (isRefusal(policies)) return policies
    const schema = read('schema.cedarschema')
    return names.includes('cases.json')
      ? { schema, policies, cases: read('cases.json') }
      : { schema, policies }
  } catch (error) {
    return refuse('policy-invalid', `Policy folder ${folder}: ${String(error)}`)
  }
}

/** Splits Cedar text into policies by their `@id`. */
export function policiesById(text: string): Record<string, string> | Refusal {
  const parts = cedar.policySetTextToParts(text)
  if (parts.type !== 'success')
    return refuse('policy-invalid', `Policy text: ${parts.errors.map((e) => e.message).join('; ')}`)
  if (parts.policy_templates.length > 0) return refuse('policy-invalid', 'Policy templates are not supported')
  const policies: Record<string, string> = {}
  for (const policy of parts.policies) {
    const answer = cedar.policyToJson(policy)
    const id = answer.type === 'success' ? answer.json.annotations?.['id'] : undefined
    if (id === undefined || !ruleIdPattern.test(id) || Object.hasOwn(policies, id))
      return refuse(
        'policy-invalid',
        `A policy has no proper @id, or a second one has the same: ${id ?? policy.slice(0, 80)}`,
      )
    policies[id] = policy
  }
  return policies
}
