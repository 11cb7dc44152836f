// Positions over FIX: instructions for an option that is held, and what is held.
import { formatInstant, isRefusal, refuse } from '#core'
import { instructionKey } from '#trade'
import {
  readPositionMaintenance,
  readPositionRequest,
  writePositionMaintenanceReport,
  writePositionReport,
  writePositionRequestAck,
  type MessageReader,
} from '#transport'
import { isRepeat, noted, rejectMessage, settle, type Route } from './fix-route.ts'
import { heldPositions, instructHeld } from './positions.ts'

export function positionMaintenance(route: Route, message: MessageReader): void {
  const request = readPositionMaintenance(message)
  if (isRefusal(request)) return rejectMessage(route, 'InstructPosition', request, message.text(710))
  const { parts, turn, by } = route
  const report = { reportId: `PM-${request.posReqId}`, at: formatInstant(parts.clock.now()) }
  const known = parts.loop.state.instructions.get(instructionKey(by.id, request.posReqId))
  const isSame =
    known?.action === request.action &&
    known.securityId === request.product.securityId &&
    known.quantity === request.quantity
  const instructed = isRepeat(route) && isSame ? request : settle(route, instructHeld(parts, by, request))
  const refusal = isRefusal(instructed) ? instructed : undefined
  turn.reply(writePositionMaintenanceReport(request, parts.registry.self, report, refusal))
}

/** A read: nothing is decided, so nothing is journalled unless it is refused. */
export function positionRequest(route: Route, message: MessageReader): void {
  const request = readPositionRequest(message)
  if (isRefusal(request)) return rejectMessage(route, 'RequestPositions', request, message.text(710))
  const { parts, turn } = route
  const { self } = parts.registry
  const reportId = `PR-${request.posReqId}`
  if (request.type !== '0') {
    const refusal = refuse('field-invalid', `PosReqType(724) ${request.type}: 0 asks for positions`)
    noted(route, 'RequestPositions', refusal)
    return void turn.reply(writePositionRequestAck(request, self, reportId, refusal))
  }
  const held = heldPositions(parts, request.securityId)
  turn.reply(writePositionRequestAck(request, self, reportId, held.length))
  const at = formatInstant(parts.clock.now())
  for (const [index, position] of held.entries()) {
    const report = { reportId: `${reportId}-${index + 1}`, total: held.length, at }
    turn.reply(writePositionReport(request, self, position, report))
  }
}
