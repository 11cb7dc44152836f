import {
  canonicalJson,
  formatInstant,
  isJsonObject,
  isRefusal,
  parseJson,
  refuse,
  type Clock,
  type Json,
  type Refusal,
} from '#core'
import { idempotencyKeyCharsMax } from './limits.ts'

/** Where answers are kept. Values are JSON texts; a write is durable when its promise resolves. */
export type IdempotencyStore = {
  get(key: string): Promise<string | undefined>
  /** False, and nothing written, when the key is there already. */
  insert(key: string, value: string): Promise<boolean>
  put(key: string, value: string): Promise<void>
  delete(key: string): Promise<void>
}

/** What a client gets: the stored bytes, the same each time. */
export type StoredAnswer = { readonly http: number; readonly body: string; readonly location?: string }

export type Outcome = { readonly answer: StoredAnswer; readonly keep: boolean }
export type OnceCall = {
  /** Principal and key: a key of one client says nothing to another. */
  readonly scope: string
  /** Method, path and canonical body. */
  readonly fingerprint: string
  /** `keep` is false for a refusal that can turn into success when the client tries again. */
  readonly run: () => Promise<Outcome>
  /**
   * Called when an earlier run was cut off: the answer it would have given, `repeat` when running again
   * is safe, `in-doubt` when a person has to look.
   */
  readonly resume: () => StoredAnswer | 'repeat' | 'in-doubt'
}
export type Once = (call: OnceCall) => Promise<StoredAnswer | Refusal>

const keyPattern = new RegExp(`^[A-Za-z0-9._-]{8,${idempotencyKeyCharsMax}}$`)

/** The key of a command. Refuses `idempotency-key` when it is missing or malformed. */
export function idempotencyKey(header: string | readonly string[] | undefined): string | Refusal {
  if (header === undefined) return refuse('idempotency-key', 'A command needs an Idempotency-Key header')
  return typeof header === 'string' && keyPattern.test(header)
    ? header
    : refuse(
        'idempotency-key',
        'The Idempotency-Key is not 8 to 64 letters, digits, dots, dashes, underscores',
      )
}

/**
 * Runs a command once per key (draft-ietf-httpapi-idempotency-key-header). The reservation is durable
 * before the command starts; the same request then gets the same bytes, also after a restart.
 * Refuses `idempotency-conflict` (same key, other request) and `idempotency-in-doubt`.
 */
export function createOnce(store: IdempotencyStore, clock: Clock): Once {
  const running = new Map<
    string,
    { readonly fingerprint: string; readonly answer: Promise<StoredAnswer | Refusal> }
  >()
  return (call) => {
    const other = running.get(call.scope)
    if (other !== undefined)
      return other.fingerprint === call.fingerprint ? other.answer : Promise.resolve(conflict)
    const answer = runOnce(store, clock, call).finally(() => running.delete(call.scope))
    running.set(call.scope, { fingerprint: call.fingerprint, answer })
    return answer
  }
}

const conflict = refuse('idempotency-conflict', 'The key was used for another request')

async function runOnce(
  store: IdempotencyStore,
  clock: Clock,
  call: OnceCall,
): Promise<StoredAnswer | Refusal> {
  const at = formatInstant(clock.now())
  const reserved = canonicalJson({ at, fingerprint: call.fingerprint })
  if (await store.insert(call.scope, reserved)) return finish(store, at, call, await call.run())
  const known = readRecord((await store.get(call.scope)) ?? '')
  if (known === undefined || known.fingerprint !== call.fingerprint) return conflict
  if (known.answer !== undefined) return known.answer
  const resumed = call.resume()
  if (resumed === 'in-doubt') return refuse('idempotency-in-doubt', 'The gateway stopped during this command')
  return finish(store, at, call, resumed === 'repeat' ? await call.run() : { answer: resumed, keep: true })
}

async function finish(
  store: IdempotencyStore,
  at: string,
  call: OnceCall,
  outcome: Outcome,
): Promise<StoredAnswer> {
  const { answer, keep } = outcome
  if (keep) await store.put(call.scope, canonicalJson({ at, fingerprint: call.fingerprint, answer }))
  else await store.delete(call.scope)
  return answer
}

function readRecord(text: string): { fingerprint: string; answer?: StoredAnswer } | undefined {
  const record = parseJson(text)
  if (isRefusal(record) || !isJsonObject(record)) return undefined
  const { fingerprint, answer } = record
  if (typeof fingerprint !== 'string') return undefined
  const stored = readAnswer(answer)
  return stored === undefined ? { fingerprint } : { fingerprint, answer: stored }
}

function readAnswer(answer: Json | undefined): StoredAnswer | undefined {
  if (!isJsonObject(answer)) return undefined
  const { http, body, location } = answer
  if (typeof http !== 'number' || typeof body !== 'string') return undefined
  return typeof location === 'string' ? { http, body, location } : { http, body }
}
