import type { ComponentChildren, JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'

export type Tab = { readonly id: string; readonly text: string; readonly content: ComponentChildren }

/** Tabs of the WAI-ARIA pattern: arrow keys move, one tab is in the tab order. */
export function Tabs({ tabs, label }: { tabs: readonly Tab[]; label: string }): JSX.Element {
  const [chosen, setChosen] = useState(tabs[0]?.id)
  const list = useRef<HTMLDivElement>(null)
  const open = tabs.find(({ id }) => id === chosen) ?? tabs[0]
  const move = (by: number): void => {
    const at = tabs.findIndex(({ id }) => id === open?.id)
    const next = tabs[(at + by + tabs.length) % tabs.length]
    setChosen(next?.id)
    list.current?.querySelector<HTMLElement>(`#tab-${next?.id ?? ''}`)?.focus()
  }
  const onKeyDown = ({ key }: KeyboardEvent): void => {
    if (key === 'ArrowRight') move(1)
    if (key === 'ArrowLeft') move(-1)
  }
  return (
    <div class="tabs">
      <div ref={list} role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map(({ id, text }) => (
          <TabButton key={id} id={id} text={text} open={id === open?.id} onOpen={() => setChosen(id)} />
        ))}
      </div>
      {open !== undefined && (
        <div role="tabpanel" id={`panel-${open.id}`} aria-labelledby={`tab-${open.id}`} tabIndex={0}>
          {open.content}
        </div>
      )}
    </div>
  )
}

type ButtonProps = {
  readonly id: string
  readonly text: string
  readonly open: boolean
  readonly onOpen: () => void
}

const TabButton = ({ id, text, open, onOpen }: ButtonProps): JSX.Element => (
  <button
    id={`tab-${id}`}
    type="button"
    role="tab"
    aria-selected={open}
    aria-controls={open ? `panel-${id}` : undefined}
    tabIndex={open ? 0 : -1}
    onClick={onOpen}
  >
    {text}
  </button>
)
