/** The static resources of C2SP tlog-tiles, read from a journal by their path (no leading slash). */
import { utf8 } from '#core'
import type { Journal } from './journal.ts'
import { parseLogPath, widthAt } from './tiles.ts'

export type LogResourceBody = { readonly contentType: string; readonly body: Uint8Array }

const text = 'text/plain; charset=utf-8'
const binary = 'application/octet-stream'

/** Undefined for every path that names no resource of the journal's present size. */
export function logResource(journal: Journal, path: string): LogResourceBody | undefined {
  const resource = parseLogPath(path)
  if (resource === undefined) return undefined
  if (resource.kind === 'checkpoint') return { contentType: text, body: utf8(journal.checkpoint()) }
  const { n, width } = resource
  const level = resource.kind === 'tile' ? resource.level : 0
  if (width > widthAt(level, n, journal.size())) return undefined
  const body = resource.kind === 'tile' ? journal.tile(level, n, width) : journal.entryBundle(n, width)
  return { contentType: binary, body }
}
