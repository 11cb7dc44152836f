import assert from 'node:assert/strict'
import { after } from 'node:test'
import { isRefusal } from '#core'
import { ledgerContract, type LedgerPlace } from '../../src/ledger/contract.ts'
import { orderMaker } from '../../src/ledger/testing.ts'
import { chainNumber, noAnvil, openLagoon, startsAt, unrefused, type Lagoon } from './lagoon.ts'

let shared: Promise<Lagoon> | undefined
let firstTrade = 1n

after(async () => {
  await (await shared)?.anvil.stop()
})

async function open(): Promise<LedgerPlace> {
  shared ??= openLagoon()
  const lagoon = await shared
  const { anvil, contracts, deliverer, receiver, seriesId, mine, gateway } = lagoon
  firstTrade += 1_000n
  const deadline = BigInt(startsAt + 3_600)
  const terms = { chainNumber, contracts, usdc: contracts.usdc, seriesId, deadline, firstTrade }
  const ledger = await gateway()
  return {
    ledger,
    other: await gateway(),
    deliverer: deliverer.address,
    receiver: receiver.address,
    money: `${ledger.chainId}/erc20:${contracts.usdc}`,
    seriesId,
    order: orderMaker({ ...terms, deliverer, receiver }),
    now: async () => unrefused(await ledger.head()).timestamp,
    mine,
    reorganise: async (depth) => void (await anvil.rpc('anvil_reorg', depth, [])),
    cancel: async (nonce) => {
      const party = await gateway({ account: deliverer })
      const parties = { deliverer: deliverer.address, receiver: receiver.address }
      assert.ok(!isRefusal(await party.cancel('cancel', { ...parties, nonce })))
      await mine(1)
    },
    // What is left in the pool would settle in the next test.
    close: () => mine(1),
  }
}

ledgerContract('EVM ledger', open, { skip: noAnvil })
