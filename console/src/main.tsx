import { render } from 'preact'
import { App } from './app.tsx'
import { followJournal } from './live.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'
import './styles/screens.css'
import { applyTheme, storedTheme } from './theme.ts'

applyTheme(storedTheme())
const root = document.querySelector('#app')
if (root !== null) render(<App />, root)
void followJournal()
