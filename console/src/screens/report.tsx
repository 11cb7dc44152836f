import type { Place, Problem, Report } from '@poundlock/verify'
import type { JSX } from 'preact'
import { countText } from '../format.ts'
import { Digest } from '../parts/digest.tsx'
import { Mark } from '../parts/mark.tsx'

type Props = { readonly report: Report; readonly name: string; readonly bytes: number }

/** The verdict, what was checked, what was found, and what nobody can check from a pack. */
export const ReportView = ({ report, name, bytes }: Props): JSX.Element => (
  <div class="report">
    <VerdictBanner report={report} name={name} bytes={bytes} />
    {report.problems.length > 0 && <Problems problems={report.problems} />}
    <div class="cards">
      <Checked report={report} />
      <section class="card">
        <h2>Compare over another channel</h2>
        <Fingerprints report={report} />
        <h2>Not checked</h2>
        <ul class="not-checked">
          {report.notChecked.map(({ what, why }, at) => (
            <li key={at}>
              <strong>{what}</strong> {why}
            </li>
          ))}
        </ul>
      </section>
    </div>
  </div>
)

function VerdictBanner({ report, name, bytes }: Props): JSX.Element {
  const checks = report.checked.reduce((sum, { count }) => sum + count, 0)
  const found = report.problems.length === 0 ? 'no problem' : countText(report.problems.length, 'problem')
  return (
    <div class={report.ok ? 'verdict verdict-banner-good' : 'verdict verdict-banner-bad'} role="status">
      <Mark verdict={report.ok ? 'good' : 'bad'}>{report.ok ? 'Verified' : 'Not verified'}</Mark>
      <span>
        {name}, {countText(bytes, 'byte')}: {countText(checks, 'check')}, {found}
      </span>
    </div>
  )
}

const Checked = ({ report }: { report: Report }): JSX.Element => (
  <section class="card">
    <h2>Checked</h2>
    <div class="scroll tall" tabIndex={0} role="region" aria-label="Checks">
      <table>
        <tbody>
          {report.checked.map(({ check, count }) => (
            <tr key={check}>
              <th scope="row" class="mono">
                {check}
              </th>
              <td class="num right">{count}</td>
              <td>
                <CheckMark failed={report.problems.some((problem) => problem.check === check)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </section>
)

const Fingerprints = ({ report: { fingerprints } }: { report: Report }): JSX.Element => (
  <>
    <Digest name="Pack, SHA-256" value={fingerprints.pack} />
    {fingerprints.logs.map((log) => (
      <Digest key={log.log} name={`${log.log}: key, SHA-256`} value={log.key} />
    ))}
    {fingerprints.record !== undefined && <Digest name="Trade record" value={fingerprints.record} />}
    {fingerprints.instruction !== undefined && (
      <Digest name="Settlement instruction" value={fingerprints.instruction} />
    )}
  </>
)

const CheckMark = ({ failed }: { failed: boolean }): JSX.Element => (
  <Mark verdict={failed ? 'bad' : 'good'}>{failed ? 'failed' : 'holds'}</Mark>
)

export const Problems = ({ problems }: { problems: readonly Problem[] }): JSX.Element => (
  <table class="problems">
    <thead>
      <tr>
        <th>Where</th>
        <th>Check</th>
        <th>What is wrong</th>
      </tr>
    </thead>
    <tbody>
      {problems.slice(0, problemsShown).map((problem, at) => (
        <tr key={at}>
          <th scope="row">{placeText(problem)}</th>
          <td class="mono">{problem.check}</td>
          <td>{problem.detail}</td>
        </tr>
      ))}
    </tbody>
  </table>
)

const problemsShown = 20

/** `entry 7 of cedar.example/journal, line 12` */
export function placeText({ section, log, index, part, line }: Place): string {
  const what =
    index === undefined ? section : `${section} ${index}${part === undefined ? '' : ` part ${part}`}`
  return [
    `${what}${log === undefined ? '' : ` of ${log}`}`,
    ...(line === undefined ? [] : [`line ${line}`]),
  ].join(', ')
}
