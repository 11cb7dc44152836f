/**
 * Answers for the static paths of a log (C2SP tlog-tiles), for an HTTP server to mount.
 *
 * What a path holds is given by `resource` (journal: `logResource`); here it gets status and headers. Tiles and
 * bundles never change once they exist, the checkpoint does.
 */
export type LogSource = {
  readonly resource: (path: string) => { readonly contentType: string; readonly body: Uint8Array } | undefined
}

export type LogResponse = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Longest path that is looked at. */
export const logPathCharsMax = 128

const checkpointSeconds = 1
const immutableSeconds = 31_536_000

/**
 * `path` is what follows the log's prefix, with or without its leading slash and without a query. Undefined when
 * it names nothing: the caller answers 404.
 */
export function handleLogRequest(source: LogSource, path: string): LogResponse | undefined {
  if (path.length > logPathCharsMax) return undefined
  const name = path.startsWith('/') ? path.slice(1) : path
  const found = source.resource(name)
  if (found === undefined) return undefined
  const { contentType, body } = found
  const caching =
    name === 'checkpoint' ? `max-age=${checkpointSeconds}` : `public, max-age=${immutableSeconds}, immutable`
  const headers = {
    'content-type': contentType,
    'content-length': String(body.length),
    'cache-control': caching,
    'x-content-type-options': 'nosniff',
  }
  return { status: 200, headers, body }
}
