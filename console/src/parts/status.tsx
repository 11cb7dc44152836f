import type { JSX } from 'preact'
import type { Trade } from '../types.ts'
import { Mark, type Verdict } from './mark.tsx'

const verdicts: Readonly<Record<Trade['status'], Verdict>> = {
  executed: 'wait',
  proposed: 'wait',
  confirmed: 'wait',
  instructed: 'wait',
  submitted: 'wait',
  settled: 'good',
  refused: 'bad',
  failed: 'bad',
  busted: 'bad',
  corrected: 'bad',
}

export const TradeStatus = ({ status }: { status: Trade['status'] }): JSX.Element => (
  <span class={`chip chip-${verdicts[status]}`}>
    <Mark verdict={verdicts[status]}>{status}</Mark>
  </span>
)
