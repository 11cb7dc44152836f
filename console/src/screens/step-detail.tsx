import type { JSX } from 'preact'
import { timeText } from '../format.ts'
import { Digest } from '../parts/digest.tsx'
import { leafPath } from '../route.ts'
import type { TimelineStep } from '../types.ts'
import { FixView } from './fix-view.tsx'

/** The chosen step whole: its leaf, its digest, who signed, the message as it was. */
export const StepDetail = ({ step }: { step: TimelineStep }): JSX.Element => (
  <article class="step-detail" aria-label="Chosen step">
    <h3>
      {step.title} <span class="quiet-text">{timeText(step.at)}</span>
    </h3>
    <dl class="facts">
      <dt>Leaf</dt>
      <dd>
        <a href={leafPath(step.index)}>{step.index}</a> <code>{step.type}</code>
      </dd>
      {step.signers !== undefined && (
        <>
          <dt>Signed by</dt>
          <dd>
            {step.signers.map((signer) => (
              <code key={signer} class="tag">
                {signer}
              </code>
            ))}
          </dd>
        </>
      )}
    </dl>
    {step.digest !== undefined && <Digest name="Digest" value={step.digest} />}
    {step.fix !== undefined && <FixView text={step.fix} />}
  </article>
)
