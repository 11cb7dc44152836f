// Separate operating-system processes, watched: started with a configuration, ended by their id, started again when
// a kill point ended them. Nothing here ends a process that it did not start.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import {
  isJsonObject,
  isRefusal,
  isRefusalCode,
  parseJson,
  refuse,
  REFUSALS,
  type JsonObject,
  type Refusal,
} from '#core'

const entry = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
const readyMsMax = 20_000
const stopMsMax = 8_000

export type Managed = {
  readonly name: string
  /** How often SIGKILL has ended it. */
  readonly kills: () => number
  /** Resolves when it has ended by itself, with the refusal that it gave. */
  readonly down: Promise<Refusal>
  /** The next line of JSON whose `fact` is this one. */
  heard(fact: string): Promise<JsonObject>
  /** Ends it with SIGKILL, as a kill point does; resolves when its next life is ready. */
  kill(): Promise<void>
  stop(): Promise<void>
}

export type StartOptions = {
  readonly name: string
  readonly args: readonly string[]
  /** `POUNDLOCK_KILL` of the first life only: a process dies at a point once, and then goes on. */
  readonly killAt?: string
  readonly onKilled?: () => void
  /** A life that ended by itself: its last words. */
  readonly onFailed: (name: string, words: string) => void
}

/** Resolves when the process says `ready`; refuses with its last words when it ends before. */
export async function startProcess(options: StartOptions): Promise<Managed | Refusal> {
  const life = new Life(options)
  const refusal = await life.begin(options.killAt)
  // One that is late may still be running, and nobody else knows of it.
  if (refusal) await life.stop()
  return refusal ?? life
}

class Life implements Managed {
  readonly name: string
  readonly down: Promise<Refusal>
  #goDown: (refusal: Refusal) => void = () => undefined
  readonly #options: StartOptions
  #child: ChildProcess | undefined
  #kills = 0
  #stopping = false
  #words = ''
  readonly #facts: JsonObject[] = []
  #listeners: ((fact: JsonObject) => void)[] = []

  constructor(options: StartOptions) {
    this.name = options.name
    this.down = new Promise((resolve) => (this.#goDown = resolve))
    this.#options = options
  }

  kills(): number {
    return this.#kills
  }

  begin(killAt: string | undefined): Promise<Refusal | undefined> {
    const env = {
      ...process.env,
      NODE_NO_WARNINGS: '1',
      POUNDLOCK_LEASHED: '1',
      ...(killAt === undefined ? {} : { POUNDLOCK_KILL: killAt }),
    }
    if (killAt === undefined) delete (env as Record<string, string | undefined>)['POUNDLOCK_KILL']
    // Of a group of its own: Ctrl-C is for the one in front, who then stops the others in order.
    const child = spawn(process.execPath, [entry, ...this.#options.args], {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    this.#child = child
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line))
    child.stderr.on(
      'data',
      (chunk: Buffer) => (this.#words = `${this.#words}${chunk.toString()}`.slice(-4_000)),
    )
    child.on('exit', (_code, signal) => this.#ended(signal))
    return this.#ready(child)
  }

  async #ready(child: ChildProcess): Promise<Refusal | undefined> {
    const timer = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), readyMsMax).unref())
    const ended = new Promise<'ended'>((resolve) => child.once('exit', () => resolve('ended')))
    const outcome = await Promise.race([this.heard('ready').then(() => 'ready' as const), ended, timer])
    if (outcome === 'ready') return undefined
    // A kill point before `ready` is a kill, not a failure: the next life will be ready.
    if (outcome === 'ended' && this.#kills > 0) return undefined
    return lastRefusal(`${this.name} did not start`, this.#words)
  }

  #hear(line: string): void {
    const fact = parseJson(line)
    if (isRefusal(fact) || !isJsonObject(fact)) return
    this.#facts.push(fact)
    for (const listener of this.#listeners) listener(fact)
  }

  heard(fact: string): Promise<JsonObject> {
    const known = this.#facts.find((one) => one['fact'] === fact)
    if (known) return Promise.resolve(known)
    return new Promise((resolve) => {
      this.#listeners.push((one) => {
        if (one['fact'] === fact) resolve(one)
      })
    })
  }

  #ended(signal: NodeJS.Signals | null): void {
    this.#child = undefined
    if (this.#stopping) return
    if (signal !== 'SIGKILL') {
      this.#goDown(lastRefusal(`${this.name} stopped`, this.#words))
      return this.#options.onFailed(this.name, this.#words.trim())
    }
    this.#kills += 1
    this.#options.onKilled?.()
    this.#facts.length = 0
    void this.#restart()
  }

  async #restart(): Promise<void> {
    const refusal = await this.begin(undefined)
    if (refusal) this.#options.onFailed(this.name, refusal.detail)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    await ended
    await this.heard('ready')
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (!child) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    const timer = setTimeout(() => {
      this.#options.onFailed(
        this.name,
        `it did not end within ${stopMsMax} ms of being asked, so it was killed`,
      )
      child.kill('SIGKILL')
    }, stopMsMax)
    await ended
    clearTimeout(timer)
  }
}

/** A process that refuses says the code, then why, each on a line of its own; that stands for the whole. */
function lastRefusal(what: string, words: string): Refusal {
  const [, plk, detail] = /(PLK-\d{4})[^\n]*\n\s*([^\n]*)/.exec(words) ?? []
  const code = Object.keys(REFUSALS).find((one) => isRefusalCode(one) && REFUSALS[one].plk === plk)
  if (code === undefined || !isRefusalCode(code))
    return refuse('internal', `${what}: ${words.trim() || 'no answer'}`)
  return refuse(code, `${what}: ${detail ?? ''}`)
}
