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

/**
 * Group commit: everything that happened while one batch was being made durable forms the next. A commit that
 * fails leaves unknown what is durable, so nothing is released any more: `onFailure` ends the engine.
 */
export class GroupCommit {
  readonly #persistence: FixPersistence
  readonly #takeOpen: () => OpenBatch | undefined
  readonly #onFailure: (error: unknown) => void
  #state: 'idle' | 'scheduled' | 'committing' | 'stopped' = 'idle'
  #waiting: (() => void)[] = []

  constructor(
    persistence: FixPersistence,
    takeOpen: () => OpenBatch | undefined,
    onFailure: (error: unknown) => void,
  ) {
    this.#persistence = persistence
    this.#takeOpen = takeOpen
    this.#onFailure = onFailure
  }

  /** Something waits for the next commit. */
  request(): void {
    if (this.#state !== 'idle') return
    this.#state = 'scheduled'
    // After the I/O of this turn of the event loop, so that what came on several connections shares a commit.
    setImmediate(() => this.#run())
  }

  /** Resolves when nothing is open and nothing is on its way to the disk. */
  idle(): Promise<void> {
    if (this.#state === 'idle' || this.#state === 'stopped') return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Nothing is committed or released any more; what is on its way to the disk may still arrive there. */
  stop(): void {
    this.#state = 'stopped'
    this.#wake()
  }

  isStopped(): boolean {
    return this.#state === 'stopped'
  }

  #run(): void {
    if (this.#state === 'stopped') return
    const open = this.#takeOpen()
    if (!open) {
      this.#state = 'idle'
      return this.#wake()
    }
    this.#state = 'committing'
    void this.#commit(open, open.close())
  }

  async #commit(open: OpenBatch, batch: FixBatch): Promise<void> {
    try {
      if (batch.changes.length > 0 || batch.attachments.length > 0) await this.#persistence.commit(batch)
    } catch (error) {
      open.abandon(error)
      this.stop()
      return this.#onFailure(error)
    }
    if (this.#state === 'stopped') return
    open.release()
    this.#state = 'scheduled'
    this.#run()
  }

  #wake(): void {
    const resolved = this.#waiting
    this.#waiting = []
    for (const resolve of resolved) resolve()
  }
}
