export { centsOf, formatCents } from './cents.ts'
export { parseCases, testPolicies, type CaseResult, type PolicyCase } from './cases.ts'
export { decideAgain, decideFacts, refusalOf } from './decide.ts'
export { explain, type ExplainedDecision } from './explain.ts'
export {
  aftercareActions,
  dealActions,
  isAftercare,
  requestOf,
  settleActions,
  type AftercareAction,
  type CounterpartyFacts,
  type OptionFacts,
  type PolicyAction,
  type PolicyFacts,
} from './facts.ts'
export { defaultPolicyFolder, loadPolicyFolder, policiesById } from './load.ts'
export { createPdp, type Decision, type Pdp, type PolicySet } from './pdp.ts'
export type { PolicyEntity, PolicyRequest, Scalar, Scalars } from './request.ts'
export type { Measure, Rule } from './rule.ts'
