import assert from 'node:assert/strict'
import test from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { isRefusal } from '#core'
import { createPdp, type Decision, type Pdp } from './pdp.ts'
import { plainRequest, type PolicyRequest, type Scalars } from './request.ts'
import { defaultSet, digest, pdpOf } from './testing.ts'

const schema = `entity U; entity R;
action act appliesTo { principal: [U], resource: [R], context: { amt: Long, used: Long, tag?: String } };`
const policies = {
  all: '@summary("everybody") permit(principal, action, resource);',
  limit: '@summary("limit") forbid(principal, action, resource) when { context.amt * 2000 > 100 };',
}

const entity = (type: string) => ({ type, id: 'x', attrs: {} })
const uid = (type: string) => ({ type, id: 'x' })

// Values outside the type are the point of these tests.
/* oxlint-disable typescript/no-unsafe-type-assertion */
function request(context: object): PolicyRequest {
  return { action: 'act', principal: entity('U'), resource: entity('R'), context: context as Scalars }
}

function rawCedar(context: cedar.Context): string {
  const call = { principal: uid('U'), action: { type: 'Action', id: 'act' }, resource: uid('R'), context }
  const answer = cedar.isAuthorized({ ...call, policies: { staticPolicies: policies }, entities: [] })
  return answer.type === 'success' ? answer.response.decision : 'failure'
}

function assertPolicyError(decision: Decision): void {
  assert.equal(decision.decision, 'deny')
  assert.deepEqual(decision.rules, ['policy-error'])
  assert.ok(decision.error)
}

const tiny = (): Pdp => pdpOf({ schema, policies })

test('a request within its limit is allowed and beyond it denied, by rules named as loaded', () => {
  const pdp = tiny()
  assert.deepEqual(pdp.decide(request({ amt: 0, used: 0 })).rules, ['all'])
  const over = pdp.decide(request({ amt: 1, used: 0 }))
  assert.equal(over.decision, 'deny')
  assert.deepEqual(over.rules, ['limit'])
})

test('a forbid that overflows allows in raw Cedar and is a deny here', () => {
  const huge = Number.MAX_SAFE_INTEGER
  assert.equal(rawCedar({ amt: huge, used: 0 }), 'allow', 'the hazard this wrapper is for')
  const decision = tiny().decide(request({ amt: huge, used: 0 }))
  assertPolicyError(decision)
  assert.match(decision.error ?? '', /limit: .*overflow/)
})

test('a forbid that reads a missing attribute allows in raw Cedar and is a deny here', () => {
  assert.equal(rawCedar({ used: 0 }), 'allow', 'the hazard this wrapper is for')
  assertPolicyError(tiny().decide(request({ used: 0 })))
})

test('raw Cedar takes an integer that a double has already rounded; here it never gets there', () => {
  const rounded = 2 ** 53 + 2
  assert.equal(rawCedar({ amt: 0, used: rounded }), 'allow')
  assertPolicyError(tiny().decide(request({ amt: 0, used: rounded })))
  assertPolicyError(tiny().decide(request({ amt: 0, used: -rounded })))
  assertPolicyError(tiny().decide(request({ amt: 0, used: 2n ** 53n })))
  assertPolicyError(tiny().decide(request({ amt: 0, used: -(2n ** 53n) })))
  assert.equal(tiny().decide(request({ amt: 0, used: 2n ** 53n - 1n })).decision, 'allow')
})

test('the request that Cedar sees holds plain, exact, well-formed values only', () => {
  for (const used of [1.5, 2 ** 53, 2n ** 53n, 'a\ud800', 'x'.repeat(1_025), [1], [['a']], null, new Date(0)])
    assert.throws(() => plainRequest(request({ used })), /used|text|kind/)
  const many = Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`a${n}`, 1]))
  assert.throws(() => plainRequest(request(many)), /attributes/)
  assert.throws(() => plainRequest(request(new Map())), /plain object/)
  const { context } = plainRequest(request({ a: 1n, b: true, c: 'x', d: ['y'] }))
  assert.deepEqual(context, { a: 1, b: true, c: 'x', d: ['y'] })
})

test('values that no policy may see are a deny: floats, dates, nesting, nothing, strange text', () => {
  const deep: unknown = Array.from({ length: 20_000 }).reduce((inner) => ({ inner }), 1)
  const strange = [
    1.5,
    Number.NaN,
    1e20,
    undefined,
    null,
    new Date(0),
    new Map([['a', 1]]),
    { a: 1 },
    [[1]],
    '0',
    true,
  ]
  for (const amt of [...strange, deep, Symbol('s'), () => 0]) {
    assertPolicyError(tiny().decide(request({ amt, used: 0 })))
  }
  for (const tag of ['\ud800', 'x'.repeat(1_025), 7])
    assertPolicyError(tiny().decide(request({ amt: 0, used: 0, tag })))
})

test('attributes, actions and entity types outside the schema are a deny', () => {
  const pdp = tiny()
  assertPolicyError(pdp.decide(request({ amt: 0, used: 0, extra: 1 })))
  assertPolicyError(pdp.decide({ ...request({ amt: 0, used: 0 }), action: 'other' }))
  const stranger = { type: 'Stranger', id: 'x', attrs: {} }
  assertPolicyError(pdp.decide({ ...request({ amt: 0, used: 0 }), principal: stranger }))
  const decorated = { type: 'U', id: 'x', attrs: { admin: true } }
  assertPolicyError(pdp.decide({ ...request({ amt: 0, used: 0 }), principal: decorated }))
})

test('a getter that throws and a request that is no request are a deny, and the next request is served', () => {
  const pdp = tiny()
  const trap = Object.defineProperty({ used: 0 }, 'amt', {
    enumerable: true,
    get: () => {
      throw new Error('trap')
    },
  })
  assertPolicyError(pdp.decide(request(trap)))
  assertPolicyError(pdp.decide(undefined as unknown as PolicyRequest))
  assertPolicyError(pdp.decide({} as unknown as PolicyRequest))
  assert.equal(pdp.decide(request({ amt: 0, used: 0 })).decision, 'allow')
})

test('without a permit everything is denied by default', () => {
  const pdp = pdpOf({ schema, policies: { limit: policies.limit } })
  assert.deepEqual(pdp.decide(request({ amt: 0, used: 0 })).rules, ['default-deny'])
})

test('the set hash names schema and policies, and two sets do not disturb each other', () => {
  const strict = pdpOf({ schema, policies })
  const loose = pdpOf({ schema, policies: { all: policies.all } })
  assert.notEqual(strict.set, loose.set)
  assert.equal(strict.set, tiny().set)
  assert.notEqual(strict.set, pdpOf({ schema: `${schema} entity Z;`, policies }).set)
  assert.equal(strict.decide(request({ amt: 1, used: 0 })).decision, 'deny')
  assert.equal(loose.decide(request({ amt: 1, used: 0 })).decision, 'allow')
})

test('the decision carries the exact inputs it was made on', () => {
  const { inputs, set, obligations } = tiny().decide(request({ amt: 0, used: 7n }))
  assert.deepEqual(inputs, { ...request({ amt: 0, used: 7 }) })
  assert.match(set, /^[0-9a-f]{64}$/)
  assert.deepEqual(obligations, [])
})

test('a set that is not sound is refused before anything is decided on it', () => {
  const wrong: Record<string, Record<string, string>> = {
    'misspelt attribute': {
      a: '@summary("s") permit(principal, action, resource) when { context.amnt > 1 };',
    },
    'wrong type': { a: '@summary("s") permit(principal, action, resource) when { context.amt == "1" };' },
    syntax: { a: '@summary("s") permit(principal, action' },
    'two policies under one id': { a: `${policies.all}${policies.all}` },
    'no summary': { a: 'permit(principal, action, resource);' },
    'id that contradicts its annotation': {
      a: '@id("b") @summary("s") permit(principal, action, resource);',
    },
    'reserved id': { 'policy-error': policies.all },
    'limit that is not the one tested': {
      a: '@summary("s") @measure("amountCents") @limit("101") forbid(principal, action, resource) when { context.amt > 100 };',
    },
    'limit without a measure': {
      a: '@summary("s") @limit("100") forbid(principal, action, resource) when { context.amt > 100 };',
    },
    empty: {},
    'too many': Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`p${n}`, policies.all])),
    'too long': { a: `${policies.all}//${' '.repeat(17_000)}` },
  }
  for (const [what, set] of Object.entries(wrong)) {
    const pdp = createPdp({ schema, policies: set, digest })
    assert.ok(isRefusal(pdp), what)
    assert.equal(pdp.refusal, 'policy-invalid')
  }
  assert.ok(isRefusal(createPdp({ schema: 'entity', policies, digest })))
})

test('the default set is sound and every limit in it is stated', () => {
  const pdp = pdpOf(defaultSet())
  assert.ok(pdp.rules.length >= 10)
  for (const rule of pdp.rules)
    if (/-limit$|four-eyes/.test(rule.id)) assert.ok(rule.limit, `${rule.id} states its limit`)
})
