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
  return (
    <div class="tabs">
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        onKeyDown={(event) => {
          if (event.key === 'ArrowRight') move(1)
          if (event.key === 'ArrowLeft') move(-1)
        }}
      >
        {tabs.map(({ id, text }) => (
          <button
            key={id}
            id={`tab-${id}`}
            type="button"
            role="tab"
            aria-selected={id === open?.id}
            aria-controls={`panel-${id}`}
            tabIndex={id === open?.id ? 0 : -1}
            onClick={() => setChosen(id)}
          >
            {text}
          </button>
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
