import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fromHex, isRefusal, parseLei, toHex } from '#core'
import { digest, hashTypedData, recoverAddress } from '#crypto'
import { chainTradeId, settlementInstructionTypes, utiOf } from '#trade'
import { settlementVectors } from '../scripts/vectors/settlement.ts'

type Vector = {
  readonly name: string
  readonly domain: { readonly name: string; readonly version: string; readonly chainId: number }
  readonly message: Readonly<Record<string, string>>
  readonly domainHash: string
  readonly messageHash: string
  readonly digest: string
  readonly signatures: { readonly deliverer: string; readonly receiver: string }
}
type VectorFile = {
  readonly trade: { maker: string; taker: string; execId: string; uti: string; tradeId: string }
  readonly vectors: readonly Vector[]
  readonly refusedSignatures: readonly { readonly why: string; readonly signature: string }[]
}

const path = join(import.meta.dirname, '../spec/vectors/settlement-instruction.json')
const text = readFileSync(path, 'utf8')
const file: VectorFile = JSON.parse(text)

test('the settlement vectors are what their generator gives', async () => {
  assert.equal(text, await settlementVectors())
})

test('our EIP-712 hashes agree with the vectors', () => {
  for (const { domain, message, ...expected } of file.vectors) {
    const hashes = hashTypedData({
      domain,
      types: settlementInstructionTypes,
      primaryType: 'SettlementInstruction',
      message,
    })
    assert.equal(`0x${toHex(hashes.domainHash)}`, expected.domainHash, expected.name)
    assert.equal(`0x${toHex(hashes.messageHash)}`, expected.messageHash, expected.name)
    assert.equal(`0x${toHex(hashes.digest)}`, expected.digest, expected.name)
  }
})

test('each vector signature recovers to its party', () => {
  for (const { message, digest: hash, signatures, name } of file.vectors)
    for (const party of ['deliverer', 'receiver'] as const)
      assert.equal(recovered(hash, signatures[party]), message[party], `${name}: ${party}`)
})

test('no refused signature counts as the signature of the deliverer', () => {
  const [first] = file.vectors
  assert.ok(first !== undefined && file.refusedSignatures.length > 0)
  for (const { why, signature } of file.refusedSignatures)
    assert.notEqual(recovered(first.digest, signature), first.message['deliverer'], why)
})

test('UTI and trade id of the vectors follow their rules', () => {
  const { maker, taker, execId, uti, tradeId } = file.trade
  const [makerLei, takerLei] = [parseLei(maker), parseLei(taker)]
  assert.ok(!isRefusal(makerLei) && !isRefusal(takerLei))
  const derived = utiOf({ maker: makerLei, taker: takerLei, execId }, digest)
  assert.equal(derived, uti)
  assert.equal(chainTradeId(derived, digest), tradeId)
})

function recovered(hash: string, signature: string): string {
  const address = recoverAddress(bytesOf(hash), bytesOf(signature))
  return isRefusal(address) ? address.refusal : address.toLowerCase()
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex.slice(2))
  assert.ok(!isRefusal(bytes))
  return bytes
}
