// FIX messages that are not the answer to a FIX message: they become durable together with the decision that they
// tell of. Bound to the engine when that is open; before, and while the gateway closes, nothing is told.
import type { DeskBody, SessionKey } from '#transport'
import type { Bundle } from './line.ts'

export type Sending = { readonly session: SessionKey; readonly body: DeskBody }

type Send = (
  session: SessionKey,
  body: DeskBody,
  options?: { readonly attachments?: readonly unknown[] },
) => Promise<unknown>

export type Outbox = {
  readonly bind: (send: Send) => void
  /** Ends it: decisions are from now on made durable without telling anybody. */
  readonly close: () => void
  /** Resolves when the decision and the messages are durable. */
  readonly post: (bundle: Bundle, sendings: readonly Sending[]) => Promise<void>
}

export function createOutbox(commit: (bundle: Bundle) => Promise<void>): Outbox {
  let send: Send | undefined
  return {
    bind: (to) => {
      send = to
    },
    close: () => {
      send = undefined
    },
    post: async (bundle, [first, ...rest]) => {
      if (!send || !first) return commit(bundle)
      // One turn of the event loop, so that all are of one batch.
      const told = [send(first.session, first.body, { attachments: [bundle] })]
      for (const { session, body } of rest) told.push(send(session, body))
      await Promise.all(told)
    },
  }
}
