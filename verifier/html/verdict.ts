import type { EntryLine, Problem, Report } from '../src/index.ts'
import { problemText } from '../src/text.ts'
import { button, byId, definitions, el, show, table } from './dom.ts'
import { showEntry } from './entry.ts'
import type { Opened } from './state.ts'

/** The verdict, the problems, and what was not checked. */
export const showVerdict = (opened: Opened): void => {
  const { report, name } = opened
  const checks = report.checked.reduce((sum, { count }) => sum + count, 0)
  const text = report.ok ? 'The evidence holds' : 'The evidence does not hold'
  const counted = report.ok
    ? `${checks} checks hold.`
    : `${report.problems.length} of ${checks} checks do not hold.`
  const subject = opened.lines === undefined ? '' : ` Subject: ${opened.lines.uti}`
  const section = show(
    'verdict',
    el('strong', {}, `${report.ok ? '✓' : '✗'} ${text}`),
    el('p', {}, `${name}: ${counted}${subject}`),
  )
  section.className = report.ok ? 'ok' : 'fail'
  showProblems(opened)
  showRest(report)
}

const showProblems = (opened: Opened): void => {
  const { problems } = opened.report
  byId('problems').hidden = problems.length === 0
  if (problems.length === 0) return
  const items = problems.map((problem) => {
    const line = entryOf(opened, problem)
    const item = el('li', {}, el('span', { class: 'fails' }, problemText(problem)), ' ')
    if (line)
      item.append(button('Show', `Show entry ${line.index} of ${line.log}`, () => showEntry(opened, line)))
    return item
  })
  show('problems', el('h2', { id: 'problems-title' }, 'What does not hold'), el('ol', {}, ...items))
}

const entryOf = (opened: Opened, { log, index, line }: Problem): EntryLine | undefined =>
  opened.lines?.entry.find((entry) => entry.line === line || (entry.log === log && entry.index === index))

const showRest = (report: Report): void => {
  const { pack, logs, record, instruction } = report.fingerprints
  const left = report.notChecked.map(({ what, why }) => el('li', {}, el('strong', {}, what), `: ${why}`))
  const rows = report.checked.map(({ check, count }) =>
    el('tr', {}, el('td', {}, el('code', {}, check)), el('td', { class: 'number' }, String(count))),
  )
  show(
    'rest',
    el('h2', {}, 'Not checked'),
    el('ul', {}, ...left),
    el('h3', {}, 'Fingerprints: compare them by another channel'),
    definitions([
      ['pack', pack],
      ...logs.flatMap(({ log, key, size, root }): (readonly [string, string])[] => [
        [`${log} key`, key],
        [`${log} root of ${size}`, root],
      ]),
      ...(record === undefined ? [] : ([['record', record]] as const)),
      ...(instruction === undefined ? [] : ([['instruction', instruction]] as const)),
    ]),
    el(
      'details',
      {},
      el('summary', {}, 'Every check, and how often it was made'),
      table('Checks', ['Check', 'Count'], rows),
    ),
  )
}
