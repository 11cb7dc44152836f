import { useEffect, useState } from 'preact/hooks'

export type Route =
  | { readonly screen: 'home' }
  | { readonly screen: 'trades' }
  | { readonly screen: 'trade'; readonly id: string }
  | { readonly screen: 'journal'; readonly index?: number; readonly query?: string }
  | { readonly screen: 'verify' }
  | { readonly screen: 'unknown'; readonly path: string }

export const homePath = '#/'
export const tradesPath = '#/trades'
export const verifyPath = '#/verify'
export const tradePath = (id: string): string => `#/trades/${encodeURIComponent(id)}`
export const leafPath = (index: number): string => `#/journal/${index}`
export const journalPath = (query?: string): string =>
  query === undefined || query === '' ? '#/journal' : `#/journal?q=${encodeURIComponent(query)}`

/** What an address in the bar means. Links are stable: an id, never a position. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?')
  const [first = '', second] = path.split('/').filter((part) => part !== '')
  if (first === '') return { screen: 'home' }
  if (first === 'trades')
    return second === undefined ? { screen: 'trades' } : { screen: 'trade', id: decode(second) }
  if (first === 'verify') return { screen: 'verify' }
  if (first !== 'journal') return { screen: 'unknown', path }
  const query = new URLSearchParams(search).get('q')
  const index = second !== undefined && /^\d{1,15}$/.test(second) ? { index: parseInt(second, 10) } : {}
  return { screen: 'journal', ...index, ...(query === null ? {} : { query }) }
}

/** The route of the moment. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  useEffect(() => {
    const onChange = (): void => setRoute(parseRoute(location.hash))
    addEventListener('hashchange', onChange)
    return () => removeEventListener('hashchange', onChange)
  }, [])
  return route
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
