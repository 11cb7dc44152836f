import type { Problem, Report } from './report.ts'

/** The report for people. */
export const reportText = (report: Report): string => {
  const checks = report.checked.reduce((sum, { count }) => sum + count, 0)
  const verdict = report.ok
    ? `OK    ${checks} checks hold`
    : `FAIL  ${report.problems.length} of ${checks} checks do not hold`
  const { pack, logs, record, instruction } = report.fingerprints
  return [
    verdict,
    '',
    ...report.problems.map((problem) => `  ${problemText(problem)}`),
    ...(report.problems.length > 0 ? [''] : []),
    `  pack         ${pack}`,
    ...logs.map(
      ({ log, size, root, key }) => `  log          ${log}  ${size} entries  root ${root}  key ${key}`,
    ),
    ...(record === undefined ? [] : [`  record       ${record}`]),
    ...(instruction === undefined ? [] : [`  instruction  ${instruction}`]),
    '',
    ...report.notChecked.map(({ what, why }) => `  not checked: ${what} (${why})`),
    '',
  ].join('\n')
}

/** `entry/inclusion at entry 17 of alder.example/journal (line 22): …` */
export const problemText = (problem: Problem): string =>
  `${problem.check} at ${placeText(problem)}: ${problem.detail}`

const placeText = ({ section, line, log, index, part }: Problem): string => {
  const named = index === undefined ? `the ${section} section` : `entry ${index}`
  const words = [
    part === undefined ? named : `part ${part} of ${named}`,
    log === undefined ? '' : ` of ${log}`,
    line === undefined ? '' : ` (line ${line})`,
  ]
  return words.join('')
}
