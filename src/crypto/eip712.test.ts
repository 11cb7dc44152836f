import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fromHex, InvariantError, isRefusal, toHex } from '#core'
import {
  encodeType,
  hashDomain,
  hashStruct,
  hashTypedData,
  typeHash,
  type TypedTypes,
  type TypedValue,
} from './eip712.ts'
import { digestSignerOf, recoverAddress } from './secp256k1.ts'

const corpora = process.env['POUNDLOCK_CORPORA'] ?? '../shared/corpora'

// The example of the EIP itself, with the hashes that it publishes.
const mailTypes: TypedTypes = {
  Person: [
    { name: 'name', type: 'string' },
    { name: 'wallet', type: 'address' },
  ],
  Mail: [
    { name: 'from', type: 'Person' },
    { name: 'to', type: 'Person' },
    { name: 'contents', type: 'string' },
  ],
}
const mail = {
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  types: mailTypes,
  primaryType: 'Mail',
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
}

test('the Mail example of EIP-712 has the published hashes', () => {
  assert.equal(
    encodeType('Mail', mailTypes),
    'Mail(Person from,Person to,string contents)Person(string name,address wallet)',
  )
  assert.equal(
    toHex(typeHash('Mail', mailTypes)),
    'a0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2',
  )
  const { domainHash, messageHash, digest } = hashTypedData(mail)
  assert.equal(toHex(domainHash), 'f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f')
  assert.equal(toHex(messageHash), 'c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e')
  assert.equal(toHex(digest), 'be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2')
})

test('every member of domain and message moves the digest', () => {
  const digestOf = (data: typeof mail): string => toHex(hashTypedData(data).digest)
  const others = [
    { ...mail, domain: { ...mail.domain, chainId: 2 } },
    { ...mail, domain: { ...mail.domain, version: '2' } },
    { ...mail, domain: { ...mail.domain, verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccD' } },
    { ...mail, message: { ...mail.message, contents: 'Hello, Bob?' } },
    { ...mail, message: { ...mail.message, to: mail.message.from } },
  ].map(digestOf)
  assert.equal(new Set([digestOf(mail), ...others]).size, others.length + 1)
})

test('published type hashes of DeFi orders come out of their types', (t) => {
  const path = join(corpora, 'defi-orders/eip712-types.json')
  if (!existsSync(path)) return t.skip(`no corpora at ${corpora}; set POUNDLOCK_CORPORA`)
  const entries = Object.entries<{ primaryType: string; types: TypedTypes; typeHash: string }>(
    JSON.parse(readFileSync(path, 'utf8')),
  )
  const venues = entries.filter(([name]) => name !== 'note')
  assert.ok(venues.length >= 7)
  for (const [name, { primaryType, types, typeHash: published }] of venues)
    assert.equal(`0x${toHex(typeHash(primaryType, types))}`, published, name)
})

test('Derive golden vectors: hash, typed data hash and deterministic signature', (t) => {
  const path = join(corpora, 'defi-orders/derive/golden-vectors.json')
  if (!existsSync(path)) return t.skip(`no corpora at ${corpora}; set POUNDLOCK_CORPORA`)
  const golden = JSON.parse(readFileSync(path, 'utf8'))
  const types: TypedTypes = {
    Action: [
      'uint256 subaccountId',
      'uint256 nonce',
      'address module',
      'bytes data',
      'uint256 expiry',
      'address owner',
      'address signer',
    ]
      .map((field) => field.split(' '))
      .map(([type = '', name = '']) => ({ name, type })),
  }
  assert.equal(`0x${toHex(typeHash('Action', types))}`, golden.actionTypehash)
  const signer = digestSignerOf(() => 'golden', bytes(golden.signerPrivateKey))
  assert.equal(signer.address, golden.signerAddress)
  for (const { inputs, dataHex, actionHash, typedDataHash, signature } of golden.cases) {
    const struct = hashStruct('Action', types, {
      subaccountId: inputs.subaccount_id,
      nonce: inputs.nonce,
      module: inputs.module,
      data: dataHex,
      expiry: inputs.signature_expiry_sec,
      owner: inputs.owner,
      signer: inputs.signer,
    })
    assert.equal(`0x${toHex(struct)}`, actionHash)
    assert.equal(`0x${toHex(signer.signDigest(bytes(typedDataHash)))}`, signature)
    assert.equal(recoverAddress(bytes(typedDataHash), bytes(signature)), signer.address)
  }
  assert.equal(golden.cases.length, 5)
})

test('a domain is hashed over the members that it has, in the order of the EIP', () => {
  const permit2 = {
    name: 'Permit2',
    chainId: 1,
    verifyingContract: '0x000000000022D473030F116dDEE9F6B43aC78BA3',
  }
  // Permit2 on Ethereum mainnet: DOMAIN_SEPARATOR() of the contract.
  assert.equal(toHex(hashDomain(permit2)), '866a5aba21966af95d6c7ab78eb2b2fc913915c28be3b9aa07cc04ff903e3f28')
  assert.notDeepEqual(hashDomain({ name: 'a' }), hashDomain({ version: 'a' }))
})

const one = (type: string, value: TypedValue): string =>
  toHex(hashStruct('T', { T: [{ name: 'v', type }] }, { v: value }))

test('integers are the same as bigint, number and decimal text', () => {
  assert.equal(one('uint256', 5n), one('uint256', '5'))
  assert.equal(one('int8', -5), one('int8', '-5'))
  assert.notEqual(one('int8', -5), one('int8', 5))
})

test('a value that does not fit its type is a bug', () => {
  const wrong: readonly (readonly [string, TypedValue])[] = [
    ['uint8', 256],
    ['uint8', -1],
    ['int8', 128],
    ['int8', -129],
    ['uint256', 2n ** 256n],
    ['uint256', '1e3'],
    ['uint256', '0x10'],
    ['uint256', 1.5],
    ['uint256', ''],
    ['uint7', 1],
    ['uint264', 1],
    ['uint', 1],
    ['fixed', 1],
    ['address', '0x00'],
    ['address', '00'.repeat(20)],
    ['bytes32', '0x00'],
    ['bytes33', `0x${'00'.repeat(33)}`],
    ['bytes0', '0x'],
    ['bytes', '00'],
    ['bytes', '0x0'],
    ['bool', 1],
    ['string', 1],
    ['uint8[2]', [1]],
    ['uint8[]', 1],
    ['Unknown', {}],
  ]
  for (const [type, value] of wrong) assert.throws(() => one(type, value), InvariantError, type)
})

test('missing and unknown members are bugs', () => {
  assert.throws(
    () => hashStruct('Mail', mailTypes, { from: mail.message.from, to: mail.message.to }),
    /contents is missing/,
  )
  assert.throws(() => hashStruct('Mail', mailTypes, { ...mail.message, cc: 'x' }), /no field cc/)
  assert.throws(() => hashStruct('toString', mailTypes, {}), /no type toString/)
})

test('arrays are hashed item by item, also of structs and of arrays', () => {
  assert.equal(one('uint8[]', [1, 2]), one('uint8[]', [1n, '2']))
  assert.notEqual(one('uint8[]', [1, 2]), one('uint8[]', [2, 1]))
  assert.notEqual(one('uint8[][]', [[1], [2]]), one('uint8[][]', [[1, 2], []]))
  const types: TypedTypes = {
    Book: [{ name: 'people', type: 'Person[]' }],
    Person: mailTypes['Person'] ?? [],
  }
  assert.equal(encodeType('Book', types), 'Book(Person[] people)Person(string name,address wallet)')
  assert.equal(hashStruct('Book', types, { people: [mail.message.from, mail.message.to] }).length, 32)
})

function bytes(hex: string): Uint8Array {
  const value = fromHex(hex.replace(/^0x/, ''))
  assert.ok(!isRefusal(value))
  return value
}
