import { placeOf } from './entries.ts'
import type { Entry } from './entries.ts'
import { member } from './json.ts'
import type { Proof, TradeView } from './trade.ts'

/** What the logs say of the settlement, and in which order (spec/evidence-pack.md §4.8, §4.9). */

export const checkSettlement = (views: readonly TradeView[], proof: Proof): void => {
  checkSameInstruction(views, proof)
  checkSameOutcome(views, proof)
  for (const view of views) checkOrder(view, proof)
}

const checkSameInstruction = (views: readonly TradeView[], { findings }: Proof): void => {
  const instructed = views.flatMap((view) => view.instructed ?? [])
  for (const { entry, digest } of instructed.slice(1)) {
    const same = digest === instructed[0]?.digest
    findings.check('settlement/agreement', same, placeOf(entry), 'the logs hold different instructions')
  }
}

const checkSameOutcome = (views: readonly TradeView[], proof: Proof): void => {
  const settled = views.flatMap((view) => typed(view, proof, 'settlement.settled'))
  const submitted = views.flatMap((view) => typed(view, proof, 'settlement.submitted'))
  for (const entry of settled) {
    const agreed = ['txHash', 'blockNumber', 'blockHash'].every(
      (name) => isText(entry, name) && member(entry.body, name) === member(settled[0]?.body ?? {}, name),
    )
    const sent = submitted.some(({ body }) => member(body, 'txHash') === member(entry.body, 'txHash'))
    const detail = 'transaction and block are not those that the other log settled, or nobody submitted them'
    proof.findings.check('settlement/agreement', agreed && sent, placeOf(entry), detail)
  }
}

const mustPrecede: ReadonlyMap<string, readonly (readonly string[])[]> = new Map(
  Object.entries({
    'trade.confirmed': [['trade.executed']],
    'settlement.signed': [['trade.confirmed']],
    'settlement.instructed': [['trade.confirmed']],
    'settlement.submitted': [['trade.confirmed'], ['settlement.instructed']],
    'settlement.settled': [['trade.confirmed'], ['settlement.signed', 'settlement.instructed']],
  }),
)

/** In each log, what orders an effect comes before what the effect did. */
const checkOrder = (view: TradeView, proof: Proof): void => {
  const ours = proof.entries.filter(
    ({ log, body }) => log === view.log && member(body, 'tradeId') === view.tradeId,
  )
  for (const entry of ours) {
    const before = mustPrecede.get(entry.type)
    if (before === undefined) continue
    const ordered = before.every((types) =>
      ours.some(({ type, index }) => types.includes(type) && index < entry.index),
    )
    const detail = `${entry.type} must come after ${before.map((types) => types.join(' or ')).join(' and ')}`
    proof.findings.check('order/write-ahead', ordered, placeOf(entry), detail)
  }
}

const typed = (view: TradeView, { entries }: Proof, wanted: string): readonly Entry[] =>
  entries.filter(
    ({ log, type, body }) => log === view.log && type === wanted && member(body, 'tradeId') === view.tradeId,
  )

const isText = ({ body }: Entry, name: string): boolean => typeof member(body, name) === 'string'
