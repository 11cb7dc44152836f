import { fromBase64Url, fromUtf8, isRefusal, refuse, toBase64Url, utf8, type Refusal } from '#core'
import type { Page } from './api.ts'
import { pageItemsDefault, pageItemsMax } from './limits.ts'

/** `cursor` and `limit` as they stand in the query. */
export type PageQuery = { readonly cursor?: string; readonly limit?: string }

/**
 * One page, newest first. A cursor names the journal index before which the page begins, so new items
 * never shift a page that was read. Refuses `query-invalid`.
 */
export function pageOf<T extends { readonly journalIndex: number }>(
  items: readonly T[],
  query: PageQuery,
): Page<T> | Refusal {
  const before = query.cursor === undefined ? Infinity : readCursor(query.cursor)
  const limit = query.limit === undefined ? pageItemsDefault : parseInt(query.limit, 10)
  if (isRefusal(before)) return before
  if (limit < 1 || limit > pageItemsMax) return refuse('query-invalid', `limit is 1 to ${pageItemsMax}`)
  const rest = items
    .filter((item) => item.journalIndex < before)
    .toSorted((a, b) => b.journalIndex - a.journalIndex)
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  return last === undefined || rest.length <= limit
    ? { items: page }
    : { items: page, next: toBase64Url(utf8(`before:${last.journalIndex}`)) }
}

function readCursor(cursor: string): number | Refusal {
  const bytes = fromBase64Url(cursor)
  const text = isRefusal(bytes) ? bytes : fromUtf8(bytes)
  const found = isRefusal(text) ? null : /^before:(\d{1,15})$/.exec(text)
  return found === null
    ? refuse('query-invalid', 'The cursor was not made by this server')
    : parseInt(found[1] ?? '', 10)
}
