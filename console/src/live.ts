import { useEffect, useState } from 'preact/hooks'
import type { CloudEvent, LogState } from './types.ts'
import { read } from './http.ts'

/**
 * `reconnecting` shows what was read last; `behind` means that the journal is shorter than what was seen, so
 * it is another history.
 */
export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'behind'
export type Live = {
  readonly state: LiveState
  /** Leaves known so far: the id of the newest event plus one. */
  readonly size: number
  /** Events that did not follow the one before; must stay 0. */
  readonly gaps: number
  readonly newest?: CloudEvent
}
type Listener = (live: Live) => void

const retryMs = 1_000
const listeners = new Set<Listener>()
let live: Live = { state: 'connecting', size: 0, gaps: 0 }

const change = (next: Partial<Live>): void => {
  live = { ...live, ...next }
  for (const listener of listeners) listener(live)
}

/** Follows the journal from its present end on. Each reconnection asks for the leaf after the last one seen. */
export async function followJournal(): Promise<void> {
  const state = await read<LogState>('/v1/log')
  if ('trouble' in state) {
    change({ state: 'reconnecting' })
    setTimeout(() => void followJournal(), retryMs)
    return
  }
  change({ size: state.value.size })
  connect()
}

function connect(): void {
  const source = new EventSource(`/v1/events?from=${live.size}`)
  source.addEventListener('open', () => change({ state: 'live' }))
  source.addEventListener('message', (message: MessageEvent<string>) => onEvent(JSON.parse(message.data)))
  // The page connects by itself: it knows the last leaf that it has processed.
  source.addEventListener('error', () => {
    source.close()
    change({ state: 'reconnecting' })
    setTimeout(() => void reconnect(), retryMs)
  })
}

async function reconnect(): Promise<void> {
  const state = await read<LogState>('/v1/log')
  if ('trouble' in state) return void setTimeout(() => void reconnect(), retryMs)
  if (state.value.size < live.size) return change({ state: 'behind' })
  connect()
}

function onEvent(event: CloudEvent): void {
  const index = parseInt(event.id, 10)
  if (index < live.size) return
  change({ size: index + 1, newest: event, gaps: live.gaps + (index === live.size ? 0 : 1) })
}

/** State of the connection and size of the journal, as they change. */
export function useLive(): Live {
  const [value, setValue] = useState(live)
  useEffect(() => {
    listeners.add(setValue)
    setValue(live)
    return () => void listeners.delete(setValue)
  }, [])
  return value
}
