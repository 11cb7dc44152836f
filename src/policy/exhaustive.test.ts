import assert from 'node:assert/strict'
import test from 'node:test'
import { isRefusal } from '#core'
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

function* product<T extends object>(axes: { readonly [K in keyof T]: readonly T[K][] }): Generator<T> {
  const names = Object.keys(axes) as (keyof T)[]
  const counts = names.map((name) => axes[name].length)
  const total = counts.reduce((a, b) => a * b, 1)
  for (let n = 0; n < total; n += 1) {
    let rest = n
    const point: Partial<T> = {}
    for (const [k, name] of names.entries()) {
      const count = counts[k] ?? 1
      point[name] = axes[name][rest % count] as T[keyof T]
      rest = Math.floor(rest / count)
    }
    yield point as T
  }
}

function* deals(): Generator<Deal> {
  const parties = { tier: tiers, suspended: flags, sanctioned: flags, authenticated: [true, false] }
  const action = ['RequestQuote', 'IssueQuote', 'PlaceOrder', 'AcceptOrder']
  for (const { option, ...deal } of product({
    amountCents: amounts,
    usedTodayCents: uses,
    option: options,
    action,
    ...parties,
  }))
    yield { ...deal, ...option }
  for (const { option, ...deal } of product({
    amountCents: amounts,
    approvals: [0, 1, 2],
    action: ['ConfirmTrade', 'InstructSettlement', 'SubmitSettlement'],
    ledger: ['eip155:31337', 'eip155:1'],
    option: oneGoodOneBad,
    usedTodayCents: [0, 15_000_001],
    ...parties,
  }))
    yield { ...deal, ...option }
  for (const { option, ...deal } of product({ option: oneGoodOneBad, action: ['CancelOrder'], ...parties }))
    yield { ...deal, ...option, amountCents: 0, usedTodayCents: 0 }
}

function oracle(deal: Deal): boolean {
  if (!deal.authenticated) return false
  if (deal.action === 'CancelOrder') return true
  const [perTrade, perDay] = limitsOf(deal.tier)
  const worth = deal.amountCents / 100
  if (worth > perTrade || worth + deal.usedTodayCents / 100 > perDay) return false
  if (deal.sanctioned || (deal.suspended && deal.ledger === undefined)) return false
  const european = deal.cfi === 'OCECCN' || deal.cfi === 'OPECCN'
  if (deal.venue !== 'otc-linear-usdc' || !european || !/^(?:BTC|ETH)$/.test(deal.underlying)) return false
  if (deal.ledger === undefined) return true
  if (deal.ledger !== 'eip155:31337') return false
  return deal.action === 'ConfirmTrade' || worth <= 25_000 || (deal.approvals ?? 0) >= 2
}

function limitsOf(tier: string): readonly [number, number] {
  if (tier === 'tier1') return [50_000, 200_000]
  return tier === 'tier2' ? [1_000_000, 5_000_000] : [-1, -1]
}

function requestFor(deal: Deal): PolicyRequest {
  const { action, tier, suspended, sanctioned, authenticated, underlying, cfi, venue } = deal
  const { amountCents, usedTodayCents, ledger, approvals } = deal
  const worth = action === 'CancelOrder' ? {} : { amountCents, usedTodayCents }
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
