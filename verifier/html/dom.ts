/** Building elements without HTML text, so that nothing a pack says is ever parsed as markup. */

type Child = Node | string
type Attributes = Readonly<Record<string, string | undefined>>

/** An element with attributes (undefined ones are left out) and children. */
export const el = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) element.setAttribute(name, value)
  element.append(...children)
  return element
}

export const button = (text: string, label: string, onClick: () => void): HTMLButtonElement => {
  const element = el('button', { type: 'button', 'aria-label': label }, text)
  element.addEventListener('click', onClick)
  return element
}

/** A table with a head row; `caption` is its accessible name. */
export const table = (caption: string, head: readonly string[], rows: readonly Node[]): HTMLElement =>
  el(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0' },
    el(
      'table',
      { 'aria-label': caption },
      el('thead', {}, el('tr', {}, ...head.map((text) => el('th', { scope: 'col' }, text)))),
      el('tbody', {}, ...rows),
    ),
  )

export const definitions = (pairs: readonly (readonly [string, string])[]): HTMLElement =>
  el('dl', {}, ...pairs.flatMap(([term, text]) => [el('dt', {}, term), el('dd', { class: 'hash' }, text)]))

/** The element of the page with this id; the page is ours, so a missing one is a bug. */
export const byId = (id: string): HTMLElement => {
  const element = document.querySelector<HTMLElement>(`#${id}`)
  if (element === null) throw new Error(`the page has no #${id}`)
  return element
}

/** Replaces what a section shows, and shows it. */
export const show = (id: string, ...children: readonly Child[]): HTMLElement => {
  const section = byId(id)
  section.replaceChildren(...children)
  section.hidden = false
  return section
}
