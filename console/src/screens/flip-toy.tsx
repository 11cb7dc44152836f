import { verifyPack, type Report } from '@poundlock/verify'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Mark } from '../parts/mark.tsx'
import { Problems } from './report.tsx'

type Flip = { readonly at: number; readonly line: number; readonly around: string; readonly report: Report }

/** Try to cheat: one bit of one byte is changed in a copy, and the copy is verified. */
export function FlipToy({ bytes, trust }: { bytes: Uint8Array<ArrayBuffer>; trust: string }): JSX.Element {
  const [at, setAt] = useState(Math.floor(bytes.length / 2))
  const [flip, setFlip] = useState<Flip | undefined>(undefined)
  const run = async (position: number): Promise<void> => {
    const copy = bytes.slice()
    copy[position] = (copy[position] ?? 0) ^ 1
    const report = await verifyPack(copy, trust.trim() === '' ? {} : { trust })
    setAt(position)
    setFlip({ at: position, line: lineOf(copy, position), around: around(copy, position), report })
  }
  return (
    <section class="card toy" aria-label="Flip a byte">
      <h2>Try to cheat</h2>
      <p class="quiet-text">Change one bit of a copy. The original stays as it is.</p>
      <form
        class="toy-form"
        onSubmit={(event) => {
          event.preventDefault()
          void run(at)
        }}
      >
        <label>
          Byte{' '}
          <input
            type="number"
            min={0}
            max={bytes.length - 1}
            value={at}
            onInput={(event) => setAt(clamp(event.currentTarget.valueAsNumber, bytes.length))}
          />
        </label>
        <button type="submit">Flip it</button>
        <button type="button" onClick={() => void run(randomBelow(bytes.length))}>
          Flip a random byte
        </button>
      </form>
      {flip !== undefined && <Outcome flip={flip} />}
    </section>
  )
}

const Outcome = ({ flip }: { flip: Flip }): JSX.Element => (
  <div role="status" class="toy-outcome">
    <p>
      Byte {flip.at}, line {flip.line}: <code>{flip.around}</code>
    </p>
    <p>
      {flip.report.ok ? (
        <Mark verdict="bad">the change was not noticed. Report this pack</Mark>
      ) : (
        <Mark verdict="good">noticed</Mark>
      )}
    </p>
    <Problems problems={flip.report.problems} />
  </div>
)

const clamp = (value: number, count: number): number =>
  Number.isNaN(value) ? 0 : Math.max(0, Math.min(count - 1, Math.floor(value)))

function randomBelow(count: number): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return word % count
}

const lineOf = (bytes: Uint8Array, position: number): number =>
  bytes.subarray(0, position).reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 1)

const around = (bytes: Uint8Array, position: number): string =>
  new TextDecoder().decode(bytes.subarray(Math.max(0, position - 16), position + 17)).replaceAll('\n', '⏎')
