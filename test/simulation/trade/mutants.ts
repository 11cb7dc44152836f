// Bugs that the auditor must find: each replaces one guard of the real code, as it is loaded, in a process of its own.
// `src/` holds no switch. A mutant whose text is no longer there fails its test, so that the list cannot rot.
export type Mutant = {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
  /** What the auditor must say. */
  readonly found: RegExp
}

export const mutants: readonly Mutant[] = [
  {
    name: 'an entry counts as durable when it was handed over',
    file: 'src/gateway/line.ts',
    from: '    await append(\n',
    to: '    void append(\n',
    found: /^I1/,
  },
  {
    name: 'work starts on a decision that is not on disk',
    file: 'src/gateway/core.ts',
    from: '      await peering.loop.settled()\n',
    to: '',
    found: /^I1/,
  },
  {
    name: 'a repeated answer does not wait for its entry',
    file: 'src/gateway/peering.ts',
    from: '  await parts.loop.settled()\n',
    to: '',
    found: /^I1/,
  },
  {
    name: 'FIX messages leave before their batch is durable',
    file: 'src/gateway/fix-store.ts',
    from: '      return commitBatch(attachments, changes.flatMap(opsOf))\n',
    to: '      void commitBatch(attachments, changes.flatMap(opsOf)).catch(() => undefined)\n      return Promise.resolve()\n',
    found: /^I1/,
  },
  {
    name: 'the phase of a trade is not checked',
    file: 'src/trade/desk/confirming.ts',
    from: '  if (phases.includes(trade.phase)) return trade\n',
    to: '  if (phases.length > 0) return trade\n',
    found: /^(I3|alder|cedar)/,
  },
  {
    name: 'a changed record is countersigned',
    file: 'src/gateway/sealing.ts',
    from: '  return isRefusal(mine) ? mine : compareEconomics(mine, theirs)',
    to: '  return isRefusal(mine) ? mine : (void compareEconomics(mine, theirs), undefined)',
    found: /not what was executed|differ in/,
  },
  {
    name: 'a quote is hit twice',
    file: 'src/trade/desk/ordering.ts',
    from: "  if (quote.status !== 'open') return notOpen(quote)\n",
    to: "  if (quote.status === 'canceled') return notOpen(quote)\n",
    found: /executes/,
  },
  {
    name: 'the entries of one decision are written in another order',
    file: 'src/gateway/line.ts',
    from: '      taken.flatMap(({ bundle }) => bundle.drafts),\n',
    to: '      taken.flatMap(({ bundle }) => bundle.drafts.toReversed()),\n',
    found: /I8|a bug/,
  },
  {
    name: 'a decision overtakes one that waits for its FIX batch',
    file: 'src/gateway/line.ts',
    from: '    const other = waiting.findIndex(({ own }) => !own)\n',
    to: '    waiting.sort((a, b) => Number(b.own) - Number(a.own))\n    const other = waiting.findIndex(({ own }) => !own)\n',
    found: /I8|I1|I3|a bug/,
  },
  {
    name: 'a block that is not final counts as final',
    file: 'src/gateway/chain.ts',
    from: "  if (truth.state === 'final')",
    to: "  if (truth.state === 'final' || truth.state === 'included')",
    found: /^(I3|I7|I4)/,
  },
  {
    name: 'a settlement is given up while it can still happen',
    file: 'src/gateway/chain.ts',
    from: "  if (truth.state === 'unknown' && finalTime > instruction.message.deadline)",
    to: "  if (truth.state === 'unknown' && finalTime > 0n)",
    found: /^(I3|I7)/,
  },
  {
    name: 'the ledger is asked before its time is',
    file: 'src/gateway/chain.ts',
    from: "  if (truth.state === 'unknown' && finalTime > instruction.message.deadline)",
    to: "  if (truth.state === 'unknown' && finalTime + 60n > instruction.message.deadline)",
    found: /^(I3|I7)/,
  },
  {
    name: 'an entry that moves value carries no allow',
    file: 'src/gateway/loop.ts',
    from: '  const context: DeskContext = { now: turn.now, self: turn.self, policy: { mark, inputs } }',
    to: '  const context: DeskContext = { now: turn.now, self: turn.self, policy: { mark: statement.mark, inputs } }',
    found: /I5/,
  },
  {
    name: 'work that failed is never done again',
    file: 'src/gateway/worker.ts',
    from: '  worker.waiting.set(work.id, refusal)\n',
    to: '  worker.waiting.set(work.id, refusal)\n  worker.running.set(work.id, Promise.resolve())\n',
    found: /^I4/,
  },
]
