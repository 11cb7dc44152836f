import type { JSX, RefObject } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { Banner } from './parts/banner.tsx'
import { Help } from './parts/help.tsx'
import { LiveBadge, Lost } from './parts/live-badge.tsx'
import { Nav } from './parts/nav.tsx'
import { Search } from './parts/search.tsx'
import { ThemeButton } from './parts/theme-button.tsx'
import { useKeys } from './keyboard.ts'
import { useResource } from './resource.ts'
import { homePath, useRoute, type Route } from './route.ts'
import { Home } from './screens/home.tsx'
import { Journal } from './screens/journal.tsx'
import { TradeScreen } from './screens/trade.tsx'
import { Trades } from './screens/trades.tsx'
import { Unknown } from './screens/unknown.tsx'
import { Verify } from './screens/verify.tsx'
import type { Identity } from './types.ts'

const titles: Readonly<Record<Route['screen'], string>> = {
  home: 'Home',
  trades: 'Trades',
  trade: 'Trade',
  journal: 'Journal',
  verify: 'Verify',
  unknown: 'Not found',
}

export function App(): JSX.Element {
  const route = useRoute()
  const identity = useResource<Identity>('/v1/identity').value
  const search = useRef<HTMLInputElement>(null)
  const main = useRef<HTMLElement>(null)
  const [help, setHelp] = useState(false)
  useKeys(
    useCallback(() => search.current?.focus(), []),
    useCallback(() => setHelp(true), []),
  )
  useEffect(() => {
    document.title = `${titles[route.screen]} · ${identity?.name ?? 'Poundlock'} console`
  }, [route.screen, identity?.name])
  return (
    <>
      {/* A link to #main would be a route here, so the button moves the focus itself. */}
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <Banner environment={identity?.environment} />
      <Top route={route} identity={identity} search={search} />
      <Lost />
      <main id="main" ref={main} tabIndex={-1}>
        <Screen route={route} identity={identity} />
      </main>
      <footer class="foot">
        <span>This console reads. It never signs and never commands: sign with the tools of your keys.</span>
        <button type="button" class="link" onClick={() => setHelp(true)}>
          Keys: press ?
        </button>
      </footer>
      <Help open={help} onClose={() => setHelp(false)} />
    </>
  )
}

type TopProps = {
  readonly route: Route
  readonly identity: Identity | undefined
  readonly search: RefObject<HTMLInputElement | null>
}

const Top = ({ route, identity, search }: TopProps): JSX.Element => (
  <header class="top">
    <a class="mark" href={homePath} title="Home (g h)">
      <Gates />
      <span class="mark-name">{identity?.name ?? 'Poundlock'}</span>
      <span class="mark-lei">{identity === undefined ? 'gateway console' : identity.lei}</span>
    </a>
    <Nav screen={route.screen} />
    <Search field={search} query={route.screen === 'journal' ? route.query : undefined} />
    <LiveBadge />
    <ThemeButton />
  </header>
)

type ScreenProps = { readonly route: Route; readonly identity: Identity | undefined }

function Screen({ route, identity }: ScreenProps): JSX.Element {
  if (route.screen === 'home') return <Home identity={identity} />
  if (route.screen === 'trades') return <Trades />
  if (route.screen === 'trade') return <TradeScreen key={route.id} id={route.id} />
  if (route.screen === 'journal')
    return <Journal index={route.index} query={route.query} identity={identity} />
  if (route.screen === 'verify') return <Verify />
  return <Unknown path={route.path} />
}

const Gates = (): JSX.Element => (
  <svg class="gates" viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
    <path d="M3 22h9M20 11h9" class="water" />
    <path d="M12 5v22M20 5v22" class="gate" />
  </svg>
)
