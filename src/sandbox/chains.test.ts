import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isRefusal } from '#core'
import { findAnvil, startAnvil, type Anvil, type AnvilOptions } from './chains.ts'

const skip = isRefusal(findAnvil()) ? 'anvil is not installed on this platform' : false
const timestamp = 1_795_183_200
const someone = '0x1111111111111111111111111111111111111111'

async function started(options: Partial<AnvilOptions> = {}): Promise<Anvil> {
  const anvil = await startAnvil({ port: 0, chainId: 31_338, timestamp, ...options })
  assert.ok(!isRefusal(anvil), isRefusal(anvil) ? anvil.detail : '')
  return anvil
}

test('a chain starts at the given time with the given id and no rich accounts', { skip }, async () => {
  const anvil = await started()
  try {
    assert.equal(await anvil.rpc('eth_chainId'), '0x7a6a')
    assert.deepEqual(await anvil.rpc('eth_accounts'), [])
    const block = await anvil.rpc('eth_getBlockByNumber', 'latest', false)
    assert.ok(typeof block === 'object' && block !== null && 'timestamp' in block)
    const drift = Number(block.timestamp) - timestamp
    assert.ok(drift >= 0 && drift < 60, `the clock of the chain is ${drift} s away`)
  } finally {
    await anvil.stop()
  }
})

test('a chain keeps blocks and balances over a restart', { skip }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'poundlock-anvil-'))
  const stateFile = join(directory, 'state.json')
  try {
    const before = await started({ stateFile, mining: 'manual' })
    await before.setBalance(someone, 77n)
    await before.rpc('evm_mine')
    const block = await before.rpc('eth_getBlockByNumber', '0x1', false)
    await before.stop()
    const after = await started({ stateFile, mining: 'manual', timestamp: timestamp + 60 })
    try {
      assert.equal(await after.rpc('eth_getBalance', someone, 'latest'), '0x4d')
      assert.deepEqual(await after.rpc('eth_getBlockByNumber', '0x1', false), block)
    } finally {
      await after.stop()
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a port that is taken is a refusal that names it', { skip }, async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const refused = await startAnvil({ port: address.port, chainId: 31_338, timestamp })
  await new Promise((resolve) => server.close(resolve))
  assert.ok(isRefusal(refused))
  assert.equal(refused.refusal, 'port-in-use')
  assert.match(refused.detail, new RegExp(`${address.port}`))
})

test('a program that is missing is a refusal with the fix', async () => {
  const refused = await startAnvil({ port: 0, chainId: 31_338, timestamp, binary: '/nowhere/anvil' })
  assert.ok(isRefusal(refused))
  assert.equal(refused.refusal, 'missing-binary')
  assert.match(refused.detail, /npm ci/)
})

test('a program that ends at once is a refusal with what it said', async () => {
  const refused = await startAnvil({ port: 0, chainId: 31_338, timestamp, binary: process.execPath })
  assert.ok(isRefusal(refused))
  assert.equal(refused.refusal, 'ledger-unreachable')
  assert.match(refused.detail, /bad option/)
})

test('a chain that was stopped has exited', { skip }, async () => {
  const anvil = await started()
  await anvil.stop()
  await anvil.exited
  await assert.rejects(anvil.rpc('eth_chainId'))
})
