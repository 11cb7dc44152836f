// What every handler of a FIX message is given, and the ways in which it answers.
import { isRefusal, REFUSALS, toFixText, type Refusal } from '#core'
import { parseInstrument, type Instrument } from '#trade'
import { fieldCharactersMax, withoutExtension } from '#transport'
import type { DeliveryFlags, DeskBody, FixTurn, MessageReader, SessionKey } from '#transport'
import type { Principal } from './api.ts'
import type { FixSessionConfig } from './config.ts'
import type { DeskParts, Step } from './desk.ts'
import { fixSessionKey } from './registry.ts'

/** Sends on another session within the same durable batch. */
export type SendOn = (session: SessionKey, body: DeskBody) => void

export type Route = {
  readonly parts: DeskParts
  readonly turn: FixTurn
  readonly session: FixSessionConfig
  readonly by: Principal
  readonly sendOn: SendOn
  readonly flags: DeliveryFlags
}

export type Handler = (route: Route, message: MessageReader) => void

/** Puts the decision into the message's own durable batch. */
export function settle<T>(route: Route, step: Step<T>): T | Refusal {
  route.turn.attach(step.acted.bundle)
  return step.refused ?? step.value
}

/** What a known session sent and could not be read, or asked for in vain, is an entry too. */
export function noted(route: Route, name: string, refusal: Refusal): Refusal {
  const { bundle } = route.parts.loop.refuse({ name, by: route.by, corr: route.turn.session }, refusal)
  route.turn.attach(bundle)
  return refusal
}

/** A message that could not be read: refused by its own business reject, with the code in the text. */
export function rejectMessage(route: Route, name: string, refusal: Refusal, refId?: string): void {
  noted(route, name, refusal)
  businessReject(route, refusal, refId)
}

export function businessReject(route: Route, refusal: Refusal, refId?: string): void {
  const reason = REFUSALS[refusal.refusal].fix.businessRejectReason
  const ref = echoed(refId)
  route.turn.reject({ reason, text: toFixText(refusal), ...(ref === undefined ? {} : { refId: ref }) })
}

/** What came in and goes back to say what is meant; what is too long for an id is left out. */
export const echoed = (text: string | undefined): string | undefined =>
  text !== undefined && text.length <= fieldCharactersMax ? text : undefined

/** In the tags that were agreed with the other end of that session. */
export const agreedForm = ({ extended, beginString }: FixSessionConfig, body: DeskBody): DeskBody =>
  extended === true ? body : withoutExtension(body, beginString)

/** A desk that asked over FIX hears on its session; one that asked over HTTP reads its own view. */
export function toPrincipal(route: Route, principal: string, body: DeskBody): void {
  if (route.parts.registry.session(principal)) route.sendOn(principal, body)
}

export function toParty(route: Route, party: string, body: DeskBody): void {
  const session = route.parts.registry.sessionOf(party)
  if (session) route.sendOn(fixSessionKey(session), body)
}

/** The institution that asks and orders on this session. */
export const takerOf = ({ parts, session }: Route): string =>
  session.use === 'desk' ? parts.registry.self.name : session.party

export function instrumentNow(route: Route, securityId: string): Instrument | undefined {
  const { place, clock } = route.parts
  const instrument = parseInstrument(securityId, place.venue, clock.now())
  return isRefusal(instrument) ? undefined : instrument
}

/** The same message again, by the sender's own word. */
export const isRepeat = ({ flags }: Route): boolean => flags.possDup || flags.possResend
