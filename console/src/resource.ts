import { useEffect, useRef, useState } from 'preact/hooks'
import { read, type Trouble } from './http.ts'
import { useLive } from './live.ts'

/** A resource as a screen shows it: the last value stays while it is read again. */
export type Resource<T> = { readonly value?: T; readonly trouble?: Trouble; readonly loading: boolean }

const settleMs = 80

/**
 * Reads a path now, and again when the journal has grown or the connection is back. What can change without
 * an entry, such as health, is also read every `everyMs`.
 */
export function useResource<T>(path: string | undefined, everyMs?: number): Resource<T> {
  const { size, state } = useLive()
  const [held, setHeld] = useState<Held<T>>({ loading: true })
  const tickets = useRef({ given: 0, shown: 0 })
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const load = async (from: string): Promise<void> => {
    const ticket = ++tickets.current.given
    const answer = await read<T>(from)
    // Answers may overtake each other; an older one never replaces a newer one.
    if (ticket < tickets.current.shown) return
    tickets.current.shown = ticket
    setHeld((before) => next(before, from, answer))
  }
  useEffect(() => {
    if (path !== undefined) void load(path)
    return () => {
      clearTimeout(timer.current)
      timer.current = undefined
    }
  }, [path])
  useEffect(() => {
    // A burst of entries is one change for the eye; a steady flow is read at this pace.
    if (path === undefined || timer.current !== undefined) return
    timer.current = setTimeout(() => {
      timer.current = undefined
      void load(path)
    }, settleMs)
  }, [size, state])
  useEffect(() => {
    if (path === undefined || everyMs === undefined) return undefined
    const interval = setInterval(() => void load(path), everyMs)
    return () => clearInterval(interval)
  }, [path, everyMs])
  return held.path === path ? held : { loading: true }
}

type Held<T> = Resource<T> & { readonly path?: string }

function next<T>(before: Held<T>, path: string, answer: { value: T } | { trouble: Trouble }): Held<T> {
  if ('value' in answer) return { path, value: answer.value, loading: false }
  const old = before.path === path && before.value !== undefined ? { value: before.value } : {}
  return { path, ...old, trouble: answer.trouble, loading: false }
}

/** The newest value that there was for `subject`, while the next one is on its way. */
export function useKept<T>(value: T | undefined, subject: string): T | undefined {
  const kept = useRef<{ subject: string; value: T } | undefined>(undefined)
  if (value !== undefined) kept.current = { subject, value }
  return kept.current?.subject === subject ? kept.current.value : undefined
}
