import { setTimeout as delay } from 'node:timers/promises'
import { isRefusal, refuse, REFUSALS, type Refusal } from '#core'
import type { EffectTruth, Ledger } from './port.ts'

export type AwaitOptions = {
  /** What is enough: `included` takes either, `final` waits for the finality policy. */
  readonly until: 'included' | 'final'
  readonly pollMs: number
  readonly pollsMax: number
  readonly signal?: AbortSignal
}

/**
 * Pursues an effect until it is done or can never be. A refusal that may pass (an endpoint that is down) is
 * asked again. Refuses `finality-pending` when the polls are used up; the effect is then still under way.
 */
export async function awaitEffect(
  ledger: Ledger,
  effectId: string,
  options: AwaitOptions,
): Promise<EffectTruth | Refusal> {
  let last: EffectTruth | Refusal = { state: 'unknown' }
  for (let poll = 0; poll < options.pollsMax; poll += 1) {
    last = await ledger.pursue(effectId)
    if (isSettled(last, options.until)) return last
    if (options.signal?.aborted === true) break
    await delay(options.pollMs, undefined, options.signal ? { signal: options.signal } : {}).catch(() => {})
  }
  return isRefusal(last) ? last : refuse('finality-pending', `The effect ${effectId} is ${last.state}`)
}

function isSettled(truth: EffectTruth | Refusal, until: 'included' | 'final'): boolean {
  if (isRefusal(truth)) return !REFUSALS[truth.refusal].retryable
  if (truth.state === 'included') return until === 'included'
  return truth.state !== 'pending'
}
