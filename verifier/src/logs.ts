import {
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  signatureOf,
  verifyNoteSignature,
  isKeyName,
} from './note.ts'
import type { Checkpoint, Note, VerifierKey } from './note.ts'
import type { CheckpointLine, PackLines, TrustLine } from './pack.ts'
import type { Findings, Place } from './report.ts'
import { satisfiesQuorum } from './trust.ts'
import type { TrustPolicy } from './trust.ts'

/** The logs of a pack: their keys and their checkpoints (spec/evidence-pack.md §4.2). */

export type Log = {
  readonly origin: string
  readonly trust: TrustLine
  readonly key: VerifierKey
  readonly witnesses: readonly VerifierKey[]
  /** Absent when the checkpoint is missing or not signed by the log: nothing of this log can be checked then. */
  readonly checkpoint?: Checkpoint
}

/** In the order of the trust lines; a log whose keys cannot be used is left out. */
export const checkLogs = (
  pack: PackLines,
  pinned: TrustPolicy | undefined,
  findings: Findings,
): readonly Log[] => {
  const logs: Log[] = []
  for (const trust of pack.trust) {
    const keys = readKeys(trust)
    const ok = keys !== undefined && logs.every(({ origin }) => origin !== trust.log)
    const place: Place = { section: 'trust', line: trust.line, log: trust.log }
    if (!findings.check('trust/keys', ok, place, 'the keys, names or quorum of this log are not valid'))
      continue
    if (keys === undefined) continue
    if (pinned) checkPinnedKey(trust, pinned, findings)
    logs.push({ origin: trust.log, trust, ...keys })
  }
  return logs.map((log) => withCheckpoint(log, pack, pinned, findings))
}

const readKeys = (
  trust: TrustLine,
): { readonly key: VerifierKey; readonly witnesses: readonly VerifierKey[] } | undefined => {
  const key = parseVerifierKey(trust.logKey)
  const witnesses = trust.witnesses.map(parseVerifierKey).filter((one) => one?.kind === 'witness')
  const names = new Set(witnesses.map((one) => one?.name))
  if (!isKeyName(trust.log) || key?.kind !== 'log' || key.name !== trust.log) return undefined
  if (witnesses.length !== trust.witnesses.length || names.size !== witnesses.length) return undefined
  if (trust.quorum < 1 || trust.quorum > witnesses.length) return undefined
  return { key, witnesses: witnesses.filter((one) => one !== undefined) }
}

const checkPinnedKey = (trust: TrustLine, pinned: TrustPolicy, findings: Findings): void => {
  const place: Place = { section: 'trust', line: trust.line, log: trust.log }
  const known = pinned.logKeys.includes(trust.logKey)
  findings.check('trust/pinned', known, place, 'this log key is not one of the trust file')
}

const withCheckpoint = (
  log: Log,
  pack: PackLines,
  pinned: TrustPolicy | undefined,
  findings: Findings,
): Log => {
  const position = log.trust.line + pack.trustCount
  const line = pack.checkpoint.find((one) => one.line === position)
  if (line === undefined) return log
  const note = parseNote(line.note)
  const checkpoint = note && parseCheckpoint(note.text)
  const place: Place = { section: 'checkpoint', line: line.line, log: line.log }
  const read = checkpoint?.origin === log.origin && line.log === log.origin
  if (!findings.check('checkpoint/note', read, place, 'this is not a checkpoint note of its log')) return log
  if (note === undefined || checkpoint === undefined) return log
  const signature = signatureOf(note, log.key)
  const signed = signature !== undefined && verifyNoteSignature(note, log.key, signature)
  if (!findings.check('checkpoint/signature', signed, place, 'the log did not sign this checkpoint'))
    return log
  checkCosignatures(log, line, note, findings)
  if (pinned) checkPinnedQuorum(pinned, note, place, findings)
  return { ...log, checkpoint }
}

const checkCosignatures = (log: Log, line: CheckpointLine, note: Note, findings: Findings): void => {
  const place: Place = { section: 'checkpoint', line: line.line, log: line.log }
  const good = log.witnesses.filter((key) => {
    const signature = signatureOf(note, key)
    if (signature === undefined) return false
    const ok = verifyNoteSignature(note, key, signature)
    return findings.check('checkpoint/cosignature', ok, place, `the cosignature of ${key.name} is wrong`)
  })
  const enough = good.length >= log.trust.quorum
  const detail = `${good.length} of ${log.trust.quorum} witnesses that are needed cosigned`
  findings.check('checkpoint/quorum', enough, place, detail)
}

const checkPinnedQuorum = (pinned: TrustPolicy, note: Note, place: Place, findings: Findings): void => {
  const cosigned = [...pinned.witnesses].filter(([, key]) => {
    const signature = signatureOf(note, key)
    return signature !== undefined && verifyNoteSignature(note, key, signature)
  })
  const enough = satisfiesQuorum(pinned, new Set(cosigned.map(([name]) => name)))
  findings.check('trust/pinned', enough, place, 'the quorum of the trust file did not cosign this checkpoint')
}
