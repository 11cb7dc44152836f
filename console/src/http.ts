import type { Problem } from './types.ts'

/** An answer that cannot be shown: what happened and what to do, in the gateway's own words where it has some. */
export type Trouble = {
  readonly title: string
  readonly detail: string
  readonly remedy: string
  readonly code?: string
}
export type Answer<T> = { readonly value: T } | { readonly trouble: Trouble }

/** Reads a resource of the gateway. The console sends GET only: it never commands and never signs. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  try {
    const response = await fetch(path, signal === undefined ? {} : { signal })
    const body = JSON.parse(await response.text())
    // A failing component makes health 503, and that answer is what the reader wants to see.
    if (response.ok || (path === '/v1/health' && isHealth(body))) return { value: body }
    return { trouble: isProblem(body) ? troubleOf(body) : unreachable(`status ${response.status}`) }
  } catch (error) {
    return { trouble: unreachable(error instanceof Error ? error.message : 'no answer') }
  }
}

/** Reads an evidence pack as bytes. */
export async function readPackOf(path: string): Promise<Answer<Uint8Array<ArrayBuffer>>> {
  try {
    const response = await fetch(path)
    if (response.ok) return { value: new Uint8Array(await response.arrayBuffer()) }
    const body: unknown = await response.json()
    return { trouble: isProblem(body) ? troubleOf(body) : unreachable(`status ${response.status}`) }
  } catch (error) {
    return { trouble: unreachable(error instanceof Error ? error.message : 'no answer') }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
const isHealth = (body: unknown): boolean => isObject(body) && Array.isArray(body['components'])
const isProblem = (body: unknown): body is Problem => isObject(body) && typeof body['remedy'] === 'string'

const troubleOf = ({ title, detail, remedy, code }: Problem): Trouble => ({ title, detail, remedy, code })
const unreachable = (detail: string): Trouble => ({
  title: 'The gateway does not answer',
  detail,
  remedy: 'Check that it runs; this page tries again by itself when the connection is back',
})
