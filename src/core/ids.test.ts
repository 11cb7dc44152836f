import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  accountIdParts,
  assetTypeParts,
  chainIdParts,
  parseAccountId,
  parseAssetType,
  parseChainId,
} from './caip.ts'
import { dtiCheckCharacter, parseDti } from './dti.ts'
import { currencyDecimals, parseCurrency } from './iso4217.ts'
import { micName, parseMic } from './iso10383.ts'
import { leiCheckDigits, parseLei } from './lei.ts'
import { isRefusal, type Refusal } from './refusal.ts'
import { parseUti, utiGenerator } from './uti.ts'

const corpora = process.env['POUNDLOCK_CORPORA'] ?? '../shared/corpora'
const codeOf = (value: string | Refusal): string => (isRefusal(value) ? value.refusal : 'accepted')
function parsed<T extends string>(value: T | Refusal): T {
  assert.ok(!isRefusal(value))
  return value
}

const alder = '5299000POUNDLOCK0A94'

test('an LEI has twenty characters and ISO 7064 MOD 97-10 check digits', () => {
  assert.equal(leiCheckDigits('5299000POUNDLOCK0A'), '94')
  for (const text of [alder, '7H6GLXDRUGQFU57RNE97', '549300IB5Q45JGNPND58'])
    assert.equal(codeOf(parseLei(text)), 'accepted', text)
  for (const text of [
    '',
    alder.toLowerCase(),
    `${alder}0`,
    alder.slice(1),
    '5299000POUNDLOCK0A95',
    '5299000POUNDLOCK0AAB',
  ])
    assert.equal(codeOf(parseLei(text)), 'id-lei', text)
})

const isDigit = (character: string | undefined): boolean => /^\d$/.test(character ?? '')

// Between a digit and a letter it may miss one: 1B and B1 both stand for 111.
test('MOD 97-10 finds every digit or letter changed into, or swapped with, a neighbour of its kind', () => {
  const character = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split(''))
  const base = fc.array(character, { minLength: 18, maxLength: 18 }).map((characters) => characters.join(''))
  fc.assert(
    fc.property(base, fc.nat(17), character, (text, at, other) => {
      const lei = text + leiCheckDigits(text)
      assert.equal(parseLei(lei), lei)
      const [one = '', two = ''] = lei.slice(at, at + 2)
      const changed = lei.slice(0, at) + other + lei.slice(at + 1)
      if (changed !== lei && isDigit(one) === isDigit(other))
        assert.equal(codeOf(parseLei(changed)), 'id-lei')
      const swapped = lei.slice(0, at) + two + one + lei.slice(at + 2)
      if (swapped !== lei && isDigit(one) === isDigit(two)) assert.equal(codeOf(parseLei(swapped)), 'id-lei')
    }),
    { numRuns: 1_000 },
  )
})

test('a UTI starts with the LEI of its generator and has at most 52 characters', () => {
  assert.equal(utiGenerator(parsed(parseUti(`${alder}ABC123`))), alder)
  assert.equal(codeOf(parseUti(alder + 'X'.repeat(32))), 'accepted')
  for (const text of [
    alder + 'X'.repeat(33),
    `${alder}abc`,
    '1030291281MARKITWIRE0000000000000100000005',
    '',
  ])
    assert.equal(codeOf(parseUti(text)), 'id-uti', text)
})

test('a DTI has an ISO 7064 hybrid check character, Bitcoin excepted', () => {
  assert.equal(codeOf(parseDti('4H95J0R2X')), 'accepted')
  assert.equal(dtiCheckCharacter('4H95J0R2'), 'T')
  for (const text of ['9TP2H6TRN', 'H2H1L6G62']) assert.equal(codeOf(parseDti(text)), 'accepted', text)
  for (const text of ['9TP2H6TRM', '0TP2H6TRN', 'ATP2H6TRN', '9tp2h6trn', '9TP2H6TR', '9TP2H6TRNN', ''])
    assert.equal(codeOf(parseDti(text)), 'id-dti', text)
})

test('every code of the DTI registry is accepted', (t) => {
  const path = join(corpora, 'ids/dti_ids.txt')
  if (!existsSync(path)) return t.skip(`no corpora at ${corpora}; set POUNDLOCK_CORPORA`)
  const codes = readFileSync(path, 'utf8').split(/\s+/).filter(Boolean)
  assert.ok(codes.length > 5_000)
  assert.deepEqual(
    codes.filter((code) => isRefusal(parseDti(code))),
    [],
  )
  const exceptions = codes.filter((code) => dtiCheckCharacter(code.slice(0, 8)) !== code[8])
  assert.deepEqual(exceptions, ['4H95J0R2X'])
})

test('CAIP-2 names chains', () => {
  const good = [
    'eip155:1',
    'eip155:31337',
    'bip122:000000000019d6689c085ae165831e93',
    'cosmos:cosmoshub-3',
    'starknet:SN_GOERLI',
  ]
  for (const text of good) assert.equal(codeOf(parseChainId(text)), 'accepted', text)
  for (const text of [
    'eip155',
    'eip155:',
    ':1',
    'ei:1',
    'EIP155:1',
    'eip155:1:2',
    'toolongname:1',
    `eip155:${'1'.repeat(33)}`,
    'eip155:1\n',
  ])
    assert.equal(codeOf(parseChainId(text)), 'id-caip', text)
  assert.deepEqual(chainIdParts(parsed(parseChainId('eip155:31337'))), {
    namespace: 'eip155',
    reference: '31337',
  })
})

test('CAIP-10 names accounts', () => {
  const text = 'eip155:31337:0xab16a96D359eC26a11e2C2b3d8f8B8942d5Bfcdb'
  const account = parsed(parseAccountId(text))
  assert.deepEqual(accountIdParts(account), {
    chainId: 'eip155:31337',
    address: '0xab16a96D359eC26a11e2C2b3d8f8B8942d5Bfcdb',
  })
  assert.equal(codeOf(parseAccountId(`hedera:mainnet:0.0.1234567890-zbhlt`)), 'accepted')
  for (const bad of [
    'eip155:1',
    'eip155:1:',
    `eip155:1:${'a'.repeat(129)}`,
    'eip155:1:a b',
    'custody:ALDER:main/x',
  ])
    assert.equal(codeOf(parseAccountId(bad)), 'id-caip', bad)
  assert.equal(codeOf(parseAccountId('custody:ALDER:main')), 'accepted')
})

test('CAIP-19 names assets and single tokens', () => {
  const erc20 = 'eip155:1/erc20:0x6b175474e89094c44da98b954eedeac495271d0f'
  assert.deepEqual(assetTypeParts(parsed(parseAssetType(erc20))), {
    chainId: 'eip155:1',
    namespace: 'erc20',
    reference: '0x6b175474e89094c44da98b954eedeac495271d0f',
  })
  const item = 'eip155:1/erc721:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d/771769'
  assert.equal(assetTypeParts(parsed(parseAssetType(item))).tokenId, '771769')
  assert.equal(codeOf(parseAssetType('hedera:mainnet/nft:0.0.55492/12')), 'accepted')
  for (const bad of [
    'eip155:1',
    'eip155:1/erc20',
    'eip155:1/erc20:',
    `${erc20}/`,
    `${item}/1`,
    'iso4217:USD',
    'custody:ALDER/USD.D',
  ])
    assert.equal(codeOf(parseAssetType(bad)), 'id-caip', bad)
})

test('ISO 4217 knows active codes and their minor units', () => {
  const decimals = ['USD', 'JPY', 'KWD', 'CLF', 'XAU'].map((code) =>
    currencyDecimals(parsed(parseCurrency(code))),
  )
  assert.deepEqual(decimals, [2, 0, 3, 4, undefined])
  for (const text of ['BTC', 'ETH', 'USDC', 'usd', 'DEM', 'HRK', '', 'toString'])
    assert.equal(codeOf(parseCurrency(text)), 'id-currency', text)
})

test('a MIC is checked for its form only', () => {
  assert.equal(micName(parsed(parseMic('XCME'))), 'Chicago Mercantile Exchange')
  assert.equal(micName(parsed(parseMic('ZZZZ'))), undefined)
  for (const text of ['', 'XCM', 'XCMEX', 'xcme', 'XC-E'])
    assert.equal(codeOf(parseMic(text)), 'id-mic', text)
})
