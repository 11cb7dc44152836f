import type { JSX } from 'preact'
import { countText } from '../format.ts'
import { useLive, type LiveState } from '../live.ts'

const texts: Readonly<Record<LiveState, string>> = {
  connecting: 'connecting',
  live: 'live',
  reconnecting: 'reconnecting',
  behind: 'another history',
}
const explained: Readonly<Record<LiveState, string>> = {
  connecting: 'Reading the size of the journal',
  live: 'Each new leaf appears here as soon as it is durable',
  reconnecting: 'The gateway is away. What you see is what was read last; the stream resumes without a gap',
  behind:
    'The journal is shorter than what this page has seen. If nobody restarted a sandbox, keep this page as evidence and ask the operator; reload to follow the new history',
}

/** State of the event stream. Only the state is announced, not each leaf. */
export function LiveBadge(): JSX.Element {
  const { state, size, gaps } = useLive()
  return (
    <div class={`live live-${state}`} title={explained[state]}>
      <span class="live-dot" aria-hidden="true" />
      <span role="status" aria-live="polite" class="live-state">
        {texts[state]}
        {gaps > 0 && `, ${countText(gaps, 'gap')}`}
      </span>
      <span class="live-size">{countText(size, 'leaf', 'leaves')}</span>
    </div>
  )
}

/** Says across the page that what it shows is not what the gateway holds now. */
export function Lost(): JSX.Element | null {
  const { state } = useLive()
  if (state !== 'reconnecting' && state !== 'behind') return null
  return (
    <div class="lost">
      <strong>{texts[state]}</strong> {explained[state]}.
    </div>
  )
}
