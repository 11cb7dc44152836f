import { refuse, type Refusal } from '#core'
import type { FastifyRequest } from 'fastify'

const loopbackHosts: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])
const loopbackAddresses: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])
const hostPattern = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i

/** Nothing may be loaded but our own files; no page may frame the console; forms go nowhere. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Headers of every answer, event streams included. */
export const safetyHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
}

/** Whether this host can only be reached from this machine. */
export const isLoopback = (host: string): boolean => loopbackAddresses.has(host)

/**
 * What a request must fulfil before anybody looks at its content.
 * Host: a page that rebinds its DNS name to 127.0.0.1 still sends its own name (RFC 9110 §7.2).
 * Origin: a browser names the page that sends a command (RFC 6454 §7); programs send none.
 */
export function guardRequest(request: FastifyRequest, urlCharsMax: number): Refusal | undefined {
  if (request.url.length > urlCharsMax)
    return refuse('http-target-too-long', `The target is longer than ${urlCharsMax} characters`)
  const host = request.headers.host ?? ''
  if (!isLoopbackHost(host)) return refuse('http-host', 'This server answers on loopback names only')
  return request.method === 'GET' || request.method === 'HEAD' ? undefined : guardOrigin(request, host)
}

function guardOrigin(request: FastifyRequest, host: string): Refusal | undefined {
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none'
  if (foreignSite || (origin !== undefined && origin !== `http://${host}`))
    return refuse('http-origin', 'The command came from a page of another origin')
  return undefined
}

function isLoopbackHost(header: string): boolean {
  const name = hostPattern.exec(header)?.[1]
  return name !== undefined && loopbackHosts.has(name.toLowerCase())
}
