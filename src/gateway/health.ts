// Whether each part can do its work now, and since when that is known. Not just "the process answers".
import { formatInstant, isRefusal, REFUSALS, type Clock, type Refusal } from '#core'
import type { Journal } from '#journal'
import type { FixEngine } from '#transport'
import type { ComponentHealth, HealthView } from './api.ts'
import type { Witnessing } from './witnessing.ts'

export type HealthParts = {
  readonly clock: Clock
  readonly journal: Journal
  readonly witnessing: () => Witnessing | undefined
  readonly engine: () => FixEngine
  /** Newest answer of the ledger's endpoints. */
  readonly ledger: () => { readonly detail: string; readonly refusal?: Refusal }
}

export function healthOf(parts: HealthParts): HealthView {
  const asOf = formatInstant(parts.clock.now())
  const components: ComponentHealth[] = [
    { component: 'journal', ok: true, detail: `${parts.journal.size()} entries`, asOf },
    { component: 'witnesses', asOf, ...witnessHealth(parts) },
    ...fixHealth(parts, asOf),
    { component: 'ledger', asOf, ...ledgerHealth(parts) },
  ]
  return { ok: components.every(({ ok }) => ok), components }
}

function witnessHealth({ witnessing, journal }: HealthParts): Pick<ComponentHealth, 'ok' | 'detail'> {
  const state = witnessing()
  const findings = state?.findings() ?? []
  if (findings.length > 0)
    return { ok: false, detail: `${findings[0]?.witness} saw another history of this log` }
  const problem = state?.problem()
  if (problem) return { ok: false, detail: told(problem) }
  return {
    ok: true,
    detail: `cosigned up to entry ${journal.latestCosigned()?.size ?? 0} of ${journal.size()}`,
  }
}

function fixHealth({ engine }: HealthParts, asOf: string): readonly ComponentHealth[] {
  return engine()
    .sessions()
    .map(({ session, phase, enabled, gap }) => ({
      component: `fix ${session}`,
      // Not logged on is the other side's choice, disabled is an operator's; only a gap is a fault.
      ok: gap === undefined,
      detail: gap
        ? `messages ${gap.from} to ${gap.to} are missing and asked for`
        : enabled
          ? phase
          : 'disabled',
      asOf,
    }))
}

function ledgerHealth({ ledger }: HealthParts): Pick<ComponentHealth, 'ok' | 'detail'> {
  const { detail, refusal } = ledger()
  return isRefusal(refusal) ? { ok: false, detail: told(refusal) } : { ok: true, detail }
}

const told = (refusal: Refusal): string =>
  `${REFUSALS[refusal.refusal].plk} ${refusal.detail}. ${REFUSALS[refusal.refusal].remedy}`
