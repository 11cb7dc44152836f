// What the parties bring to the trade: contracts on lagoon, CEDAR's dollars, the options ALDER has written, and the
// allowances under which the settlement contract may move both.
import { isRefusal, type Instant, type Refusal } from '#core'
import type { DigestSigner } from '#crypto'
import { seriesOf } from '#gateway'
import {
  admitWriter,
  approveMoney,
  approveSeries,
  createSeries,
  deploySandbox,
  faucetMint,
  memoryEffectStore,
  openEvmLedger,
  sandboxContracts,
  writeOptions,
  type EvmLedger,
  type SandboxContracts,
} from '#ledger'
import { otcLinearUsdc, parseInstrument } from '#trade'
import { chains, fixture } from './cast.ts'
import type { Ceremony } from './ceremony.ts'
import type { Anvil } from './chains.ts'

const gasWei = 10n ** 20n

export async function fund(lagoon: Anvil, ceremony: Ceremony): Promise<SandboxContracts | Refusal> {
  const { deployer, alder, cedar } = ceremony
  const contracts = sandboxContracts(deployer.address)
  for (const { address } of [deployer, alder.settlement, cedar.settlement])
    await lagoon.setBalance(address, gasWei)
  const owner = ledgerOf(lagoon, deployer, contracts)
  const deployed = await deploySandbox(owner)
  if (isRefusal(deployed)) return deployed
  const maker = ledgerOf(lagoon, alder.settlement, contracts)
  const taker = ledgerOf(lagoon, cedar.settlement, contracts)
  return (await equip({ owner, maker, taker }, contracts, ceremony.startsAt)) ?? contracts
}

type Ledgers = { readonly owner: EvmLedger; readonly maker: EvmLedger; readonly taker: EvmLedger }

function ledgerOf(
  lagoon: Anvil,
  account: DigestSigner,
  { settlement, positions }: SandboxContracts,
): EvmLedger {
  return openEvmLedger({
    chainId: chains.lagoon.id,
    rpc: { urls: [lagoon.url], needed: 1 },
    contracts: { settlement, positions },
    account,
    store: memoryEffectStore(),
    finality: { confirmations: chains.lagoon.confirmations },
  })
}

async function equip(
  { owner, maker, taker }: Ledgers,
  contracts: SandboxContracts,
  asOf: Instant,
): Promise<Refusal | undefined> {
  const { usdc, positions, settlement } = contracts
  const instrument = parseInstrument(fixture.securityId, otcLinearUsdc, asOf)
  if (isRefusal(instrument)) return instrument
  const payToken = { id: '', symbol: 'USDC', decimals: 6, address: usdc }
  const seriesId = await createSeries(owner, positions, seriesOf(instrument, payToken))
  if (isRefusal(seriesId)) return seriesId
  const grant = (to: EvmLedger) => ({ usdc, to: to.account, minor: fixture.usdcMinor })
  const order = { positions, seriesId, contracts: fixture.alderContracts }
  return (
    (await admitWriter(owner, positions, maker.account)) ??
    (await faucetMint(owner, 'faucet/cedar', grant(taker))) ??
    (await faucetMint(owner, 'faucet/alder', grant(maker))) ??
    (await writeOptions(maker, 'write/fixture', order)) ??
    (await approveBoth(maker, { usdc, positions, seriesId, settlement })) ??
    (await approveBoth(taker, { usdc, positions, seriesId, settlement }))
  )
}

type Spending = Pick<SandboxContracts, 'usdc' | 'positions' | 'settlement'> & { readonly seriesId: bigint }

/** Either side can buy and sell: the contract may move money and options of both, under their signatures only. */
async function approveBoth(
  ledger: EvmLedger,
  { usdc, positions, seriesId, settlement }: Spending,
): Promise<Refusal | undefined> {
  return (
    (await approveSeries(ledger, positions, seriesId, settlement)) ??
    (await approveMoney(ledger, usdc, settlement))
  )
}
