import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson, isJsonObject, isRefusal, utf8, type Json, type JsonObject, type Refusal } from '#core'
import { parseGatewayConfig } from './config.ts'
import { configJson, keysOf, makerJson } from './testing.ts'

const [own, other] = [keysOf(), keysOf()]
const witness = (name: string) => ({ name, vkey: `${name}+key`, url: 'http://127.0.0.1:1' })
const fix44 = { beginString: 'FIX.4.4', senderCompId: 'CEDAR', heartBtIntSeconds: 30 }
const desk = { ...fix44, targetCompId: 'DESK', role: 'acceptor', use: 'desk', party: 'CEDAR' }
const counterparty = {
  ...fix44,
  targetCompId: 'ALDER',
  role: 'initiator',
  use: 'counterparty',
  party: 'ALDER',
  pin: 'pin of ALDER',
  connect: { host: '127.0.0.1', port: 9_878 },
}

/** With every optional member there is. */
const good: JsonObject = {
  ...configJson('CEDAR', own, other),
  journal: { origin: 'cedar.example/journal', quorum: 1, witnesses: [witness('w1'), witness('w2')] },
  fix: { acceptors: [{ host: '127.0.0.1', port: 9_879, tls: false }], sessions: [desk, counterparty] },
  maker: makerJson,
  api: { host: '127.0.0.1', port: 0 },
}

const parse = (config: Json) => parseGatewayConfig(utf8(canonicalJson(config)))

function refused(config: Json): Refusal {
  const parsed = parse(config)
  assert.ok(isRefusal(parsed), 'the configuration is refused')
  assert.equal(parsed.refusal, 'config-invalid')
  return parsed
}

/** The value with another one at a path such as `config.journal.witnesses[0].name`; undefined takes it away. */
function changed(value: Json, path: readonly string[], to: Json | undefined): Json {
  const [name = '', ...rest] = path
  if (Array.isArray(value)) {
    const items: readonly Json[] = value
    const inner = (item: Json): Json => (rest.length > 0 ? changed(item, rest, to) : (to ?? null))
    return items.map((item, at) => (String(at) === name ? inner(item) : item))
  }
  assert.ok(isJsonObject(value))
  const { [name]: member, ...others } = value
  if (rest.length > 0) return { ...others, [name]: changed(member ?? {}, rest, to) }
  return to === undefined ? others : { ...others, [name]: to }
}

const steps = (path: string): readonly string[] =>
  path
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .slice(1)

function* leaves(value: Json, path: string): Generator<string> {
  const isList = Array.isArray(value)
  if (!isList && !isJsonObject(value)) yield path
  for (const [name, member] of isList || isJsonObject(value) ? Object.entries(value) : [])
    yield* leaves(member, isList ? `${path}[${name}]` : `${path}.${name}`)
}

test('a whole configuration is accepted, and what may be absent may be absent', () => {
  assert.ok(!isRefusal(parse(good)))
  for (const path of ['config.maker', 'config.api', 'config.clock'])
    assert.ok(!isRefusal(parse(changed(good, steps(path), undefined))), path)
})

test('each member that is missing or of another kind is refused by its path', () => {
  const paths = [...leaves(good, 'config')]
  assert.ok(paths.length > 60)
  for (const path of paths) {
    assert.equal(refused(changed(good, steps(path), [])).meta['at'], path)
    if (path.endsWith('.pin') || path.endsWith('.connect')) continue
    assert.equal(refused(changed(good, steps(path), undefined)).meta['at'], path)
  }
})

test('a member that is not known is refused by name, at every depth', () => {
  const places = [
    'config',
    'config.journal',
    'config.peering.peers[0].recordKey',
    'config.fix.sessions[1].connect',
  ]
  for (const place of places) {
    const refusal = refused(changed(good, [...steps(place), 'colour'], 'red'))
    assert.match(refusal.detail, new RegExp(`^${place.replaceAll(/[[\].]/g, '\\$&')}\\.colour is not known`))
  }
})

test('values are read by what they mean', () => {
  const cases: readonly (readonly [string, Json])[] = [
    ['config.lei', '5299000POUNDLOCK0A95'],
    ['config.environment', 'production'],
    ['config.clock.startsAt', '2026-11-20 14:00'],
    ['config.ledger.chainId', '31337'],
    ['config.ledger.settlement', '0x5256a8ea20f9045a08c4e1141240c83884d54fa9'],
    ['config.ledger.payToken.decimals', 37],
    ['config.peering.port', 65_536],
    ['config.peering.peers[0].recordKey.publicKey', 'AAAA'],
    ['config.peering.peers[0].settlementKey.publicKey', 'not base64url!'],
    ['config.operators[0].publicKey', 'AAAA'],
    ['config.checkpointEveryMs', 0.5],
    ['config.journal.quorum', -1],
    ['config.fix.sessions[0].beginString', 'FIX.4.3'],
  ]
  for (const [path, value] of cases) assert.equal(refused(changed(good, steps(path), value)).meta['at'], path)
})

test('what contradicts itself is refused: quorums, names and keys that two have', () => {
  const [first, second] = list('operators')
  const cases: readonly (readonly [string, Json])[] = [
    ['config.journal.quorum', 3],
    ['config.journal.witnesses', [witness('w1'), witness('w1')]],
    ['config.peering.peers', [...list2('peering', 'peers'), ...list2('peering', 'peers')]],
    ['config.operators', [{ ...first, id: 'a', keyId: 'k' }, first ?? {}]],
    ['config.operators', [first ?? {}, { ...second, id: first?.['id'] ?? '' }]],
  ]
  for (const [path, value] of cases) assert.equal(refused(changed(good, steps(path), value)).meta['at'], path)
  const selfPeer = changed(good, ['peering', 'peers', '0', 'name'], 'CEDAR')
  assert.equal(refused(selfPeer).meta['at'], 'config.peering.peers')
})

test('a session of another institution is bound to a pinned peer, and only loopback is open without TLS', () => {
  const cases: readonly (readonly [string, Json | undefined, string?])[] = [
    ['config.fix.sessions[1].party', 'BIRCH'],
    ['config.fix.sessions[1].pin', 'another'],
    ['config.fix.sessions[1].pin', undefined],
    ['config.fix.sessions[1].connect', undefined],
    ['config.fix.sessions[0].party', 'ALDER'],
    ['config.fix.acceptors[0].host', '0.0.0.0', 'config.fix.acceptors[0]'],
  ]
  for (const [path, value, at = path] of cases)
    assert.equal(refused(changed(good, steps(path), value)).meta['at'], at)
})

test('what is not JSON is refused as a configuration', () => {
  for (const text of ['', '[]', 'null', '{"name":"A","name":"B"}']) {
    const parsed = parseGatewayConfig(utf8(text))
    assert.ok(isRefusal(parsed))
    assert.equal(parsed.refusal, 'config-invalid')
  }
})

function list(name: string): readonly JsonObject[] {
  const value = good[name]
  assert.ok(Array.isArray(value))
  return value.filter((one: Json) => isJsonObject(one))
}
function list2(name: string, inner: string): readonly JsonObject[] {
  const value = good[name]
  assert.ok(isJsonObject(value) && Array.isArray(value[inner]))
  return value[inner].filter((one: Json) => isJsonObject(one))
}
