import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { applyTheme, storedTheme, themeAfter } from '../theme.ts'

export function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useState(storedTheme)
  return (
    <button
      type="button"
      class="quiet theme"
      aria-label={`Theme: ${theme}. Change it`}
      title={`Theme: ${theme}`}
      onClick={() => {
        const next = themeAfter(theme)
        applyTheme(next)
        setTheme(next)
      }}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.25" class="ring" />
        <path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" class="half" />
      </svg>
      <span class="theme-name">{theme}</span>
    </button>
  )
}
