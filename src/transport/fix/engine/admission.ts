import { parseMessage, type Frame } from '../wire/index.ts'
import { sessionKey, type SessionConfig } from '../session/index.ts'
import type { LineFactKind } from './events.ts'
import type { Link } from './link.ts'
import type { LiveSession, SessionTable } from './sessions.ts'

export type Admission =
  | { readonly session: LiveSession }
  | { readonly refused: LineFactKind; readonly detail: string }

/**
 * Which session the first message of a connection belongs to. Only a Logon(A) opens one; who is refused here
 * gets no answer, so that nobody can find out which CompIDs exist.
 */
export function admit(table: SessionTable, link: Link, frame: Frame): Admission {
  const message = frame.kind === 'message' ? parseMessage(frame.bytes) : frame
  if ('kind' in message) return { refused: 'not-a-logon', detail: `garbled: ${message.reason}` }
  if (message.msgType !== 'A')
    return { refused: 'not-a-logon', detail: `MsgType ${message.msgType.slice(0, 20)}` }
  const key = sessionKey({
    beginString: message.text(8) ?? '',
    senderCompId: message.text(56) ?? '',
    targetCompId: message.text(49) ?? '',
  })
  const session = table.get(key)
  if (!session || session.config.role !== 'acceptor')
    return { refused: 'unknown-session', detail: key.slice(0, 100) }
  if (session.line) return { refused: 'already-connected', detail: key }
  const mismatch = certificateMismatch(session.config, link)
  return mismatch === undefined
    ? { session }
    : { refused: 'certificate-mismatch', detail: `${key}: ${mismatch}` }
}

/** A session that names a certificate is open to that certificate only, and never without TLS. */
export function certificateMismatch(config: SessionConfig, link: Link): string | undefined {
  const wanted = config.certificate
  if (!wanted) return undefined
  const shown = link.identity
  if (!shown) return 'no certificate was shown'
  if (wanted.pin !== undefined && wanted.pin !== shown.pin) return `pin ${shown.pin}`
  if (wanted.uri !== undefined && !shown.uris.includes(wanted.uri))
    return `URI ${shown.uris.join(' ') || 'none'}`
  return undefined
}
