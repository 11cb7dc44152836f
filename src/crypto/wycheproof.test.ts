// Wycheproof: https://github.com/C2SP/wycheproof, read from POUNDLOCK_CORPORA.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromBase64Url, fromHex, isRefusal } from '#core'
import { sha256 } from './hash.ts'
import { addressOf, recoverAddress, verifyDigest } from './secp256k1.ts'
import { signatureBytes, verifySignature } from './signature.ts'

const corpora = process.env['POUNDLOCK_CORPORA'] ?? '../shared/corpora'

type Vector = {
  readonly tcId: number
  readonly msg: string
  readonly sig: string
  readonly result: string
  readonly comment: string
}
type Group = {
  readonly publicKey: { readonly pk?: string; readonly uncompressed?: string }
  readonly tests: readonly Vector[]
}

function groupsOf(file: string, t: TestContext): readonly Group[] | undefined {
  const path = join(corpora, 'wycheproof', file)
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')).testGroups
  t.skip(`no corpora at ${corpora}; set POUNDLOCK_CORPORA`)
  return undefined
}

function bytes(hex: string | undefined): Uint8Array {
  const value = fromHex(hex ?? '')
  assert.ok(!isRefusal(value))
  return value
}

/** 04‖x‖y, or shorter or longer coordinates as some vectors have them, to 02/03‖x. */
function compressed(uncompressed: string | undefined): Uint8Array {
  const point = bytes(uncompressed)
  assert.equal(point.length, 65)
  return Uint8Array.of(2 + ((point[64] ?? 0) & 1), ...point.subarray(1, 33))
}

/** Runs every vector and returns those whose outcome is not the expected one. */
function differences(
  groups: readonly Group[],
  verify: (group: Group, vector: Vector) => boolean,
): { count: number; wrong: string[] } {
  const wrong: string[] = []
  let count = 0
  for (const group of groups)
    for (const vector of group.tests) {
      count += 1
      if (verify(group, vector) !== (vector.result === 'valid'))
        wrong.push(`${vector.tcId} ${vector.comment}`)
    }
  return { count, wrong }
}

test('Ed25519 agrees with all 151 Wycheproof vectors', (t) => {
  const groups = groupsOf('ed25519_test.json', t)
  if (groups === undefined) return
  const outcome = differences(groups, ({ publicKey }, { msg, sig }) =>
    verifySignature('Ed25519', bytes(publicKey.pk), bytes(msg), bytes(sig)),
  )
  assert.deepEqual(outcome, { count: 151, wrong: [] })
})

test('ES256 in the form of JWS agrees with all 262 Wycheproof vectors', (t) => {
  const groups = groupsOf('ecdsa_secp256r1_sha256_p1363_test.json', t)
  if (groups === undefined) return
  const outcome = differences(groups, ({ publicKey }, { msg, sig }) =>
    verifySignature('ES256', compressed(publicKey.uncompressed), bytes(msg), bytes(sig)),
  )
  assert.deepEqual(outcome, { count: 262, wrong: [] })
})

test('an ES256 signature in DER is refused even where its DER is valid', (t) => {
  const groups = groupsOf('ecdsa_secp256r1_sha256_test.json', t)
  if (groups === undefined) return
  for (const { publicKey, tests } of groups)
    for (const { msg, sig } of tests.filter(({ result }) => result === 'valid'))
      if (bytes(sig).length !== signatureBytes)
        assert.equal(
          verifySignature('ES256', compressed(publicKey.uncompressed), bytes(msg), bytes(sig)),
          false,
        )
})

/** r‖s of strict DER; undefined where a vector is not that, which verification refuses. */
function compactOf(der: Uint8Array): Uint8Array | undefined {
  try {
    return secp256k1.Signature.fromBytes(der, 'der').toBytes('compact')
  } catch {
    return undefined
  }
}

test('secp256k1 with low s agrees with all 463 Wycheproof Bitcoin vectors', (t) => {
  const groups = groupsOf('ecdsa_secp256k1_sha256_bitcoin_test.json', t)
  if (groups === undefined) return
  const outcome = differences(groups, ({ publicKey }, { msg, sig }) => {
    const compact = compactOf(bytes(sig))
    return (
      compact !== undefined && verifyDigest(compressed(publicKey.uncompressed), sha256(bytes(msg)), compact)
    )
  })
  assert.deepEqual(outcome, { count: 463, wrong: [] })
})

test('recovery finds the signer of every valid Bitcoin vector that v 27 or 28 can express', (t) => {
  const groups = groupsOf('ecdsa_secp256k1_sha256_bitcoin_test.json', t)
  if (groups === undefined) return
  const outcome = differences(groups, ({ publicKey }, { msg, sig }) => {
    const compact = compactOf(bytes(sig))
    const signer = addressOf(compressed(publicKey.uncompressed))
    return [27, 28].some(
      (v) =>
        compact !== undefined && recoverAddress(sha256(bytes(msg)), Uint8Array.of(...compact, v)) === signer,
    )
  })
  // r + n is the x coordinate here, which takes a v that Ethereum does not have.
  assert.deepEqual(outcome, { count: 463, wrong: ['346 k*G has a large x-coordinate'] })
})

test('a v other than 27 and 28 is refused, also where it would recover the signer', (t) => {
  const groups = groupsOf('ecdsa_secp256k1_sha256_bitcoin_test.json', t)
  if (groups === undefined) return
  const vectors = groups.flatMap(({ tests }) => tests).filter(({ result }) => result === 'valid')
  for (const { msg, sig } of vectors)
    for (const v of [0, 1, 2, 3, 26, 29, 30, 255]) {
      const signature = Uint8Array.of(...(compactOf(bytes(sig)) ?? []), v)
      assert.ok(isRefusal(recoverAddress(sha256(bytes(msg)), signature)))
    }
})

test('a JWS segment has one spelling: the vectors with padding, spaces or loose bits are refused', (t) => {
  const path = join(corpora, 'wycheproof', 'json_web_signature_test.json')
  if (!existsSync(path)) return t.skip(`no corpora at ${corpora}; set POUNDLOCK_CORPORA`)
  const groups: readonly { readonly tests: readonly { readonly tcId: number; readonly jws: unknown }[] }[] =
    JSON.parse(readFileSync(path, 'utf8')).testGroups
  // 367 and 370 are about padding too, but their bytes stand in the corpus without any.
  const loose = new Set([360, 365, 368, 375])
  const vectors = groups.flatMap(({ tests }) => tests).filter(({ tcId }) => loose.has(tcId))
  assert.equal(vectors.length, loose.size)
  for (const { tcId, jws } of vectors) {
    assert.ok(typeof jws === 'string')
    assert.ok(
      jws.split('.').some((segment) => isRefusal(fromBase64Url(segment))),
      `tcId ${tcId}`,
    )
  }
})
