// The one loop (DESIGN: input → authenticate → policy → decide → journal → effects). Decisions are taken one at a
// time on the newest state and evolve it at once; nothing of them may leave before their entries are durable.
import { canonicalJson, invariant, isRefusal, type Clock, type JsonObject, type Refusal } from '#core'
import type { EntryDraft, Journal, JournalEntry, StoreOp } from '#journal'
import {
  deskEventFromEntry,
  deskEventToDraft,
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

/** Policy's answer to one command, as the entry keeps it. `refused` is set exactly when the decision is a deny. */
export type Authorised = {
  readonly mark: PolicyMark
  readonly inputs: JsonObject
  readonly refused?: Refusal
}

/** What was decided and must become durable, in the order of the tickets. */
export type Bundle = { readonly ticket: number; readonly drafts: readonly EntryDraft[] }

export type Acted = { readonly bundle: Bundle; readonly refused?: Refusal }

export type Command = {
  readonly name: string
  readonly by: Principal
  readonly corr: string
  readonly authorised: Authorised
  readonly decide: (state: DeskState, context: DeskContext) => readonly DeskEvent[] | Refusal
  /** What to journal when it is refused, instead of the general entry. */
  readonly onRefusal?: (refusal: Refusal, context: DeskContext) => readonly DeskEvent[]
}

/** Crash points of tests and of the sandbox: called with `before:<types>` and `<types>` around each durable write. */
export type Probe = (point: string) => void

export type Loop = {
  readonly state: DeskState
  act(command: Command): Acted
  /** Facts that need no policy: what a ledger or a clock says. */
  note(drafts: readonly EntryDraft[]): Bundle
  commit(bundles: readonly Bundle[], ops?: readonly StoreOp[]): Promise<readonly JournalEntry[]>
}

export function createLoop(parts: {
  readonly journal: Journal
  readonly clock: Clock
  readonly self: Party
  readonly probe: Probe
}): Loop {
  const { journal, clock, self, probe } = parts
  const state = replay(journal)
  let decided = 0
  let committed = 0
  const record = (drafts: readonly EntryDraft[]): Bundle => ({ ticket: ++decided, drafts })
  const evolve = (events: readonly DeskEvent[]): readonly EntryDraft[] => {
    for (const event of events) evolveDesk(state, event)
    return events.map(deskEventToDraft)
  }
  return {
    state,
    act: (command) => act(command, { state, now: clock.now(), self, evolve, record }),
    note: record,
    commit: async (bundles, ops = []) => {
      for (const { ticket } of bundles) invariant(ticket === ++committed, 'bundles are committed as decided')
      const drafts = bundles.flatMap((bundle) => bundle.drafts)
      return append(journal, drafts, ops, probe)
    },
  }
}

type Turn = {
  readonly state: DeskState
  readonly now: DeskContext['now']
  readonly self: Party
  readonly evolve: (events: readonly DeskEvent[]) => readonly EntryDraft[]
  readonly record: (drafts: readonly EntryDraft[]) => Bundle
}

function act(command: Command, turn: Turn): Acted {
  const { mark, inputs, refused } = command.authorised
  const context: DeskContext = { now: turn.now, self: turn.self, policy: { mark, inputs } }
  const outcome = refused ?? command.decide(turn.state, context)
  if (!isRefusal(outcome)) return { bundle: turn.record(turn.evolve(outcome)) }
  const events = command.onRefusal?.(outcome, context) ?? []
  const drafts = events.length > 0 ? turn.evolve(events) : [refusalDraft(command, outcome)]
  return { bundle: turn.record(drafts), refused: outcome }
}

/** Refusals of authenticated principals are entries; the inputs of a deny are sealed with it. */
function refusalDraft(command: Command, refusal: Refusal): EntryDraft {
  const { mark, inputs } = command.authorised
  const principal = `${command.by.kind}:${command.by.id}`
  return {
    type: 'command.refused',
    corr: command.corr,
    body: { command: command.name, principal, refusal: refusal.refusal, detail: refusal.detail, policy: { ...mark } },
    parts: { policy: { content: canonicalJson(inputs) } },
  }
}

async function append(
  journal: Journal,
  drafts: readonly EntryDraft[],
  ops: readonly StoreOp[],
  probe: Probe,
): Promise<readonly JournalEntry[]> {
  const types = drafts.map((draft) => draft.type)
  for (const type of types) probe(`before:${type}`)
  const entries = await journal.append(drafts, ops)
  invariant(!isRefusal(entries), 'an append of this gateway meets no conflict')
  for (const type of types) probe(type)
  return entries
}

const replayPage = 1_000

function replay(journal: Journal): DeskState {
  const state = emptyDesk()
  for (let from = 0; from < journal.size(); from += replayPage)
    for (const entry of journal.read(from, Math.min(from + replayPage, journal.size())))
      if (isDeskEventType(entry.type)) evolveDesk(state, deskEventFromEntry(entry))
  return state
}
