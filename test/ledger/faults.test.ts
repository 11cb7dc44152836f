import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { isRefusal } from '#core'
import {
  awaitEffect,
  deploySandbox,
  memoryEffectStore,
  openEvmLedger,
  sandboxContracts,
  type EffectStore,
  type EffectTruth,
  type EvmLedger,
} from '#ledger'
import { good, hashOf, refusalOf } from '../../src/ledger/contract.ts'
import { orderMaker, type MakeOrder } from '../../src/ledger/testing.ts'
import {
  chainNumber,
  confirmations,
  freshSigner,
  noAnvil,
  openLagoon,
  startsAt,
  type Lagoon,
} from './lagoon.ts'

let shared: Promise<Lagoon> | undefined
let firstTrade = 1n
const lagoon = (): Promise<Lagoon> => (shared ??= openLagoon())
const options = { skip: noAnvil }

after(async () => {
  await (await shared)?.anvil.stop()
})

function orders(
  { contracts, deliverer, receiver, seriesId }: Lagoon,
  deadline = BigInt(startsAt + 3_600),
): MakeOrder {
  firstTrade += 1_000n
  const terms = { chainNumber, contracts, usdc: contracts.usdc, seriesId, deadline, firstTrade }
  return orderMaker({ ...terms, deliverer, receiver })
}

test(
  'a crash after the transaction was stored and before it was sent sends the same bytes later',
  options,
  async () => {
    const world = await lagoon()
    const [store, account, order] = [memoryEffectStore(), freshSigner(), orders(world)()]
    await using mute = await proxy(world.anvil.url, ({ method }) =>
      method === 'eth_sendRawTransaction' ? 'drop' : 'pass',
    )
    const crashed = await world.gateway({ store, account, urls: [mute.url] })
    const stored = good(await crashed.settle('one', order))
    assert.equal(stored.state, 'pending')
    await world.mine(1)
    assert.equal(good(await crashed.truth('one')).state, 'pending')

    const restarted = await world.gateway({ store, account })
    const recovered = await restarted.recover()
    assert.deepEqual(recovered, { resent: ['one'], filled: [] })
    await world.mine(confirmations)
    const final = good(await restarted.settle('one', order))
    assert.equal(final.state, 'final')
    assert.equal(hashOf(final), hashOf(stored))
  },
)

test('a crash before the transaction was stored leaves nothing behind', options, async () => {
  const world = await lagoon()
  const [kept, account, order] = [memoryEffectStore(), freshSigner(), orders(world)()]
  const failing: EffectStore = {
    ...kept,
    swap: async (changes) => {
      if (changes.some(({ key }) => key.startsWith('effect/'))) throw new Error('power cut')
      return kept.swap(changes)
    },
  }
  const crashed = await world.gateway({ store: failing, account })
  await assert.rejects(crashed.settle('one', order), /power cut/)
  await world.mine(1)
  const restarted = await world.gateway({ store: kept, account })
  assert.deepEqual(await restarted.truth('one'), { state: 'unknown' })
  assert.deepEqual(await restarted.recover(), { resent: [], filled: [] })
  assert.equal(good(await restarted.settle('one', order)).state, 'pending')
  await world.mine(1)
  assert.equal(good(await restarted.truth('one')).state, 'included')
})

test('a crash after sending settles once', options, async () => {
  const world = await lagoon()
  const [store, account, order] = [memoryEffectStore(), freshSigner(), orders(world)()]
  // The endpoint takes the transaction, and the gateway never hears of it.
  await using deaf = await proxy(world.anvil.url, ({ method }) =>
    method === 'eth_sendRawTransaction' ? 'swallow' : 'pass',
  )
  const crashed = await world.gateway({ store, account, urls: [deaf.url] })
  const stored = good(await crashed.settle('one', order))
  assert.equal(stored.state, 'pending')
  await world.mine(1)
  const restarted = await world.gateway({ store, account })
  const done = good(await restarted.settle('one', order))
  assert.equal(done.state, 'included')
  assert.equal(hashOf(done), hashOf(stored))
  assert.deepEqual(await restarted.recover(), { resent: [], filled: [] })
})

test(
  'effects of one account take nonces in order and none twice, also when asked for at once',
  options,
  async () => {
    const world = await lagoon()
    const order = orders(world)
    const ledger = await world.gateway()
    const asked = [1, 2, 3, 4, 5].map((k) => ledger.settle(`effect ${k}`, order()))
    const truths = (await Promise.all(asked)).map(good)
    assert.deepEqual(truths.map(nonceOf), [0, 1, 2, 3, 4])
    await world.mine(1)
    for (const k of [1, 2, 3, 4, 5]) assert.equal(good(await ledger.truth(`effect ${k}`)).state, 'included')
  },
)

test(
  'a gap in the nonces is found and filled, so that later effects are not held back',
  options,
  async () => {
    const world = await lagoon()
    const [store, account, order] = [memoryEffectStore(), freshSigner(), orders(world)]
    // A store that lost the row of the first effect: the second is signed with nonce 1 and cannot be executed.
    const damaged: EffectStore = {
      ...store,
      swap: async (changes) => store.swap(changes.filter(({ key }) => !key.endsWith('/lost'))),
    }
    await using mute = await proxy(world.anvil.url, ({ method }) =>
      method === 'eth_sendRawTransaction' ? 'drop' : 'pass',
    )
    const losing = await world.gateway({ store: damaged, account, urls: [mute.url] })
    good(await losing.settle('lost', order()))
    good(await losing.settle('kept', order()))
    const ledger = await world.gateway({ store, account })
    assert.equal(good(await ledger.pursue('kept')).state, 'pending')
    await world.mine(1)
    assert.equal(good(await ledger.truth('kept')).state, 'pending')
    assert.deepEqual(await ledger.recover(), { resent: ['kept'], filled: [0] })
    await world.mine(1)
    assert.equal(good(await ledger.truth('kept')).state, 'included')
  },
)

test('a fee bump replaces the transaction under the same nonce', options, async () => {
  const world = await lagoon()
  const ledger = await world.gateway()
  const first = good(await ledger.settle('one', orders(world)()))
  const bumped = good(await ledger.bump('one'))
  assert.equal(nonceOf(bumped), nonceOf(first))
  assert.notEqual(hashOf(bumped), hashOf(first))
  await world.mine(1)
  const done = good(await ledger.truth('one'))
  assert.equal(done.state, 'included')
  assert.equal(hashOf(done), hashOf(bumped))
  assert.equal(hashOf(good(await ledger.bump('one'))), hashOf(done))
})

test('a foreign transaction of the same account is noticed once it is final', options, async () => {
  const world = await lagoon()
  const [account, order] = [freshSigner(), orders(world)]
  await using mute = await proxy(world.anvil.url, ({ method }) =>
    method === 'eth_sendRawTransaction' ? 'drop' : 'pass',
  )
  const unheard = await world.gateway({ account, urls: [mute.url] })
  good(await unheard.settle('one', order()))
  const foreign = await world.gateway({ account })
  good(await foreign.settle('other', order()))
  await world.mine(1)
  assert.equal(good(await unheard.truth('one')).state, 'pending')
  await world.mine(confirmations)
  const displaced = good(await unheard.truth('one'))
  assert.equal(displaced.state === 'refused' && displaced.refusal.refusal, 'nonce-displaced')
})

test('an instruction that expires in the pool is refused, and only once that is final', options, async () => {
  const world = await lagoon()
  const ledger = await world.gateway()
  const head = await ledger.head()
  assert.ok(!isRefusal(head))
  const order = orders(world, head.timestamp + 100n)()
  assert.equal(good(await ledger.settle('late', order)).state, 'pending')
  await world.anvil.rpc('evm_increaseTime', 200)
  await world.mine(1)
  assert.equal(good(await ledger.truth('late')).state, 'pending')
  await world.mine(confirmations)
  const late = good(await ledger.truth('late'))
  assert.equal(late.state === 'refused' && late.refusal.refusal, 'settlement-expired')
})

test('a reorganisation deeper than the finality policy raises the alarm', options, async () => {
  const world = await lagoon()
  const ledger = await world.gateway()
  good(await ledger.settle('one', orders(world)()))
  await world.mine(confirmations)
  assert.equal(good(await ledger.truth('one')).state, 'final')
  await world.anvil.rpc('anvil_reorg', confirmations + 1, [])
  assert.equal(refusalOf(await ledger.truth('one')), 'finality-broken')
  assert.equal(refusalOf(await ledger.pursue('one')), 'finality-broken')
})

test('an endpoint that is down refuses, and nothing is signed', options, async () => {
  const world = await lagoon()
  const store = memoryEffectStore()
  const ledger = await world.gateway({ urls: ['http://127.0.0.1:1'], store })
  const refused = await ledger.settle('one', orders(world)())
  assert.equal(refusalOf(refused), 'ledger-unreachable')
  assert.deepEqual(await store.list(''), [])
  const waited = await awaitEffect(ledger, 'one', { until: 'included', pollMs: 1, pollsMax: 2 })
  assert.equal(refusalOf(waited), 'ledger-unreachable')
})

test('one endpoint that lies among two stops everything', options, async () => {
  const world = await lagoon()
  const { anvil, receiver, contracts, chainId } = world
  await using liar = await proxy(anvil.url, ({ method }) =>
    method === 'eth_call' ? { result: `0x${'f'.repeat(64)}` } : 'pass',
  )
  const ledger = await world.gateway({ urls: [anvil.url, liar.url], needed: 1 })
  const money = `${chainId}/erc20:${contracts.usdc}`
  assert.equal(refusalOf(await ledger.balances(receiver.address, [money])), 'ledger-disagrees')
  assert.equal(refusalOf(await ledger.settle('one', orders(world)())), 'ledger-disagrees')
})

test('a receipt that an endpoint invents is not believed', options, async () => {
  const world = await lagoon()
  const { anvil } = world
  const invented = {
    status: '0x1',
    blockNumber: '0x1',
    blockHash: `0x${'a'.repeat(64)}`,
    transactionHash: `0x${'b'.repeat(64)}`,
  }
  await using liar = await proxy(anvil.url, ({ method }) =>
    method === 'eth_getTransactionReceipt' ? { result: invented } : 'pass',
  )
  const ledger = await world.gateway({ urls: [anvil.url, liar.url], needed: 2 })
  assert.equal(good(await ledger.settle('one', orders(world)())).state, 'pending')
  await world.mine(1)
  assert.equal(refusalOf(await ledger.truth('one')), 'ledger-disagrees')
})

test('two of three endpoints are enough, one is not', options, async () => {
  const world = await lagoon()
  const { anvil } = world
  const down = 'http://127.0.0.1:1'
  const order = orders(world)
  await using second = await proxy(anvil.url, () => 'pass')
  const enough = await world.gateway({ urls: [anvil.url, down, second.url], needed: 2 })
  assert.equal(good(await enough.settle('one', order())).state, 'pending')
  await world.mine(1)
  assert.equal(good(await enough.truth('one')).state, 'included')
  const tooFew = await world.gateway({ urls: [anvil.url, down, 'http://127.0.0.1:2'], needed: 2 })
  assert.equal(refusalOf(await tooFew.settle('one', order())), 'ledger-unreachable')
})

test('an endpoint that lags behind does not hold up the others', options, async () => {
  const world = await lagoon()
  const { anvil } = world
  await using lagging = await proxy(anvil.url, ({ method }) =>
    method === 'eth_blockNumber' ? { result: '0x0' } : 'pass',
  )
  const ledger = await world.gateway({ urls: [lagging.url, anvil.url], needed: 1 })
  assert.equal(good(await ledger.settle('one', orders(world)())).state, 'pending')
  await world.mine(1)
  assert.equal(good(await ledger.truth('one')).state, 'included')
})

test('endpoints of another chain are refused', options, async () => {
  const world = await lagoon()
  await using other = await proxy(world.anvil.url, ({ method }) =>
    method === 'eth_chainId' ? { result: '0x1' } : 'pass',
  )
  const ledger = await world.gateway({ urls: [other.url] })
  assert.equal(refusalOf(await ledger.settle('one', orders(world)())), 'chain-mismatch')
})

test('a chain that began anew under the same id is refused', options, async () => {
  const world = await lagoon()
  const [store, account] = [memoryEffectStore(), freshSigner()]
  const before = await world.gateway({ store, account })
  good(await before.settle('one', orders(world)()))
  await using anew = await proxy(world.anvil.url, ({ method, params }) =>
    method === 'eth_getBlockByNumber' && params[0] === '0x0'
      ? { result: { number: '0x0', hash: `0x${'c'.repeat(64)}`, timestamp: '0x1', baseFeePerGas: '0x1' } }
      : 'pass',
  )
  const again = await world.gateway({ store, account, urls: [anew.url] })
  assert.equal(refusalOf(await again.truth('one')), 'chain-mismatch')
})

test('an endpoint that is given twice does not count twice', options, async () => {
  const world = await lagoon()
  const { url } = world.anvil
  await assert.rejects(world.gateway({ urls: [url, url], needed: 2 }), /named twice/)
})

test('an account that cannot pay the fee is refused, and its lane stays free', options, async () => {
  const world = await lagoon()
  const order = orders(world)()
  const account = freshSigner()
  for (const wei of [0n, 1_000n]) {
    const poor = await world.gateway({ account, wei })
    assert.equal(refusalOf(await poor.settle('one', order)), 'insufficient-balance')
    assert.deepEqual(await poor.truth('one'), { state: 'unknown' })
  }
  const rich = await world.gateway({ account })
  assert.equal(nonceOf(good(await rich.settle('one', order))), 0)
  await world.mine(1)
})

test('a chain that mines by itself makes a settlement final', options, async () => {
  const world = await openLagoon('steady')
  try {
    const ledger = await world.gateway()
    good(await ledger.settle('one', orders(world)()))
    const done = good(await awaitEffect(ledger, 'one', { until: 'final', pollMs: 100, pollsMax: 200 }))
    assert.equal(done.state, 'final')
  } finally {
    await world.anvil.stop()
  }
})

test('deploying again changes nothing', options, async () => {
  const world = await lagoon()
  const owner = freshSigner()
  const foreign = await world.gateway({ account: owner })
  await world.anvil.rpc('evm_setAutomine', true)
  const first = await deploySandbox(foreign)
  const again = await deploySandbox(await world.gateway({ account: owner }))
  await world.anvil.rpc('evm_setAutomine', false)
  assert.deepEqual(first, sandboxContracts(owner.address))
  assert.deepEqual(again, first)
})

test('a fee above the limit is not signed', options, async () => {
  const world = await lagoon()
  const store = memoryEffectStore()
  const account = freshSigner()
  await world.anvil.setBalance(account.address, 10n ** 18n)
  const { contracts, chainId, anvil } = world
  const ledger: EvmLedger = openEvmLedger({
    chainId,
    contracts,
    account,
    store,
    finality: { confirmations },
    rpc: { urls: [anvil.url], needed: 1 },
    fees: { tipPerGasWei: 1n, feePerGasWeiMax: 1n },
  })
  assert.equal(refusalOf(await ledger.settle('one', orders(world)())), 'fee-limit')
  assert.deepEqual(await ledger.truth('one'), { state: 'unknown' })
})

type RpcRequest = { readonly method: string; readonly params: readonly unknown[] }
/** pass it on · drop it with an error · pass it on and drop the answer · answer this instead */
type Behaviour = 'pass' | 'drop' | 'swallow' | { readonly result: unknown }

/** An endpoint in front of the real one that misbehaves as told. */
async function proxy(
  target: string,
  behave: (request: RpcRequest) => Behaviour,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = Buffer.concat(await request.toArray())
      const asked: RpcRequest & { readonly id: number } = JSON.parse(body.toString())
      const behaviour = behave(asked)
      const passed =
        behaviour === 'drop' || typeof behaviour === 'object'
          ? undefined
          : await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      if (typeof behaviour === 'object')
        response.end(JSON.stringify({ jsonrpc: '2.0', id: asked.id, ...behaviour }))
      else if (behaviour === 'pass' && passed !== undefined) response.end(await passed.text())
      else response.writeHead(502).end()
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port }: AddressInfo = addressOf(server.address())
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  assert.ok(typeof address === 'object' && address !== null)
  return address
}

const nonceOf = (truth: EffectTruth): number | undefined => ('nonce' in truth ? truth.nonce : undefined)
