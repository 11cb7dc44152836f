import { render } from 'preact'
import { App } from './app.tsx'
import { followJournal } from './live.ts'
import { applyTheme, storedTheme } from './theme.ts'

applyTheme(storedTheme())
const root = document.querySelector('#app')
if (root !== null) render(<App />, root)
void followJournal()
