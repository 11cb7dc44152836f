// Keeps the newest checkpoint cosigned: soon after each append, and again until the quorum is there.
import { isRefusal, refuse, type Refusal } from '#core'
import {
  cosign,
  parseVkey,
  type Equivocation,
  type Journal,
  type WitnessChannel,
  type WitnessPolicy,
} from '#journal'
import type { GatewayConfig } from './config.ts'

export type Witnessing = {
  /** Why the newest checkpoint is not cosigned yet; undefined when it is. */
  problem(): Refusal | undefined
  findings(): readonly Equivocation[]
  close(): Promise<void>
}

/** `config-invalid` names a witness whose key cannot be read. */
export function witnessPolicyOf(config: GatewayConfig['journal']): WitnessPolicy | Refusal {
  const witnesses: WitnessPolicy['witnesses'][number][] = []
  for (const { name, vkey, url } of config.witnesses) {
    const key = parseVkey(vkey)
    if (isRefusal(key)) return refuse('config-invalid', `config.journal.witnesses: ${name}: ${key.detail}`)
    witnesses.push({ name, key, url })
  }
  const quorum = { name: 'quorum', k: config.quorum, members: witnesses.map(({ name }) => name) }
  return { logs: [], witnesses, groups: [quorum], quorum: config.quorum === 0 ? 'none' : 'quorum' }
}

export function startWitnessing(
  journal: Journal,
  policy: WitnessPolicy,
  channel: WitnessChannel,
  everyMs: number,
): Witnessing {
  let problem: Refusal | undefined
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let closed = false
  const findings: Equivocation[] = []

  const run = async (): Promise<void> => {
    const outcome = await cosign(journal, policy, channel)
    problem = outcome.refusal ?? outcome.failures[0]?.refusal
    findings.push(...outcome.findings)
  }
  const schedule = (): void => {
    if (closed || timer || running) return
    timer = setTimeout(() => {
      timer = undefined
      running = run().finally(() => {
        running = undefined
        if ((journal.latestCosigned()?.size ?? -1) < journal.size()) schedule()
      })
    }, everyMs)
  }
  const unfollow = journal.onAppend(schedule)
  if (journal.size() > 0) schedule()
  return {
    problem: () => problem,
    findings: () => findings,
    close: async () => {
      closed = true
      unfollow()
      clearTimeout(timer)
      await running
    },
  }
}
