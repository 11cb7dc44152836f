/** What a verification found. The shapes and ids are those of spec/evidence-pack.md §5. */

export const checkIds = [
  'pack/limits',
  'pack/syntax',
  'pack/format',
  'pack/counts',
  'pack/seal',
  'trust/keys',
  'trust/pinned',
  'checkpoint/note',
  'checkpoint/signature',
  'checkpoint/cosignature',
  'checkpoint/quorum',
  'entry/leaf',
  'entry/seq',
  'entry/inclusion',
  'entry/order',
  'trust/opened',
  'opening/entry',
  'opening/digest',
  'opening/order',
  'keys/agreement',
  'policy/allow',
  'policy/released',
  'record/present',
  'record/form',
  'record/hash',
  'record/signature',
  'keys/registered',
  'record/parties',
  'record/economics',
  'record/uti',
  'record/agreement',
  'instruction/present',
  'instruction/form',
  'instruction/digest',
  'instruction/signature',
  'instruction/matches-record',
  'settlement/agreement',
  'order/write-ahead',
] as const

export type CheckId = (typeof checkIds)[number]
export type Section = 'pack' | 'header' | 'trust' | 'checkpoint' | 'entry' | 'opening' | 'seal'

/** Where in the pack: the line counts from 1; log, index and part name the journal entry. */
export type Place = {
  readonly section: Section
  readonly line?: number
  readonly log?: string
  readonly index?: number
  readonly part?: string
}

export type Problem = Place & { readonly check: CheckId; readonly detail: string }

export type LogFingerprint = {
  readonly log: string
  /** SHA-256 of the log's verifier key, hexadecimal: compare it with what the log's operator publishes. */
  readonly key: string
  readonly size: number
  readonly root: string
}

export type Fingerprints = {
  readonly pack: string
  readonly logs: readonly LogFingerprint[]
  readonly record?: string
  readonly instruction?: string
}

export type Report = {
  readonly ok: boolean
  readonly problems: readonly Problem[]
  readonly checked: readonly { readonly check: CheckId; readonly count: number }[]
  readonly notChecked: readonly { readonly what: string; readonly why: string }[]
  readonly fingerprints: Fingerprints
}

/** Collects what the checks say. `check` counts the check and returns its verdict. */
export type Findings = {
  check(id: CheckId, ok: boolean, place: Place, detail: string): boolean
  notChecked(what: string, why: string): void
  problems(): readonly Problem[]
  report(fingerprints: Fingerprints): Report
}

export const newFindings = (): Findings => {
  const problems: Problem[] = []
  const counts = new Map<CheckId, number>()
  const left: { what: string; why: string }[] = []
  return {
    check(id, ok, place, detail) {
      counts.set(id, (counts.get(id) ?? 0) + 1)
      if (!ok) problems.push({ check: id, ...place, detail })
      return ok
    },
    notChecked: (what, why) => void left.push({ what, why }),
    problems: () => problems,
    report: (fingerprints) => ({
      ok: problems.length === 0,
      problems,
      checked: checkIds.flatMap((check) => {
        const count = counts.get(check)
        return count === undefined ? [] : [{ check, count }]
      }),
      notChecked: left,
      fingerprints,
    }),
  }
}
