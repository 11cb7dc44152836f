// What decide functions are given besides state and command. No clock, randomness or configuration is read elsewhere.
import type { Instant, JsonObject } from '#core'
import type { Party, PolicyMark } from './terms.ts'

export type DeskContext = {
  readonly now: Instant
  readonly self: Party
  /** The allow under which this command is decided, and its inputs for the sealed part. */
  readonly policy: { readonly mark: PolicyMark; readonly inputs: JsonObject }
}
