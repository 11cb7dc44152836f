import { placeOf } from './entries.ts'
import type { Entry } from './entries.ts'
import { isArray, isObject, member } from './json.ts'
import type { Findings } from './report.ts'

/** Default deny: every entry that moves value carries an allow (spec/evidence-pack.md §4.6). */

export const valueMovingTypes: readonly string[] = [
  'trade.executed',
  'trade.confirmed',
  'settlement.signed',
  'settlement.instructed',
  'settlement.submitted',
]

export const checkPolicy = (entries: readonly Entry[], findings: Findings): void => {
  for (const entry of entries.filter(({ type }) => valueMovingTypes.includes(type))) {
    const set = allowingSet(entry)
    const detail = 'this entry moves value and carries no allow with rules, policy set and inputs'
    if (!findings.check('policy/allow', set !== undefined, placeOf(entry), detail)) continue
    const released = entries.some(
      ({ type, log, index, body }) =>
        type === 'policy.released' &&
        log === entry.log &&
        index < entry.index &&
        member(body, 'version') === set,
    )
    findings.check('policy/released', released, placeOf(entry), 'no earlier entry released this policy set')
  }
}

const allowingSet = (entry: Entry): string | undefined => {
  const policy = member(entry.body, 'policy')
  if (!isObject(policy) || member(policy, 'decision') !== 'allow') return undefined
  const rules = member(policy, 'rules')
  const set = member(policy, 'set')
  const named =
    isArray(rules) && rules.length > 0 && rules.every((rule) => typeof rule === 'string' && rule !== '')
  const hasInputs = Object.hasOwn(entry.parts, 'policy')
  return named && hasInputs && typeof set === 'string' && set !== '' ? set : undefined
}
