import type { ComponentChildren, JSX } from 'preact'

export type Verdict = 'good' | 'bad' | 'wait' | 'none'
const shapes: Readonly<Record<Verdict, string>> = {
  good: 'M3 8.5l3.2 3.2L13 4.8',
  bad: 'M4 4l8 8M12 4l-8 8',
  wait: 'M8 2.2a5.8 5.8 0 1 0 0 11.6a5.8 5.8 0 1 0 0-11.6M8 5v3.2l2.2 1.3',
  none: 'M4 8h8',
}

/** A verdict by shape, word and colour, so that no one of them is needed. */
export const Mark = ({
  verdict,
  children,
}: {
  verdict: Verdict
  children: ComponentChildren
}): JSX.Element => (
  <span class={`mark-verdict verdict-${verdict}`}>
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d={shapes[verdict]} />
    </svg>
    <span>{children}</span>
  </span>
)
