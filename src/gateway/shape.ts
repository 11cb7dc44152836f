// Shapes of configuration and of peer messages: exact members, checked once at the door, typed behind it.
import { invariant, isJsonObject, isRefusal, refuse, type Json, type JsonObject, type Refusal } from '#core'

/** Reads one value or says where it went wrong. */
export type Shape<T> = (value: Json | undefined, at: string) => T | Refusal
export type Shaped<S> = S extends Shape<infer T> ? T : never

const wrong = (at: string, wanted: string): Refusal => refuse('json-shape', `${at} must be ${wanted}`, { at })

export const text: Shape<string> = (value, at) =>
  typeof value === 'string' && value !== '' ? value : wrong(at, 'a text')

export const flag: Shape<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : wrong(at, 'true or false')

export const integer =
  (min: number, max: number): Shape<number> =>
  (value, at) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? value
      : wrong(at, `an integer from ${min} to ${max}`)

export const oneOf =
  <const T extends string>(...names: readonly T[]): Shape<T> =>
  (value, at) =>
    names.find((name) => name === value) ?? wrong(at, `one of ${names.join(', ')}`)

/** A text that another reader (LEI, CAIP-2, instant …) accepts. */
export const read =
  <T>(reader: (text: string) => T | Refusal): Shape<T> =>
  (value, at) => {
    const plain = text(value, at)
    if (isRefusal(plain)) return plain
    const result = reader(plain)
    return isRefusal(result) ? refuse(result.refusal, `${at}: ${result.detail}`, { at }) : result
  }

export const optional =
  <T>(shape: Shape<T>): Shape<T | undefined> =>
  (value, at) =>
    value === undefined ? undefined : shape(value, at)

export const listOf =
  <T>(shape: Shape<T>, max: number): Shape<readonly T[]> =>
  (value, at) => {
    if (!Array.isArray(value) || value.length > max) return wrong(at, `a list of at most ${max}`)
    const items: T[] = []
    for (const [index, item] of (value as readonly Json[]).entries()) {
      const result = shape(item, `${at}[${index}]`)
      if (isRefusal(result)) return result
      items.push(result)
    }
    return items
  }

type Members = Readonly<Record<string, Shape<unknown>>>
type ObjectOf<M extends Members> = { readonly [K in keyof M]: Shaped<M[K]> }

/** Exactly these members; one that is not known is refused by name, so that a misspelled setting is never ignored. */
export const object =
  <M extends Members>(members: M): Shape<ObjectOf<M>> =>
  (value, at) => {
    if (!isJsonObject(value)) return wrong(at, 'an object')
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(members, key))
    if (unknown !== undefined) return refuse('json-shape', `${at}.${unknown} is not known`, { at })
    const result: Record<string, unknown> = {}
    for (const [name, shape] of Object.entries(members)) {
      const member = shape(Object.hasOwn(value, name) ? value[name] : undefined, `${at}.${name}`)
      if (isRefusal(member)) return member
      if (member !== undefined) result[name] = member
    }
    // oxlint-disable-next-line no-unsafe-type-assertion -- each member was just read by its own shape
    return result as ObjectOf<M>
  }

export const anyObject: Shape<JsonObject> = (value, at) =>
  isJsonObject(value) ? value : wrong(at, 'an object')

/** Of an object that this gateway wrote or checked before: a member that is no text is a bug. */
export function textMember(written: JsonObject, name: string): string {
  const value = written[name]
  invariant(typeof value === 'string', `${name} is a text`)
  return value
}
