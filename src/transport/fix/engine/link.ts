/** Who is at the other end by its certificate: the pin of its public key and the URI names. */
export type LinkIdentity = { readonly pin: string; readonly uris: readonly string[] }

/**
 * One connection as the engine sees it: a duplex stream of bytes. TCP and TLS sockets are adapted to it
 * (`socket.ts`); tests use one in memory.
 */
export type Link = {
  /** Where the other end is, for people: `127.0.0.1:51234`. */
  readonly remote: string
  /** The certificate shown on a TLS connection; undefined on a plain one. */
  readonly identity: LinkIdentity | undefined
  write(bytes: Uint8Array): void
  /** Bytes written that have not left yet. */
  bufferedBytes(): number
  /** Stop and go on delivering chunks. */
  pause(): void
  resume(): void
  /** End after what was written has left; the other end cannot delay it for long. */
  close(): void
}

/** What the engine wants to hear from a link. */
export type LinkListener = {
  chunk(bytes: Uint8Array): void
  /** What was written has left. */
  drained(): void
  closed(): void
}
