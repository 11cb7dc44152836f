import { invariant, type JsonObject } from '#core'
import { longMax } from './cents.ts'

/** What a policy may see: no floats, no dates, no nesting. Lists are sets of strings. */
export type Scalar = boolean | string | number | bigint | readonly string[]
export type Scalars = Readonly<Record<string, Scalar>>
export type PolicyEntity = { readonly type: string; readonly id: string; readonly attrs: Scalars }

/** The flat request: two entities and a context of scalars. */
export type PolicyRequest = {
  readonly action: string
  readonly principal: PolicyEntity
  readonly resource: PolicyEntity
  readonly context: Scalars
}

export const textLengthMax = 1_024
const membersMax = 32
const listLengthMax = 256

type Plain = boolean | string | number | string[]

/** The request as plain JSON. Throws on any value that a policy must not see: the caller denies. */
export function plainRequest(request: PolicyRequest): {
  readonly action: string
  readonly principal: { type: string; id: string; attrs: Record<string, Plain> }
  readonly resource: { type: string; id: string; attrs: Record<string, Plain> }
  readonly context: Record<string, Plain>
} {
  return {
    action: plainText(request.action),
    principal: plainEntity(request.principal),
    resource: plainEntity(request.resource),
    context: plainScalars(request.context),
  }
}

/** What goes into the journal beside the decision; values that cannot be shown exactly are named, not shown. */
export function inputsOf(request: PolicyRequest): JsonObject {
  try {
    return plainRequest(request)
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : 'the request' }
  }
}

function plainEntity({ type, id, attrs }: PolicyEntity): {
  type: string
  id: string
  attrs: Record<string, Plain>
} {
  return { type: plainText(type), id: plainText(id), attrs: plainScalars(attrs) }
}

function plainScalars(scalars: Scalars): Record<string, Plain> {
  const prototype: unknown = Object.getPrototypeOf(scalars)
  invariant(prototype === Object.prototype || prototype === null, 'attributes are not a plain object')
  const members = Object.entries(scalars)
  invariant(members.length <= membersMax, `more than ${membersMax} attributes`)
  return Object.fromEntries(members.map(([name, value]) => [plainText(name), plainScalar(name, value)]))
}

function plainScalar(name: string, value: Scalar): Plain {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return plainText(value)
  if (typeof value === 'bigint') {
    invariant(value >= -longMax && value <= longMax, `${name} is beyond 2^53 − 1`)
    return Number(value)
  }
  if (typeof value === 'number') {
    invariant(Number.isSafeInteger(value), `${name} is not a safe integer`)
    return value
  }
  invariant(Array.isArray(value) && value.length <= listLengthMax, `${name} is of a kind no policy may see`)
  return value.map(plainText)
}

function plainText(text: string): string {
  invariant(typeof text === 'string' && text.length <= textLengthMax, 'a text is missing or too long')
  invariant(text.isWellFormed(), 'a text is not well-formed Unicode')
  return text
}
