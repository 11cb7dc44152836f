import { sha256 } from '@noble/hashes/sha2.js'
import { toHex, utf8 } from './bytes.ts'
import { checkEntries, checkOpenings } from './entries.ts'
import type { Entry } from './entries.ts'
import { checkLogs } from './logs.ts'
import type { Log } from './logs.ts'
import { readPack } from './pack.ts'
import { newFindings } from './report.ts'
import type { Findings, Fingerprints, Report } from './report.ts'
import { checkTrade } from './trade.ts'
import type { TradeFingerprints } from './trade.ts'
import { parseTrustPolicy } from './trust.ts'

export type VerifyOptions = {
  /** Text of a trust policy (C2SP tlog-policy) whose keys count instead of those that the pack names. */
  readonly trust?: string
}

/**
 * Verifies an evidence pack (spec/evidence-pack.md). Reads nothing but its arguments, and never throws for
 * anything a pack can hold; throws TrustPolicyError when `trust` cannot be read.
 *
 * Does not prove that a transaction is on its chain, that the keys are whose the pack says (unless `trust`
 * pins them), or that the clocks were right: `notChecked` says so each time.
 */
export const verifyPack = async (bytes: Uint8Array, options: VerifyOptions = {}): Promise<Report> => {
  const pinned = options.trust === undefined ? undefined : parseTrustPolicy(options.trust)
  const findings = newFindings()
  if (pinned === undefined)
    findings.notChecked(
      'trust',
      'no trust file: the log and witness keys are those that the pack names itself',
    )
  const pack = readPack(bytes, findings)
  const logs = pack ? checkLogs(pack, pinned, findings) : []
  const entries = pack ? checkOpenings(pack, logs, checkEntries(pack, logs, findings), findings) : []
  const trade = pack ? checkMeaning(pack.uti, logs, entries, findings) : {}
  if (pack === undefined) findings.notChecked('meaning', 'the pack has no readable form')
  return findings.report({ pack: toHex(sha256(bytes)), logs: fingerprintsOf(logs), ...trade })
}

const checkMeaning = (
  uti: string,
  logs: readonly Log[],
  entries: readonly Entry[],
  findings: Findings,
): TradeFingerprints => {
  if (findings.problems().length > 0) {
    findings.notChecked('meaning', 'what the entries mean is checked only when all of them are proved')
    return {}
  }
  const trade = checkTrade({ logs, entries, uti, findings })
  sayWhatIsLeft(logs, entries, findings)
  return trade
}

const sayWhatIsLeft = (logs: readonly Log[], entries: readonly Entry[], findings: Findings): void => {
  const shut = entries.reduce(
    (sum, entry) => sum + Object.keys(entry.parts).length - Object.keys(entry.opened).length,
    0,
  )
  const absent = logs.reduce((sum, log) => sum + (log.checkpoint?.size ?? 0), 0) - entries.length
  const has = (...types: readonly string[]): boolean => entries.some(({ type }) => types.includes(type))
  if (shut > 0) findings.notChecked('parts', `${shut} parts are not opened: only their digests were seen`)
  if (absent > 0) findings.notChecked('entries', `${absent} entries of the logs are not in the pack`)
  if (!has('settlement.instructed'))
    findings.notChecked('settlement', 'the pack holds no settlement instruction')
  if (has('settlement.submitted', 'settlement.settled'))
    findings.notChecked('chain', 'that the transaction is on its chain and final: ask a node of that chain')
  findings.notChecked('decimals', 'the decimals of the premium’s asset: ask its contract')
  findings.notChecked('product', 'that the product is what its SecurityID means: ask the venue')
  findings.notChecked('time', 'times are what the logs and witnesses say')
}

const fingerprintsOf = (logs: readonly Log[]): Fingerprints['logs'] =>
  logs.flatMap(({ origin, trust, checkpoint }) =>
    checkpoint
      ? [
          {
            log: origin,
            key: toHex(sha256(utf8(trust.logKey))),
            size: checkpoint.size,
            root: toHex(checkpoint.root),
          },
        ]
      : [],
  )
