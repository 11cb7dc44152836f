import { digest } from '#crypto'
import { invariant, isRefusal } from '#core'
import { createPdp, decideFacts, defaultPolicyFolder, loadPolicyFolder, parseCases } from '#policy'

export type BenchRow = { readonly name: string; readonly value: number; readonly unit: string }

const warmUpRounds = 5
const rounds = 60

/** Decisions per second of the default policy set, over its own cases, on one thread. */
export function benchPolicy(): readonly BenchRow[] {
  const set = loadPolicyFolder(defaultPolicyFolder)
  invariant(!isRefusal(set), 'the default policy set loads')
  const pdp = createPdp({ ...set, digest })
  const cases = parseCases(set.cases ?? '{}')
  invariant(!isRefusal(pdp) && !isRefusal(cases), 'the default policy set is sound')
  const round = (): void => {
    for (const { facts } of cases) decideFacts(pdp, facts)
  }
  for (let n = 0; n < warmUpRounds; n += 1) round()
  const started = process.hrtime.bigint()
  for (let n = 0; n < rounds; n += 1) round()
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const decisions = rounds * cases.length
  return [
    { name: 'policy decisions', value: Math.round(decisions / seconds), unit: '1/s' },
    { name: 'policy decision, mean', value: Math.round((seconds / decisions) * 1e7) / 10, unit: 'µs' },
  ]
}
