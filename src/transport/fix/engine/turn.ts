import { invariant } from '#core'
import type { FixField, FixMessage } from '../wire/index.ts'
import { routeBack, type FixBody, type SessionKey } from '../session/index.ts'
import type { BusinessReject, FixTurn } from './application.ts'
import type { Happenings } from './open-batch.ts'
import type { LiveSession } from './sessions.ts'

/** What one `onMessage` may do. Its batch is closed soon after: used later, it is a bug and throws. */
export class Turn implements FixTurn {
  readonly session: SessionKey
  readonly #message: FixMessage
  readonly #open: Happenings
  readonly #send: (body: FixBody) => number
  #isOver = false

  constructor(session: LiveSession, message: FixMessage, open: Happenings, send: (body: FixBody) => number) {
    this.session = session.key
    this.#message = message
    this.#open = open
    this.#send = send
  }

  reply(body: FixBody): number {
    invariant(!this.#isOver, 'a turn ends with onMessage; use engine.send')
    return this.#send(body)
  }

  attach(operation: unknown): void {
    invariant(!this.#isOver, 'a turn ends with onMessage; use engine.send with attachments')
    this.#open.attachments.push(operation)
  }

  reject(reject: BusinessReject): number {
    return this.reply(businessReject(this.#message, reject))
  }

  end(): void {
    this.#isOver = true
  }
}

/** BusinessMessageReject(j), sent back the way the message came (OnBehalfOf… and DeliverTo… swapped). */
function businessReject(message: FixMessage, reject: BusinessReject): FixBody {
  const body: FixField[] = [
    [45, message.text(34) ?? '0'],
    [58, reject.text],
    [372, message.msgType],
  ]
  if (reject.refId !== undefined) body.push([379, reject.refId])
  body.push([380, `${reject.reason}`])
  return { msgType: 'j', header: routeBack(message), body }
}
