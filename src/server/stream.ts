import { canonicalJson } from '#core'
import type { EntryView, JournalView } from '#gateway'
import type { ServerResponse } from 'node:http'
import type { CloudEvent, Entry } from './api.ts'
import { safetyHeaders } from './guard.ts'
import { streamBatchMax, type ServerLimits } from './limits.ts'
import type { Metrics } from './metrics.ts'

/** Event streams of one server (HTML, server-sent events §9.2). */
export type Streams = {
  readonly full: () => boolean
  /** Sends leaf `from` and all that follow, each exactly once and in order, until one side closes. */
  open(response: ServerResponse, from: number): void
  closeAll(): void
}

type Reader = { readonly response: ServerResponse; closed: boolean; wake: () => void }

/**
 * A stream reads the journal at its reader's pace: no queue grows, because what is not sent yet is in the
 * journal. A reader who does not take what is in its buffer within `drainMsMax` is disconnected, and
 * resumes by the id of the last event that it saw.
 */
export function createStreams(journal: JournalView, limits: ServerLimits, metrics: Metrics): Streams {
  const readers = new Set<Reader>()
  return {
    full: () => readers.size >= limits.streamsMax,
    open: (response, from) => {
      const reader: Reader = { response, closed: false, wake: () => undefined }
      readers.add(reader)
      metrics.streams(1)
      response.on('error', () => undefined)
      response.on('close', () => {
        reader.closed = true
        reader.wake()
        if (readers.delete(reader)) metrics.streams(-1)
      })
      response.writeHead(200, streamHeaders)
      // The id alone: a reader that is cut off before its first event still knows where to go on.
      response.write(`${from > 0 ? `id: ${from - 1}\n` : ''}retry: 1000\n\n`)
      void feed(reader, journal, from, limits, metrics)
    },
    closeAll: () => {
      for (const reader of readers) reader.response.end()
    },
  }
}

const streamHeaders = {
  ...safetyHeaders,
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
}

/** What a stream shows of an entry: the leaf and the digests of its parts, never their content. */
export function sealEntry(entry: EntryView): Entry {
  const parts = Object.entries(entry.parts).map(
    ([name, { digest, erased }]) => [name, erased === undefined ? { digest } : { digest, erased }] as const,
  )
  return { ...entry, parts: Object.fromEntries(parts) }
}

/** CloudEvents 1.0, JSON format; the id is the leaf index. */
export const toCloudEvent = (origin: string, entry: EntryView): CloudEvent => ({
  specversion: '1.0',
  id: String(entry.index),
  source: `//${origin}`,
  type: `io.poundlock.${entry.type}.v1`,
  subject: entry.corr,
  time: entry.at,
  datacontenttype: 'application/json',
  data: sealEntry(entry),
})

async function feed(
  reader: Reader,
  journal: JournalView,
  from: number,
  limits: ServerLimits,
  metrics: Metrics,
): Promise<void> {
  const unfollow = journal.follow(() => reader.wake())
  try {
    for (let next = from; !reader.closed;) next = await sendFrom(reader, journal, next, limits, metrics)
  } finally {
    unfollow()
  }
}

/** Sends what there is, or waits a while for more; returns where to go on. */
async function sendFrom(
  reader: Reader,
  journal: JournalView,
  next: number,
  limits: ServerLimits,
  metrics: Metrics,
): Promise<number> {
  const batch = journal.entries(next, Math.min(next + streamBatchMax, journal.size()))
  if (batch.length === 0) await silence(reader, journal, next, limits)
  for (const entry of batch) if (!(await send(reader, journal.origin, entry, limits, metrics))) break
  return next + batch.length
}

async function send(
  reader: Reader,
  origin: string,
  entry: EntryView,
  limits: ServerLimits,
  metrics: Metrics,
): Promise<boolean> {
  if (reader.closed) return false
  const data = canonicalJson(toCloudEvent(origin, entry))
  if (reader.response.write(`id: ${entry.index}\ndata: ${data}\n\n`)) return true
  if (await drained(reader.response, limits.drainMsMax)) return true
  if (!reader.closed) metrics.dropped('slow-reader')
  reader.closed = true
  reader.response.destroy()
  return false
}

/** Waits for the next entry; a comment now and then shows both sides that the connection lives. */
async function silence(
  reader: Reader,
  journal: JournalView,
  next: number,
  limits: ServerLimits,
): Promise<void> {
  const news = new Promise<'news'>((resolve) => {
    reader.wake = () => resolve('news')
  })
  if (reader.closed || journal.size() > next) return
  let timer: NodeJS.Timeout | undefined
  const quiet = new Promise<'quiet'>((resolve) => {
    timer = setTimeout(() => resolve('quiet'), limits.heartbeatMs)
  })
  const outcome = await Promise.race([news, quiet])
  clearTimeout(timer)
  if (outcome === 'quiet' && !reader.closed && !reader.response.writableNeedDrain)
    reader.response.write(': the journal is quiet\n\n')
}

const drained = (response: ServerResponse, withinMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const end = (value: boolean) => (): void => {
      clearTimeout(timer)
      response.off('drain', onDrain).off('close', onClose)
      resolve(value)
    }
    const onDrain = end(true)
    const onClose = end(false)
    const timer = setTimeout(onClose, withinMs)
    response.on('drain', onDrain).on('close', onClose)
  })
