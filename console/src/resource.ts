import { useEffect, useRef, useState } from 'preact/hooks'
import { read, type Trouble } from './http.ts'
import { useLive } from './live.ts'

/** A resource as a screen shows it: the last value stays while it is read again. */
export type Resource<T> = { readonly value?: T; readonly trouble?: Trouble; readonly loading: boolean }

const settleMs = 80

/** Reads a path now, and again when the journal has grown or the connection is back. */
export function useResource<T>(path: string | undefined): Resource<T> {
  const { size, state } = useLive()
  const [resource, setResource] = useState<Resource<T> & { readonly path?: string }>({ loading: true })
  const shown = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (path === undefined) return undefined
    const stop = new AbortController()
    // A burst of entries is one change for the eye. A new address is read at once.
    const delay = shown.current === path ? settleMs : 0
    shown.current = path
    const timer = setTimeout(async () => {
      const answer = await read<T>(path, stop.signal)
      if (!stop.signal.aborted) setResource((before) => next(before, path, answer))
    }, delay)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [path, size, state])
  return resource.path === path ? resource : { loading: true }
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
