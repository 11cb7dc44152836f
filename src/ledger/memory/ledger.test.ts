import assert from 'node:assert/strict'
import { instant, isChainId, manualClock } from '#core'
import { memoryKeyStore, type Address } from '#crypto'
import { ledgerContract, type LedgerPlace } from '../contract.ts'
import { orderMaker } from '../testing.ts'
import { memoryChain } from './chain.ts'
import { openMemoryLedger } from './ledger.ts'

const chainId = 'eip155:31337'
const contracts = {
  settlement: '0x5000000000000000000000000000000000000005',
  positions: '0x6000000000000000000000000000000000000006',
} as const
const usdc: Address = '0x7000000000000000000000000000000000000007'
const seriesId = 42n
const start = instant(1_795_183_200_000)

async function open(): Promise<LedgerPlace> {
  assert.ok(isChainId(chainId))
  const keys = memoryKeyStore({ deliverer: 'secp256k1', receiver: 'secp256k1' })
  const [deliverer, receiver] = [keys.digestSigner('deliverer'), keys.digestSigner('receiver')]
  const clock = manualClock(start)
  const chain = memoryChain(clock)
  chain.write(deliverer.address, contracts.positions, seriesId, 1_000n)
  chain.grant(receiver.address, usdc, 1_000_000n)
  const gateway = (account: string) =>
    openMemoryLedger({ chainId, chain, contracts, account, finality: { confirmations: 4 }, sent: new Map() })
  const terms = { chainNumber: 31_337, contracts, usdc, seriesId, deadline: 1_795_183_270n, firstTrade: 1n }
  return {
    ledger: gateway('alder'),
    other: gateway('cedar'),
    deliverer: deliverer.address,
    receiver: receiver.address,
    money: `${chainId}/erc20:${usdc}`,
    seriesId,
    order: orderMaker({ ...terms, deliverer, receiver }),
    now: async () => BigInt(clock.now() / 1_000),
    mine: async (blocks) => chain.mine(blocks),
    reorganise: async (depth) => chain.reorganise(depth),
    cancel: async (nonce) => chain.cancel(deliverer.address, receiver.address, nonce),
    close: async () => {},
  }
}

ledgerContract('memory ledger', open)
