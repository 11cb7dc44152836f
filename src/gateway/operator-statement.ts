// What operators say is signed with keys of their own: a JWS over canonical JSON, checked against the configuration.
import { canonicalJson, fromBase64Url, isRefusal, parseCanonicalJson, refuse, toHex, utf8 } from '#core'
import type { Json, JsonObject, Refusal } from '#core'
import { digest, parseJws, signJws, verifyJws, type KeyLookup, type Signer } from '#crypto'
import type { GatewayConfig } from './config.ts'
import type { Shape } from './shape.ts'

type Operators = GatewayConfig['operators']

export const signStatement = (statement: JsonObject, typ: string, operator: Signer): JsonObject =>
  signJws(utf8(canonicalJson(statement)), typ, operator)

export type OperatorStatement<T> = {
  readonly operator: string
  readonly statement: T
  /** Of the signed bytes: the same statement has the same hash, whoever brings it and however often. */
  readonly hash: string
}

/** Exactly one signature of a known operator, over exactly the members of `shape`. */
export function openStatement<T>(
  operators: Operators,
  jwsJson: JsonObject,
  typ: string,
  shape: Shape<T>,
): OperatorStatement<T> | Refusal {
  const jws = parseJws(canonicalJson(jwsJson))
  if (isRefusal(jws)) return jws
  const verified = verifyJws(jws, typ, keysOf(operators))
  if (isRefusal(verified)) return verified
  const [kid] = verified.kids
  const operator = operators.find(({ keyId }) => keyId === kid)
  if (!operator || verified.kids.length !== 1) return refuse('jws-malformed', 'a statement has one signature')
  const payload: Json | Refusal = parseCanonicalJson(Buffer.from(verified.payload).toString('utf8'))
  const statement = isRefusal(payload) ? payload : shape(payload, 'statement')
  if (isRefusal(statement)) return statement
  const hash = toHex(digest('poundlock/operator-statement/v1', verified.payload))
  return { operator: operator.id, statement, hash }
}

const keysOf =
  (operators: Operators): KeyLookup =>
  (kid) => {
    const key = operators.find(({ keyId }) => keyId === kid)
    const bytes = key && fromBase64Url(key.publicKey)
    return bytes === undefined || isRefusal(bytes) ? undefined : bytes
  }
