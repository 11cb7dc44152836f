import { entryPath, fromUtf8, parseCanonical, parseJws, toHex } from '../src/index.ts'
import type { EntryLine, MerkleStep, OpeningLine } from '../src/index.ts'
import { definitions, el, show, table } from './dom.ts'
import type { Opened } from './state.ts'

/** One entry: its leaf, its way to the root recomputed, and its opened parts. */
export const showEntry = (opened: Opened, line: EntryLine): void => {
  const openings =
    opened.lines?.opening.filter(({ log, index }) => log === line.log && index === line.index) ?? []
  const section = show(
    'entry',
    el('h2', { id: 'entry-title' }, `Entry ${line.index} of ${line.log}`),
    el('h3', {}, 'Leaf'),
    el('pre', { tabindex: '0' }, pretty(line.entry)),
    ...pathOf(opened, line),
    ...openings.flatMap(openingOf),
  )
  markRow(line)
  section.focus({ preventScroll: true })
  section.scrollIntoView({ block: 'nearest' })
}

/** Marks the entry's row in the list, and brings it into view there. */
const markRow = ({ line }: EntryLine): void => {
  for (const other of document.querySelectorAll('tr[aria-current]')) other.removeAttribute('aria-current')
  const row = document.querySelector<HTMLElement>(`tr[data-line="${line}"]`)
  const list = row?.closest<HTMLElement>('.scroll')
  if (!row || !list) return
  row.setAttribute('aria-current', 'true')
  if (row.offsetTop < list.scrollTop + 40 || row.offsetTop > list.scrollTop + list.clientHeight - 40)
    list.scrollTop = row.offsetTop - list.clientHeight / 2
}

const pathOf = (opened: Opened, line: EntryLine): readonly HTMLElement[] => {
  const title = el('h3', {}, 'Merkle path, recomputed in this page')
  const path = opened.lines && entryPath(opened.lines, line)
  if (path === undefined)
    return [
      title,
      el('p', { class: 'fails', id: 'path-verdict' }, '✗ This proof does not fit the checkpoint.'),
    ]
  const verdict = path.holds ? '✓ The roots are equal.' : '✗ The roots differ.'
  return [
    title,
    definitions([
      ['leaf hash', toHex(path.leafHash)],
      ['position', `${line.index} of ${path.size}`],
    ]),
    table('Merkle path', ['Level', 'Sibling', 'Sibling hash', 'Hash of both'], path.steps.map(stepOf)),
    definitions([
      ['computed root', toHex(path.computedRoot)],
      ['signed root', toHex(path.signedRoot)],
    ]),
    el('p', { class: path.holds ? 'holds' : 'fails', id: 'path-verdict' }, verdict),
  ]
}

const stepOf = (step: MerkleStep, level: number): HTMLElement =>
  el(
    'tr',
    {},
    el('td', { class: 'number' }, String(level + 1)),
    el('td', {}, step.side),
    el('td', { class: 'hash' }, toHex(step.sibling)),
    el('td', { class: 'hash' }, toHex(step.result)),
  )

const openingOf = ({ part, salt, content }: OpeningLine): readonly HTMLElement[] => [
  el('h3', {}, `Opened part: ${part}`),
  definitions([['salt', salt]]),
  el('pre', { tabindex: '0' }, pretty(content)),
  ...payloadOf(content),
]

/** The payload of a JWS, readable. Only shown: the signatures cover the encoded bytes. */
const payloadOf = (content: string): readonly HTMLElement[] => {
  const payload = parseJws(content)?.payload
  const text = payload && fromUtf8(payload)
  return text === undefined
    ? []
    : [el('h3', {}, 'What was signed'), el('pre', { tabindex: '0' }, pretty(text))]
}

const pretty = (text: string): string => {
  const value = parseCanonical(text)
  return value === undefined ? text : JSON.stringify(value, null, 2)
}
