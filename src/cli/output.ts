// How the command line speaks: text for people, one JSON document for programs, the refusal's own exit code.
import { REFUSALS, toProblem, type Refusal } from '#core'

export type Output = {
  readonly json: boolean
  /** A line for people; silent under --json. */
  say(line: string): void
  /** The one document for programs; silent otherwise. */
  document(value: unknown): void
}

export const createOutput = (json: boolean): Output => ({
  json,
  say: (line) => {
    if (!json) process.stdout.write(`${line}\n`)
  },
  document: (value) => {
    if (json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  },
})

/** What happened, why, and what to do; the exit code is stable. */
export function refuseWith(refusal: Refusal, output: Output): number {
  const { plk, title, remedy, exit } = REFUSALS[refusal.refusal]
  if (output.json) output.document(toProblem(refusal))
  else process.stderr.write(`poundlock: ${plk} ${title}\n  ${refusal.detail}\n  What to do: ${remedy}\n`)
  return exit
}

/** One line of JSON for the process that started this one. */
export const tell = (fact: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify(fact)}\n`)
}
