// The one loop (DESIGN: input → authenticate → policy → decide → journal → effects). Decisions are taken one at a
// time on the newest state and evolve it at once; nothing of them may leave before their entries are durable.
import { isRefusal, type Clock, type JsonObject, type Refusal } from '#core'
import type { EntryDraft, Journal, StoreOp } from '#journal'
import {
  deskEventFromEntry,
  emptyDesk,
  evolveDesk,
  isDeskEventType,
  type DeskContext,
  type DeskEvent,
  type DeskState,
  type Party,
  type PolicyMark,
} from '#trade'
import type { Principal } from './api.ts'
import { administrationDraft, refusalDraft, recordable } from './drafts.ts'
import { createLine, type Bundle } from './line.ts'

/** Policy's answer to one command, as the entry keeps it. `refused` is set exactly when the decision is a deny. */
export type Authorised = {
  readonly mark: PolicyMark
  readonly inputs: JsonObject
  readonly refused?: Refusal
}

export type Acted = { readonly bundle: Bundle; readonly refused?: Refusal }

export type Command = {
  readonly name: string
  readonly by: Principal
  readonly corr: string
  /**
   * Absent for what a counterparty states in answer to us, or a ledger about an effect of ours: that is recorded,
   * not permitted. The command that led to it carries the allow.
   */
  readonly authorised?: Authorised
  readonly decide: (state: DeskState, context: DeskContext) => readonly DeskEvent[] | Refusal
  /** What to journal when it is refused, instead of the general entry. */
  readonly onRefusal?: (refusal: Refusal, context: DeskContext) => readonly DeskEvent[]
}

export type RefusedInput = Pick<Command, 'name' | 'by' | 'corr'> & { readonly authorised?: Authorised }

/** Crash points of tests and of the sandbox: called with `before:<types>` and `<types>` around each durable write. */
export type Probe = (point: string) => void

export type Loop = {
  readonly state: DeskState
  /** Decides and evolves at once. The bundle must then be committed, or given to a FIX batch that will be. */
  readonly act: (command: Command) => Acted
  /** An input of a known principal that never became a command. */
  readonly refuse: (input: RefusedInput, refusal: Refusal) => Acted
  /** An operator's action on a FIX session: journalled before it is carried out. */
  readonly administer: (
    input: RefusedInput & { readonly authorised: Authorised },
    action: JsonObject,
  ) => Acted
  /** Resolves when the bundle and all decided before it are durable. */
  readonly commit: (bundle: Bundle) => Promise<void>
  /** A FIX batch: sequence numbers and messages become durable together with the bundles attached to them. */
  readonly commitBatch: (bundles: readonly Bundle[], ops: readonly StoreOp[]) => Promise<void>
  /**
   * Resolves when all that was decided until now is durable. The state runs ahead of the disk: whoever makes an
   * effect or an answer from it, without an entry of its own, waits for this (I1).
   */
  readonly settled: () => Promise<void>
}

export function createLoop(parts: {
  readonly journal: Journal
  readonly clock: Clock
  readonly self: Party
  readonly probe: Probe
  /** Something decided could not be recorded: the state is ahead of the journal, so the process must end. */
  readonly onFailure: (error: unknown) => void
}): Loop {
  const { journal, clock, self, probe, onFailure } = parts
  const state = replay(journal)
  const write: Parameters<typeof createLine>[0] = async (drafts, ops) => {
    try {
      await append(journal, drafts, ops, probe)
    } catch (error) {
      if (!isClosing(error)) onFailure(error)
      throw error
    }
  }
  const line = createLine(write, onFailure)
  const evolve = (events: readonly DeskEvent[]): void => {
    for (const event of events) evolveDesk(state, event)
  }
  return {
    state,
    act: (command) => act(command, { state, now: clock.now(), self, evolve, record: line.record }),
    refuse: (input, refusal) => ({ bundle: line.record([refusalDraft(input, refusal)]), refused: refusal }),
    administer: (input, action) => {
      const { refused } = input.authorised
      if (refused) return { bundle: line.record([refusalDraft(input, refused)]), refused }
      return { bundle: line.record([administrationDraft(input, action)]) }
    },
    commit: line.commit,
    commitBatch: line.commitBatch,
    settled: line.settled,
  }
}

/** Who is told so has not been answered either: the next start goes on from what is durable. */
const isClosing = (error: unknown): boolean => isRefusal(error) && error.refusal === 'shutting-down'

/** An event that moves value would carry this as its allow, and no verifier would take it. */
const statement: Authorised = { mark: { decision: 'deny', rules: ['statement'], set: '' }, inputs: {} }

type Turn = {
  readonly state: DeskState
  readonly now: DeskContext['now']
  readonly self: Party
  readonly evolve: (events: readonly DeskEvent[]) => void
  readonly record: (drafts: readonly EntryDraft[]) => Bundle
}

function act(command: Command, turn: Turn): Acted {
  const { mark, inputs, refused } = command.authorised ?? statement
  const context: DeskContext = { now: turn.now, self: turn.self, policy: { mark, inputs } }
  const decided = happen(turn, refused ?? command.decide(turn.state, context))
  if (!isRefusal(decided)) return { bundle: decided }
  return { bundle: noted(command, decided, context, turn), refused: decided }
}

function noted(command: Command, refusal: Refusal, context: DeskContext, turn: Turn): Bundle {
  const events = command.onRefusal?.(refusal, context) ?? []
  const bundle = events.length > 0 ? happen(turn, events) : refusal
  return isRefusal(bundle) ? turn.record([refusalDraft(command, refusal)]) : bundle
}

/** What cannot be recorded has not happened. */
function happen(turn: Turn, outcome: readonly DeskEvent[] | Refusal): Bundle | Refusal {
  if (isRefusal(outcome)) return outcome
  const drafts = recordable(outcome)
  if (isRefusal(drafts)) return drafts
  turn.evolve(outcome)
  return turn.record(drafts)
}

async function append(
  journal: Journal,
  drafts: readonly EntryDraft[],
  ops: readonly StoreOp[],
  probe: Probe,
): Promise<void> {
  const types = drafts.map((draft) => draft.type)
  for (const type of types) probe(`before:${type}`)
  await journal.append(drafts, ops)
  for (const type of types) probe(type)
}

const replayPage = 1_000

function replay(journal: Journal): DeskState {
  const state = emptyDesk()
  for (let from = 0; from < journal.size(); from += replayPage)
    for (const entry of journal.read(from, Math.min(from + replayPage, journal.size())))
      if (isDeskEventType(entry.type)) evolveDesk(state, deskEventFromEntry(entry))
  return state
}
