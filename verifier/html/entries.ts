import { parseLeaf } from '../src/index.ts'
import type { EntryLine, Problem } from '../src/index.ts'
import { button, el, show, table } from './dom.ts'
import { showEntry } from './entry.ts'
import type { Opened } from './state.ts'

/** The list of entries, with a filter; choosing one shows it. */

const rowsMax = 2_000

export const showEntries = (opened: Opened): void => {
  const lines = opened.lines
  if (lines === undefined || lines.entry.length === 0) return
  const logs = [...new Set(lines.entry.map(({ log }) => log))]
  const log = el(
    'select',
    {},
    el('option', { value: '' }, 'all logs'),
    ...logs.map((one) => el('option', {}, one)),
  )
  const words = el('input', { type: 'search', placeholder: 'type, time, text…' })
  const list = el('div')
  const refresh = (): void => list.replaceChildren(listOf(opened, lines.entry, log.value, words.value))
  log.addEventListener('change', refresh)
  words.addEventListener('input', refresh)
  refresh()
  const controls = el(
    'div',
    { class: 'controls' },
    el('label', {}, 'Log ', log),
    el('label', {}, 'Find ', words),
  )
  const lost = lines.entryCount - lines.entry.length
  const title = `${lines.entryCount} entries${lost > 0 ? `, ${lost} of them unreadable` : ''}`
  show('entries', el('h2', { id: 'entries-title' }, title), controls, list)
}

const listOf = (opened: Opened, entries: readonly EntryLine[], log: string, words: string): HTMLElement => {
  const wanted = words.toLowerCase()
  const found = entries.filter(
    (line) => (log === '' || line.log === log) && line.entry.toLowerCase().includes(wanted),
  )
  const rows = found.slice(0, rowsMax).map((line) => rowOf(opened, line))
  const list = table('Entries', ['Log', 'Index', 'Time', 'Type', 'Opened parts', 'Found'], rows)
  if (found.length === 0) return el('p', { class: 'quiet' }, 'No entry matches.')
  if (found.length <= rowsMax) return list
  return el(
    'div',
    {},
    list,
    el('p', { class: 'quiet' }, `The first ${rowsMax} of ${found.length}. Narrow it down.`),
  )
}

const rowOf = (opened: Opened, line: EntryLine): HTMLElement => {
  const leaf = parseLeaf(line.entry)
  const problems = problemsOf(opened.report.problems, line)
  const parts =
    opened.lines?.opening.filter(({ log, index }) => log === line.log && index === line.index) ?? []
  const label = `Show entry ${line.index} of ${line.log}`
  const row = el('tr', { class: problems.length > 0 ? 'bad' : undefined, 'data-line': String(line.line) })
  const choose = (): void => showEntry(opened, line)
  row.append(
    el('td', {}, line.log),
    el('td', { class: 'number' }, button(String(line.index), label, choose)),
    el('td', { class: 'hash' }, leaf?.at ?? 'unreadable'),
    el('td', {}, leaf?.type ?? 'unreadable'),
    el('td', {}, parts.map(({ part }) => part).join(', ')),
    foundOf(opened, line, problems),
  )
  return row
}

const foundOf = (opened: Opened, line: EntryLine, problems: readonly Problem[]): HTMLElement => {
  if (problems.length > 0) return el('td', { class: 'fails' }, problems.map(({ check }) => check).join(', '))
  const reached = opened.report.fingerprints.logs.some(({ log }) => log === line.log)
  return reached ? el('td', { class: 'holds' }, 'proved') : el('td', { class: 'quiet' }, 'not checked')
}

/** Problems of the entry's own line, or of its openings. */
export const problemsOf = (problems: readonly Problem[], entry: EntryLine): readonly Problem[] =>
  problems.filter(
    ({ line, log, index, section }) =>
      line === entry.line || (section === 'opening' && log === entry.log && index === entry.index),
  )
