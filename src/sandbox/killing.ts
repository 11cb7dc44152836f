// Kill points: `NAME@STEP`, where STEP is a journal entry type with a dash for its dot, optionally after `before-`.
// They are obeyed here and nowhere else: a gateway calls its probe, and the sandbox ends the process there, once.
import { refuse, type Refusal } from '#core'
import type { GatewayConfig, Probe } from '#gateway'

/** Each step of the trade at which either side can be ended. */
export const killSteps = {
  ALDER: [
    'rfq-received',
    'trade-executed',
    'trade-proposed',
    'trade-confirmed',
    'trade-approved',
    'settlement-signed',
    'settlement-instructed',
    'settlement-submitted',
    'settlement-settled',
  ],
  CEDAR: [
    'rfq-requested',
    'quote-received',
    'order-placed',
    'trade-executed',
    'trade-confirmed',
    'trade-approved',
    'settlement-instructed',
    'settlement-settled',
  ],
} as const

export type KillPoint = { readonly name: keyof typeof killSteps; readonly step: string }

export function parseKillPoint(text: string): KillPoint | Refusal {
  const [name, step = ''] = text.split('@')
  const bare = step.replace(/^before-/, '')
  if ((name === 'ALDER' || name === 'CEDAR') && (killSteps[name] as readonly string[]).includes(bare))
    return { name, step }
  const known = Object.entries(killSteps).flatMap(([who, steps]) => steps.map((one) => `${who}@${one}`))
  return refuse('usage', `--kill ${text}: choose one of ${known.join(' ')} (or before-…)`)
}

/** The probe of a process whose environment names a step; without one, or outside a sandbox, it does nothing. */
export function killingProbe(step: string | undefined, environment: GatewayConfig['environment']): Probe {
  if (step === undefined || environment !== 'sandbox') return () => undefined
  const point = step.startsWith('before-') ? `before:${dotted(step.slice('before-'.length))}` : dotted(step)
  return (reached) => {
    if (reached === point) process.kill(process.pid, 'SIGKILL')
  }
}

const dotted = (step: string): string => step.replace('-', '.')
