import type { JSX } from 'preact'
import { clockText, gapText, shortText } from '../format.ts'
import type { TimelineStep } from '../types.ts'

type Lane = TimelineStep['lane']
type Props = {
  readonly steps: readonly TimelineStep[]
  readonly chosen: number
  readonly onChoose: (at: number) => void
  readonly names: { readonly peer: string }
}

const lanes: readonly Lane[] = ['desk', 'gateway', 'peer', 'ledger']
const laneWidth = 54
const rowHeight = 52
const xOf = (lane: Lane): number => lanes.indexOf(lane) * laneWidth + laneWidth / 2

/** Swimlanes, time downwards: every step is a leaf of the journal. Each lane has its own shape. */
export function Timeline({ steps, chosen, onChoose, names }: Props): JSX.Element {
  return (
    <div class="timeline">
      <div class="timeline-head" aria-hidden="true">
        <span />
        <span class="lane-names">
          {lanes.map((lane) => (
            <span key={lane}>{lane === 'peer' ? names.peer : lane === 'gateway' ? 'this gw' : lane}</span>
          ))}
        </span>
        <span />
        <span class="right">to next</span>
      </div>
      <ol>
        {steps.map((step, at) => (
          <li key={step.index}>
            <button
              type="button"
              class="step"
              aria-current={at === chosen ? 'step' : undefined}
              onClick={() => onChoose(at)}
            >
              <span class="step-time num">{clockText(step.at)}</span>
              <Row step={step} before={steps[at - 1]} last={at === steps.length - 1} />
              <span class="step-text">
                <span class="step-title">{step.title}</span>
                <span class="step-note">
                  leaf {step.index} · {step.type}
                  {step.digest !== undefined && ` · ${shortText(step.digest, 4)}`}
                  {step.signers !== undefined && ` · ${step.signers.length} signed`}
                </span>
              </span>
              <span class="step-gap num">{gapTo(step, steps[at + 1])}</span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  )
}

const gapTo = (step: TimelineStep, next: TimelineStep | undefined): string =>
  next === undefined ? '' : gapText(step.at, next.at)

function Row({
  step,
  before,
  last,
}: {
  step: TimelineStep
  before: TimelineStep | undefined
  last: boolean
}): JSX.Element {
  const x = xOf(step.lane)
  const middle = rowHeight / 2
  const from = before === undefined ? undefined : xOf(before.lane)
  return (
    <svg class="lanes" width={laneWidth * lanes.length} height={rowHeight} aria-hidden="true">
      {lanes.map((lane) => (
        <line key={lane} class="lane" x1={xOf(lane)} x2={xOf(lane)} y1="0" y2={rowHeight} />
      ))}
      {from !== undefined && (
        <path class="flow" d={`M${from} 0C${from} ${middle * 0.8} ${x} ${middle * 0.2} ${x} ${middle}`} />
      )}
      {!last && <line class="flow" x1={x} x2={x} y1={middle} y2={rowHeight} />}
      {step.signers !== undefined && <circle class="signed" cx={x} cy={middle} r="11.5" />}
      <path
        class={`glyph glyph-${step.lane}`}
        d={glyphs[step.lane]}
        transform={`translate(${x} ${middle})`}
      />
    </svg>
  )
}

const glyphs: Readonly<Record<Lane, string>> = {
  desk: 'M-6 -6H6V6H-6Z',
  gateway: 'M0 -7A7 7 0 1 1 0 7A7 7 0 1 1 0 -7Z',
  peer: 'M0 -8L8 0L0 8L-8 0Z',
  ledger: 'M-4 -7H4L8 0L4 7H-4L-8 0Z',
}
