// What is left to do, as a function of the state: after a restart the same list comes out of the replayed journal.
import type { DeskState, Trade } from './state.ts'

/**
 * One piece of work on one trade. Its id is deterministic, so a ledger or a peer that has seen it knows it again.
 * propose: sign and journal the record. send-proposal: take it to the taker. sign-instruction, send-instruction: the
 * same for the settlement instruction. submit: bring both signatures to the ledger. stand-in: the taker submits when
 * the maker has not for long. watch: ask the ledger.
 */
export type WorkKind =
  | 'propose'
  | 'send-proposal'
  | 'sign-instruction'
  | 'send-instruction'
  | 'submit'
  | 'stand-in'
  | 'watch'
  | 'expire'
export type Work = { readonly id: string; readonly kind: WorkKind; readonly tradeId: string }

const MAKER: Readonly<Record<Trade['phase'], readonly WorkKind[]>> = {
  executed: ['propose', 'expire'],
  proposed: ['send-proposal', 'expire'],
  confirmed: ['sign-instruction', 'expire'],
  signed: ['send-instruction', 'watch'],
  instructed: ['submit', 'watch'],
  submitted: ['watch'],
  settled: [],
  refused: [],
  failed: [],
  busted: [],
  corrected: [],
}
const TAKER: Readonly<Record<Trade['phase'], readonly WorkKind[]>> = {
  executed: ['expire'],
  proposed: [],
  confirmed: ['expire'],
  signed: [],
  instructed: ['stand-in', 'watch'],
  submitted: ['watch'],
  settled: [],
  refused: [],
  failed: [],
  busted: [],
  corrected: [],
}

export function pendingWork(state: DeskState): readonly Work[] {
  const work: Work[] = []
  for (const tradeId of state.open) {
    const trade = state.trades.get(tradeId)
    if (trade) for (const kind of kindsOf(trade)) work.push({ id: `${kind}/${tradeId}`, kind, tradeId })
  }
  return work
}

const kindsOf = (trade: Trade): readonly WorkKind[] => (trade.role === 'maker' ? MAKER : TAKER)[trade.phase]
