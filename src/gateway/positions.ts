// Positions: what settled trades add up to, and what a desk wants done with an option that it holds.
import {
  formatDecimal,
  fromMinor,
  invariant,
  isRefusal,
  parseInstant,
  refuse,
  type Instant,
  type Refusal,
} from '#core'
import {
  checkProductFields,
  instructPosition,
  parseInstrument,
  type Instrument,
  type Position,
  type PositionInstruction,
} from '#trade'
import type { HeldPosition, PositionMaintenanceFields } from '#transport'
import type { Principal } from './api.ts'
import { refusedStep, stepOf, type DeskParts, type Step } from './desk.ts'
import type { Command } from './loop.ts'

export function instructHeld(
  parts: DeskParts,
  by: Principal,
  request: PositionMaintenanceFields,
): Step<{ terms: PositionInstruction }> {
  const { loop, place } = parts
  const { posReqId, action, quantity, account, product } = request
  const input = { name: 'InstructPosition', by, corr: `${by.id}/${posReqId}` }
  const position = loop.state.positions.get(product.securityId)
  const [counterparty] = position?.counterparties ?? []
  const instrument = position
    ? checkProductFields(product, place.venue, tradedAt(position))
    : refuse('position-insufficient', `no position in ${product.securityId}`)
  if (isRefusal(instrument)) return refusedStep(loop.refuse(input, instrument), instrument)
  const { securityId, expiry } = instrument
  const terms: PositionInstruction = { posReqId, action, securityId, quantity, account, principal: by.id }
  const authorised = parts.authorise.deal('ExerciseOption', { counterparty: counterparty ?? '', instrument })
  const decide: Command['decide'] = (state, context) => instructPosition(state, terms, expiry, context)
  return stepOf(loop.act({ ...input, authorised, decide }), { terms })
}

/** An expired option was listed when it was traded. */
function tradedAt(position: Position): Instant {
  const at = parseInstant(position.tradedAt)
  invariant(!isRefusal(at), 'a position comes of a trade')
  return at
}

/** In one option, or in all. */
export function heldPositions(parts: DeskParts, securityId: string | undefined): readonly HeldPosition[] {
  const { positions } = parts.loop.state
  const held: HeldPosition[] = []
  for (const [id, position] of positions)
    if (securityId === undefined || securityId === id) held.push(heldPosition(parts, id, position))
  return held
}

function heldPosition({ place }: DeskParts, securityId: string, position: Position): HeldPosition {
  const instrument: Instrument | Refusal = parseInstrument(securityId, place.venue, tradedAt(position))
  invariant(!isRefusal(instrument), 'a position is in an instrument that was checked')
  const { longQty, shortQty, lastPx, currency, premiumMinor } = position
  const premium = formatDecimal(fromMinor(premiumMinor, place.payToken.decimals))
  return { instrument, longQty: `${longQty}`, shortQty: `${shortQty}`, lastPx, currency, premium }
}
