import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { fromHex, isRefusal, toHex, utf8, type Refusal } from '#core'
import { digest, keccak256, sha256, transcript } from './hash.ts'
import { memoryKeyStore, openKeyStore, type KeyAlgorithm, type KeyStore } from './keystore.ts'
import { systemRandom } from './random.ts'
import {
  addressBytes,
  addressOf,
  checksumAddress,
  parseAddress,
  recoverAddress,
  verifyDigest,
} from './secp256k1.ts'
import { algorithmOf, verifySignature } from './signature.ts'

const plan = { record: 'Ed25519', satp: 'ES256', settlement: 'secp256k1' } as const
const message = utf8('message')
const codeOf = (value: KeyStore | string | Refusal): string => (isRefusal(value) ? value.refusal : 'accepted')

async function inFolder(run: (folder: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'poundlock-keys-'))
  try {
    run(join(folder, 'keys'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function opened(folder: string, keys: Readonly<Record<string, KeyAlgorithm>> = plan): KeyStore {
  const store = openKeyStore(folder, keys)
  assert.ok(!isRefusal(store))
  return store
}

test('file keys are created once, for their owner alone, and found again', () =>
  inFolder((folder) => {
    const first = opened(folder)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    for (const name of readdirSync(folder))
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
    const second = opened(folder)
    for (const name of ['record', 'satp']) assert.equal(second.signer(name).keyId, first.signer(name).keyId)
    assert.equal(second.digestSigner('settlement').address, first.digestSigner('settlement').address)
    assert.deepEqual(second.names, ['record', 'satp', 'settlement'])
  }))

test('a key file that others may read, or of another kind, is refused', () =>
  inFolder((folder) => {
    opened(folder)
    chmodSync(join(folder, 'record.pem'), 0o640)
    assert.equal(codeOf(openKeyStore(folder, plan)), 'file-unreadable')
    assert.equal(codeOf(openKeyStore(folder, { satp: 'secp256k1' })), 'file-unreadable')
    assert.equal(codeOf(openKeyStore(folder, { satp: 'Ed25519' })), 'file-unreadable')
    writeFileSync(join(folder, 'settlement.pem'), 'no key')
    assert.equal(codeOf(openKeyStore(folder, { settlement: 'secp256k1' })), 'file-unreadable')
    assert.equal(codeOf(openKeyStore(join(folder, 'satp.pem', 'x'), plan)), 'file-unreadable')
  }))

test('a signer does not show its private key, whatever one prints or walks', () =>
  inFolder((folder) => {
    const store = opened(folder)
    const secrets = readdirSync(folder).map(
      (name) => readFileSync(join(folder, name), 'utf8').split('\n')[1] ?? '',
    )
    const shown = inspect([store, store.signer('record'), store.digestSigner('settlement')], {
      depth: 9,
      showHidden: true,
    })
    for (const secret of secrets) assert.equal(shown.includes(secret), false)
    assert.deepEqual(Object.keys(store.signer('record')), ['keyId', 'algorithm', 'publicKey', 'sign'])
    assert.deepEqual(Object.keys(store.digestSigner('settlement')), [
      'keyId',
      'algorithm',
      'address',
      'publicKey',
      'signDigest',
    ])
  }))

test('a key name cannot leave its folder, and a key has one kind', () =>
  inFolder((folder) => {
    for (const name of ['../x', 'a/b', '', 'A', '.x'])
      assert.throws(() => openKeyStore(folder, { [name]: 'Ed25519' }), /not a key name/)
    assert.equal(existsSync(folder), false)
    const store = opened(folder)
    assert.throws(() => store.signer('settlement'), /no message key/)
    assert.throws(() => store.digestSigner('record'), /no digest key/)
    assert.throws(() => store.signer('missing'), /no message key/)
  }))

test('a signature holds for its key, message and algorithm, and for nothing else', () => {
  const keys = memoryKeyStore({ a: 'Ed25519', b: 'Ed25519', c: 'ES256', d: 'ES256' })
  for (const [mine, theirs] of [
    ['a', 'b'],
    ['c', 'd'],
  ] as const) {
    const signer = keys.signer(mine)
    const { algorithm, publicKey } = signer
    const signature = signer.sign(message)
    assert.equal(signature.length, 64)
    assert.equal(algorithmOf(publicKey), algorithm)
    assert.equal(verifySignature(algorithm, publicKey, message, signature), true)
    assert.equal(verifySignature(algorithm, publicKey, utf8('other'), signature), false)
    assert.equal(verifySignature(algorithm, keys.signer(theirs).publicKey, message, signature), false)
    assert.equal(
      verifySignature(algorithm === 'ES256' ? 'Ed25519' : 'ES256', publicKey, message, signature),
      false,
    )
    for (const length of [0, 63, 65])
      assert.equal(verifySignature(algorithm, publicKey, message, new Uint8Array(length)), false)
  }
  assert.equal(algorithmOf(new Uint8Array(33)), undefined)
  assert.equal(
    verifySignature('ES256', Uint8Array.of(2, ...new Uint8Array(32).fill(0xff)), message, new Uint8Array(64)),
    false,
  )
})

test('a digest signature is low-s, recovers its account, and no mutation of it does', () => {
  const signer = memoryKeyStore({ settlement: 'secp256k1' }).digestSigner('settlement')
  const hash = sha256(message)
  const signature = signer.signDigest(hash)
  assert.equal(recoverAddress(hash, signature), signer.address)
  assert.equal(addressOf(signer.publicKey), signer.address)
  assert.equal(verifyDigest(signer.publicKey, hash, signature.subarray(0, 64)), true)
  assert.deepEqual(signer.signDigest(hash), signature)
  const refused = [
    flipped(signature),
    Uint8Array.of(...signature.subarray(0, 64), 0),
    signature.subarray(0, 64),
    new Uint8Array(65),
  ]
  for (const one of refused) assert.equal(codeOf(recoverAddress(hash, one)), 'signature-invalid')
  assert.equal(codeOf(recoverAddress(message, signature)), 'signature-invalid')
  assert.equal(verifyDigest(signer.publicKey, hash, flipped(signature).subarray(0, 64)), false)
  assert.equal(verifyDigest(new Uint8Array(33), hash, signature.subarray(0, 64)), false)
  assert.throws(() => signer.signDigest(message))
})

/** The other signature of the same message: n − s, and v turned over. */
function flipped(signature: Uint8Array): Uint8Array {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = order - BigInt(`0x${toHex(signature.subarray(32, 64))}`)
  const high = fromHex(s.toString(16).padStart(64, '0'))
  assert.ok(!isRefusal(high))
  return Uint8Array.of(...signature.subarray(0, 32), ...high, signature[64] === 27 ? 28 : 27)
}

test('addresses carry the EIP-55 checksum of the EIP', () => {
  const published = [
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
    '0x52908400098527886E0F7030069857D2E4169EE7',
    '0xde709f2102306220921060314715629080e2fb77',
  ]
  for (const address of published) {
    assert.equal(parseAddress(address), address)
    assert.equal(checksumAddress(address.slice(2)), address)
  }
  for (const bad of [
    '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed',
    '5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe',
    '',
  ])
    assert.equal(codeOf(parseAddress(bad)), 'id-address', bad)
  assert.ok(isRefusal(addressBytes('0x00')))
})

test('hashes are the published ones', () => {
  assert.equal(toHex(sha256(utf8('abc'))), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  assert.equal(
    toHex(keccak256(new Uint8Array(0))),
    'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
  )
})

test('the digest rule is SHA-256 over length-prefixed label and parts', () => {
  const spelled = Uint8Array.of(0, 0, 0, 5, ...utf8('label'), 0, 0, 0, 2, 1, 2, 0, 0, 0, 0)
  assert.deepEqual(transcript('label', Uint8Array.of(1, 2), new Uint8Array(0)), spelled)
  assert.deepEqual(digest('label', Uint8Array.of(1, 2), new Uint8Array(0)), sha256(spelled))
  const ways = [
    digest('ab', utf8('c')),
    digest('a', utf8('bc')),
    digest('abc'),
    digest('ab', utf8('c'), utf8('')),
    digest('', utf8('abc')),
  ]
  assert.equal(new Set(ways.map(toHex)).size, ways.length)
})

test('system randomness has the length asked for and does not repeat', () => {
  assert.equal(systemRandom.bytes(17).length, 17)
  assert.notDeepEqual(systemRandom.bytes(16), systemRandom.bytes(16))
})
