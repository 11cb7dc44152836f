/**
 * States what must be true. A false condition is a bug of ours, never bad input: it throws, the process
 * stops, and recovery starts from the journal.
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}
