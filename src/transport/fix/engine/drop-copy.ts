import type { FixBody, SessionConfig } from '../session/index.ts'

/** An ExecutionReport for those who watch: CopyMsgIndicator(797)=Y, which FIX.4.2 does not know. */
export function copyOf(report: FixBody, watcher: SessionConfig): FixBody {
  if (watcher.beginString === 'FIX.4.2') return report
  return { ...report, body: [...report.body, [797, 'Y']] }
}
