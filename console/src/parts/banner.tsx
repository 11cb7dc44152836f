import type { JSX } from 'preact'

/** The environment, always in its own colours: no theme reaches it, and an unknown one is said to be unknown. */
export function Banner({ environment }: { environment: 'sandbox' | 'live' | undefined }): JSX.Element {
  const kind = environment ?? 'unknown'
  return (
    <div class={`banner banner-${kind}`} role="note" aria-label="environment">
      <strong>{words[kind][0]}</strong>
      <span>{words[kind][1]}</span>
    </div>
  )
}

const words = {
  sandbox: ['SANDBOX', 'test keys and test money on this machine; never use these keys for anything real'],
  live: ['LIVE', 'real keys, real money'],
  unknown: ['ENVIRONMENT UNKNOWN', 'treat it as live until the gateway says otherwise'],
} as const
