import { invariant } from '#core'
import type { FixBatch, FixPersistence } from './persistence.ts'

/** Work that is open for the next commit: closed by `close`, released when it is durable. */
export type OpenBatch = {
  /** Adds the last changes and returns what is to be made durable. */
  close(): FixBatch
  /** The batch is durable: transmit, answer, tell. */
  release(): void
  /** It is not known to be durable: nobody gets an answer but this error. */
  abandon(error: unknown): void
}

export type GroupCommit = {
  /** Something waits for the next commit. */
  request(): void
  /** Resolves when nothing is open and nothing is on its way to the disk. */
  idle(): Promise<void>
  failed(): boolean
  /** Nothing is committed or released any more; what is on its way to the disk may still arrive there. */
  stop(): void
}

/**
 * Group commit: everything that happened while one batch was being made durable forms the next. A commit that
 * fails leaves unknown what is durable, so nothing is released any more: `onFailure` ends the engine.
 */
export function createGroupCommit(
  persistence: FixPersistence,
  takeOpen: () => OpenBatch | undefined,
  onFailure: () => void,
): GroupCommit {
  let state: 'idle' | 'scheduled' | 'committing' | 'failed' = 'idle'
  let waiting: (() => void)[] = []

  function request(): void {
    if (state !== 'idle') return
    state = 'scheduled'
    // After the I/O of this turn of the event loop, so that what came on several connections shares a commit.
    setImmediate(run)
  }

  function run(): void {
    if (state === 'failed') return
    const open = takeOpen()
    if (!open) return rest()
    const batch = open.close()
    state = 'committing'
    if (batch.changes.length === 0 && batch.attachments.length === 0) return released(open)
    persistence.commit(batch).then(
      () => released(open),
      (error: unknown) => fail(open, error),
    )
  }

  function released(open: OpenBatch): void {
    invariant(state === 'committing' || state === 'failed', 'only what was committed is released')
    if (state === 'failed') return
    open.release()
    state = 'scheduled'
    run()
  }

  function rest(): void {
    state = 'idle'
    const resolved = waiting
    waiting = []
    for (const resolve of resolved) resolve()
  }

  function fail(open: OpenBatch, error: unknown): void {
    open.abandon(error)
    stop()
    onFailure()
  }

  function stop(): void {
    state = 'failed'
    for (const resolve of waiting) resolve()
    waiting = []
  }

  return {
    request,
    stop,
    failed: () => state === 'failed',
    idle: () =>
      state === 'idle' || state === 'failed'
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push(resolve)),
  }
}
