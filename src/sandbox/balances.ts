// What both parties hold on lagoon, asked from the chain.
import { isRefusal, type Refusal } from '#core'
import { memoryEffectStore, openEvmLedger, seriesIdOf, type EvmLedger, type SandboxContracts } from '#ledger'
import { otcLinearUsdc, parseInstrument } from '#trade'
import { seriesOf } from '#gateway'
import { chains, fixture } from './cast.ts'
import type { Ceremony } from './ceremony.ts'
import type { Anvil } from './chains.ts'

/** Minor units of USDC and whole contracts, by party. */
export type Balances = Readonly<
  Record<'ALDER' | 'CEDAR', { readonly usdcMinor: string; readonly contracts: string }>
>

export type Funded = {
  readonly lagoon: Anvil
  readonly ceremony: Ceremony
  readonly contracts: SandboxContracts
}

export async function balancesOf({ lagoon, ceremony, contracts }: Funded): Promise<Balances | Refusal> {
  const { settlement, positions, usdc } = contracts
  const { id: chainId, confirmations } = chains.lagoon
  const ledger = openEvmLedger({
    chainId,
    rpc: { urls: [lagoon.url], needed: 1 },
    contracts: { settlement, positions },
    account: ceremony.deployer,
    store: memoryEffectStore(),
    finality: { confirmations },
  })
  const instrument = parseInstrument(fixture.securityId, otcLinearUsdc, ceremony.startsAt)
  if (isRefusal(instrument)) return instrument
  const series = seriesIdOf(seriesOf(instrument, { id: '', symbol: 'USDC', decimals: 6, address: usdc }))
  const held = async (account: EvmLedger['account']): Promise<Balances['ALDER'] | Refusal> => {
    const money = await ledger.balances(account, [`${chainId}/erc20:${usdc.toLowerCase()}`])
    if (isRefusal(money)) return money
    const options = await ledger.positions(account, [series])
    if (isRefusal(options)) return options
    return { usdcMinor: String(money[0]?.minor ?? 0n), contracts: String(options[0]?.long ?? 0n) }
  }
  const alder = await held(ceremony.alder.settlement.address)
  if (isRefusal(alder)) return alder
  const cedar = await held(ceremony.cedar.settlement.address)
  return isRefusal(cedar) ? cedar : { ALDER: alder, CEDAR: cedar }
}
