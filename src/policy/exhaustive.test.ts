import assert from 'node:assert/strict'
import test from 'node:test'
import { isRefusal } from '#core'
import { aftercareActions, dealActions, isAftercare, settleActions } from './facts.ts'
import { createPdp, type Pdp } from './pdp.ts'
import type { PolicyRequest } from './request.ts'
import { defaultSet, digest, pdpOf } from './testing.ts'

// Every combination of the values at which the default set can change its mind, against an oracle that is
// written from the set's summaries and shares no code with it; then mutants of the set, which the same
// requests must tell from the original.

type Deal = {
  action: string
  tier: string
  suspended: boolean
  sanctioned: boolean
  authenticated: boolean
  underlying: string
  cfi: string
  venue: string
  amountCents: number
  usedTodayCents: number
  ledger?: string
  approvals?: number
}

const flags = [false, true]
const tiers = ['tier1', 'tier2', 'none']
const amounts = [0, 2_500_000, 2_500_001, 5_000_000, 5_000_001, 100_000_000, 100_000_001]
const uses = [0, 15_000_000, 15_000_001, 400_000_000, 400_000_001]
const options = [
  { underlying: 'ETH', cfi: 'OCECCN', venue: 'otc-linear-usdc' },
  { underlying: 'BTC', cfi: 'OPECCN', venue: 'otc-linear-usdc' },
  { underlying: 'SOL', cfi: 'OCECCN', venue: 'otc-linear-usdc' },
  { underlying: 'ETH', cfi: 'OCACCN', venue: 'otc-linear-usdc' },
  { underlying: 'ETH', cfi: 'OCECCN', venue: 'lit' },
]
const oneGoodOneBad = [options[0], options[2]].filter((option) => option !== undefined)

type Party = Pick<Deal, 'tier' | 'suspended' | 'sanctioned' | 'authenticated'>

function* parties(): Generator<Party> {
  for (const tier of tiers)
    for (const suspended of flags)
      for (const sanctioned of flags)
        for (const authenticated of flags) yield { tier, suspended, sanctioned, authenticated }
}

function* deals(): Generator<Deal> {
  for (const party of parties()) {
    for (const option of options)
      for (const amountCents of amounts)
        for (const usedTodayCents of uses)
          for (const action of dealActions) yield { ...party, ...option, action, amountCents, usedTodayCents }
    yield* settlements(party)
    for (const option of oneGoodOneBad)
      for (const action of aftercareActions)
        yield { ...party, ...option, action, amountCents: 0, usedTodayCents: 0 }
  }
}

function* settlements(party: Party): Generator<Deal> {
  for (const option of oneGoodOneBad)
    for (const amountCents of amounts)
      for (const usedTodayCents of [0, 15_000_001])
        for (const approvals of [0, 1, 2])
          for (const ledger of ['eip155:31337', 'eip155:1'])
            for (const action of settleActions)
              yield { ...party, ...option, action, amountCents, usedTodayCents, ledger, approvals }
}

function oracle(deal: Deal): boolean {
  if (!deal.authenticated) return false
  if (isAftercare(deal.action)) return true
  const [perTrade, perDay] = limitsOf(deal.tier)
  const worth = deal.amountCents / 100
  if (worth > perTrade || worth + deal.usedTodayCents / 100 > perDay) return false
  if (deal.sanctioned || (deal.suspended && newDeals.includes(deal.action))) return false
  const european = deal.cfi === 'OCECCN' || deal.cfi === 'OPECCN'
  if (deal.venue !== 'otc-linear-usdc' || !european || !/^(?:BTC|ETH)$/.test(deal.underlying)) return false
  if (deal.ledger === undefined) return true
  if (deal.ledger !== 'eip155:31337') return false
  return deal.action === 'ConfirmTrade' || worth <= 25_000 || (deal.approvals ?? 0) >= 2
}

const newDeals = ['RequestQuote', 'IssueQuote', 'PlaceOrder', 'AcceptOrder']

function limitsOf(tier: string): readonly [number, number] {
  if (tier === 'tier1') return [50_000, 200_000]
  return tier === 'tier2' ? [1_000_000, 5_000_000] : [-1, -1]
}

function requestFor(deal: Deal): PolicyRequest {
  const { action, tier, suspended, sanctioned, authenticated, underlying, cfi, venue } = deal
  const { amountCents, usedTodayCents, ledger, approvals } = deal
  const worth = isAftercare(action) ? {} : { amountCents, usedTodayCents }
  const settle = ledger === undefined ? {} : { ledger, approvals: approvals ?? 0 }
  return {
    action,
    principal: { type: 'Counterparty', id: 'c', attrs: { tier, suspended, sanctioned } },
    resource: { type: 'Option', id: 'o', attrs: { underlying, cfi, venue } },
    context: { authenticated, ...worth, ...settle },
  }
}

// In an order that mixes all axes, so that a mutant is met soon wherever it hides.
const stride = 7_919
const everyDeal = [...deals()]
const questions = everyDeal.map((_, n) => {
  const deal = everyDeal[(n * stride) % everyDeal.length] ?? everyDeal[0]
  assert.ok(deal)
  return { deal, request: requestFor(deal), allowed: oracle(deal) }
})

// The first deal on which the set and the oracle differ.
function firstDifference(pdp: Pdp): Deal | undefined {
  return questions.find(({ request, allowed }) => {
    const { decision, rules } = pdp.decide(request)
    return rules.includes('policy-error') || (decision === 'allow') !== allowed
  })?.deal
}

type Policies = Readonly<Record<string, string>>
type Mutant = { readonly name: string; readonly policies: Policies }

const { schema, policies } = defaultSet()
const trading = Object.fromEntries(Object.entries(policies).filter(([id]) => id !== 'sessions.operator'))

// Dropped policies, every number one up and one down, every operator and flag turned, every listed action lost.
function mutants(): Mutant[] {
  return Object.entries(trading).flatMap(([id, text]) => {
    const [head = '', ...rest] = text.split(/^(?=permit|forbid)/m)
    const body = rest.join('')
    const dropped = Object.fromEntries(Object.entries(trading).filter(([other]) => other !== id))
    const changed = bodyMutants(head, body).map(({ name, text: next }) => ({
      name: `${id}: ${name}`,
      policies: { ...trading, [id]: next },
    }))
    return [{ name: `${id}: dropped`, policies: dropped }, ...changed]
  })
}

function bodyMutants(head: string, body: string): { name: string; text: string }[] {
  const edits: { name: string; text: string }[] = []
  const edit = (at: number, from: string, to: string, h = head): void => {
    edits.push({ name: `${from} → ${to}`, text: h + body.slice(0, at) + to + body.slice(at + from.length) })
  }
  for (const match of body.matchAll(/\b\d+\b(?=\s*[})]|\s*$)|(?<=[<>] )\d+/g))
    for (const by of [1, -1]) {
      const next = String(Number(match[0]) + by)
      edit(match.index, match[0], next, head.replace(`@limit("${match[0]}")`, `@limit("${next}")`))
    }
  for (const [from, to] of [
    [' && ', ' || '],
    [' > ', ' >= '],
    [' < ', ' <= '],
    [' == "tier', ' != "tier'],
    ['context.authenticated', 'true'],
    ['principal.suspended', 'false'],
    ['principal.sanctioned', 'false'],
    ['"BTC", ', ''],
    [', "OPECCN"', ''],
    ['otc-linear-usdc', 'lit'],
    ['eip155:31337', 'eip155:1'],
  ] as const)
    for (let at = body.indexOf(from); at >= 0; at = body.indexOf(from, at + 1)) edit(at, from, to)
  for (const match of body.matchAll(/Action::"\w+", (?=Action)/g)) edit(match.index, match[0], '')
  return edits
}

test('the default set agrees with its oracle on every combination of boundary values, without an error', (t) => {
  assert.ok(everyDeal.length > 10_000 && everyDeal.length % stride !== 0)
  assert.equal(new Set(questions.map(({ deal }) => deal)).size, everyDeal.length)
  assert.equal(firstDifference(pdpOf({ schema, policies: trading })), undefined)
  t.diagnostic(`${everyDeal.length} decisions`)
})

test('every mutant of the default set is told from it', (t) => {
  const all = mutants()
  assert.ok(all.length > 40)
  for (const { name, policies: mutated } of all) {
    const pdp = createPdp({ schema, policies: mutated, digest })
    assert.ok(!isRefusal(pdp), `${name}: ${isRefusal(pdp) ? pdp.detail : ''}`)
    assert.ok(firstDifference(pdp), `survived: ${name}`)
  }
  t.diagnostic(`${all.length} mutants`)
})
