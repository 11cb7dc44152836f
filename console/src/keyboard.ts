import { useEffect } from 'preact/hooks'
import { homePath, journalPath, tradesPath, verifyPath } from './route.ts'

/** What the keys do; the help lists exactly this. */
export const keyHelp: readonly (readonly [keys: string, text: string])[] = [
  ['/', 'search the journal by any id'],
  ['g h', 'home'],
  ['g t', 'trades'],
  ['g l', 'journal (log)'],
  ['g v', 'verify a pack'],
  ['[  ]', 'step back or forward in a timeline or in the journal'],
  ['?', 'this help'],
]
const places: Readonly<Record<string, string>> = {
  h: homePath,
  t: tradesPath,
  l: journalPath(),
  v: verifyPath,
}
const chordMs = 1_200

/** Keys of the whole console. Typing in a field is left alone. */
export function useKeys(onSearch: () => void, onHelp: () => void): void {
  useEffect(() => {
    let chordUntil = 0
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event)) return
      const place = event.timeStamp < chordUntil ? places[event.key] : undefined
      chordUntil = event.key === 'g' ? event.timeStamp + chordMs : 0
      if (place !== undefined) location.hash = place
      else if (event.key === '/') act(event, onSearch)
      else if (event.key === '?') act(event, onHelp)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [onSearch, onHelp])
}

/** `[` and `]` of a screen that has steps. */
export function useSteps(step: (by: -1 | 1) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event)) return
      if (event.key === '[') step(-1)
      if (event.key === ']') step(1)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })
}

function act(event: KeyboardEvent, action: () => void): void {
  event.preventDefault()
  action()
}

const isTyping = ({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  ctrlKey ||
  metaKey ||
  altKey ||
  target instanceof HTMLInputElement ||
  target instanceof HTMLTextAreaElement ||
  target instanceof HTMLSelectElement
