import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

const shownMs = 1_500

/** Copies a text and says so. */
export function Copy({ text, label }: { text: string; label: string }): JSX.Element {
  const [outcome, setOutcome] = useState('')
  const copy = async (): Promise<void> => {
    setOutcome(
      await navigator.clipboard.writeText(text).then(
        () => 'Copied',
        () => 'Not allowed',
      ),
    )
    setTimeout(() => setOutcome(''), shownMs)
  }
  return (
    <button type="button" class="quiet" onClick={() => void copy()} title={text.slice(0, 200)}>
      {outcome === '' ? label : outcome}
    </button>
  )
}
