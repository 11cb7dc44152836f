import type { JSX } from 'preact'
import { homePath, journalPath, tradesPath, verifyPath, type Route } from '../route.ts'

const items: readonly { text: string; href: string; screens: readonly Route['screen'][]; keys: string }[] = [
  { text: 'Home', href: homePath, screens: ['home'], keys: 'g h' },
  { text: 'Trades', href: tradesPath, screens: ['trades', 'trade'], keys: 'g t' },
  { text: 'Journal', href: journalPath(), screens: ['journal'], keys: 'g l' },
  { text: 'Verify', href: verifyPath, screens: ['verify'], keys: 'g v' },
]

export const Nav = ({ screen }: { screen: Route['screen'] }): JSX.Element => (
  <nav class="nav" aria-label="Screens">
    {items.map(({ text, href, screens, keys }) => (
      <a
        key={href}
        href={href}
        title={`${text} (${keys})`}
        aria-current={screens.includes(screen) ? 'page' : undefined}
      >
        {text}
      </a>
    ))}
  </nav>
)
