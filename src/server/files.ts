import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'

export type StaticFile = { readonly contentType: string; readonly body: Buffer; readonly cache: string }

/** Files of the built console, all together, in bytes. */
const filesBytesMax = 8_388_608
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
}

/**
 * Every file of a folder, by URL path. They are read once: a request can name only what was there at
 * the start, so no path of a request ever reaches the file system.
 */
export async function loadFiles(folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const files = new Map<string, StaticFile>()
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const contentType = types[extname(entry.name)]
    if (!entry.isFile() || contentType === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const body = await readFile(path)
    bytes += body.length
    if (bytes > filesBytesMax) throw new RangeError(`${folder} holds more than ${filesBytesMax} bytes`)
    const url = `/${relative(folder, path).split(sep).join('/')}`
    files.set(url, { contentType, body, cache: cacheOf(url) })
  }
  return files
}

// The build puts a digest of the content into the names under assets/.
const cacheOf = (url: string): string =>
  url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
