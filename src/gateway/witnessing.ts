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
import type { Later } from './worker.ts'

export type Witnessing = {
  /** Why the newest checkpoint is not cosigned yet; undefined when it is. */
  readonly problem: () => Refusal | undefined
  /** Each fork that a witness reported, once. */
  readonly findings: () => readonly Equivocation[]
  readonly close: () => Promise<void>
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

export type WitnessingParts = {
  readonly journal: Journal
  readonly policy: WitnessPolicy
  readonly channel: WitnessChannel
  readonly everyMs: number
  readonly later: Later
  /** Told when the journal itself failed; what a witness does is never a failure. */
  readonly onFailure: (error: unknown) => void
}

export function startWitnessing(parts: WitnessingParts): Witnessing {
  const round: Round = { ...parts, findings: new Map(), closed: false }
  const unfollow = parts.journal.onAppend(() => schedule(round))
  if (parts.journal.size() > 0) schedule(round)
  return {
    problem: () => round.problem,
    findings: () => [...round.findings.values()],
    close: async () => {
      round.closed = true
      unfollow()
      round.cancel?.()
      await round.running
    },
  }
}

type Round = WitnessingParts & {
  problem?: Refusal | undefined
  /** By witness and size. */
  readonly findings: Map<string, Equivocation>
  /** Takes back the timer of the next round. */
  cancel?: (() => void) | undefined
  running?: Promise<void> | undefined
  closed: boolean
}

function schedule(round: Round): void {
  if (round.closed || round.cancel || round.running) return
  round.cancel = round.later(round.everyMs, () => {
    round.cancel = undefined
    round.running = run(round).catch(round.onFailure)
  })
}

async function run(round: Round): Promise<void> {
  const { journal, policy, channel, findings } = round
  const outcome = await cosign(journal, policy, channel)
  round.problem = outcome.refusal ?? outcome.failures[0]?.refusal
  for (const finding of outcome.findings) findings.set(`${finding.witness}/${finding.size}`, finding)
  round.running = undefined
  if ((journal.latestCosigned()?.size ?? -1) < journal.size()) schedule(round)
}
