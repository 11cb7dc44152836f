import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import test from 'node:test'
import { isRefusal, parseDecimal } from '#core'
import { parseCases, testPolicies } from './cases.ts'
import { centsOf, formatCents } from './cents.ts'
import { decideAgain, decideFacts, refusalOf } from './decide.ts'
import { explain } from './explain.ts'
import { loadPolicyFolder, policiesById } from './load.ts'
import { defaultSet, pdpOf, value } from './testing.ts'

const { schema, policies, cases = '' } = defaultSet()
const pdp = pdpOf({ schema, policies })
const parsed = value(parseCases(cases))

test('every case of the default set comes out as written', () => {
  for (const result of testPolicies(pdp, parsed))
    assert.ok(result.passed, `${result.name}: ${result.decision.decision} ${result.decision.rules.join()}`)
})

test('every rule of the default set decides at least one case', () => {
  const spoken = new Set(parsed.flatMap(({ expect }) => expect.rules))
  assert.deepEqual(
    pdp.rules.map(({ id }) => id).filter((id) => !spoken.has(id)),
    [],
  )
})

test('a case whose expectation is wrong fails', () => {
  const [first] = parsed
  assert.ok(first)
  const wrongs = [
    { ...first, expect: { ...first.expect, decision: 'deny' as const } },
    { ...first, expect: { ...first.expect, rules: ['otc.cancel'] } },
    { ...first, expect: { ...first.expect, rules: [...first.expect.rules, 'otc.cancel'] } },
  ]
  for (const result of testPolicies(pdp, wrongs)) assert.ok(!result.passed)
})

const one = (item: object) => JSON.stringify({ cases: [item] })

test('a broken cases file is refused with the name of the case', () => {
  const expect = { decision: 'allow', rules: [] }
  for (const [text, message] of [
    ['{', /./],
    ['{}', /no list/],
    [one({ name: 'n', facts: {}, expect: {} }), /n: expects neither/],
    [one({ facts: {}, expect }), /no name/],
    [
      one({ name: 'n', facts: { action: 'Fly', amount: '1', usedToday: '0' }, expect }),
      /Fly is not an action/,
    ],
    [one({ name: 'n', facts: { action: 'PlaceOrder', amount: '1e3', usedToday: '0' }, expect }), /decimal/],
  ] as const) {
    const result = parseCases(text)
    assert.ok(isRefusal(result), text)
    assert.match(result.detail, message)
  }
})

function explainedCase(name: string): string {
  const found = parsed.find((item) => item.name === name)
  assert.ok(found, name)
  return explain(decideFacts(pdp, found.facts), pdp).join('\n')
}

test('an explanation names rule, limit, use and what would be allowed', () => {
  const over = explainedCase('one cent above the trade limit')
  assert.match(over, /^deny PlaceOrder by policy set [0-9a-f]{12}$/m)
  assert.match(over, /rule otc\.options\.tier1\.trade-limit: Tier 1/)
  assert.match(over, /limit 50,000\.00 USDC, this trade 50,000\.01; up to 50,000\.00 is allowed/)
  const daily = explainedCase('one cent above the daily limit')
  assert.match(daily, /limit 200,000\.00 USDC, other trades today 156,928\.01.*up to 43,071\.99 is allowed/)
  assert.match(explainedCase('one approval does not settle 43,072.00'), /approvals needed 2, given 1/)
  const allowed = explainedCase('tier 1 may PlaceOrder for 43,072.00')
  assert.match(allowed, /^allow PlaceOrder/)
  assert.match(allowed, /limit 50,000\.00 USDC, this trade 43,072\.00/)
  assert.match(explainedCase('an unknown tier'), /no rule allows this/)
  assert.match(
    explainedCase('a negative amount is an error'),
    /evaluation failed, which is a deny: An amount/,
  )
})

test('a decision of another policy set is explained without the limits of this one', () => {
  const found = parsed[0]
  assert.ok(found)
  const old = { ...decideFacts(pdp, found.facts), set: '00'.repeat(32) }
  const lines = explain(old, pdp).join('\n')
  assert.match(lines, /another policy set/)
  assert.doesNotMatch(lines, /up to/)
})

test('a decision can be decided again from its inputs, under its own set or another', () => {
  const draft = pdpOf({ schema, policies: { 'otc.cancel': policies['otc.cancel'] ?? '' } })
  for (const { name, facts } of parsed) {
    const first = decideFacts(pdp, facts)
    if (first.error !== undefined) continue
    assert.deepEqual(decideAgain(pdp, first.inputs), first, name)
    const allowed = decideAgain(draft, first.inputs).decision === 'allow'
    assert.equal(
      allowed,
      !('amount' in facts) && facts.action !== 'AdministerSession' && first.decision === 'allow',
      name,
    )
  }
  for (const inputs of [{}, { action: 'PlaceOrder' }, { unreadable: 'x' }])
    assert.deepEqual(decideAgain(pdp, inputs).rules, ['policy-error'])
})

test('each kind of deny becomes its own refusal, which keeps the inputs inside', () => {
  const codes: Record<string, string> = {
    'one cent above the trade limit': 'policy-limit',
    'one approval does not settle 43,072.00': 'four-eyes-missing',
    'ConfirmTrade on another ledger': 'ledger-not-allowed',
    'sanctioned: no ConfirmTrade': 'counterparty-not-allowed',
    'an unknown tier': 'policy-denied',
    'a negative amount is an error': 'policy-error',
  }
  for (const [name, code] of Object.entries(codes)) {
    const found = parsed.find((item) => item.name === name)
    assert.ok(found, name)
    const refusal = refusalOf(decideFacts(pdp, found.facts), pdp.rules)
    assert.equal(refusal.refusal, code, name)
    assert.deepEqual(Object.keys(refusal.meta), ['rules', 'set'])
  }
})

const cents = (text: string) => centsOf(value(parseDecimal(text)))

test('amounts become whole cents, rounded up, within 2^53 − 1', () => {
  assert.equal(cents('43072'), 4_307_200)
  assert.equal(cents('0.001'), 1)
  assert.equal(cents('0'), 0)
  assert.equal(cents('90071992547409.91'), Number.MAX_SAFE_INTEGER)
  assert.ok(isRefusal(cents('90071992547409.911')))
  assert.ok(isRefusal(cents('-0.01')))
  assert.equal(formatCents(4_307_200), '43,072.00')
  assert.equal(formatCents(-5), '-0.05')
})

test('policies without an id, or with one twice, and folders without a schema are refused', () => {
  const all = 'permit(principal, action, resource);'
  assert.ok(isRefusal(policiesById(all)))
  assert.ok(isRefusal(policiesById(`@id("a") ${all} @id("a") ${all}`)))
  assert.ok(isRefusal(policiesById(`@id("a") permit(principal == ?principal, action, resource);`)))
  assert.ok(isRefusal(policiesById(`@id("__proto__") ${all}`)), 'a policy must not vanish behind its name')
  const folder = mkdtempSync(`${tmpdir()}/policy-`)
  try {
    writeFileSync(`${folder}/a.cedar`, `@id("a") ${all}`)
    const result = loadPolicyFolder(folder)
    assert.ok(isRefusal(result) && result.refusal === 'policy-invalid')
    assert.ok(isRefusal(loadPolicyFolder(`${folder}/none`)))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
