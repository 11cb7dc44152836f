// The FIX application: which handler serves which message on which kind of session.
import { invariant, REFUSALS } from '#core'
import type { DeliveryFlags, FixMessage, FixTurn } from '#transport'
import type { Principal } from './api.ts'
import type { FixSessionConfig } from './config.ts'
import type { DeskParts } from './desk.ts'
import {
  cancelRequest,
  counterpartyOrder,
  deskOrder,
  disputeArrived,
  multilegOrder,
  multilegReplaceRequest,
  orderStatus,
  replaceRequest,
  reportArrived,
} from './fix-ordering.ts'
import { positionMaintenance, positionRequest } from './fix-positions.ts'
import { allocationInstruction, confirmationAck, tradeReportAck, tradeRequest } from './fix-post-trade.ts'
import {
  counterpartyQuoteRequest,
  counterpartyQuoteResponse,
  deskQuoteRequest,
  deskQuoteResponse,
  quoteArrived,
  quoteCanceled,
  quoteRefused,
  rfqRequest,
  securityDefinitionRequest,
} from './fix-quoting.ts'
import { businessRejectArrived } from './fix-rejects.ts'
import type { Handler, SendOn } from './fix-route.ts'

export type FixDesk = {
  readonly onMessage: (turn: FixTurn, message: FixMessage, flags: DeliveryFlags) => void
}

const ignored: Handler = () => undefined

/** A business reject is never answered by another one, or two engines would go on for ever. */
const heard = { j: ignored }

const both: Readonly<Record<string, Handler>> = {
  ...heard,
  c: securityDefinitionRequest,
  F: cancelRequest,
  G: replaceRequest,
  H: orderStatus,
  AB: multilegOrder,
  AC: multilegReplaceRequest,
}

/** By use of the session, then by MsgType. What is not here is answered BusinessMessageReject(380=3). */
const handlers: Readonly<Record<FixSessionConfig['use'], Readonly<Record<string, Handler>>>> = {
  desk: {
    ...both,
    R: deskQuoteRequest,
    AH: rfqRequest,
    AJ: deskQuoteResponse,
    D: deskOrder,
    AD: tradeRequest,
    AR: tradeReportAck,
    AU: confirmationAck,
    J: allocationInstruction,
    AL: positionMaintenance,
    AN: positionRequest,
  },
  counterparty: {
    ...both,
    R: counterpartyQuoteRequest,
    D: counterpartyOrder,
    AJ: counterpartyQuoteResponse,
    S: quoteArrived,
    AG: quoteRefused,
    Z: quoteCanceled,
    '8': reportArrived,
    Q: disputeArrived,
    '9': ignored,
    AI: ignored,
    j: businessRejectArrived,
  },
  'drop-copy': heard,
}

export function createFixDesk(parts: DeskParts, sendOn: SendOn): FixDesk {
  return {
    onMessage: (turn, message, flags) => {
      const session = parts.registry.session(turn.session)
      invariant(session, `${turn.session} is configured`)
      const served = handlers[session.use]
      const handler = Object.hasOwn(served, message.msgType) ? served[message.msgType] : undefined
      if (!handler) {
        const text = `MsgType ${message.msgType} is not supported on a ${session.use} session`
        turn.reject({ reason: REFUSALS['fix-unsupported-msg-type'].fix.businessRejectReason, text })
        return
      }
      const by: Principal = { kind: 'fix', id: turn.session }
      handler({ parts, turn, session, by, sendOn, flags }, message)
    },
  }
}
