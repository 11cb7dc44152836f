/**
 * A witness: judges checkpoints (witness.ts), remembers what it cosigned, and only then signs.
 *
 * Bytes in, bytes out: the HTTP around it is transport/log. What it remembers for each log is the whole note
 * it vouched for, so that monitors can compare it with what the log shows them.
 */
import { isRefusal, toHex, utf8, fromUtf8, invariant, type Clock, type Refusal } from '#core'
import { sha256, type Signer } from '#crypto'
import { parseCheckpoint } from './checkpoint.ts'
import { cosignatureVkey, cosigner } from './cosignature.ts'
import { signatureLine, splitNote } from './note.ts'
import type { Store } from './store/store.ts'
import { claimedOrigin, decideAddCheckpoint, parseAddCheckpoint } from './witness.ts'
import type { AddCheckpoint, KnownLog, WitnessRecord } from './witness.ts'

export type WitnessReply = {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
}

export type WitnessOptions = {
  readonly store: Store
  /** Key name: a schema-less URL. */
  readonly name: string
  /** Ed25519, used for this witness and nothing else. */
  readonly signer: Signer
  readonly clock: Clock
  readonly logs: readonly KnownLog[]
}

export type Witness = {
  readonly name: string
  /** Its cosignature key (type 0x04). */
  readonly vkey: string
  /** Body of `POST <submission prefix>/add-checkpoint`. Throws when its store fails: the process must stop. */
  addCheckpoint(body: Uint8Array): WitnessReply
  /** `GET <monitoring prefix>/<hex sha256(origin)>/checkpoint`. */
  latest(originHash: string): WitnessReply
}

const table = 'witness/log'
const plain = 'text/plain; charset=utf-8'
const sizeType = 'text/x.tlog.size'

export function openWitness(options: WitnessOptions): Witness {
  const { name, signer, logs, store } = options
  invariant(signer.algorithm === 'Ed25519', 'a witness cosigns with Ed25519')
  const hashes = new Map(logs.map(({ origin }) => [toHex(sha256(utf8(origin))), origin]))
  return {
    name,
    vkey: cosignatureVkey(name, signer.publicKey),
    addCheckpoint(body) {
      const request = parseAddCheckpoint(body)
      return isRefusal(request) ? plainReply(400, request.detail) : judge(options, request)
    },
    latest(originHash) {
      const origin = hashes.get(originHash)
      const note = origin === undefined ? undefined : store.get(table, origin)
      return note === undefined
        ? plainReply(404, 'No checkpoint of this log was cosigned here')
        : { status: 200, contentType: plain, body: note }
    },
  }
}

/** Check and persist are one step: the record that was judged is the one that is replaced, or it is judged anew. */
function judge(options: WitnessOptions, request: AddCheckpoint): WitnessReply {
  const origin = claimedOrigin(request)
  if (origin === undefined) return plainReply(400, 'The note is not a checkpoint')
  for (;;) {
    const stored = options.store.get(table, origin)
    const decision = decideAddCheckpoint(options.logs, recordOf(stored), request)
    if (decision.status === 409) return reply(409, sizeType, `${decision.size}\n`)
    if (decision.status !== 200) return plainReply(decision.status, decision.refusal.detail)
    const seconds = Math.floor(options.clock.now() / 1_000)
    const line = signatureLine(cosigner(options.name, options.signer, seconds), decision.text)
    const note = `${decision.text}\n${decision.logLines.map((one) => `${one}\n`).join('')}${line}`
    const value = utf8(note)
    const [result] = options.store.apply([
      [{ op: 'row.cas', table, key: origin, expect: stored ?? null, value }],
    ])
    if (result === 'applied') return reply(200, plain, line)
    if (isRefusal(result)) return plainReply(507, result.detail)
  }
}

function recordOf(stored: Uint8Array | undefined): WitnessRecord | undefined {
  if (stored === undefined) return undefined
  const checkpoint = readCheckpoint(stored)
  invariant(!isRefusal(checkpoint), 'the witness stored a checkpoint')
  return { size: checkpoint.size, root: checkpoint.root }
}

function readCheckpoint(note: Uint8Array): ReturnType<typeof parseCheckpoint> | Refusal {
  const text = fromUtf8(note)
  const split = isRefusal(text) ? text : splitNote(text)
  return isRefusal(split) ? split : parseCheckpoint(split.text)
}

function plainReply(status: number, detail: string): WitnessReply {
  return reply(status, plain, `${detail}\n`)
}

function reply(status: number, contentType: string, body: string): WitnessReply {
  return { status, contentType, body: utf8(body) }
}
